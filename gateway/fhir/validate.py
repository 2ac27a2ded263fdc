"""Whether a resource that somebody wants to write has the shape and the values that R4 asks for.

Every fault is found, not only the first; each has its place as a path and says what to do. A path follows the
JSON names: `Observation.component[1].valueQuantity.value`.

Source: HL7 FHIR R4, https://hl7.org/fhir/R4/json.html and https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from gateway.fhir import facts
from gateway.fhir.bindings import is_listed, meant, offered
from gateway.fhir.facts import Element
from gateway.fhir.invariants import CONTAINED, IN_USE, LOCAL, Rule, rules
from gateway.fhir.narrative import narrative_fault
from gateway.fhir.primitives import RULES, allows, found_type, has_json_type, json_type
from gateway.fhir.targets import target_type
from gateway.fhir.trail import Findings, Trail, plain
from gateway.problems import Problem
from gateway.problems import resource as problems

DEEPEST = 100


def validate(resource: Any) -> list[Problem]:
    """Return every problem of a resource, those that keep it from being read (status 400) first.

    Args:
        resource: what `gateway.fhir.json.read` gave for it.
    """
    found = Findings()
    _Walk(found).resource(resource, None, 0)
    return found.listed()


class _Walk:
    """One way through a resource and all that it holds.

    `contained` has the types of the contained resources by id, `pointed` the ids that local references name.
    """

    __slots__ = ("contained", "found", "pointed")

    def __init__(self, found: Findings) -> None:
        self.found = found
        self.contained: Mapping[str, str] = {}
        self.pointed: set[str] = set()

    def resource(self, value: Any, trail: Trail | None, depth: int) -> None:
        """Check a resource that stands for itself: the outermost, or one in a Bundle."""
        kept = self.contained, self.pointed
        self.contained, self.pointed = _contained(value), set()
        here = self.body(value, trail, depth)
        if here is not None:
            self.unused(value, here)
        self.contained, self.pointed = kept

    def body(self, value: Any, trail: Trail | None, depth: int) -> Trail | None:
        """Check a resource's type and members; the trail to it, if its type is known."""
        if not isinstance(value, dict):
            self.found.add(problems.RESOURCE_NOT_OBJECT, trail, found=found_type(value))
            return None
        name = value.get("resourceType")
        if not isinstance(name, str) or not name:
            self.found.add(problems.RESOURCE_NO_TYPE, trail)
            return None
        if not facts.is_resource(name):
            suggestion = meant(name, facts.resource_types())
            self.found.add(problems.RESOURCE_UNKNOWN_TYPE, trail, name, meant=suggestion)
            return None
        here = trail or Trail(None, name)
        self.members(value, name, here, depth, resource=True)
        return here

    def inner(self, value: Any, trail: Trail, depth: int) -> None:
        """Check a contained resource."""
        if self.body(value, trail, depth) is not None:
            self.rules(value, CONTAINED, trail)

    def unused(self, value: dict[str, Any], here: Trail) -> None:
        """Check that each contained resource is pointed at, or points at what contains it (dom-3)."""
        inner = value.get("contained")
        for at, each in enumerate(inner if isinstance(inner, list) else ()):
            if isinstance(each, dict) and str(each.get("id")) not in self.pointed and "" not in self.pointed:
                self.rule(IN_USE, Trail(here, "contained", at))

    def members(
        self,
        value: dict[str, Any],
        path: str,
        here: Trail,
        depth: int,
        *,
        resource: bool = False,
        bare: bool = False,
    ) -> None:
        """Check an object against a structure: its members, then what is missing, then R4's rules.

        Args:
            value: the object.
            path: of the structure.
            here: where the object is.
            depth: how deep it lies.
            resource: whether it is a resource, which says its type.
            bare: whether an id alone is enough (beside the value of a primitive).
        """
        if depth > DEEPEST:
            self.found.add(problems.RESOURCE_DEEP, here, most=DEEPEST)
            return
        if not value or (value.keys() == {"id"} and not bare):
            self.found.add(problems.RESOURCE_EMPTY, here)
            return
        chosen: dict[str, str] = {}
        for name in value:
            element = self.named(value, name, path, here, depth)
            if element is None:
                if name != "resourceType" or not resource:
                    self.unknown(name, path, here)
            elif element.choice and chosen.setdefault(element.choice, element.name) != element.name:
                first = chosen[element.choice]
                self.found.add(problems.RESOURCE_TWO_CHOICES, Trail(here, element.name), first=first)
        for element in _required(path):
            if not (element.name in value or f"_{element.name}" in value or element.choice in chosen):
                where = Trail(here, element.choice or element.name)
                self.found.add(problems.RESOURCE_REQUIRED, where, name=element.name, path=path)
        self.rules(value, path, here)

    def named(self, value: dict[str, Any], name: str, path: str, here: Trail, depth: int) -> Element | None:
        """Check one member of an object by its name; its element, or None where R4 knows none."""
        known = facts.members(path)
        if element := known.get(name):
            self.member(value, element, value[name], here, depth)
        elif element := _beside(name, known):
            self.beside(value, element, value[name], here, depth)
        return element

    def unknown(self, name: str, path: str, here: Trail) -> None:
        """Note a member that R4 does not know, with the name that was perhaps meant."""
        where = Trail(here, name) if plain(name) == name else here
        # looking for what was meant costs most, and there may be as many as a body holds
        suggestion = "" if self.found.full else meant(name, facts.members(path))
        self.found.add(
            problems.RESOURCE_UNKNOWN_ELEMENT, where, name=plain(name), path=path, meant=suggestion
        )

    def rules(self, value: dict[str, Any], path: str, here: Trail) -> None:
        """Check R4's rules between the elements of one object."""
        for rule in rules(path):
            if not rule.holds(value):
                self.rule(rule, here)

    def rule(self, rule: Rule, here: Trail) -> None:
        """Note that a rule does not hold."""
        self.found.add(problems.RESOURCE_RULE, here, key=rule.key, asked=rule.says, remedy=rule.remedy)

    def member(self, owner: dict[str, Any], element: Element, item: Any, here: Trail, depth: int) -> None:
        """Check one member: whether it may be there, whether it is a list if it should be, and its items."""
        name = element.name
        if item is None:
            self.found.add(problems.RESOURCE_NULL, Trail(here, name))
        elif element.max == 0:
            structure = element.path.partition(".")[0]
            self.found.add(problems.RESOURCE_NOT_HERE, Trail(here, name), profile=structure)
        elif not element.many:
            if isinstance(item, list):
                self.found.add(problems.RESOURCE_LIST, Trail(here, name))
            else:
                self.item(element, item, Trail(here, name), depth)
        elif not isinstance(item, list):
            self.found.add(problems.RESOURCE_NOT_LIST, Trail(here, name))
            self.item(element, item, Trail(here, name), depth)
        elif not item:
            self.found.add(problems.RESOURCE_EMPTY, Trail(here, name))
        else:
            extensions = owner.get(f"_{name}")
            for at, each in enumerate(item):
                if each is not None:
                    self.item(element, each, Trail(here, name, at), depth)
                elif not _stands_for(extensions, at):
                    self.found.add(problems.RESOURCE_NULL, Trail(here, name, at))

    def item(self, element: Element, value: Any, trail: Trail, depth: int) -> None:
        """Check one value of an element."""
        type_ = element.types[0] if element.types else ""
        if type_ in facts.primitive_types():
            self.primitive(element, type_, value, trail)
        elif type_ == "Resource":
            step = self.inner if element.name == "contained" else self.resource
            step(value, trail, depth + 1)
        elif not isinstance(value, dict):
            self.json_type(value, "an object", type_ or "BackboneElement", trail)
        else:
            self.members(value, element.profile or element.inside, trail, depth + 1)
            if type_ == "Reference":
                self.reference(element, value, trail)
            elif element.strength == "required" and value:
                self.code(element, type_, value, trail)

    def primitive(self, element: Element, type_: str, value: Any, trail: Trail) -> None:
        """Check one value of a primitive type."""
        if value == "":
            self.found.add(problems.RESOURCE_EMPTY, trail)
        elif not has_json_type(type_, value):
            self.json_type(value, json_type(type_), type_, trail)
        elif not allows(type_, value):
            self.found.add(problems.RESOURCE_VALUE, trail, value, type=type_, asked=RULES.get(type_, ""))
        elif type_ == "xhtml":
            if fault := narrative_fault(value):
                self.found.add(problems.RESOURCE_NARRATIVE, trail, what=fault)
        elif type_ == "code":
            if element.strength == "required":
                self.code(element, type_, value, trail)
        elif type_ in ("uri", "url", "canonical") and value[0] == "#":
            self.pointed.add(value[1:])

    def json_type(self, value: Any, wanted: str, type_: str, trail: Trail) -> None:
        """Note a value of another JSON type than its element has."""
        self.found.add(
            problems.RESOURCE_JSON_TYPE, trail, value, wanted=wanted, found=found_type(value), type=type_
        )

    def beside(self, owner: dict[str, Any], element: Element, item: Any, here: Trail, depth: int) -> None:
        """Check what stands beside a primitive: `_birthDate`, or `_given` item by item."""
        name, value = f"_{element.name}", owner.get(element.name)
        if not element.many:
            self.extensions(item, Trail(here, name), depth, bare=value is not None)
            return
        if not isinstance(item, list):
            self.found.add(problems.RESOURCE_NOT_LIST, Trail(here, name))
            return
        if not any(each is not None for each in item):
            self.found.add(problems.RESOURCE_EMPTY, Trail(here, name))
            return
        values = value if isinstance(value, list) else [None] * len(item)
        if len(values) != len(item):
            self.found.add(problems.RESOURCE_ALIGNED, Trail(here, element.name))
        for at, each in enumerate(item):
            if each is not None:
                bare = at < len(values) and values[at] is not None
                self.extensions(each, Trail(here, name, at), depth, bare=bare)
            elif value is None:
                self.found.add(problems.RESOURCE_NULL, Trail(here, name, at))

    def extensions(self, item: Any, trail: Trail, depth: int, *, bare: bool) -> None:
        """Check the id and extensions of one primitive; `bare` if it has a value, so that an id is enough."""
        if isinstance(item, dict):
            self.members(item, "Element", trail, depth + 1, bare=bare)
        else:
            self.json_type(item, "an object", "Element", trail)

    def code(self, element: Element, type_: str, value: Any, trail: Trail) -> None:
        """Check a code against a required binding."""
        if is_listed(element.value_set, type_, value):
            return
        listed = offered(element.value_set)
        written = value if type_ == "code" else ""
        suggestion = "" if self.found.full else meant(written, facts.codes(element.value_set))
        self.found.add(problems.RESOURCE_CODE, trail, written, listed=listed, meant=suggestion)

    def reference(self, element: Element, value: dict[str, Any], trail: Trail) -> None:
        """Check that a reference can be followed, and that it leads where it may."""
        text = value.get("reference")
        if not isinstance(text, str) or not text:
            return
        if text[0] == "#":
            self.pointed.add(text[1:])
            if len(text) > 1 and text[1:] not in self.contained:
                self.rule(LOCAL, trail)
                return
        at = target_type(text, self.contained)
        if at is None:
            self.found.add(problems.RESOURCE_REFERENCE, trail, text)
        elif at and element.targets and at not in element.targets and "Resource" not in element.targets:
            allowed = ", ".join(element.targets)
            self.found.add(problems.RESOURCE_TARGET, trail, text, allowed=allowed)


@cache
def _required(path: str) -> tuple[Element, ...]:
    return tuple(element for element in facts.elements(path) if element.min)


def _beside(name: str, known: Mapping[str, Element]) -> Element | None:
    """The primitive element that `_name` stands beside."""
    element = known.get(name[1:]) if name[:1] == "_" else None
    plain_type = element is not None and element.types and element.types[0] in facts.primitive_types()
    return element if plain_type else None


def _stands_for(extensions: Any, at: int) -> bool:
    """Whether a null in a list of primitives has extensions beside it."""
    return isinstance(extensions, list) and at < len(extensions) and extensions[at] is not None


def _contained(resource: Any) -> Mapping[str, str]:
    inner = resource.get("contained") if isinstance(resource, dict) else None
    return {
        each["id"]: str(each.get("resourceType", ""))
        for each in (inner if isinstance(inner, list) else ())
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    }
