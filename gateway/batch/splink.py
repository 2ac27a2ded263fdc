"""The weights as a model of Splink 5, and what Splink makes of pairs by them: a second pair of eyes.

    settings(model)      the settings of Splink, as they may be written to a file and loaded by it
    scored(pairs, model) what each pair weighs by Splink on DuckDB

Birth date, home and sex are put on their levels by SQL, written anew. The levels of names need lists and
rules that SQL has no words for: they are told. Splink has two classes and no rarity but that of equal names,
so these are not in it: relatives, rivals, names that go together, near names that many have, numbers, and all
that holds a grade back. What it says is the weight against strangers.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as arrow
from splink import DuckDBAPI, Linker

from gateway.identity.levels import FIELDS, LEVELS, levels
from gateway.identity.model import Model
from gateway.identity.person import Person

_JANUARY = "'-01-01'"
_SQL: Mapping[str, Mapping[str, str]] = {
    "born": {
        "same first of January": f"born_l = born_r AND suffix(born_l, {_JANUARY})",
        "same": "born_l = born_r",
        "swapped": "concat(born_l[1:5], born_l[9:10], '-', born_l[6:7]) = born_r",
        "slip": "damerau_levenshtein(born_l, born_r) = 1",
        "first of January": "born_l[1:4] = born_r[1:4] "
        f"AND (suffix(born_l, {_JANUARY}) OR suffix(born_r, {_JANUARY}))",
        "part": "born_l[1:4] = born_r[1:4] AND (born_l[6:7] = born_r[6:7] OR born_l[9:10] = born_r[9:10])",
        "year": "born_l[6:10] = born_r[6:10]",
        "other": "ELSE",
    },
    "home": {
        "same line": "postcode_l = postcode_r AND line_l = line_r AND line_l <> ''",
        "postcode": "postcode_l = postcode_r",
        "postcode slip": "len(postcode_l) = len(postcode_r) "
        "AND damerau_levenshtein(postcode_l, postcode_r) = 1",
        "sector": "postcode_l[:-3] = postcode_r[:-3]",
        "district": "postcode_l[:-4] = postcode_r[:-4]",
        "other": "ELSE",
    },
    "sex": {"same": "sex_l = sex_r", "other": "ELSE"},
}
_SAYS = {"born": "born", "home": "postcode", "sex": "sex"}
_RARE = ("given", "family")


@dataclass(frozen=True, slots=True)
class Scored:
    """What Splink makes of a pair.

    Attributes:
        weight: in bits, against strangers, without what is expected beforehand.
        probability: that they are one, where there is nobody but the other and strangers.
        levels: the level it has each field on, "" for none.
        bits: what each field weighs.
    """

    weight: float
    probability: float
    levels: Mapping[str, str]
    bits: Mapping[str, float]


def settings(model: Model, registered: int | None = None) -> dict[str, Any]:
    """Return the weights as settings of Splink 5.

    Args:
        registered: how many children are registered, where that is known.
    """
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": 1 / (1 + _strangers(model, registered)),
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": "l.pair = r.pair", "sql_dialect": "duckdb"}
        ],
        "comparisons": [_comparison(model, field) for field in FIELDS],
        "retain_intermediate_calculation_columns": True,
        "additional_columns_to_retain": ["pair"],
    }


def scored(
    pairs: Iterable[tuple[Person, Person]], model: Model, registered: int | None = None
) -> list[Scored]:
    """Return what Splink makes of each pair; of several names, dates and homes the first is taken."""
    rows = [row for number, pair in enumerate(pairs) for row in _rows(number, pair, model)]
    with duckdb.connect() as database:
        told = DuckDBAPI(connection=database).register(
            arrow.Table.from_pylist(rows), dataset_display_name="told"
        )
        linker = Linker(told, settings(model, registered), log_level="ERROR")
        found = linker.inference.predict(threshold_match_weight=-1e6, warning_mode="never")
        by_pair = {row["pair_l"]: row for row in found.as_record_list()}
    prior = math.log2(_strangers(model, registered))
    return [_scored(by_pair[number], prior) for number in sorted(by_pair)]


def _strangers(model: Model, registered: int | None) -> float:
    """How many strangers there are for each child asked about who is registered."""
    known = registered or model.prior.children
    return known * (1 - model.prior.coverage) / model.prior.coverage


def _comparison(model: Model, field: str) -> dict[str, Any]:
    table = model.tables[field]
    steps = [
        {
            "sql_condition": _SQL[field][level] if field in _SQL else f"told_{field}_l = '{_quoted(level)}'",
            "label_for_charts": level,
            "m_probability": table["same"][level],
            "u_probability": table["stranger"][level],
        }
        for level in _order(field)
    ]
    if field in _RARE:
        rare = {
            "sql_condition": f"{field}_l = {field}_r",
            "tf_adjustment_column": field,
            "tf_adjustment_weight": 1.0,
        }
        steps.insert(0, steps[0] | rare)
    nothing = {"sql_condition": _nothing(field), "label_for_charts": "not said", "is_null_level": True}
    return {"output_column_name": field, "comparison_levels": [nothing, *steps]}


def _order(field: str) -> Sequence[str]:
    """The levels as they are tried: what is asked of a more special one comes first."""
    return tuple(_SQL[field]) if field in _SQL else LEVELS[field]


def _nothing(field: str) -> str:
    if field in _SAYS:
        return f"{_SAYS[field]}_l IS NULL OR {_SAYS[field]}_r IS NULL"
    return f"told_{field}_l = ''"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _rows(number: int, pair: tuple[Person, Person], model: Model) -> Iterator[dict[str, Any]]:
    """The two rows of a pair; Splink is shown no others together."""
    found = levels(*pair)
    told = {f"told_{field}": found.of(field) for field in FIELDS if field not in _SQL}
    for place, who in enumerate(pair):
        home = min(who.homes, default=None)
        given, family = (names[place].replace(" ", "") for names in (found.given, found.family))
        yield told | {
            "unique_id": 2 * number + place,
            "pair": number,
            "given": given if found.of("given") == "same" else f"{place}",
            "family": family if found.of("family") == "same" else f"{place}",
            "tf_given": model.given.of(given),
            "tf_family": model.family.of(family),
            "born": min(who.birth_dates, default=None),
            "postcode": home.postcode if home else None,
            "line": home.line if home else None,
            "sex": min(who.genders, default=None),
        }


def _scored(row: Mapping[str, Any], prior: float) -> Scored:
    tried = {field: ("", *reversed(_tried(field))) for field in FIELDS}
    return Scored(
        weight=row["match_weight"] + prior,
        probability=row["match_probability"],
        levels={field: tried[field][row[f"gamma_{field}"] + 1] for field in FIELDS},
        bits={field: row[f"mw_{field}"] + row.get(f"mw_tf_adj_{field}", 0.0) for field in FIELDS},
    )


def _tried(field: str) -> Sequence[str]:
    return (LEVELS[field][0], *_order(field)) if field in _RARE else _order(field)
