"""Records that hold too little to be linked to anything: not even to themselves. Opens nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray
from linkage.evaluation.grouping import BadGrouping, Grouping
from linkage.evaluation.intervals import Share, share_of
from linkage.model.weights import posterior

__all__ = ["GroupUnlinkable", "Unlinkable", "unlinkable", "unlinkable_table"]


class GroupUnlinkable(BaseModel):
    """The same for one subgroup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grouping: str = Field(description="What was grouped by.")
    level: str = Field(description="Which subgroup.")
    n_records: int = Field(description="Its records.")
    share: Share = Field(description="Share of the records that do not reach the threshold.")


class Unlinkable(BaseModel):
    """Records whose weight against themselves is below the threshold: no partner can reach it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold_match_weight: float = Field(description="Pairs at or above this weight are links (bits).")
    n_records: int = Field(description="Records.")
    n_unlinkable: int = Field(description="Records that do not reach it.")
    share: Share = Field(description="Share of the records that do not reach the threshold.")
    groups: tuple[GroupUnlinkable, ...] = Field((), description="By subgroup.")


def unlinkable(
    self_weight: FloatArray, *, threshold_match_weight: float, groupings: Sequence[Grouping] = (), side: str = "left"
) -> Unlinkable:
    """
    Count the records that cannot be linked.

    Args:
        self_weight: `(n_records,)` weight of each record compared with itself (bits, prior included).
        threshold_match_weight: Pairs at or above are links (bits).
        groupings: Divisions of the records.
        side: Which side of the groupings these records are: left or right.

    Raises:
        BadGrouping: If a grouping is of other records.
    """
    below = self_weight < threshold_match_weight
    groups = []
    for grouping in groupings:
        codes = grouping.left if side == "left" else grouping.right
        if codes is not None and len(codes) != len(below):
            raise BadGrouping(
                f"grouping {grouping.name!r}: expected {len(below)} entries on the {side}, got {len(codes)}"
            )
        for level, chosen in grouping.records(side=side):
            share = share_of(int(below[chosen].sum()), int(chosen.sum()))
            groups.append(
                GroupUnlinkable(grouping=grouping.name, level=level, n_records=int(chosen.sum()), share=share)
            )
    return Unlinkable(
        threshold_match_weight=threshold_match_weight,
        n_records=len(below),
        n_unlinkable=int(below.sum()),
        share=share_of(int(below.sum()), len(below)),
        groups=tuple(groups),
    )


def unlinkable_table(self_weight: FloatArray) -> pa.Table:
    """
    The share of records that each threshold makes unlinkable, in Splink's columns.

    Returns:
        match_weight (rounded to 0.01 bits), match_probability (rounded to 0.00001), prop, cum_prop; one row a
        probability, rising, those that round to 1 left out.
    """
    probability = np.round(posterior(self_weight, 0.5), 5)
    weight = np.round(self_weight, 2)
    distinct, code, n = np.unique(probability, return_inverse=True, return_counts=True)
    top = np.full(len(distinct), -np.inf)
    np.maximum.at(top, code, weight)
    share = n / max(len(self_weight), 1)
    table = pa.table({"match_weight": top, "match_probability": distinct, "prop": share, "cum_prop": np.cumsum(share)})
    return table.filter(pa.array(distinct < 1))
