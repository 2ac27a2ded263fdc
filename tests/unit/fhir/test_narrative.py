from itertools import product

import nh3
import pytest

from gateway.fhir.narrative import narrative_fault

_TWO_WAYS = "a comment or section that HTML reads in another way than XML"


def div(inside: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'


@pytest.mark.parametrize(
    "inside",
    [
        "plain words",
        "<p><b>bold</b> &amp; caf&eacute;&nbsp;&#169;</p>",
        '<a href="https://example.org/x">there</a> <a href="#here">here</a> <a href="Patient/1">her</a>',
        '<img src="picture.png" alt="x"/>',
        '<img src="data:image/png;base64,AAAA"/>',
        '<table class="grid" style="background: url(tbl.png)"><tr><td colspan="2">x</td></tr></table>',
        '<p xml:lang="cy">bore da</p><!-- said -->',
    ],
)
def test_text_and_formatting_are_let_through(inside: str) -> None:
    assert narrative_fault(div(inside)) == ""


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ("<script>alert(1)</script>x", "the element script"),
        ("<SCRIPT>alert(1)</SCRIPT>x", "the element SCRIPT"),
        ('<p onclick="alert(1)">x</p>', "the attribute onclick"),
        ('<img src="x" onerror="alert(1)"/>', "the attribute onerror"),
        ('<a href="javascript:alert(1)">x</a>', "a link that could run something"),
        ('<a href=" jAvA&#9;script:alert(1)">x</a>', "a link that could run something"),
        ('<a href="java&#x0A;script:alert(1)">x</a>', "a link that could run something"),
        ('<a href="vbscript:x">x</a>', "a link that could run something"),
        ('<a href="data:text/html,x">x</a>', "a link that could run something"),
        (
            '<p style="background:url(https://example.org/spy)">x</p>',
            "a style that could load or run something",
        ),
        ('<p style="width:expression(alert(1))">x</p>', "a style that could load or run something"),
        ("<iframe/>x", "the element iframe"),
        ("<form><p>x</p></form>", "the element form"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>x', "an element of another namespace"),
        ("<?run this?>x", "a processing instruction or an entity"),
        ("<p>not closed", "a text that is not well-formed XHTML"),
        ("&bogus;", "a text that is not well-formed XHTML"),
        ("  ", "no text and no picture"),
        ("x<![CDATA[<img src=x onerror=alert(1)>]]>", _TWO_WAYS),
        ("x<!--><img src=x onerror=alert(1)>-->", _TWO_WAYS),
        ("x<!---><img src=x onerror=alert(1)>-->", _TWO_WAYS),
        ('<a href="javascript&colon;alert(1)">x</a>', "a link that could run something"),
    ],
)
def test_what_could_run_or_load_something_is_named(inside: str, what: str) -> None:
    assert narrative_fault(div(inside)) == what


@pytest.mark.parametrize(
    "text",
    [
        "words",
        "<div>no namespace</div>",
        '<p xmlns="http://www.w3.org/1999/xhtml">no div</p>',
        '<!DOCTYPE div [<!ENTITY e SYSTEM "file:///etc/passwd">]><div xmlns="http://www.w3.org/1999/xhtml">&e;</div>',
        div("<b>" * 5000 + "</b>" * 5000),
        div("\x00"),
        "",
    ],
)
def test_what_is_not_one_div_of_xhtml_is_refused(text: str) -> None:
    assert narrative_fault(text) != ""


ACTS = [
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)"/>',
    "<script>alert(1)</script>",
    '<a href="javascript:alert(1)">x</a>',
    '<svg onload="alert(1)"/>',
]
AROUND = [
    "{}",
    "x<!-- {} -->",
    "x<!--{}-->",
    "x<!-->{}-->",
    "x<!--->{}-->",
    "x<!-- a -- >{}-->",
    "x<!--<!-- -->{}",
    "x<![CDATA[{}]]>",
    "x<![CDATA[>{}]]>",
    "x<?a {}?>",
    '<p title="{}">x</p>',
    "<p title='\\'>{}</p>",
    '<p title="&quot;>{}">x</p>',
    "<pre>&lt;/pre>{}</pre>",
    "<table>{}<tr><td>x</td></tr></table>",
    "<x:p xmlns:x='http://www.w3.org/1999/xhtml'>{}</x:p>",
    "<p/>{}",
    "&lt;{}",
    "&LT;img src=x onerror=alert(1)&GT;{}",
]


def acting(text: str) -> list[str]:
    """What in a text could act, as nh3 reads it: the way a browser does."""
    seen: list[str] = []

    def look(tag: str, name: str, value: str) -> str:
        if name.startswith("on") or "javascript:" in value:
            seen.append(f"{tag} {name}")
        return value

    cleaned = nh3.clean(
        text,
        tags={"a", "div", "iframe", "img", "p", "pre", "script", "svg", "table", "td", "tr"},
        clean_content_tags=set(),
        attributes={"*": {"href", "src", "onerror", "onload"}},
        url_schemes={"http", "https", "javascript"},
        link_rel=None,
        attribute_filter=look,
    )
    return seen + ["script"] * ("<script" in cleaned)


@pytest.mark.parametrize("acts", ACTS)
def test_the_reader_of_html_sees_what_acts(acts: str) -> None:
    assert acting(div(acts))


@pytest.mark.parametrize(("around", "acts"), list(product(AROUND, ACTS)))
def test_what_is_let_through_does_nothing_for_a_reader_of_html_either(around: str, acts: str) -> None:
    for inside in (acts, acts.replace('"', "&quot;"), acts.replace("<", "&lt;")):
        text = div(around.format(inside))

        assert narrative_fault(text) or not acting(text)
