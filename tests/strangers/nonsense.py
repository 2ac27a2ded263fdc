"""What people, programs and attackers send: search strings, resources, patches, Bundles, texts."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from gateway.fhir import facts

ANY_TEXT = st.text(max_size=12) | st.text("a|$,\\:.-0123456789 éß\u0000\u2028💙", max_size=20)
DATES = st.from_regex(
    r"(eq|ne|gt|lt|ge|le|sa|eb|ap|xx)?[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:]{2,8}(Z|\+0[0-9]:00)?)?)?)?"
)
NUMBERS = st.sampled_from(
    ["1e999999", "9" * 400, "-0.0", "1.", ".5", "NaN", "0x10", "1_000", "٣"]
) | st.floats().map(str)
TOKENS = st.builds("|".join, st.lists(ANY_TEXT, max_size=4))
QUANTITIES = st.builds(
    lambda number, rest: "|".join([number, *rest]), NUMBERS, st.lists(ANY_TEXT, max_size=3)
)
REFERENCES = st.sampled_from(
    [
        "known",
        "Patient/known",
        "Patient/",
        "/Patient/known",
        "http://[::1",
        "http://x/Patient/1/_history/2",
        "urn:uuid:x",
    ]
)
VALUES = st.one_of(ANY_TEXT, DATES, NUMBERS, TOKENS, QUANTITIES, REFERENCES, st.just("x" * 5_000))
MODIFIERS = st.sampled_from(
    (
        *(
            "",
            "",
            "",
            ":missing",
            ":exact",
            ":contains",
            ":text",
            ":not",
            ":in",
            ":not-in",
            ":above",
            ":below",
        ),
        *(":of-type", ":identifier", ":Patient", ":Nonsense", ":iterate", ":", "::"),
    )
)
SHAPING = (
    *("_count", "_sort", "_summary", "_elements", "_total", "_include", "_revinclude", "_format", "_pretty"),
    *(
        "_id",
        "_lastUpdated",
        "_tag",
        "_profile",
        "_security",
        "_source",
        "_list",
        "_text",
        "_content",
        "_filter",
    ),
    *(
        "_cursor",
        "_contained",
        "_containedType",
        "_query",
        "_type",
        "_has:Observation:patient:code",
        "_has:",
        "",
    ),
)


@st.composite
def searches(draw: st.DrawFn, type: str) -> str:
    """The query of a search: parameters of the type, chains, modifiers, and values of all kinds."""
    known = tuple(facts.parameters(type))
    asked = []
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(known) | st.sampled_from(SHAPING) | ANY_TEXT) + draw(MODIFIERS)
        if draw(st.integers(0, 4)) == 0:
            name += "." + draw(st.sampled_from(("name", "identifier", "subject.name", "nonsense", "_id", "")))
        asked.append((name, ",".join(draw(st.lists(VALUES, min_size=1, max_size=2)))))
    return urlencode(asked, quote_via=quote, errors="replace")


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
ELEMENTS = (
    "id",
    "meta",
    "text",
    "contained",
    "extension",
    "identifier",
    "name",
    "value",
    "code",
    "subject",
    "status",
    "entry",
)


@st.composite
def spoilt(draw: st.DrawFn, good: Any) -> Any:
    """A resource in which something is taken out, put in, renamed, or replaced by anything."""
    value = json.loads(json.dumps(good))
    for _ in range(draw(st.integers(1, 3))):
        spot = value
        while isinstance(spot, dict | list) and spot:
            key = draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
            if not isinstance(spot[key], dict | list) or not spot[key] or draw(st.booleans()):
                break
            spot = spot[key]
        if not isinstance(spot, dict | list) or not spot:
            continue
        match draw(st.integers(0, 3)):
            case 0:
                del spot[key]
            case 1:
                spot[key] = draw(JUNK)
            case 2 if isinstance(spot, dict):
                spot[draw(st.sampled_from(ELEMENTS) | ANY_TEXT)] = draw(JUNK)
            case _:
                spot[key] = [spot[key]] if draw(st.booleans()) else {"a": spot[key]}
    return value


def text_of(value: Any) -> bytes:
    """A value as JSON text, `NaN` and halves of pairs included."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


