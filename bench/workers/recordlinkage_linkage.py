"""
The same linkage by recordlinkage 0.16: `python -m bench.workers.recordlinkage_linkage LEFT RIGHT --out FOLDER`.

Four blocks, its Compare, its ECM classifier on binary agreement; it has no term frequencies and no one-to-one decision.
Prints one JSON document: seconds by step, candidate pairs, predicted pairs.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

from bench.workers.our_linkage import COLUMNS, Clock

_RULES = (("surname", "given"), ("born", "letter"), ("postcode", "year"), ("start", "year", "sex"))
_NAMES_FROM = 0.92  # Jaro-Winkler at which a name agrees


def main() -> None:
    """Link, write, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("left", type=Path)
    parser.add_argument("right", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    warnings.simplefilter("ignore")
    json.dump(run(told), sys.stdout)


def run(told: argparse.Namespace) -> dict[str, object]:
    """The linkage of one call."""
    clock = Clock()
    import pandas as pd
    import recordlinkage as rl

    clock.took("import")
    sides = [_read(path) for path in (told.left, told.right)]
    clock.took("read")
    indexer = rl.Index()
    for rule in _RULES:
        indexer.block(list(rule))
    links = indexer.index(*sides)
    clock.took("block")
    compare = rl.Compare()
    for column in ("given", "surname"):
        compare.string(column, column, method="jarowinkler", threshold=_NAMES_FROM, label=column)
    for column in ("born", "postcode", "admitted", "hospital"):
        compare.exact(column, column, label=column)
    features = compare.compute(links, *sides)
    clock.took("compare")
    found = rl.ECMClassifier(binarize=None).fit_predict(features.astype(int))
    clock.took("classify")
    told.out.mkdir(parents=True, exist_ok=True)
    pairs = pd.DataFrame({"unique_id_l": found.get_level_values(0), "unique_id_r": found.get_level_values(1)})
    pairs.to_parquet(told.out / "predictions.parquet")
    clock.took("write")
    return {
        "seconds": clock.seconds,
        "cpu_seconds": clock.cpu_seconds,
        "n_pairs": len(found),
        "n_candidates": len(links),
    }


def _read(path: Path):  # type: ignore[no-untyped-def]
    import pandas as pd

    table = pd.read_parquet(path, columns=list(COLUMNS)).set_index("unique_id")
    table["year"] = pd.to_datetime(table["born"]).dt.year
    table["letter"], table["start"] = table["given"].str[:1], table["surname"].str[:4]
    return table


if __name__ == "__main__":
    main()
