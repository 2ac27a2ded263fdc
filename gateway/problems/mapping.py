"""Mapping files: what can be wrong with one before a single record is read."""

from gateway.problems import kind

_LANGUAGE = "docs/reference/mapping.md"

MAPPING_SYNTAX = kind(
    "mapping.syntax",
    "The file cannot be read here: {reason}",
    "Every bracket and quote that opens must close, indents are spaces, and an expression with a comma needs quotes inside brackets.",
    "structure",
)
MAPPING_TAG = kind(
    "mapping.tag",
    "The file uses the YAML tag {tag}",
    "Leave the tag out; every value stays text.",
    "structure",
)
MAPPING_LARGE = kind(
    "mapping.too-large",
    "The file is larger than {most} values once its aliases are written out",
    "Use fewer aliases, or split the mapping.",
    "too-costly",
)
MAPPING_TWICE = kind(
    "mapping.duplicate-key", "{name} is written twice in the same place", "Keep one of them.", "structure"
)
MAPPING_SHAPE = kind(
    "mapping.shape", "{reason}", f"The keys of a mapping are listed in {_LANGUAGE}.", "structure"
)
MAPPING_KEY = kind(
    "mapping.unknown-key",
    "A mapping has no {name} here",
    "{near}The keys are listed in " + _LANGUAGE + ".",
    "structure",
)
MAPPING_RECORD = kind(
    "mapping.unknown-record",
    "There is no record called {name}",
    "{near}The records are those under source.records: {known}.",
    "not-found",
)
MAPPING_RECORDS = kind("mapping.records", "{reason}", "{do}", "structure")
MAPPING_FILE = kind(
    "mapping.unknown-file", "source.files has no {name}", "{near}The files are: {known}.", "not-found"
)
MAPPING_PATIENT = kind(
    "mapping.patient",
    "The mapping has {count} rules that make a Patient of the top record",
    "A mapping has exactly one: resourceType: Patient with $for: {top}.",
    "business-rule",
)
MAPPING_RULE_TWICE = kind(
    "mapping.rule-twice", "Two rules are called {name}", "Give each a $rule of its own.", "duplicate"
)
MAPPING_RULE_ORDER = kind(
    "mapping.rule-order",
    "The name of this rule, {name}, depends on its position among its likes",
    "Give it a $rule, so that its ids stay when rules move.",
    "informational",
    severity="warning",
)
MAPPING_SYNTAX_EXPRESSION = kind(
    "mapping.expression",
    "The expression cannot be read at {found}",
    f"Correct it there; a name with a space stands between backticks. The grammar is in {_LANGUAGE}.",
    "structure",
)
MAPPING_FIELD = kind(
    "mapping.unknown-field", "{record} has no field called {name}", "{near}Its fields: {known}.", "not-found"
)
MAPPING_GIVEN = kind(
    "mapping.unknown-given",
    "There is no given.{name}",
    "{near}Declare it under given, with help and matches.",
    "not-found",
)
MAPPING_CONTEXT = kind(
    "mapping.unknown-context",
    "source.context has no {name}",
    "{near}Declare it under source.context.",
    "not-found",
)
MAPPING_RUN = kind(
    "mapping.unknown-run", "There is no run.{name}", "It has run.received, the date of the load.", "not-found"
)
MAPPING_VARIABLE = kind(
    "mapping.unknown-variable",
    "There is no variable called %{name}",
    "{near}Variables are declared under let.",
    "not-found",
)
MAPPING_LOOP = kind(
    "mapping.let-loop", "The variable %{name} refers to itself", "Write it without itself.", "structure"
)
MAPPING_FUNCTION = kind(
    "mapping.unknown-function",
    "There is no function called {name}",
    "{near}All functions: fhirgate functions, and " + _LANGUAGE + ".",
    "not-found",
)
MAPPING_ARGUMENTS = kind("mapping.arguments", "{name}() {reason}", "It is written {usage}.", "value")
MAPPING_OPERATOR = kind("mapping.operator", "{reason}", "{do}", "structure")
MAPPING_TERM = kind(
    "mapping.unknown-term",
    "There is no code map called {name}",
    "{near}Code maps are declared under terms: {known}.",
    "not-found",
)
MAPPING_TERM_MAP = kind(
    "mapping.concept-map-missing",
    "No ConceptMap with the canonical {canonical} was found",
    "{near}Put its JSON file beside the mapping or in profiles/.",
    "not-found",
)
MAPPING_TERM_CLASH = kind(
    "mapping.concept-map-clash",
    "The ConceptMap {map} has more than one target for the source code {code}",
    "Keep one target as equivalent, or use concept() where two systems are meant.",
    "business-rule",
)
MAPPING_TERM_SHAPE = kind(
    "mapping.concept-map-shape",
    "The ConceptMap {map} cannot be used: {reason}",
    "Correct the ConceptMap.",
    "structure",
)
MAPPING_TERM_BINDING = kind(
    "mapping.target-outside-binding",
    "The code map {map} sends {code} to {target}, which {element} does not allow",
    "{near}Allowed: {known}.",
    "code-invalid",
)
MAPPING_TERM_KEEPS = kind(
    "mapping.source-code-outside-binding",
    "The code map {map} keeps source codes, and {element} has a fixed list of codes",
    "Use unmapped: reject-record or drop-element for this map.",
    "code-invalid",
)
MAPPING_TYPE = kind(
    "mapping.unknown-type",
    "R4 has no resource type called {name}",
    "{near}Capital letters matter.",
    "not-found",
)
MAPPING_ELEMENT = kind(
    "mapping.unknown-element",
    "{owner} has no element called {name}",
    "{near}Its elements: {known}.",
    "not-found",
)
MAPPING_EMPTY = kind(
    "mapping.empty", "{element} has nothing in it", "Write its elements, or leave it out.", "structure"
)
MAPPING_LIST = kind(
    "mapping.list", "{element} is a list", "Write each of its items after a dash, or in [ ].", "structure"
)
MAPPING_SINGLE = kind(
    "mapping.single", "{element} is a single value", "Write it without the list.", "structure"
)
MAPPING_OBJECT = kind(
    "mapping.object",
    "{element} is a {type}, which has elements of its own",
    "Write them below it.",
    "structure",
)
MAPPING_LEAF = kind(
    "mapping.leaf",
    "{element} is a {type}: one value, without elements of its own",
    "Write the value itself; for each row of a record: {{$for: record, $value: = field}}.",
    "structure",
)
MAPPING_FITS = kind(
    "mapping.type", "{element} is a {type}, and the expression gives {given}", "{do}", "value"
)
MAPPING_LITERAL = kind("mapping.literal", "{text} is not a {type}", "{do}", "value")
MAPPING_BINDING = kind(
    "mapping.outside-binding",
    "{element} does not allow the code {text}",
    "{near}Allowed: {known}.",
    "code-invalid",
)
MAPPING_REQUIRED = kind(
    "mapping.required", "The required element {element} is not mapped", "Add {name} here.", "required"
)
MAPPING_CHOICE = kind(
    "mapping.choice",
    "{first} and {second} could both be given, and {element} is one value of one type",
    "Give one of them a $if that rules out the other.",
    "structure",
)
MAPPING_TARGET = kind(
    "mapping.reference-target", "{element} cannot refer to a {target}", "It can refer to: {known}.", "value"
)
MAPPING_REF = kind(
    "mapping.unknown-rule",
    "No rule makes {name}",
    "{near}ref() names a resource type or a $rule of this mapping.",
    "not-found",
)
MAPPING_REF_KEYS = kind(
    "mapping.reference-keys",
    "ref({name}, …) has {count} keys, and the rule {name} is found by {wanted}",
    "Give the same keys as the rule's $key.",
    "value",
)
MAPPING_TEST = kind(
    "mapping.condition", "$if needs a condition, and the expression gives {given}", "{do}", "value"
)
MAPPING_FORMAT = kind(
    "mapping.date-format",
    "{format} is not a date format: {reason}",
    "Use dd d MM M MMM yyyy HH mm ss XXX with what stands between them, such as dd/MM/yyyy.",
    "value",
)
MAPPING_PATTERN = kind(
    "mapping.pattern", "The pattern cannot be read: {reason}", "Correct the regular expression.", "value"
)
MAPPING_CONTROL = kind(
    "mapping.unknown-control", "There is no {name}", "{near}There are: {known}.", "structure"
)
MAPPING_FOR = kind("mapping.for", "{reason}", "{do}", "structure")
MAPPING_UNUSED = kind(
    "mapping.unused-field",
    "Nothing uses {field} of {record}",
    "Use it, or name it under source.ignore with the reason.",
    "informational",
    severity="warning",
)
MAPPING_UNUSED_LET = kind(
    "mapping.unused-variable", "Nothing uses %{name}", "Take it away.", "informational", severity="warning"
)
MAPPING_UNUSED_TERM = kind(
    "mapping.unused-term",
    "Nothing uses the code map {name}",
    "Take it away.",
    "informational",
    severity="warning",
)
MAPPING_SETTING_MISSING = kind(
    "mapping.given-missing",
    "The mapping {mapping} needs a value for {name}: {help}",
    "Set it in the feed's settings under set, or with --set {name}=…",
    "required",
)
MAPPING_SETTING_VALUE = kind(
    "mapping.given-value",
    "The value given for {name} does not have the form the mapping {mapping} asks for",
    "{help}. Its form is {matches}.",
    "value",
)
MAPPING_SETTING_DIFFERS = kind(
    "mapping.given-differs",
    "The file is for another {name} than the one given",
    "Load it into the feed it is for, or correct the value of {name}: {help}",
    "conflict",
    422,
)
MAPPING_SETTING_UNKNOWN = kind(
    "mapping.given-unknown",
    "The mapping {mapping} takes no value called {name}",
    "{near}It takes: {known}.",
    "not-found",
)
MAPPING_EXAMPLE = kind(
    "mapping.example", "The test cannot be read: {reason}", "Correct tests.yaml there.", "structure"
)
MAPPING_ABSENT = kind(
    "mapping.absent", "There is no mapping here", "A mapping's folder has one of {names}.", "not-found"
)
