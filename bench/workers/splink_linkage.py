"""
A whole linkage by Splink 5 on DuckDB, or only its scoring with a given model. Runs in an environment of its own.

`python splink_linkage.py LEFT RIGHT --out FOLDER [--codes] [--chunks N] [--model FILE] [--count]`
writes FOLDER/predictions.parquet (unique_id_l, unique_id_r, match_weight), FOLDER/model.json and FOLDER/links.parquet,
and prints one JSON document: seconds by step, predicted pairs, candidate pairs where they were asked for.

Set up for speed as Splink documents it: integer ids, nothing retained, no seed, in-memory DuckDB, term frequencies left
out of EM. Imports nothing of ours.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD = 0.5


def settings(*, codes: bool) -> SettingsCreator:
    """What is compared and blocked on: the same as in `bench.workers.our_linkage`."""
    return SettingsCreator(
        link_type="link_only",
        comparisons=comparisons(codes=codes),
        blocking_rules_to_generate_predictions=[
            block_on("surname", "given"),
            block_on("born", "substr(given, 1, 1)"),
            block_on("postcode", "year(born)"),
            block_on("substr(surname, 1, 4)", "year(born)", "sex"),
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def comparisons(*, codes: bool) -> list[cl.CustomComparison]:
    """Six comparisons, and a seventh on sets of codes."""
    found = [name("given"), name("surname"), born(), postcode(), admitted(), hospital()]
    if codes:
        sizes = [cll.ArrayIntersectLevel("codes", size) for size in (3, 2, 1)]
        found.append(comparison("codes", [cll.NullLevel("codes"), *sizes, cll.ElseLevel()]))
    return found


def comparison(column: str, levels: list[object]) -> cl.CustomComparison:
    """Levels under the column's name."""
    return cl.CustomComparison(output_column_name=column, comparison_levels=levels)


def name(column: str) -> cl.CustomComparison:
    """Exact with term frequencies, then Jaro-Winkler from 0.92 and from 0.80."""
    similar = [cll.JaroWinklerLevel(column, threshold) for threshold in (0.92, 0.8)]
    exact = cll.ExactMatchLevel(column, term_frequency_adjustments=True)
    return comparison(column, [cll.NullLevel(column), exact, *similar, cll.ElseLevel()])


def born() -> cl.CustomComparison:
    """Exact; one edit or day and month exchanged; within 365 days."""
    near = (
        "levenshtein(cast(born_l as varchar), cast(born_r as varchar)) <= 1 or (year(born_l) = year(born_r) "
        "and month(born_l) = day(born_r) and day(born_l) = month(born_r))"
    )
    levels = [cll.NullLevel("born"), cll.ExactMatchLevel("born"), cll.CustomLevel(near), within("born", 365)]
    return comparison("born", [*levels, cll.ElseLevel()])


def within(column: str, days: int) -> cll.AbsoluteDateDifferenceLevel:
    """Two dates not further apart than some days."""
    return cll.AbsoluteDateDifferenceLevel(column, input_is_string=False, threshold=days, metric="day")


def postcode() -> cl.CustomComparison:
    """Exact; three digits; two digits."""
    digits = [
        cll.CustomLevel(f"substr(postcode_l, 1, {length}) = substr(postcode_r, 1, {length})") for length in (3, 2)
    ]
    levels = [cll.NullLevel("postcode"), cll.ExactMatchLevel("postcode"), *digits, cll.ElseLevel()]
    return comparison("postcode", levels)


def admitted() -> cl.CustomComparison:
    """Exact; within a day; within ten."""
    levels = [cll.NullLevel("admitted"), cll.ExactMatchLevel("admitted"), within("admitted", 1), within("admitted", 10)]
    return comparison("admitted", [*levels, cll.ElseLevel()])


def hospital() -> cl.CustomComparison:
    """Exact or not."""
    return comparison("hospital", [cll.NullLevel("hospital"), cll.ExactMatchLevel("hospital"), cll.ElseLevel()])


def main() -> None:
    """Link, write, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--codes", action="store_true")
    parser.add_argument("--chunks", type=int)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    told = parser.parse_args()
    logging.disable(logging.WARNING)
    json.dump(run(told), sys.stdout)


def run(told: argparse.Namespace) -> dict[str, object]:
    """The linkage of one call."""
    clock = Clock()
    told.out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(":memory:")
    connection.execute(f"set threads = {told.threads}; set temp_directory = '{told.out / 'spill'}'")
    linker = linker_of(connection, told)
    clock.took("load")
    if told.model is None:
        train(linker, clock)
        linker.misc.save_model_to_json(str(told.out / "model.json"), overwrite=True)
    n_candidates = None
    if told.count:
        blocked = linker.inference.compute_blocked_pairs_for_predict()
        n_candidates = connection.execute(f"select count(*) from {blocked.physical_name}").fetchall()[0][0]  # noqa: S608
        clock.took("count")
    found = linker.inference.predict(threshold_match_probability=THRESHOLD, num_chunks_left=told.chunks)
    clock.took("block and predict")
    pairs = f"select unique_id_l, unique_id_r, match_weight from {found.physical_name}"  # noqa: S608
    connection.execute(f"copy ({pairs}) to '{told.out / 'predictions.parquet'}' (format parquet)")
    clock.took("write")
    if told.model is None:
        best = linker.clustering.cluster_using_single_best_links(
            found, duplicate_free_datasets=["left_table", "right_table"], threshold_match_probability=THRESHOLD
        )
        connection.execute(f"copy {best.physical_name} to '{told.out / 'links.parquet'}' (format parquet)")
        clock.took("best links")
    n_pairs = connection.execute(f"select count(*) from ({pairs})").fetchall()[0][0]  # noqa: S608
    return {
        "seconds": clock.seconds,
        "cpu_seconds": clock.cpu_seconds,
        "n_pairs": n_pairs,
        "n_candidates": n_candidates,
    }


def linker_of(connection: duckdb.DuckDBPyConnection, told: argparse.Namespace) -> Linker:
    """Splink's linker with both tables in DuckDB; `l` is the left one because its name comes first."""
    columns = "unique_id, given, surname, sex, born, postcode, admitted, hospital" + (", codes" if told.codes else "")
    api = DuckDBAPI(connection)
    tables = []
    for side, path in (("left", told.left), ("right", told.right)):
        connection.execute(f"create table {side}_table as select {columns} from '{path}'")  # noqa: S608
        tables.append(api.register(f"{side}_table", dataset_display_name=f"{side}_table"))
    return Linker(tables, settings=str(told.model) if told.model else settings(codes=told.codes))


def train(linker: Linker, clock: Clock) -> None:
    """Prior by two rules, u on random pairs, m by two sessions of EM."""
    rules = [block_on("given", "surname", "born"), block_on("surname", "born", "postcode")]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.85)
    clock.took("prior")
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7)
    clock.took("u")
    for rule in (block_on("surname", "given"), block_on("born", "postcode")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    clock.took("em")


class Clock:
    """Seconds by step, and seconds of processor time."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self._last, self._last_cpu = time.perf_counter(), time.process_time()

    def took(self, step: str) -> None:
        """The time since the last step was this one's."""
        now, cpu = time.perf_counter(), time.process_time()
        self.seconds[step] = round(now - self._last, 3)
        self.cpu_seconds[step] = round(cpu - self._last_cpu, 3)
        self._last, self._last_cpu = now, cpu


if __name__ == "__main__":
    main()
