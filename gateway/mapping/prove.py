"""Bodies of rules proved against R4: every element, type, list, code and required element, all problems at
once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.fhir import facts
from gateway.mapping.fits import expression_problems, form_of, literal_problem
from gateway.mapping.hints import listed, near
from gateway.mapping.located import Items, Node, Table, Text
from gateway.mapping.plan import Each, Fixed, Leaf, Listing, Member, Object
from gateway.mapping.plan import Node as Planned
from gateway.mapping.resolve import Resolver, Scope
from gateway.mapping.typed import Choose, Const, Expression
from gateway.problems import Kind, Place, Problem, problem
from gateway.problems.mapping import (
    MAPPING_CHOICE,
    MAPPING_CONTROL,
    MAPPING_ELEMENT,
    MAPPING_EMPTY,
    MAPPING_FOR,
    MAPPING_LEAF,
    MAPPING_LIST,
    MAPPING_OBJECT,
    MAPPING_RECORD,
    MAPPING_REQUIRED,
    MAPPING_SINGLE,
    MAPPING_TYPE,
)

RULE_CONTROLS = ("$for", "$key", "$if", "$onError", "$rule")
_ITEM_CONTROLS = ("$for", "$if")
_OBJECT_CONTROLS = ("$if",)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands: the element it is for, its path in the resource, its scope, and an outer
    binding.
    """

    element: facts.Element
    path: str
    scope: Scope
    bound: facts.Element | None = None

    @property
    def type(self) -> str:
        """The one type of the element ("" for a contentReference)."""
        return self.element.types[0] if self.element.types else ""


