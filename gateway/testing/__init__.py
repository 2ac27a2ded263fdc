"""For your own tests: invented children, files of them, and one record translated.

    from gateway.testing import children, translate, upn, write_ctf

    write_ctf("pupils.xml", children(1000))
    told = translate("mappings/clubs", {"children": [{"UPN": upn(1), "DOB": "30/09/2013", "Sex": "F"}]})
    assert told.patient["birthDate"] == "2013-09-30"

children            any number of invented children, in households, some of them twins; the same each time
upn, nhs_number     numbers with the right check characters that were never given to anybody
write_ctf           a Common Transfer File of them, of any size, in little memory
write_area          invented families as the files of a hospital, schools and a council, with an answer key
translate           what a mapping makes of one record
"""

from gateway.testing.area import Answer, write_area
from gateway.testing.children import Child, Household, children
from gateway.testing.ctf import ctf_pupil, write_ctf
from gateway.testing.numbers import nhs_number, temporary_upn, upn
from gateway.testing.translate import Told, translate

__all__ = [
    "Answer",
    "Child",
    "Household",
    "Told",
    "children",
    "ctf_pupil",
    "nhs_number",
    "temporary_upn",
    "translate",
    "upn",
    "write_area",
    "write_ctf",
]