#: Texts that are not FHIR in JSON, or are so in a way that has broken somebody (checks H9 and A17).
JSON_TEXTS = [
    b"",
    b"null",
    b"[]",
    b"1",
    b'"Patient"',
    b"{",
    b"{}",
    b'{"resourceType":"Patient"',
    b'{"resourceType":"Patient","resourceType":"Observation"}',
    b'{"resourceType":"Patient","active":true,"active":false}',
    b'{"resourceType":"Patient","name":[]}',
    b'{"resourceType":"Patient","name":[{}]}',
    b'{"resourceType":"Patient","gender":""}',
    b'{"resourceType":"Patient","gender":null}',
    b'{"resourceType":"Patient","gender":1}',
    b'{"resourceType":"Patient","active":"true"}',
    b'{"resourceType":"Patient","name":{"family":"A"}}',
    b'{"resourceType":"Patient","name":[{"given":[null]}]}',
    b'{"resourceType":"Patient","name":[{"given":["a"],"_given":[null,null]}]}',
    b'{"resourceType":"Patient","_gender":{}}',
    b'{"resourceType":"Patient","nonsense":1}',
    b'{"resourceType":"Patient","birthDate":"2015-02-30"}',
    b'{"resourceType":"Nonsense"}',
    b'{"resourceType":["Patient"]}',
    b'{"resourceType":{}}',
    b'{"id":"a"}',
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"resourceType":"Patient","name":[{"family":"\xff"}]}',
    b'{"resourceType":"Patient","name":[{"family":"\\ud800"}]}',
    b'{"resourceType":"Patient","name":[{"family":"\\u0000"}]}',
    b'{"resourceType":"Patient","multipleBirthInteger":1e999999}',
    b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 5_000 + b"}",
    b'{"resourceType":"Observation","valueQuantity":{"value":1e999999}}',
    b'{"resourceType":"Observation","valueQuantity":{"value":' + b"1" * 60_000 + b"}}",
    b'{"resourceType":"Observation","valueQuantity":{"value":NaN}}',
    b'{"resourceType":"Patient","extension":' * 3_000,
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"resourceType":"Patient",' + b",".join(b'"k%d":1' % n for n in range(10_000)) + b"}",
    b'{"resourceType":"Patient","id":"' + b"a" * 100_000 + b'"}',
    b"x" * 300_000,
    b'{"resourceType":"Bundle"}',
    b'{"resourceType":"Bundle","type":"nonsense"}',
    b'{"resourceType":"Bundle","type":"collection","entry":[{}]}',
    b'{"resourceType":"Bundle","type":"transaction","entry":[null]}',
    b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":null}]}',
    b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"http://[::1"}}]}',
    b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"NONSENSE","url":"Patient"}}]}',
    b'{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Patient"}}]}',
    b'{"resourceType":"Bundle","type":"batch","entry":"x"}',
    b'{"resourceType":"Parameters","parameter":[{"name":"operation"}]}',
]

_DTD = b'<!DOCTYPE Patient [<!ENTITY a "x">%s]>'
_PATIENT = b'<Patient xmlns="http://hl7.org/fhir">%s</Patient>'

#: Texts that are not FHIR in XML, or try to make the parser work or fetch (check A16).
XML_TEXTS = [
    b"<",
    b"<Patient/>",
    b'<Patient xmlns="http://hl7.org/fhir">',
    _PATIENT % b"text",
    _PATIENT % b"<nonsense/>",
    _PATIENT % b'<gender value="male"/><gender value="female"/>',
    _PATIENT % b'<active value="maybe"/>',
    _PATIENT % b'<active other="true"/>',
    _DTD % b"" + _PATIENT % b'<gender value="&a;"/>',
    _DTD % b'<!ENTITY b SYSTEM "file:///etc/passwd">' + _PATIENT % b"<text>&b;</text>",
    _DTD % b'<!ENTITY % c SYSTEM "http://127.0.0.1:9/x"> %c;' + _PATIENT % b"",
    _DTD % b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    + _PATIENT % b"&l9;",
    _PATIENT % b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>',
    b'<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    b' xsi:schemaLocation="http://127.0.0.1:9/x x"/>',
    _PATIENT % (b"<contact>" * 5_000),
    _PATIENT % (b"<extension>" * 2_000 + b"</extension>" * 2_000),
    b'<Patient xmlns="http://hl7.org/fhir" ' + b" ".join(b'a%d="1"' % n for n in range(5_000)) + b"/>",
    _PATIENT
    % b'<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><script/>a</div></text>',
    b'<?xml version="1.0" encoding="utf-7"?>' + _PATIENT % b"",
    b'<?xml version="1.0" encoding="ebcdic-cp-us"?>' + _PATIENT % b"",
    b'<?xml-stylesheet href="http://127.0.0.1:9/x"?>' + _PATIENT % b'<gender value="x"/>',
    b'<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/><entry/></Bundle>',
    "<?xml version='1.0' encoding='utf-16'?><Patient xmlns='http://hl7.org/fhir'/>".encode("utf-16"),
    b'<Patient xmlns="http://hl7.org/fhir"><id value="' + b"a" * 100_000 + b'"/></Patient>',
]
