"""Whether a resource follows a profile: how many, which types, which values, which codes, which slices.

What a profile says that is not judged (rules in FHIRPath, bindings to value sets that are not here, slices
told apart by more than a plain path) is named, so that silence never passes for approval.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/profiling.html and https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gateway.fhir.profile_values import Item, has, items, same
from gateway.fhir.profiles import Allowed, Node, Profile, base_type
from gateway.fhir.slices import InSet, fits
from gateway.fhir.targets import UNKNOWN, target_type
from gateway.fhir.trail import Findings, Trail
from gateway.problems import Problem, problem
from gateway.problems import profile as problems

Resource = dict[str, Any]
Known = Callable[[str], Profile | None]

_DEEPEST = 30


def follows(resource: Resource, asked: Profile, known: Known, in_set: InSet) -> list[Problem]:
    """Return what keeps a resource from following a profile, and last what of the profile is not judged.

    Args:
        resource: has the shape that R4 asks for.
        known: gives the profile of a canonical url, or None.
        in_set: says of a value set, a type and a value whether its code is in it; None if that is not known.
    """
    type = str(resource.get("resourceType", ""))
    if type != asked.type and asked.type not in ("Resource", "DomainResource"):
        return [
            problem(problems.PROFILE_OTHER_TYPE, profile=asked.url, type=asked.type),
        ]
    judge = _Judge(known, in_set)
    judge.profile(resource, asked, Trail(None, type), 0)
    return [*judge.found.listed(), *judge.silent()]


def extended(resource: Resource, known: Known, in_set: InSet) -> list[Problem]:
    """Return what keeps the extensions of a resource from being what their own definitions say.

    Those whose definition is not here are named, last.
    """
    judge = _Judge(known, in_set)
    unknown: dict[str, None] = {}
    for extension, trail in _extensions(resource, Trail(None, str(resource.get("resourceType", ""))), 0):
        url = str(extension.get("url", ""))
        if (found := known(url)) is not None:
            judge.profile(extension, found, trail, 0)
        elif ":" in url:
            # those without a colon are parts of an extension, which its definition tells
            unknown[url] = None
    lines = [*judge.found.listed(), *judge.silent()]
    if unknown:
        lines.append(problem(problems.PROFILE_EXTENSIONS, urls=", ".join(unknown)))
    return lines


class _Judge:
    """One way through a resource with the profiles that its parts are to follow.

    `unjudged` has what each profile says that was not judged, in the order in which it was met.
    """

    __slots__ = ("found", "in_set", "known", "unjudged")

    def __init__(self, known: Known, in_set: InSet) -> None:
        self.found = Findings()
        self.known = known
        self.in_set = in_set
        self.unjudged: dict[str, dict[str, None]] = {}

    def silent(self) -> list[Problem]:
        """What was not judged, a line for each profile."""
        return [
            problem(problems.PROFILE_NOT_JUDGED, profile=url, what="; ".join(features))
            for url, features in self.unjudged.items()
        ]

    def skip(self, profile: Profile, feature: str) -> None:
        """Note something of a profile that is not judged."""
        self.unjudged.setdefault(profile.url, {})[feature] = None

    def profile(self, value: Resource, profile: Profile, here: Trail, depth: int) -> None:
        """Judge an object by a profile of its type."""
        for feature in profile.unjudged:
            self.skip(profile, feature)
        self.object(value, profile.root, profile, here, depth)

    def object(self, value: Resource, node: Node, profile: Profile, here: Trail, depth: int) -> None:
        """Judge the elements of an object."""
        if depth > _DEEPEST:
            return
        names = dict.fromkeys(each.name for each in node.children)
        for name in names:
            found = items(value, name, here)
            whole = next((each for each in node.children if each.name == name and not each.slice), None)
            if whole is not None:
                self.count(whole, found, profile, here)
                for item in found:
                    self.item(item, whole, profile, depth)
            slices = [each for each in node.children if each.name == name and each.slice]
            if slices:
                self.slices(found, slices, whole or Node(name), profile, here, depth)

    def count(self, node: Node, found: Sequence[Item], profile: Profile, here: Trail) -> None:
        """Judge how many there are."""
        name = f"{node.name}:{node.slice}" if node.slice else node.name
        told = {"profile": profile.url, "name": name, "found": len(found)}
        if len(found) < node.min:
            where = Trail(here, node.name.removesuffix("[x]"))
            self.found.add(problems.PROFILE_TOO_FEW, where, least=node.min, **told)
        elif node.max is not None and len(found) > node.max:
            self.found.add(problems.PROFILE_TOO_MANY, found[node.max].trail, most=node.max, **told)

    def slices(
        self,
        found: Sequence[Item],
        slices: Sequence[Node],
        whole: Node,
        profile: Profile,
        here: Trail,
        depth: int,
    ) -> None:
        """Judge each slice by the items that belong to it, and items that belong to none."""
        by = whole.discriminators or _usual(whole.name)
        rest = list(found)
        sure = True
        for slice in slices:
            told = [fits(item, slice, by, self.in_set) for item in found]
            if None in told or (not by):
                sure = False
                self.skip(profile, f"the slice {slice.slice} of {whole.name}")
                continue
            own = [item for item, fit in zip(found, told, strict=True) if fit]
            rest = [item for item in rest if item not in own]
            self.count(self.bounded(slice), own, profile, here)
            for item in own:
                self.item(item, slice, profile, depth)
        if whole.closed and sure:
            names = ", ".join(each.slice for each in slices)
            for item in rest:
                self.found.add(
                    problems.PROFILE_CLOSED, item.trail, profile=profile.url, name=whole.name, slices=names
                )

    def bounded(self, slice: Node) -> Node:
        """A slice with the greatest number that the profile of its type allows, where it names none."""
        urls = [url for each in slice.types for url in each.profiles]
        known = self.known(urls[0]) if slice.max is None and len(urls) == 1 else None
        return slice if known is None else replace(slice, max=known.root.max)

    def item(self, item: Item, node: Node, profile: Profile, depth: int) -> None:
        """Judge one value."""
        told = {"profile": profile.url, "name": node.name}
        type = self.type(item, node, profile)
        if type is not None:
            self.follow(item, type, profile, depth)
        if node.fixed is not None and not same(item.value, node.fixed):
            self.found.add(problems.PROFILE_VALUE, item.trail, wanted=_shown(node.fixed), **told)
        if node.pattern is not None and not has(item.value, node.pattern):
            self.found.add(problems.PROFILE_VALUE, item.trail, wanted=_shown(node.pattern), **told)
        if node.longest is not None and isinstance(item.value, str) and len(item.value) > node.longest:
            self.found.add(problems.PROFILE_LONG, item.trail, most=node.longest, **told)
        if node.value_set and item.value is not None:
            self.code(item, node, profile)
        if node.children and (inner := item.object) is not None:
            self.object(inner, node, profile, item.trail, depth + 1)

    def type(self, item: Item, node: Node, profile: Profile) -> Allowed | None:
        """Judge the type of a value; what the profile says of that type."""
        if not node.types:
            return None
        if not node.name.endswith("[x]") or not item.type:
            return node.types[0] if len(node.types) == 1 else None
        for each in node.types:
            if each.code == item.type:
                return each
        allowed = " or ".join(each.code for each in node.types)
        self.found.add(
            problems.PROFILE_TYPE,
            item.trail,
            profile=profile.url,
            name=node.name,
            allowed=allowed,
            found=item.type,
        )
        return None

    def follow(self, item: Item, type: Allowed, profile: Profile, depth: int) -> None:
        """Judge a value by the profiles of its type, and a reference by where it leads."""
        if isinstance(item.value, dict):
            known = [found for url in type.profiles if (found := self.known(url)) is not None]
            unknown = [url for url in type.profiles if not base_type(url) and self.known(url) is None]
            for url in unknown:
                self.skip(profile, f"the profile {url} of {item.trail.name}")
            if len(known) == 1 and not unknown:
                self.profile(item.value, known[0], item.trail, depth + 1)
            elif known:
                self.skip(profile, f"which of several profiles {item.trail.name} follows")
            if type.targets:
                self.target(item, type, profile)

    def target(self, item: Item, type: Allowed, profile: Profile) -> None:
        """Judge the type of resource that a reference leads to; not whether it follows a profile itself."""
        kinds = []
        for url in type.targets:
            found = self.known(url)
            kinds.append(found.type if found else base_type(url))
            if not base_type(url):
                self.skip(profile, f"the profiles of what {item.trail.name} refers to")
        text = item.value.get("reference")
        leads = target_type(text, {}) if isinstance(text, str) and not text.startswith("#") else UNKNOWN
        if leads and "" not in kinds and "Resource" not in kinds and leads not in kinds:
            allowed = " or ".join(dict.fromkeys(kinds))
            self.found.add(
                problems.PROFILE_TARGET,
                item.trail,
                profile=profile.url,
                name=item.trail.name,
                allowed=allowed,
            )

    def code(self, item: Item, node: Node, profile: Profile) -> None:
        """Judge a code by the value set that it must be of."""
        type = item.type or (node.types[0].code if len(node.types) == 1 else "")
        told = self.in_set(node.value_set, type, item.value)
        if told is None:
            self.skip(profile, f"the codes of {node.value_set}")
        elif not told:
            self.found.add(problems.PROFILE_CODE, item.trail, profile=profile.url, value_set=node.value_set)


def _extensions(value: Any, here: Trail, depth: int) -> Iterator[tuple[Resource, Trail]]:
    """Every extension at any depth."""
    if depth > _DEEPEST:
        return
    for name, each in value.items():
        for at, inner in enumerate(each) if isinstance(each, list) else [(-1, each)]:
            if isinstance(inner, dict):
                trail = Trail(here, name, at)
                if name in ("extension", "modifierExtension"):
                    yield inner, trail
                yield from _extensions(inner, trail, depth + 1)


def _usual(name: str) -> tuple[tuple[str, str], ...]:
    """How elements are sliced that R4 itself slices: extensions by url, choices by type."""
    if name in ("extension", "modifierExtension"):
        return (("value", "url"),)
    return (("type", "$this"),) if name.endswith("[x]") else ()


def _shown(wanted: Any) -> str:
    """What a profile wants, as a sentence can say it."""
    if isinstance(wanted, dict):
        return ", ".join(f"{key} {_shown(each)}" for key, each in wanted.items())
    if isinstance(wanted, list):
        return " and ".join(_shown(each) for each in wanted)
    return str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
