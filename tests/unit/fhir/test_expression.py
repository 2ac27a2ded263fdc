"""The FHIRPath subset is parsed by the standard's precedence, and refused with a place."""

import pytest

from gateway.fhir import facts
from gateway.fhir.expression import Binary, Call, Index, Literal, Member, Name, Node, parse, walk
from gateway.problems import Refused


def shape(node: Node) -> str:
    """A tree written with all its brackets."""
    match node:
        case Literal(value=value):
            return repr(value)
        case Name(name=name):
            return name
        case Member(base=base, name=name):
            return f"{shape(base)}.{name}"
        case Call(base=base, name=name, args=args):
            owner = f"{shape(base)}." if base else ""
            return f"{owner}{name}({', '.join(shape(arg) for arg in args)})"
        case Index(base=base, index=index):
            return f"{shape(base)}[{shape(index)}]"
        case Binary(op=op, left=left, right=right):
            return f"({shape(left)} {op} {shape(right)})"
    return type(node).__name__


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Patient.name.given", "Patient.name.given"),
        ("a | b | c", "((a | b) | c)"),
        ("(A.value as Quantity) | (A.value as Range)", "((A.value as Quantity) | (A.value as Range))"),
        ("a as X | b as Y", "((a as X) | (b as Y))"),
        ("a.exists() and a != false", "(a.exists() and (a != False))"),
        ("a and b or c and d", "((a and b) or (c and d))"),
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("a + b = c", "((a + b) = c)"),
        ("Bundle.entry[0].resource", "Bundle.entry[0].resource"),
        ("telecom.where(system='email')", "telecom.where((system = 'email'))"),
        ("where(resolve() is Patient)", "where((resolve() is Patient))"),
        (r"'it\'s'", repr("it's")),
        ("`odd name`.b", "odd name.b"),
        ("$this", "This"),
        ("{}", "Empty"),
        ("-1", "(0 - 1)"),
    ],
)
def test_an_expression_is_read_by_the_precedence_of_fhirpath(text: str, tree: str) -> None:
    assert shape(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "column"),
    [
        pytest.param("a.", 3, id="ends after a point"),
        pytest.param("a b", 3, id="two names"),
        pytest.param("(a", 3, id="bracket left open"),
        pytest.param("a ~ b", 3, id="operator that is left out"),
        pytest.param("a.where(", 9, id="call left open"),
        pytest.param("", 1, id="empty"),
        pytest.param("'a", 1, id="quote left open"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_column(text: str, column: int) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)

    assert caught.value.problems[0].kind.code == "expression.syntax"
    assert caught.value.problems[0].place.column == column


def test_brackets_that_nest_too_deep_are_refused_and_do_not_exhaust_the_stack() -> None:
    with pytest.raises(Refused):
        parse("(" * 5000 + "a" + ")" * 5000)


def test_every_expression_of_r4_is_read() -> None:
    texts = {each.expression for kind in facts.resource_types() for each in facts.parameters(kind).values()}

    assert len(texts) > 1000
    assert all(list(walk(parse(text))) for text in texts if text)
