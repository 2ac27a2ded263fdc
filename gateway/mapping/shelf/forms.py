"""What is written like a function and belongs to the language itself: its names and words, for hints and
the reference.
"""

from gateway.mapping.shelf.function import Form

FORM_LIST: tuple[Form, ...] = (
    Form("exists", "x.exists()", "test", "Whether there is a value, or a record of that kind."),
    Form("empty", "x.empty()", "test", "Whether there is none."),
    Form("count", "need.count()", "integer", "How many records of a kind there are within this one."),
    Form("not", "x.not()", "test", "The opposite; of nothing, nothing."),
    Form(
        "iif",
        "iif(test, value, otherwise)",
        "the type of the values",
        "The value if the test is true, else the other (or nothing).",
    ),
    Form("coalesce", "coalesce(a, b, …)", "the type of the values", "The first that is there."),
    Form("first", "x.first()", "text", "The first text of a list."),
    Form("code", "x.code('map')", "code", "The target code of a code map."),
    Form("coding", "x.coding('map')", "Coding", "The target as system, code and display."),
    Form("concept", "x.concept('map')", "CodeableConcept", "The target as a CodeableConcept."),
    Form(
        "absent",
        "x.absent('map')",
        "CodeableConcept",
        "The reason why there is none, for the codes (or the empty cell) under `absent` of the code map.",
    ),
    Form("display", "x.display('map')", "text", "The words for the target code of a code map."),
    Form(
        "ref",
        "ref(Patient, key, …)",
        "Reference",
        "A reference to what a rule makes, by its resource type or $rule and its keys.",
    ),
    Form(
        "ownId",
        "ownId()",
        "text",
        "The id of the resource itself, a keyed hash of its feed, `$rule` and `$key`: an identifier for a "
        "row that has no number of its own, the same whenever the row is loaded again, and telling nobody "
        "what is in the key. Not for `$key` or the `$if` of a rule.",
    ),
)
