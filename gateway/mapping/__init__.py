"""Source formats to FHIR: mapping files read, proved against R4, compiled, translated and explained.

load, load_folder   a mapping file to a proved Mapping, or all its problems at once
Translator          rows to FHIR
Ids                 the ids it gives
render              a problem of a mapping file as a person reads it, with the line and a caret
"""

from gateway.mapping.explain import Explanation, From, Origin
from gateway.mapping.file import Mapping, load
from gateway.mapping.folder import concept_maps, load_folder
from gateway.mapping.ids import Ids
from gateway.mapping.render import render, render_all
from gateway.mapping.translate import Translation, Translator, settle

__all__ = [
    "Explanation",
    "From",
    "Ids",
    "Mapping",
    "Origin",
    "Translation",
    "Translator",
    "concept_maps",
    "load",
    "load_folder",
    "render",
    "render_all",
    "settle",
]
