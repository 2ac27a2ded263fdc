"""FHIR XML in and out, over the same values that `gateway.fhir.json` reads and writes.

    write   a resource as XML: its elements in the order of the definitions, decimals as they were written
    read    XML as a resource, or every problem that was met, each with its line and path

What XML 1.0 cannot carry (control characters other than tab and line ends, half a surrogate pair, U+FFFE and
U+FFFF) is written as U+FFFD, the replacement character. A narrative keeps its text, character for character,
except that names which only HTML knows (`&nbsp;`) become the characters they stand for.

Source: HL7 FHIR R4 XML format, https://hl7.org/fhir/R4/xml.html
"""

from gateway.fhir.xml_read import read
from gateway.fhir.xml_write import write

__all__ = ["read", "write"]
