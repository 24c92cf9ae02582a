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
    left, right = (pq.read_table(path, columns=columns) for path in (told.left, told.right))
    told.out.mkdir(parents=True, exist_ok=True)
    clock.took("read")
    predictions, links, n_candidates = link(left, right, told, clock)
    pq.write_table(predictions, told.out / "predictions.parquet")
    if links is not None:
        pq.write_table(links, told.out / "links.parquet")
    clock.took("write")
    return {"seconds": clock.seconds, "n_pairs": predictions.num_rows, "n_candidates": n_candidates}


def link(
    left: pa.Table, right: pa.Table, told: argparse.Namespace, clock: Clock
) -> tuple[pa.Table, pa.Table | None, int]:
    """Predicted pairs, links one to one, and how many pairs were compared. All that knows the engine's API."""
    from linkage.blocking.rules import BlockingRule, Key
    from linkage.comparison import CodeSetComparison, DateComparison, ExactComparison, PrefixComparison, TextComparison
    from linkage.linker import Linker
    from linkage.settings import LinkSettings

    comparisons = [
        TextComparison(name="given", column="given", term_frequency=True),
        TextComparison(name="surname", column="surname", term_frequency=True),
        DateComparison(name="born", column="born", within_days=(365,)),
        PrefixComparison(name="postcode", column="postcode"),
        DateComparison(name="admitted", column="admitted", within_days=(10, 1), keying_errors=False),
        ExactComparison(name="hospital", column="hospital"),
    ]
    if told.codes:
        comparisons.append(CodeSetComparison(name="codes", column="codes"))
    year, letter = Key(column="born", transform="year"), Key(column="given", transform="first_letters", length=1)
    start = Key(column="surname", transform="first_letters", length=4)
    rules = [
        BlockingRule(keys=(Key(column="surname"), Key(column="given"))),
        BlockingRule(keys=(Key(column="born"), letter)),
        BlockingRule(keys=(Key(column="postcode"), year)),
        BlockingRule(keys=(start, year, Key(column="sex"))),
    ]
    settings = LinkSettings(
        comparisons=tuple(comparisons), blocking=tuple(rules), threshold=THRESHOLD, possible=THRESHOLD
    )
    clock.took("import")
    linker = Linker(left, right, settings=settings)
    clock.took("encode")
    found = linker.link()
    clock.took("link")
    pairs = found.pairs.select(["left_row", "right_row", "match_weight"])
    pairs = pairs.rename_columns(["unique_id_l", "unique_id_r", "match_weight"])
    return pairs, found.links.select(["left_row", "right_row"]), found.n_compared


class Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def took(self, step: str) -> None:
        """The time since the last step was this one's."""
        now = time.perf_counter()
        self.seconds[step] = round(self.seconds.get(step, 0.0) + now - self._last, 3)
        self._last = now


if __name__ == "__main__":
    main()
