"""What a linkage found, as its estimates without labels need it. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray, IntArray

__all__ = ["BadFinds", "DecoyLinks", "FoundPairs", "Partners", "found_pairs"]


class BadFinds(UserError):
    """What is handed in of a linkage does not fit together."""

    exit_code = ExitCode.SETTINGS


class Partners(StrEnum):
    """How many true partners a record can have."""

    ONE = "one"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class FoundPairs:
    """
    The pairs a linkage reports, links and others.

    Attributes:
        left: `(n_pairs,)` left row.
        right: `(n_pairs,)` right row.
        probability: `(n_pairs,)` match probability by the model, without competition.
        assigned: `(n_pairs,)` probability over all admissible assignments; the same where none was computed.
        linked: `(n_pairs,)` whether it is a link.
        n_left: Left records.
        n_right: Right records.
        within: Whether both are one table.
        partners: How many true partners a record can have, on either side.
        threshold: Probability from which pairs are links.
        expected_below: Matches the model expects among proposed pairs too improbable to be reported.
        agrees: `(n_pairs, n_keys)` which blocking keys agree; None if not known.
        rules: Columns of `agrees` each blocking rule needs.
        key_names: Names of the columns.
    """

    left: IntArray
    right: IntArray
    probability: FloatArray
    assigned: FloatArray
    linked: BoolArray
    n_left: int
    n_right: int
    within: bool
    partners: Partners
    threshold: float
    expected_below: float = 0.0
    agrees: BoolArray | None = None
    rules: tuple[tuple[int, ...], ...] | None = None
    key_names: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.left)

    def flipped(self) -> FoundPairs:
        """The same with the tables exchanged."""
        return replace(self, left=self.right, right=self.left, n_left=self.n_right, n_right=self.n_left)


@dataclass(frozen=True, slots=True)
class DecoyLinks:
    """
    Links to records that cannot be true, made from the right table and run beside it with the same model.

    Attributes:
        left: `(n_links,)` left row of every link to a decoy, over all sets.
        n_sets: Decoy sets run, each with as many rows as the right table.
        right: `(n_links,)` right row each decoy was made from; None if not known.
    """

    left: IntArray
    n_sets: int
    right: IntArray | None = None


def found_pairs(
    pairs: pa.Table,
    *,
    n_left: int,
    n_right: int | None = None,
    partners: Partners,
    threshold: float,
    expected_below: float = 0.0,
    agrees: BoolArray | None = None,
    rules: tuple[tuple[int, ...], ...] | None = None,
    key_names: tuple[str, ...] | None = None,
) -> FoundPairs:
    """
    From the table of scored pairs: left_row, right_row, match_probability, judgement, probability_assigned if given.

    Args:
        pairs: Every pair that the linkage reports, those that lost their competition included.
        n_left: Left records.
        n_right: Right records; None within one table.
        partners: How many true partners a record can have.
        threshold: Probability from which pairs are links.
        expected_below: Matches expected among proposed pairs that are not reported.
        agrees: `(n_pairs, n_keys)` which blocking keys agree.
        rules: Columns of `agrees` each rule needs; None: each column is a rule.
        key_names: Names of the columns.

    Raises:
        BadFinds: If a column is missing or a shape does not fit.
    """
    for name in ("left_row", "right_row", "match_probability", "judgement"):
        if name not in pairs.column_names:
            raise BadFinds(f"pairs: expected a column {name!r}, there are {', '.join(pairs.column_names)}")
    if agrees is not None and len(agrees) != pairs.num_rows:
        raise BadFinds(f"agrees: expected one row for each of the {pairs.num_rows} pairs, got {len(agrees)}")
    probability = _floats(pairs["match_probability"])
    known = "probability_assigned" in pairs.column_names
    assigned = pairs["probability_assigned"] if known else pairs["match_probability"]
    return FoundPairs(
        left=np.asarray(pairs["left_row"].to_numpy(), dtype=np.int64),
        right=np.asarray(pairs["right_row"].to_numpy(), dtype=np.int64),
        probability=probability,
        assigned=_floats(pc.coalesce(assigned, pairs["match_probability"])),
        linked=np.asarray(pc.fill_null(pc.equal(pairs["judgement"], "link"), False).to_numpy(), dtype=bool),
        n_left=n_left,
        n_right=n_left if n_right is None else n_right,
        within=n_right is None,
        partners=partners,
        threshold=threshold,
        expected_below=expected_below,
        agrees=agrees,
        rules=rules,
        key_names=key_names,
    )


def _floats(column: pa.ChunkedArray) -> FloatArray:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)
