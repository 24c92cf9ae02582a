"""Do two engines with the same model give the same pairs the same weights? `compare_predictions` says how far apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

__all__ = ["Agreement", "compare_predictions", "true_pairs"]

LARGEST_DIFFERENCE_BITS = 1e-9


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    Two engines' predictions side by side.

    Attributes:
        n_both: Pairs that both predict.
        n_only: Pairs that only the first, and only the second predicts.
        largest_difference_bits: Largest difference of the weights of the same pair.
    """

    n_both: int
    n_only: tuple[int, int]
    largest_difference_bits: float

    @property
    def same(self) -> bool:
        """Whether the pairs are the same and their weights equal to rounding."""
        return self.n_only == (0, 0) and self.largest_difference_bits <= LARGEST_DIFFERENCE_BITS

    def __str__(self) -> str:
        one, two = self.n_only
        apart = f"{self.n_both:,} pairs in both, {one:,} and {two:,} in one only"
        return f"{apart}, weights at most {self.largest_difference_bits:.1e} bits apart"


def compare_predictions(first: Path, second: Path) -> Agreement:
    """
    Compare two files of predictions with unique_id_l, unique_id_r and match_weight.

    Args:
        first: One engine's.
        second: The other's.
    """
    (pairs, bits), (other_pairs, other_bits) = _read(first), _read(second)
    _, here, there = np.intersect1d(pairs, other_pairs, assume_unique=True, return_indices=True)
    apart = np.abs(bits[here] - other_bits[there])
    n_only = (len(pairs) - len(here), len(other_pairs) - len(there))
    return Agreement(len(here), n_only, float(apart.max()) if len(apart) else 0.0)


def true_pairs(links: Path, truth: Path) -> tuple[float, float]:
    """
    Precision and recall of links against the truth.

    Args:
        links: unique_id_l and unique_id_r, which are row numbers here.
        truth: left_row and right_row.
    """
    found, true = _keys(links, "unique_id_l", "unique_id_r"), _keys(truth, "left_row", "right_row")
    n_right = len(np.intersect1d(found, true, assume_unique=True))
    return n_right / max(len(found), 1), n_right / max(len(true), 1)


def _read(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    bits = pq.read_table(path, columns=["match_weight"]).column("match_weight").to_numpy()
    return _keys(path, "unique_id_l", "unique_id_r"), np.asarray(bits, dtype=np.float64)


def _keys(path: Path, left: str, right: str) -> NDArray[np.int64]:
    table = pq.read_table(path, columns=[left, right])
    sides = [table.column(name).to_numpy().astype(np.int64) for name in (left, right)]
    return np.asarray((sides[0] << 32) | sides[1])
