"""FHIR XML: texts that cannot be read as a resource, and resources that XML cannot carry."""

from gateway.problems import kind

XML_SYNTAX = kind(
    "xml.syntax",
    "The XML cannot be read: {reason}",
    "Correct the text at the line and column given and send it again.",
    "structure",
)
XML_ENCODING = kind(
    "xml.encoding",
    "The XML is not UTF-8, or says that it is something else",
    "Write it as UTF-8, which FHIR asks for.",
    "structure",
)
XML_DOCTYPE = kind(
    "xml.doctype",
    "The XML has a document type declaration",
    "Leave <!DOCTYPE ...> and the entities it declares out; FHIR has none.",
    "security",
)
XML_NAMESPACE = kind(
    "xml.namespace",
    "{name} is not in the namespace that it belongs to",
    'Write xmlns="{wanted}" on it, or on an element around it.',
    "structure",
)
XML_ATTRIBUTE = kind(
    "xml.unknown-attribute",
    "{name} has an attribute that FHIR does not give it: {attribute}",
    "Remove it; {allowed}.",
    "structure",
)
XML_TEXT = kind(
    "xml.text",
    "{name} has text beside its elements",
    "Move the text into the attribute value of the element that it belongs to.",
    "structure",
)
XML_REPEATED = kind(
    "xml.repeated",
    "{name} is there more than once, and R4 allows one",
    "Keep one and leave the others out.",
    "structure",
)
XML_VALUE = kind(
    "xml.value",
    "{name} is not written as FHIR's type {type} asks",
    "{asked}",
    "value",
)
XML_ONE_RESOURCE = kind(
    "xml.one-resource",
    "{name} must hold one resource, and this one holds {count}",
    "Put exactly one resource into each {name}.",
    "structure",
)
XML_UNWRITABLE = kind(
    "xml.unwritable",
    "{name} cannot be written in XML: {reason}",
    "Ask for application/fhir+json, which carries the resource as it is.",
    "not-supported",
    406,
)