class Prover:
    """Proves bodies and collects what is wrong."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.words = resolver.words
        self.problems: list[Problem] = resolver.problems

    def tell(self, kind: Kind, place: Place, **details: Any) -> None:
        """Add a problem."""
        self.problems.append(problem(kind, place=place, **details))

    def resource(self, table: Table, name: str, scope: Scope) -> Object | None:
        """Prove the body of a rule."""
        found = self.object(table, name, Spot(_anything(name), name, scope), RULE_CONTROLS, root=True)
        return found if isinstance(found, Object) else None

    def object(
        self, table: Table, owner: str, spot: Spot, controls: tuple[str, ...], root: bool = False
    ) -> Planned | None:
        """Prove an object whose elements are those of the structure `owner`."""
        members = facts.members(owner)
        found: list[Member] = []
        for key, value in table.entries.items():
            if key.startswith("$"):
                self.control(key, table, controls)
            elif key == "resourceType" or (root and key == "id"):
                if key == "id":
                    self.tell(MAPPING_CONTROL, table.at(key), name="id here", near="Use $key. ", known="$key")
            else:
                member = self.member(key, value, owner, members, table.at(key), spot)
                found.extend([member] if member else [])
        if not root and not any(key[:1] != "$" and key != "resourceType" for key in table.entries):
            self.tell(MAPPING_EMPTY, table.place, element=spot.path)
        self.missing(table, owner, spot)
        rivals = self.rivals(found, table, owner)
        guard = None if root else self.guard(table, spot.scope)
        # what a resource says of itself stands by itself: its profiles do not hang on its tags
        stays = not root and spot.path.count(".") == 1 and spot.path.endswith(".meta")
        made = Object(tuple(found), guard, rivals, spot.path, table.place, root, stays)
        return made if root or guard or not _constant(found) else Fixed(_fixed_object(found))

    def control(self, key: str, table: Table, controls: tuple[str, ...]) -> None:
        """Refuse a `$` word that does not stand here."""
        if key not in controls:
            known = listed(controls)
            self.tell(
                MAPPING_CONTROL, table.at(key), name=f"{key} here", near=near(key, controls), known=known
            )

    def guard(self, table: Table, scope: Scope) -> Expression | None:
        """The `$if` of an object."""
        found = table.entries.get("$if")
        return self.resolver.condition(found, scope) if isinstance(found, Text) else None

    def member(
        self,
        key: str,
        value: Node,
        owner: str,
        members: Mapping[str, facts.Element],
        place: Place,
        spot: Spot,
    ) -> Member | None:
        """Prove one element of an object."""
        element = members.get(key) or self.beside(key, members)
        if element is None:
            known = tuple(members)
            self.tell(
                MAPPING_ELEMENT, place, owner=owner, name=key, near=near(key, known), known=listed(known)
            )
            return None
        path = f"{spot.path}.{key}"
        here = Spot(element, path, spot.scope, self.binding(element, spot))
        node = self.many(value, here) if element.many else self.single(value, here)
        required = element.min > 0
        return Member(key, node, path, required, place) if node else None

    def beside(self, key: str, members: Mapping[str, facts.Element]) -> facts.Element | None:
        """The element behind `_birthDate`: what stands beside a primitive."""
        main = members.get(key[1:]) if key.startswith("_") else None
        if main is None or main.many or main.types[0] not in facts.primitive_types():
            return None
        return replace(main, types=("Element",), inside="Element", min=0, choice="", strength="")

    def binding(self, element: facts.Element, spot: Spot) -> facts.Element | None:
        """The element whose required binding a code within a CodeableConcept or Coding must keep."""
        if element.strength == "required":
            return element if element.types[0] in ("CodeableConcept", "Coding") else None
        inner = spot.type in ("CodeableConcept", "Coding") and element.name in ("coding", "code")
        return spot.bound if inner else None

    def many(self, value: Node, spot: Spot) -> Planned | None:
        """Prove the items of a list."""
        if isinstance(value, Text) and value.text.startswith("="):
            found = self.value(value, spot, listing=True)
            if isinstance(found, Leaf) and found.form == "texts":
                return Listing((found,), spot.path)
            if found:
                self.tell(MAPPING_LIST, value.place, element=spot.element.path)
            return None
        if not isinstance(value, Items):
            self.tell(MAPPING_LIST, value.place, element=spot.element.path)
            return None
        if not value.items:
            self.tell(MAPPING_EMPTY, value.place, element=spot.path)
        items = [
            self.item(item, replace(spot, path=f"{spot.path}[{index}]"))
            for index, item in enumerate(value.items)
        ]
        found_items = tuple(item for item in items if item)
        if found_items and all(isinstance(item, Fixed) for item in found_items):
            return Fixed(f"[{','.join(item.json for item in found_items if isinstance(item, Fixed))}]")
        return Listing(found_items, spot.path) if found_items else None

    def item(self, value: Node, spot: Spot) -> Planned | Each | None:
        """Prove one item of a list, which may stand for each row of a record."""
        if not isinstance(value, Table) or "$for" not in value.entries:
            return self.value(value, spot, listing=True)
        name = value.text("$for")
        record = self.words.record(name)
        way = self.words.way(spot.scope, record.number) if record else None
        if not record:
            known = [each.name for each in self.words.records]
            place = value.entries["$for"].place
            self.tell(MAPPING_RECORD, place, name=name, near=near(name, known), known=listed(known))
            return None
        if not way or not way[1]:
            place = value.entries["$for"].place
            here = self.words.records[spot.scope[-1]].name
            reason = f"{name} does not lie within {here}"
            self.tell(MAPPING_FOR, place, reason=reason, do="Name a record within the one the body is for.")
            return None
        inner = replace(spot, scope=(*spot.scope, *way[1]))
        if spot.type in facts.primitive_types() and "$value" in value.entries:
            for key in value.entries:
                self.control(key, value, ("$for", "$value"))
            node = self.value(value.entries["$value"], inner)
        else:
            node = self.value(value, inner, listing=True)
        return Each(way[1], node) if node else None

    def single(self, value: Node, spot: Spot) -> Planned | None:
        """Prove a value that is not a list."""
        if isinstance(value, Items):
            self.tell(MAPPING_SINGLE, value.place, element=spot.element.path)
            return None
        return self.value(value, spot)

    def value(self, value: Node, spot: Spot, listing: bool = False) -> Planned | None:
        """Prove one value: an object, a constant or an expression."""
        primitive = spot.type in facts.primitive_types()
        if isinstance(value, Table):
            return self.table(value, spot, primitive, listing)
        if isinstance(value, Items):
            self.tell(MAPPING_SINGLE, value.place, element=spot.path)
            return None
        if value.text.startswith("="):
            return self.expression(value, spot, listing)
        if not primitive:
            self.tell(MAPPING_OBJECT, value.place, element=spot.element.path, type=spot.type or "structure")
            return None
        text = value.text.replace("{base}", self.words.base)
        wrong = literal_problem(text, spot.type, spot.element, spot.bound, value.place)
        if wrong:
            self.problems.append(wrong)
            return None
        return Fixed(literal_json(text, spot.type))

    def table(self, value: Table, spot: Spot, primitive: bool, listing: bool) -> Planned | None:
        """Prove an object where an element wants one."""
        if primitive:
            self.tell(MAPPING_LEAF, value.place, element=spot.element.path, type=spot.type)
            return None
        controls = _ITEM_CONTROLS if listing else _OBJECT_CONTROLS
        if spot.element.inside:
            return self.object(value, spot.element.inside, spot, controls)
        return self.contained(value, spot, controls)

    def contained(self, value: Table, spot: Spot, controls: tuple[str, ...]) -> Planned | None:
        """Prove a resource within a resource, which names its own type."""
        name = value.text("resourceType")
        if not facts.is_resource(name):
            place = value.at("resourceType")
            self.tell(MAPPING_TYPE, place, name=name or "nothing", near=near(name, facts.resource_types()))
            return None
        made = self.object(value, name, replace(spot, path=f"{spot.path}.{name}"), controls)
        head = Member("resourceType", Fixed(json.dumps(name)), spot.path, False, value.place)
        if isinstance(made, Object):
            return replace(made, members=(head, *made.members))
        if isinstance(made, Fixed):
            rest = made.json[1:]
            return Fixed(f'{{"resourceType":"{name}"' + ("," if rest != "}" else "") + rest)
        return None

    def expression(self, value: Text, spot: Spot, listing: bool) -> Planned | None:
        """Prove an expression for an element."""
        found = self.resolver.expression(value, spot.scope)
        if found is None:
            return None
        body = found.body
        form = form_of(body)
        if (
            form == "texts"
            and listing
            and spot.type in ("string", "markdown", "uri", "url", "canonical", "code")
        ):
            return Leaf(found, "texts", spot.path)
        wrong = list(
            expression_problems(body, spot.type, spot.element, spot.bound, self.words.terms, value.place)
        )
        self.problems.extend(wrong)
        if wrong:
            return None
        if isinstance(body, Const):
            return Fixed(literal_json(body.text, spot.type)) if body.text else None
        return Leaf(found, form, spot.path)

    def missing(self, table: Table, owner: str, spot: Spot) -> None:
        """Tell of required elements that the body does not have."""
        if spot.element.path.endswith("._"):
            return
        for element in facts.elements(owner):
            given = (
                any(_stem(key, element) for key in table.entries)
                if element.choice
                else element.name in table.entries
            )
            if element.min and not given:
                self.tell(MAPPING_REQUIRED, table.place, element=element.path, name=element.name)

    def rivals(self, found: list[Member], table: Table, owner: str) -> tuple[tuple[str, ...], ...]:
        """The choices of which several are written; two without a condition cannot both be meant."""
        groups: dict[str, list[Member]] = {}
        members = facts.members(owner)
        for member in found:
            element = members.get(member.name)
            if element and element.choice:
                groups.setdefault(element.choice, []).append(member)
        for choice, rivals in groups.items():
            always = [member for member in rivals if not _conditional(member.node)]
            if len(always) > 1:
                first, second = always[0].name, always[1].name
                place = table.at(second)
                self.tell(MAPPING_CHOICE, place, first=first, second=second, element=f"{owner}.{choice}[x]")
        return tuple(tuple(member.name for member in group) for group in groups.values() if len(group) > 1)


def literal_json(text: str, kind: str) -> str:
    """A constant of a primitive type as JSON."""
    bare = kind in ("boolean", "integer", "positiveInt", "unsignedInt", "decimal")
    return text if bare else json.dumps(text, ensure_ascii=False)


def _anything(name: str) -> facts.Element:
    return facts.Element(name, name, 0, 1, (name,), inside=name)


def _stem(key: str, element: facts.Element) -> bool:
    return key.startswith(element.choice) and key in {
        f"{element.choice}{kind[0].upper()}{kind[1:]}" for kind in element.types
    }


def _constant(members: list[Member]) -> bool:
    return all(isinstance(member.node, Fixed) for member in members)


def _fixed_object(members: list[Member]) -> str:
    parts = (f'"{m.name}":{m.node.json}' for m in members if isinstance(m.node, Fixed))
    return "{" + ",".join(parts) + "}"


def _conditional(node: Planned) -> bool:
    """Whether a value says itself when it is there."""
    if isinstance(node, Object):
        return node.guard is not None
    if isinstance(node, Leaf):
        body = node.value.body
        return isinstance(body, Choose) and isinstance(body.no, Const) and body.no.text == ""
    return False
