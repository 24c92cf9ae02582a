"""
A whole linkage by this engine, or only its scoring with a given model; comparisons and rules of Splink's worker.

`python -m bench.workers.our_linkage LEFT RIGHT --out FOLDER [--codes] [--plain] [--model FILE]`
writes FOLDER/predictions.parquet (unique_id_l, unique_id_r, match_weight) and, unless a model is given,
FOLDER/links.parquet, and prints one JSON document: seconds by step, candidate pairs, predicted pairs.
`--plain` runs without the compiled extra, as if numba were not installed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from linkage import Linker, LinkSettings
    from linkage.comparison.levels import AnyLevel

THRESHOLD = 0.5
COLUMNS = ("unique_id", "given", "surname", "sex", "born", "postcode", "admitted", "hospital")


def main() -> None:
    """Link, write, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--codes", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--model", type=Path)
    told = parser.parse_args()
    if told.plain:
        sys.modules["numba"] = None  # type: ignore[assignment]
    json.dump(run(told), sys.stdout)


def run(told: argparse.Namespace) -> dict[str, object]:
    """The linkage of one call."""
    clock = Clock()
    import pyarrow.parquet as pq

    columns = [*COLUMNS, "codes"] if told.codes else list(COLUMNS)
    texts = ["given", "surname", "postcode", "hospital"]  # kept as Parquet holds them: distinct values and their places
    files = (pq.ParquetFile(path, read_dictionary=texts) for path in (told.left, told.right))
    left, right = (file.read(columns=columns) for file in files)
    told.out.mkdir(parents=True, exist_ok=True)
    clock.took("read")
    predictions, links, n_candidates = link(left, right, told, clock)
    pq.write_table(predictions, told.out / "predictions.parquet")
    if links is not None:
        pq.write_table(links, told.out / "links.parquet")
    clock.took("write")
    return {
        "seconds": clock.seconds,
        "cpu_seconds": clock.cpu_seconds,
        "n_pairs": predictions.num_rows,
        "n_candidates": n_candidates,
    }


def link(
    left: pa.Table, right: pa.Table, told: argparse.Namespace, clock: Clock
) -> tuple[pa.Table, pa.Table | None, int]:
    """Predicted pairs, links one to one, and how many pairs were compared. All that knows the engine's API."""
    from linkage import Linker

    given = str(told.model) if told.model else settings(codes=told.codes)
    clock.took("import")
    linker = Linker({"left": left, "right": right}, given)
    clock.took("encode")
    if told.model is None:
        train(linker, clock)
    predictions = linker.inference.predict(threshold_match_probability=THRESHOLD)
    clock.took("block and predict")
    pairs = predictions.table.select(["left_row", "right_row", "match_weight"])
    pairs = pairs.rename_columns(["unique_id_l", "unique_id_r", "match_weight"])
    if told.model is not None:
        return pairs, None, predictions.n_compared
    links = linker.clustering.decide(predictions, threshold_match_probability=THRESHOLD).links
    clock.took("one to one")
    return pairs, links.select(["unique_id_l", "unique_id_r", "match_weight"]), predictions.n_compared


def settings(*, codes: bool) -> LinkSettings:
    """What is compared and blocked on: the same as in `splink_linkage.py`."""
    from linkage import LinkSettings, block_on
    from linkage import comparison_level_library as cll
    from linkage.comparison.comparison import Comparison

    def graded(column: str, *between: AnyLevel, frequencies: bool = False) -> Comparison:
        exact = cll.ExactMatchLevel(column, term_frequency_adjustments=frequencies)
        return Comparison(name=column, levels=(cll.NullLevel(column), exact, *between, cll.ElseLevel()))

    def name(column: str) -> Comparison:
        return graded(column, *(cll.JaroWinklerLevel(column, limit) for limit in (0.92, 0.8)), frequencies=True)

    def within(column: str, days: int) -> AnyLevel:
        return cll.AbsoluteDateDifferenceLevel(column, input_is_string=False, threshold=days, metric="day")

    keyed = cll.Or(cll.LevenshteinLevel("born", 1), cll.DayMonthSwappedLevel("born"))
    comparisons = [
        name("given"),
        name("surname"),
        graded("born", keyed, within("born", 365)),
        graded("postcode", *(cll.PrefixLevel("postcode", length) for length in (3, 2))),
        graded("admitted", within("admitted", 1), within("admitted", 10)),
        graded("hospital"),
    ]
    if codes:
        sizes = [cll.ArrayIntersectLevel("codes", size) for size in (3, 2, 1)]
        comparisons.append(Comparison(name="codes", levels=(cll.NullLevel("codes"), *sizes, cll.ElseLevel())))
    rules = (
        block_on("surname", "given"),
        block_on("born", "substr(given, 1, 1)"),
        block_on("postcode", "year(born)"),
        block_on("substr(surname, 1, 4)", "year(born)", "sex"),
    )
    return LinkSettings(
        comparisons=tuple(comparisons),
        blocking_rules_to_generate_predictions=rules,
        threshold=THRESHOLD,
        possible=THRESHOLD,
        max_pairs=1_000_000_000,
        retain_intermediate_calculation_columns=False,
    )


def train(linker: Linker, clock: Clock) -> None:
    """Prior by two rules, u on random pairs, m by two sessions of EM: Splink's steps."""
    from linkage import block_on

    rules = [block_on("given", "surname", "born"), block_on("surname", "born", "postcode")]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.85)
    clock.took("prior")
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    clock.took("u")
    for rule in (block_on("surname", "given"), block_on("born", "postcode")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
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
