"""Calls in expressions proved: functions of the shelf, and the forms that belong to the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.fhir import expression as ast
from gateway.mapping.dates import FormatError
from gateway.mapping.hints import listed, near
from gateway.mapping.memo import Memo
from gateway.mapping.shelf import FORMS, FUNCTIONS, NUMERIC, TEXTUAL, Function, Misused, converter, names
from gateway.mapping.typed import (
    Apply,
    Choose,
    Const,
    Filled,
    FirstOf,
    FirstText,
    Link,
    Logic,
    OwnId,
    Typed,
)
from gateway.problems.mapping import (
    MAPPING_ARGUMENTS,
    MAPPING_FORMAT,
    MAPPING_FUNCTION,
    MAPPING_REF,
    MAPPING_REF_KEYS,
    MAPPING_TERM,
)

if TYPE_CHECKING:
    from gateway.mapping.resolve import At, Resolver

_TERM_TYPES = {
    "code": "code",
    "coding": "Coding",
    "concept": "CodeableConcept",
    "absent": "CodeableConcept",
    "display": "text",
}


class Calls:
    """Proves calls; keeps one converter for each function with the same arguments, so that its memory is
    shared.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.converters: dict[str, Memo] = {}
        self.used_terms: set[str] = set()
        self.forms: dict[str, Callable[[ast.Call, At], Typed]] = {
            "exists": self.exists,
            "empty": self.empty,
            "count": self.count,
            "not": self.opposite,
            "iif": self.iif,
            "coalesce": self.coalesce,
            "first": self.first,
            "ref": self.ref,
            "ownId": self.own_id,
            **dict.fromkeys(_TERM_TYPES, self.translate),
        }

    def prove(self, node: ast.Call, at: At) -> Typed:
        """Prove one call."""
        if node.name in self.forms:
            return self.forms[node.name](node, at)
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise self.resolver.stop(
                at, node, MAPPING_FUNCTION, name=node.name, near=near(node.name, names())
            )
        return self.apply(function, node, at)

    def apply(self, function: Function, node: ast.Call, at: At) -> Typed:
        """Prove a function of the shelf."""
        if node.base is None:
            raise self.misused(node, at, "is called on a value", f"x.{function.usage}")
        of = self.resolver.prove(node.base, at)
        if of.type not in function.takes:
            reason = f"works on {' or '.join(function.takes)}, and this is a {of.type}"
            raise self.misused(node, at, reason, f"x.{function.usage}")
        arguments = self.literals(function, node, at)
        label = f"{function.name}({', '.join(map(repr, arguments))})"
        convert = self.converters.get(label) or self.make(function, arguments, node, at)
        self.converters[label] = convert
        return Apply(function.gives, of, convert, label, "", function.plain, function.doubts)

    def literals(self, function: Function, node: ast.Call, at: At) -> list[str]:
        """The literal arguments of a call."""
        found: list[str] = []
        for arg in node.args:
            if not isinstance(arg, ast.Literal) or isinstance(arg.value, bool):
                raise self.misused(
                    arg, at, "takes texts in quotes and whole numbers", function.usage, node.name
                )
            found.append(str(arg.value).replace("{base}", self.resolver.words.base))
        if not found and function.name in ("date", "partialDate") and self.resolver.words.dates:
            found = [self.resolver.words.dates]
        elif not found and function.name in ("date", "partialDate"):
            reason = "needs a format: source.dates has none"
            raise self.misused(node, at, reason, function.usage)
        most = len(found) if function.most is None else function.most
        if not function.least <= len(found) <= most:
            wanted = f"{function.least}" if function.least == most else f"{function.least} to {most}"
            reason = f"takes {wanted if most else 'no'} arguments"
            raise self.misused(node, at, reason, function.usage)
        return found

    def make(self, function: Function, arguments: list[str], node: ast.Call, at: At) -> Memo:
        """Make a converter that remembers."""
        try:
            return Memo(converter(function, arguments))
        except FormatError as error:
            where = next((arg for arg in node.args if getattr(arg, "value", "") == error.written), node)
            raise self.resolver.stop(
                at, where, MAPPING_FORMAT, format=error.written, reason=error.reason
            ) from None
        except Misused as error:
            raise self.misused(node, at, str(error), function.usage) from None

    def misused(self, node: ast.Node, at: At, reason: str, usage: str, name: str = "") -> Exception:
        """The problem of a call that is not written right."""
        called = name or (node.name if isinstance(node, ast.Call) else "")
        return self.resolver.stop(at, node, MAPPING_ARGUMENTS, name=called, reason=reason, usage=usage)

    def count_args(self, node: ast.Call, at: At, least: int, most: int) -> None:
        """Refuse a form with too few or too many arguments."""
        if not least <= len(node.args) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise self.misused(node, at, f"takes {wanted} arguments", FORMS[node.name].usage)

    def owner(self, node: ast.Call, at: At) -> Typed:
        """The value a form is called on."""
        if node.base is None:
            raise self.misused(node, at, "is called on a value", FORMS[node.name].usage)
        return self.resolver.prove(node.base, at)

    def exists(self, node: ast.Call, at: At) -> Typed:
        """`x.exists()`, `need.exists()`."""
        self.count_args(node, at, 0, 0)
        kids = self.resolver.kids(node.base, at, "test")
        if kids:
            return kids
        of = self.owner(node, at)
        return of if of.type == "test" else Filled("test", of)

    def empty(self, node: ast.Call, at: At) -> Typed:
        """`x.empty()`."""
        self.count_args(node, at, 0, 0)
        kids = self.resolver.kids(node.base, at, "test")
        return Logic("test", "not", (kids or Filled("test", self.owner(node, at)),))

    def count(self, node: ast.Call, at: At) -> Typed:
        """`need.count()`."""
        self.count_args(node, at, 0, 0)
        kids = self.resolver.kids(node.base, at, "integer")
        if not kids:
            raise self.misused(node, at, "counts the records of a kind within this one", FORMS["count"].usage)
        return kids

    def opposite(self, node: ast.Call, at: At) -> Typed:
        """`x.not()` and `not(x)`."""
        inner = node.args[0] if node.base is None and len(node.args) == 1 else node.base
        if inner is None or (node.base is not None and node.args):
            raise self.misused(node, at, "is called on a test", FORMS["not"].usage)
        return Logic("test", "not", (self.resolver.as_test(self.resolver.prove(inner, at), at, inner),))

    def iif(self, node: ast.Call, at: At) -> Typed:
        """`iif(test, value, otherwise)`."""
        self.count_args(node, at, 2, 3)
        test = self.resolver.as_test(self.resolver.prove(node.args[0], at), at, node.args[0])
        yes = self.resolver.prove(node.args[1], at)
        no = self.resolver.prove(node.args[2], at) if len(node.args) == 3 else Const(yes.type, "")
        return Choose(self.common((yes, no), node, at), test, yes, no)

    def coalesce(self, node: ast.Call, at: At) -> Typed:
        """`coalesce(a, b, …)`, `x.coalesce(b)`."""
        given = (*([node.base] if node.base else []), *node.args)
        parts = tuple(self.resolver.prove(each, at) for each in given)
        if not parts:
            raise self.misused(node, at, "needs values", FORMS["coalesce"].usage)
        return FirstOf(self.common(parts, node, at), parts)

    def common(self, parts: tuple[Typed, ...], node: ast.Call, at: At) -> str:
        """The type that holds several values: one text, one number, or one type."""
        types = {part.type for part in parts if not (isinstance(part, Const) and part.text == "")}
        if len(types) <= 1:
            return types.pop() if types else "text"
        if types <= set(TEXTUAL):
            return "text"
        if types <= set(NUMERIC):
            return "decimal"
        reason = f"gives {' or '.join(sorted(types))}, which do not go together"
        raise self.misused(node, at, reason, FORMS[node.name].usage)

    def first(self, node: ast.Call, at: At) -> Typed:
        """`x.split(' ').first()`."""
        self.count_args(node, at, 0, 0)
        of = self.owner(node, at)
        return FirstText("text", of) if of.type == "texts" else of

    def translate(self, node: ast.Call, at: At) -> Typed:
        """`x.code('map')`, `.coding`, `.concept`, `.absent`, `.display`."""
        self.count_args(node, at, 1, 1)
        of = self.owner(node, at)
        if of.type not in TEXTUAL:
            raise self.misused(node, at, f"works on text, and this is a {of.type}", FORMS[node.name].usage)
        name = node.args[0].value if isinstance(node.args[0], ast.Literal) else ""
        term = self.resolver.words.terms.get(str(name))
        if term is None:
            known = self.resolver.words.terms
            raise self.resolver.stop(
                at, node.args[0], MAPPING_TERM, name=name, near=near(str(name), known), known=listed(known)
            )
        self.used_terms.add(term.name)
        label = f"{node.name}({term.name!r})"
        convert = self.converters.setdefault(label, Memo(term.converter(node.name)))
        doubts = term.doubts and node.name in ("code", "coding", "concept")
        return Apply(_TERM_TYPES[node.name], of, convert, label, term.name, doubts=doubts)

    def own_id(self, node: ast.Call, at: At) -> Typed:
        """`ownId()`."""
        if node.base is not None:
            raise self.misused(node, at, "stands alone", FORMS["ownId"].usage)
        self.count_args(node, at, 0, 0)
        return OwnId("text")

    def ref(self, node: ast.Call, at: At) -> Typed:
        """`ref(Patient, key, …)`."""
        if not node.args or node.base is not None:
            raise self.misused(node, at, "names a rule and its keys", FORMS["ref"].usage)
        name = _spelled(node.args[0])
        rules = self.resolver.words.rules
        found = [rule for rule in rules.values() if name in (rule.name, rule.type)]
        exact = [rule for rule in found if rule.name == name] or found
        if len(exact) != 1:
            known = sorted({*rules, *(rule.type for rule in rules.values())})
            hint = near(name, known) if not exact else f"Name one of {listed(r.name for r in exact)}. "
            raise self.resolver.stop(at, node.args[0], MAPPING_REF, name=name, near=hint)
        rule = exact[0]
        keys = tuple(self.resolver.prove(arg, at) for arg in node.args[1:])
        if len(keys) != rule.keys:
            details = {"name": name, "count": len(keys), "wanted": rule.keys}
            raise self.resolver.stop(at, node, MAPPING_REF_KEYS, **details)
        for key, arg in zip(keys, node.args[1:], strict=True):
            self.resolver.need(key, (*TEXTUAL, *NUMERIC), at, arg, "A key is a text", "Name a field.")
        return Link("Reference", rule.type, rule.name, keys)


def _spelled(node: ast.Node) -> str:
    """A rule's name as written, with or without quotes: `need-rank` reads as a subtraction otherwise."""
    match node:
        case ast.Name(name=name):
            return name
        case ast.Literal(value=value):
            return str(value)
        case ast.Member(base=base, name=name):
            return f"{_spelled(base)}.{name}"
        case ast.Binary(op="-", left=left, right=right):
            return f"{_spelled(left)}-{_spelled(right)}"
    return ""
