"""Splink 5 as it comes, on the records that our matcher joins: what `bench_identity.py` holds it against.

Its own comparisons of names, dates and postcodes, its own training on these very records, two classes, and
groups of all pairs at 99 %.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as arrow
import splink.comparison_library as compared
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from gateway.identity.person import Person
from gateway.testing.measuring import Clusters, judged

CERTAIN = 0.99
PAIRS = 1e7
NUMBERS = ("nhs", "upn")
RULES = (
    block_on("born", "family"),
    block_on("born", "given"),
    block_on("born", "postcode"),
    block_on("given", "family", "substr(born, 1, 4)"),
    block_on("postcode", "given"),
)


def as_it_comes(
    records: Sequence[tuple[int, Person]], lives: Callable[[int], int], *, numbers: bool = False
) -> Clusters:
    """What Splink joins.

    Args:
        records: whom each is truly about (not looked at), and what it says.
        lives: as for `measuring.clusters`.
        numbers: whether NHS number and UPN are compared too.
    """
    table = arrow.Table.from_pylist([_row(place, who) for place, (_, who) in enumerate(records)])
    began = time.process_time()
    with duckdb.connect(config={"threads": 2}) as database:
        told = DuckDBAPI(connection=database).register(table, dataset_display_name="told")
        linker = Linker(told, _settings(numbers), log_level="ERROR")
        training = linker.training
        training.estimate_probability_two_random_records_match(
            [block_on("born", "given", "family"), block_on("born", "given", "postcode")], recall=0.85
        )
        training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=1)
        for rule in (block_on("born", "postcode"), block_on("given", "family")):
            training.estimate_parameters_using_expectation_maximisation(rule)
        pairs = linker.inference.predict(threshold_match_probability=CERTAIN)
        groups = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, CERTAIN)
        found: dict[Any, list[int]] = {}
        for row in groups.as_record_list():
            found.setdefault(row["cluster_id"], []).append(row["unique_id"])
    seconds = time.process_time() - began
    return judged([truth for truth, _ in records], found.values(), seconds, lives)


def _settings(numbers: bool) -> SettingsCreator:
    rules = [*map(block_on, NUMBERS), *RULES] if numbers else list(RULES)
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            compared.NameComparison("given").configure(term_frequency_adjustments=True),
            compared.NameComparison("family").configure(term_frequency_adjustments=True),
            compared.DateOfBirthComparison("born", input_is_string=True),
            compared.PostcodeComparison("postcode"),
            compared.ExactMatch("middle"),
            compared.ExactMatch("sex"),
            *(compared.LevenshteinAtThresholds(name, 1) for name in NUMBERS if numbers),
        ],
        blocking_rules_to_generate_predictions=rules,
    )


def _row(place: int, who: Person) -> dict[str, Any]:
    name = min(who.names, default=None)
    home = min(who.homes, default=None)
    return {
        "unique_id": place,
        "given": (name and name.first) or None,
        "middle": (name and name.middle) or None,
        "family": (name and name.family) or None,
        "born": min(who.birth_dates, default=None),
        "postcode": home.postcode if home else None,
        "sex": min(who.genders, default=None),
        "nhs": min(who.nhs, default=None),
        "upn": min(who.upns, default=None),
    }
