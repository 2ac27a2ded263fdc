"""JSON Patch and JSON Merge Patch; the examples are those of the two RFCs."""

from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.patch_json import json_patch, merge_patch
from gateway.problems import Refused


@pytest.mark.parametrize(
    ("before", "operations", "after"),
    [
        pytest.param(
            '{"foo": "bar"}',
            '[{"op": "add", "path": "/baz", "value": "qux"}]',
            '{"baz": "qux", "foo": "bar"}',
            id="A.1",
        ),
        pytest.param(
            '{"foo": ["bar", "baz"]}',
            '[{"op": "add", "path": "/foo/1", "value": "qux"}]',
            '{"foo": ["bar", "qux", "baz"]}',
            id="A.2",
        ),
        pytest.param(
            '{"baz": "qux", "foo": "bar"}', '[{"op": "remove", "path": "/baz"}]', '{"foo": "bar"}', id="A.3"
        ),
        pytest.param(
            '{"foo": ["bar", "qux", "baz"]}',
            '[{"op": "remove", "path": "/foo/1"}]',
            '{"foo": ["bar", "baz"]}',
            id="A.4",
        ),
        pytest.param(
            '{"baz": "qux"}',
            '[{"op": "replace", "path": "/baz", "value": "boo"}]',
            '{"baz": "boo"}',
            id="A.5",
        ),
        pytest.param(
            '{"a": {"b": 1, "c": 2}, "d": {}}',
            '[{"op": "move", "from": "/a/b", "path": "/d/b"}]',
            '{"a": {"c": 2}, "d": {"b": 1}}',
            id="A.6",
        ),
        pytest.param(
            '{"foo": ["all", "grass", "cows", "eat"]}',
            '[{"op": "move", "from": "/foo/1", "path": "/foo/3"}]',
            '{"foo": ["all", "cows", "eat", "grass"]}',
            id="A.7",
        ),
        pytest.param(
            '{"a": ["x", 2]}', '[{"op": "test", "path": "/a/1", "value": 2}]', '{"a": ["x", 2]}', id="A.8"
        ),
        pytest.param(
            '{"foo": "bar"}',
            '[{"op": "add", "path": "/child", "value": {"grandchild": {}}}]',
            '{"foo": "bar", "child": {"grandchild": {}}}',
            id="A.10",
        ),
        pytest.param(
            '{"foo": "bar"}',
            '[{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}]',
            '{"foo": "bar", "baz": "qux"}',
            id="A.11",
        ),
        pytest.param(
            '{"/": 9, "~1": 10}',
            '[{"op": "test", "path": "/~01", "value": 10}]',
            '{"/": 9, "~1": 10}',
            id="A.14",
        ),
        pytest.param(
            '{"foo": ["bar"]}',
            '[{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}]',
            '{"foo": ["bar", ["abc", "def"]]}',
            id="A.16",
        ),
        pytest.param(
            '{"a": [1.0]}',
            '[{"op": "test", "path": "/a/0", "value": 1}]',
            '{"a": [1.0]}',
            id="numbers by value",
        ),
        pytest.param(
            '{"a": {"b": 1}}',
            '[{"op": "copy", "from": "/a", "path": "/c"}, {"op": "add", "path": "/c/d", "value": 2}]',
            '{"a": {"b": 1}, "c": {"b": 1, "d": 2}}',
            id="a copy is its own",
        ),
    ],
)
def test_the_operations_of_rfc_6902(before: str, operations: str, after: str) -> None:
    assert json_patch(json.read(before), json.read(operations)) == json.read(after)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ('{"op": "test", "path": "/foo", "value": "baz"}', "patch.test"),
        ('{"op": "test", "path": "/none", "value": "baz"}', "patch.test"),
        ('{"op": "test", "path": "/ten", "value": "10"}', "patch.test"),
        ('{"op": "test", "path": "/one", "value": true}', "patch.test"),
        ('{"op": "add", "path": "/baz/bat", "value": "qux"}', "patch.path"),
        ('{"op": "remove", "path": "/baz"}', "patch.path"),
        ('{"op": "remove", "path": ""}', "patch.path"),
        ('{"op": "replace", "path": "/baz", "value": 1}', "patch.path"),
        ('{"op": "add", "path": "/list/3", "value": 1}', "patch.path"),
        ('{"op": "add", "path": "/list/01", "value": 1}', "patch.path"),
        ('{"op": "add", "path": "/list/-1", "value": 1}', "patch.path"),
        ('{"op": "add", "path": "/list/x", "value": 1}', "patch.path"),
        ('{"op": "remove", "path": "/list/-"}', "patch.path"),
        ('{"op": "add", "path": "/foo/x", "value": 1}', "patch.path"),
        ('{"op": "copy", "from": "/none", "path": "/x"}', "patch.path"),
        ('{"op": "move", "from": "/list", "path": "/list/0"}', "patch.path"),
        ('{"op": "add", "path": "baz", "value": 1}', "patch.form"),
        ('{"op": "add", "path": "/a~2", "value": 1}', "patch.form"),
        ('{"op": "add", "path": 5, "value": 1}', "patch.form"),
        ('{"op": "add", "path": "/baz"}', "patch.form"),
        ('{"op": "add", "value": 1}', "patch.form"),
        ('{"op": "move", "path": "/baz"}', "patch.form"),
        ('{"op": "copy", "from": [], "path": "/baz"}', "patch.form"),
        ('{"op": "spend", "path": "/baz"}', "patch.form"),
        ('{"op": ["add"], "path": "/baz", "value": 1}', "patch.form"),
        ('{"path": "/baz"}', "patch.form"),
        ("5", "patch.form"),
        ("null", "patch.form"),
    ],
)
def test_what_cannot_be_done_is_named_with_its_number(operation: str, code: str) -> None:
    before = {"foo": "bar", "list": [1, 2], "ten": 10, "one": 1}
    first = {"op": "test", "path": "/foo", "value": "bar"}

    with pytest.raises(Refused) as caught:
        json_patch(before, [first, json.read(operation)])

    assert caught.value.problems[0].kind.code == code
    assert "Operation 2 of the patch" in caught.value.problems[0].says


def test_a_refusal_does_not_repeat_the_resource() -> None:
    with pytest.raises(Refused) as caught:
        json_patch({"name": "Ffion"}, [{"op": "add", "path": "/Mai/x", "value": "Example"}])

    found = caught.value.problems[0]
    assert not any(word in str(found) + found.fix for word in ("Ffion", "Mai", "Example"))


def test_decimals_keep_their_digits() -> None:
    made = json_patch(
        json.read('{"a": 1.00, "b": [2.50]}'),
        json.read(
            '[{"op": "add", "path": "/c", "value": 3.0}, {"op": "move", "from": "/b/0", "path": "/d"}]'
        ),
    )

    assert json.write(made) == b'{"a":1.00,"b":[],"c":3.0,"d":2.50}'


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
        ('{"a":"b"}', '{"a":null}', "{}"),
        ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
        ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
        ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
        ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
        ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
        ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
        ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
    ],
)
def test_the_examples_of_rfc_7396(before: str, change: str, after: str) -> None:
    assert merge_patch(json.read(before), json.read(change)) == json.read(after)


def test_merging_shares_nothing_with_what_was_given() -> None:
    before: dict[str, Any] = {"a": {"b": [1]}}
    change: dict[str, Any] = {"c": {"d": [2]}}

    made = merge_patch(before, change)
    made["a"]["b"].append(3)
    made["c"]["d"].append(3)

    assert (before, change) == ({"a": {"b": [1]}}, {"c": {"d": [2]}})
