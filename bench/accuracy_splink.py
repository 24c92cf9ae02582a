"""
Splink 5 with the settings its own examples ship, on one of the labelled sets. Runs in an environment of its own.

`python -m bench.accuracy_splink FOLDER` prints one JSON document of scores. The settings are those of the notebooks
in Splink's documentation (docs/demos/examples/duckdb: febrl3, febrl4, accuracy_analysis_from_labels_column;
docs/demos/examples/duckdb_no_test: pseudopeople-acs), with their training rules, numbers of pairs and thresholds. Of
fake_20000 the documentation has no example: those of fake_1000 are used, which it resembles. RLdata500, the mock
census and the made persons have none either: theirs are written in the manner of the examples, without looking at
the truth.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.accuracy_scores import Answer, all_scores

__all__ = ["EXAMPLES", "Example", "main"]

_LEAST = 0.01  # probability from which pairs are kept, to find the best threshold


@dataclass(frozen=True)
class Example:
    """
    One example of Splink's.

    Attributes:
        blocking: Rules that propose pairs: tuples of columns, or SQL.
        comparisons: Makes the comparisons from `splink.comparison_library`.
        threshold: Probability from which its text calls pairs links.
        deterministic: Rules of the prior, and their supposed recall; empty: `prior` of one match a record.
        recall: Supposed recall of those rules.
        training: Rules of the EM sessions.
        without_term_frequencies: As the example's sessions have it.
        max_pairs: Random pairs of u.
        seed: Of the random pairs; the examples without one are given one, so that runs repeat.
        shipped: Whether the settings are Splink's own for this very kind of data.
    """

    blocking: tuple[Any, ...]
    comparisons: Any
    threshold: float
    deterministic: tuple[Any, ...] = ()
    recall: float = 0.0
    training: tuple[tuple[str, ...], ...] = ()
    without_term_frequencies: bool = True
    max_pairs: float = 1e6
    seed: int = 1
    shipped: bool = True


def _febrl3(cl: Any) -> list[Any]:
    return [
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
    ]


def _febrl4(cl: Any) -> list[Any]:
    return [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison(
            "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
        ),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
    ]


def _fake(cl: Any) -> list[Any]:
    return [
        cl.ForenameSurnameComparison("first_name", "surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email"),
    ]


def _pseudopeople(cl: Any) -> list[Any]:
    return [
        cl.NameComparison("first_name", jaro_winkler_thresholds=[0.9]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("middle_initial").configure(term_frequency_adjustments=True),
        cl.NameComparison("last_name", jaro_winkler_thresholds=[0.9]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", distance_threshold_or_thresholds=[1]),
        cl.DamerauLevenshteinAtThresholds("address").configure(term_frequency_adjustments=True),
        cl.ExactMatch("sex"),
    ]


def _rldata(cl: Any) -> list[Any]:
    return [
        cl.NameComparison("fname_c1"),
        cl.NameComparison("lname_c1"),
        cl.ExactMatch("by"),
        cl.ExactMatch("bm"),
        cl.ExactMatch("bd"),
    ]


def _mock_census(cl: Any) -> list[Any]:
    return [
        cl.NameComparison("forename").configure(term_frequency_adjustments=True),
        cl.NameComparison("last_name").configure(term_frequency_adjustments=True),
        cl.ExactMatch("year"),
        cl.ExactMatch("month"),
        cl.ExactMatch("sex"),
        cl.ExactMatch("EAid").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("telephone", [1, 2]),
    ]


def _made_persons(cl: Any) -> list[Any]:
    return [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.ExactMatch("sex"),
        cl.JaroWinklerAtThresholds("street", [0.9]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("plz", [1, 2]).configure(term_frequency_adjustments=True),
    ]


_FAKE = Example(
    blocking=(("first_name",), ("surname",), ("dob",), ("email",)),
    comparisons=_fake,
    threshold=0.5,
    deterministic=(
        "l.first_name = r.first_name and levenshtein(r.dob, l.dob) <= 1",
        "l.surname = r.surname and levenshtein(r.dob, l.dob) <= 1",
        "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
        "l.email = r.email",
    ),
    recall=0.7,
    training=(("dob",), ("email",), ("first_name", "surname")),
    seed=5,
)
_PSEUDOPEOPLE = Example(
    blocking=(
        ("first_name",),
        ("last_name",),
        ("date_of_birth",),
        ("street_name",),
        ("age_in_2020", "sex"),
        ("age_in_2020", "race_ethnicity"),
        ("age_in_2020", "middle_initial"),
        ("street_number",),
        ("middle_initial", "sex", "race_ethnicity"),
    ),
    comparisons=_pseudopeople,
    threshold=0.5,
    training=(("date_of_birth",), ("last_name",)),
)

EXAMPLES: dict[str, Example] = {
    "febrl3": Example(
        blocking=(("soc_sec_id",), ("given_name",), ("surname",), ("date_of_birth",), ("postcode",)),
        comparisons=_febrl3,
        threshold=0.2,
        deterministic=(
            ("soc_sec_id",),
            ("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ),
        recall=0.9,
        training=(("date_of_birth",), ("postcode",)),
        without_term_frequencies=False,
        seed=2,
    ),
    "febrl4": Example(
        blocking=(
            ("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            ("date_of_birth",),
            ("soc_sec_id",),
            ("state", "address_1"),
            ("street_number", "address_1"),
            ("postcode",),
        ),
        comparisons=_febrl4,
        threshold=0.2,
        deterministic=(("soc_sec_id",), ("given_name", "surname", "date_of_birth")),
        recall=0.8,
        training=(("date_of_birth",), ("postcode",)),
    ),
    "fake_1000": _FAKE,
    "fake_20000": _FAKE,
    "rldata500": Example(
        blocking=(("fname_c1",), ("lname_c1",), ("by", "bm", "bd")),
        comparisons=_rldata,
        threshold=0.5,
        deterministic=(("fname_c1", "lname_c1"), ("fname_c1", "by", "bm", "bd"), ("lname_c1", "by", "bm", "bd")),
        recall=0.8,
        training=(("by", "bm"), ("fname_c1",)),
        shipped=False,
    ),
    "pseudopeople_acs": _PSEUDOPEOPLE,
    "pseudopeople_2030": _PSEUDOPEOPLE,
    "made_persons": Example(
        blocking=(("given_name", "surname"), ("birth_date",), ("plz",), ("surname",)),
        comparisons=_made_persons,
        threshold=0.5,
        deterministic=(("given_name", "surname", "birth_date"), ("given_name", "birth_date", "plz")),
        recall=0.8,
        training=(("birth_date",), ("plz",)),
        shipped=False,
    ),
    "mock_census": Example(
        blocking=(("forename",), ("last_name",), ("year", "month"), ("telephone",), ("EAid", "sex")),
        comparisons=_mock_census,
        threshold=0.5,
        deterministic=(("forename", "last_name", "year"), ("forename", "last_name", "telephone")),
        recall=0.8,
        training=(("forename", "last_name"), ("EAid",)),
        shipped=False,
    ),
}


def _prepared(table: pa.Table, name: str, *, year: int) -> pa.Table:
    """The records as the example prepares them: numbered, with the whole address and the age in 2020."""
    rows = pa.array(range(table.num_rows), pa.int64())
    if "unique_id" in table.column_names:
        table = table.drop_columns(["unique_id"])
    table = table.append_column("unique_id", rows)
    if not name.startswith("pseudopeople"):
        return table
    parts = ("street_number", "street_name", "city", "state", "zipcode")
    read = {part: table.column(part).to_pylist() for part in (*parts, "unit_number", "age")}
    addresses, ages = [], []
    for row in range(table.num_rows):
        texts = [read[part][row] for part in parts]
        whole = None if None in texts else " ".join([*texts, read["unit_number"][row] or ""]).strip()
        addresses.append(whole)
        age = read["age"][row]
        ages.append(int(age) - (year - 2020) if age and age.isdigit() else None)
    table = table.append_column("address", pa.array(addresses, pa.string()))
    return table.append_column("age_in_2020", pa.array(ages, pa.int64()))


def _linked(name: str, left: pa.Table, right: pa.Table | None) -> pa.Table:
    """Pairs with their probability."""
    splink = import_module("splink")
    example = EXAMPLES[name]
    linker = splink.Linker(_registered(splink, name, left, right), _settings(splink, example, left, right))
    if example.deterministic:
        rules = [_rule(splink, given) for given in example.deterministic]
        linker.training.estimate_probability_two_random_records_match(rules, recall=example.recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=example.max_pairs, seed=example.seed)
    for given in example.training:
        linker.training.estimate_parameters_using_expectation_maximisation(
            _rule(splink, given), estimate_without_term_frequencies=example.without_term_frequencies
        )
    found = linker.inference.predict(threshold_match_probability=_LEAST).as_duckdbpyrelation().arrow()
    return found if isinstance(found, pa.Table) else found.read_all()


def _registered(splink: Any, name: str, left: pa.Table, right: pa.Table | None) -> Any:
    """The one table, or both with the columns they share, because Splink wants them alike."""
    api = splink.DuckDBAPI()
    if right is None:
        return api.register(_prepared(left, name, year=2020), dataset_display_name="a_left")
    shared = [column for column in left.column_names if column in right.column_names]
    year = 2030 if name.endswith("2030") else 2020
    return [
        api.register(_prepared(left.select(shared), name, year=2020), dataset_display_name="a_left"),
        api.register(_prepared(right.select(shared), name, year=year), dataset_display_name="b_right"),
    ]


def _settings(splink: Any, example: Example, left: pa.Table, right: pa.Table | None) -> Any:
    fixed = {} if example.deterministic else {"probability_two_random_records_match": 1.0 / left.num_rows}
    return splink.SettingsCreator(
        link_type="dedupe_only" if right is None else "link_only",
        blocking_rules_to_generate_predictions=[_rule(splink, given) for given in example.blocking],
        comparisons=example.comparisons(import_module("splink.comparison_library")),
        **fixed,
    )


def _rule(splink: Any, given: Any) -> Any:
    return given if isinstance(given, str) else splink.block_on(*given)


def _answer(pairs: pa.Table, *, within: bool, threshold: float) -> Answer:
    """The pairs by row, left rows of the left table."""
    left, right = pairs.column("unique_id_l").to_numpy(), pairs.column("unique_id_r").to_numpy()
    if not within:
        turned = np.array(pairs.column("source_dataset_l").to_pylist()) != "a_left"
        left, right = np.where(turned, right, left), np.where(turned, left, right)
    linked = pairs.column("match_probability").to_numpy() >= threshold
    return Answer(left=left, right=right, weight=pairs.column("match_weight").to_numpy(), linked=linked)


def main(folder: Path) -> int:
    """Link one prepared set and print the scores."""
    logging.disable(logging.CRITICAL)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    name = truth["name"]
    left = pq.read_table(folder / "left.parquet")
    right = pq.read_table(folder / "right.parquet") if (folder / "right.parquet").is_file() else None
    began = time.perf_counter()
    with redirect_stdout(sys.stderr):
        pairs = _linked(name, left, right)
    example = EXAMPLES[name]
    found = all_scores(_answer(pairs, within=right is None, threshold=example.threshold), truth)
    told = {"threshold": example.threshold, "shipped": example.shipped, "seconds": time.perf_counter() - began}
    print(json.dumps({**found, **told}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
