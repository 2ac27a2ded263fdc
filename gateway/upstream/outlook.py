"""What every connected server would be asked, and nothing is sent: for `fhirgate search --explain`."""

from dataclasses import dataclass, replace

from gateway.fhir import facts
from gateway.upstream.asking import not_asked
from gateway.upstream.guard import NHS_NUMBER
from gateway.upstream.question import Question, count_asked, first_page
from gateway.upstream.values import Request, Upstream

#: Stands for what names the child, which nobody needs to see.
HIDDEN = "…"
_ID = "0"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The requests that one server would be sent, method and address; or why it would not be asked."""

    upstream: Upstream
    requests: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def outlook(question: Question, upstream: Upstream) -> Outlook:
    """What one server would be asked: for the child's Patient, then for the first page about it.

    A filter that its CapabilityStatement does not name would be left out; nobody asks for that here.
    """
    reason = not_asked(question, upstream, "")
    if reason:
        return Outlook(upstream, reason=reason)
    sort = "date" in facts.parameters(question.type)
    plain = replace(question, after=None)
    page = first_page(plain, _ID, sort=sort, count=count_asked(question), leave=question.ours)
    page = page.replace(f"=Patient/{_ID}", f"=Patient/{HIDDEN}", 1)
    found = Request(upstream, "Patient/_search").url
    return Outlook(
        upstream,
        (
            ("POST", f"{found} with identifier={NHS_NUMBER}|{HIDDEN}"),
            ("GET", Request(upstream, page).url),
        ),
    )
