"""What the demo says on the screen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.fhir.json import read
from gateway.identity import cci
from gateway.service import Gateway
from gateway.service.ask import Answer
from gateway.service.report import Report
from gateway.store.base import Child

Out = Callable[[str], None]
_WIDTH = 50


def opening(out: Out) -> None:
    """The first lines."""
    out("Invented children from a council and a school; a pretend hospital runs beside this gateway.")
    out("")
    out("1. Files come in")


def load(report: Report, what: str, out: Out) -> None:
    """One load: kept, set aside and why."""
    out(f"   {what}")
    out(
        f"     kept {report.kept} records as {report.created} FHIR resources: "
        f"{report.known} of known children, {report.new} of new ones"
    )
    for group in report.aside.values():
        out(f"     set aside {group.count}: {group.says} ({group.places[0]})")
        out(f"       {group.fix}")
    if report.review:
        out(f"     to review {report.review}")


def children(gateway: Gateway, out: Out) -> None:
    """How many children there are now."""
    counts = gateway.store.counts()
    out("")
    out(f"2. {counts['links']} records became {counts['composed']} children, each with one CCI")


def child(gateway: Gateway, found: Child, out: Out) -> None:
    """Why the records of one child are one child."""
    links = [link for link in gateway.store.links(child=found.number) if link.stands]
    records = gateway.store.records([link.rec for link in links])
    out(f"   {cci.show(found.cci)} is {len(links)} records:")
    for link in links:
        out(f"     {records[link.rec].feed:16} {link.sentence}")


def reviews(gateway: Gateway, out: Out) -> None:
    """What was not joined, and waits for a person."""
    entries = gateway.store.reviews()
    pairs = "1 pair was" if len(entries) == 1 else f"{len(entries)} pairs were"
    waits = "waits" if len(entries) == 1 else "wait"
    out(f"   {pairs} not joined and {waits} for a person (fhirgate matches):")
    for entry in entries:
        out(f"     {entry.sentence}")


def answer(question: str, told: Answer, feeds: Mapping[int, str], out: Out) -> None:
    """One federated answer, and what each source did.

    Args:
        feeds: the feed of each load.
    """
    out("")
    out("3. One question, answered from the council, the school and the hospital together")
    out(f"   GET /fhir/{question}")
    for each in told.found:
        resource = read(each.body)
        source = resource.get("meta", {}).get("source", "")
        out(f"     {_when(resource):10}  {_short(_what(resource)):{_WIDTH}}  {_whose(source, feeds)}")
    out(f"   {len(told.found)} of {told.total} observations, newest first. What each source did:")
    for line in told.account:
        out(f"     {line.says}")


def told(question: str, answered: Answer) -> dict[str, Any]:
    """A question and its answer for a program: counts, and what each source did."""
    sources = [
        {"code": line.kind.code, "severity": line.kind.severity, "says": line.says}
        for line in answered.account
    ]
    return {"question": question, "found": len(answered.found), "total": answered.total, "sources": sources}


def guarded(question: str, told: Answer, out: Out) -> None:
    """A hospital that has another person under the child's NHS number."""
    out("")
    out("4. A server that would tell of another child is not believed")
    out(f"   GET /fhir/{question}")
    for line in told.account:
        out(f"     {line.says}")


def matches(answers: Sequence[Mapping[str, Any]], out: Out) -> None:
    """Whom Patients without a number may be, and how sure that is."""
    out("")
    out("5. A clinic asks who a child is, without any number")
    out("   POST /fhir/Patient/$match")
    for each in answers:
        found = [f"{one['grade']} {one['score']:.2f}" for one in each["found"]]
        several = f"{len(found)} children: " if len(found) > 1 else ""
        out(f"     {each['asked']}: {several}{', '.join(found)}")


def seal(child: Child, told: Mapping[str, Any], out: Out) -> None:
    """What is seen of a child whose life was sealed, and after the seal was lifted."""
    out("")
    out("6. A child is adopted: the old life can be found by nobody any more")
    out(f"   fhirgate seal {cci.show(child.cci)} --reason 'adoption order'")
    out(f"     {told['question']}: {told['sealed']} found")
    out(f"   It was a mistake; two persons say so: fhirgate seal --lift {told['seal']}")
    out(f"     {told['question']}: {told['lifted']} found, as it was")


def addresses(port: int, out: Out) -> None:
    """Where to look around."""
    out(
        f"FHIR  http://127.0.0.1:{port}/fhir      try: curl -s 'http://127.0.0.1:{port}/fhir/Patient?_summary=count'"
    )
    out(f"Feed  http://127.0.0.1:{port}/feed/anytown-council")
    out("Nothing is kept when you stop it. Ctrl-C to stop.")


def _when(resource: dict[str, object]) -> str:
    period = resource.get("effectivePeriod")
    start = period.get("start", "") if isinstance(period, dict) else ""
    return str(resource.get("effectiveDateTime") or start)[:10]


def _what(resource: dict[str, object]) -> str:
    code = resource.get("code")
    if not isinstance(code, dict):
        return ""
    codings = code.get("coding") or [{}]
    return str(code.get("text") or codings[0].get("display") or codings[0].get("code") or "")


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def _whose(source: str, feeds: Mapping[int, str]) -> str:
    """The upstream, or the feed of the load, that a resource came from."""
    name = source.rsplit("/", 1)[-1]
    load = name.partition("#")[0]
    return feeds.get(int(load), "") if load.isdecimal() else name
