"""Edge 1: bytes in, records out, each with the place it came from.

open_source   a file, folder, set or upload, read as a mapping describes it
recognise     which of several mappings a file is for
read_by       which files of a set a mapping reads
open_fhir     a file of FHIR itself, which needs no mapping
set_aside     records that could not be used, written in the source's own format
"""

from gateway.sources.aside import set_aside
from gateway.sources.fhir import FhirReading, Told, open_fhir
from gateway.sources.reading import open_source
from gateway.sources.recognise import is_fhir, read_by, recognise

__all__ = ["FhirReading", "Told", "is_fhir", "open_fhir", "open_source", "read_by", "recognise", "set_aside"]
