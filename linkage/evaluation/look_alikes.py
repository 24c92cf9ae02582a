"""
Before linking: how many records the keys tell apart at all. Opens nothing.

A record is identifiable if no other record of its file agrees with it on every key both of them have. What a missing
key could have told is not told: such a record has everybody as a look-alike who agrees on the rest.

With birth year, sex, area and quarter of diagnosis, 8 % of 641 claims patients and 33 % of 42,817 registry patients
had such a look-alike (Lendle, Kollhorst and Intemann 2025, https://doi.org/10.1002/pds.70120): the larger the file, the
fewer are unique, and no method links what it cannot tell apart. `ceiling` says what that costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import BoolArray, IntArray
from linkage.evaluation.grouping import BadGrouping, Grouping
from linkage.evaluation.intervals import Share, share_of

__all__ = ["FileIdentifiability", "GroupIdentifiability", "identifiability", "look_alikes", "row_codes"]

_MOST_MASKS = 64
_LARGEST = 2**62


class FileIdentifiability(BaseModel):
    """How well the keys tell the records of one file apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_records: int = Field(description="Records.")
    complete: Share = Field(description="Share of records with every key.")
    unique: Share = Field(description="Share of records with no look-alike in their own file.")
    mean_look_alikes: float | None = Field(description="Look-alikes of a record in its own file, on average.")
    look_alikes: tuple[float, float, float, float] | None = Field(
        description="Shares of the records with none, 1, 2 to 4, and 5 or more look-alikes in their own file."
    )
    without_candidate: Share | None = Field(description="Share with nobody alike in the other file; null without one.")
    one_candidate: Share | None = Field(description="Share with exactly one; null without another file.")
    mean_candidates: float | None = Field(description="Records of the other file alike to a record, on average.")


class GroupIdentifiability(BaseModel):
    """The same for one subgroup, whose look-alikes are sought in the whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grouping: str = Field(description="What was grouped by.")
    level: str = Field(description="Which subgroup.")
    of: FileIdentifiability = Field(description="Its records.")


def identifiability(
    keys: IntArray, other: IntArray | None = None, *, groupings: Sequence[Grouping] = (), side: str = "left"
) -> tuple[FileIdentifiability, tuple[GroupIdentifiability, ...]]:
    """
    How identifiable the records of one file are.

    Args:
        keys: `(n_records, n_keys)` codes of the keys, -1 missing.
        other: `(n_other, n_keys)` the other file's, equal codes for equal values; None: there is none.
        groupings: Divisions of the records.
        side: Which side of the groupings these records are: left or right.

    Raises:
        BadGrouping: If shapes do not fit, or there are over 64 kinds of missing keys.
    """
    if keys.ndim != len("nk") or (other is not None and other.shape[1:] != keys.shape[1:]):
        raise BadGrouping("keys: expected one row a record and the same keys in both files")
    own = look_alikes(keys, keys) - 1
    candidates = None if other is None else look_alikes(keys, other)
    complete: BoolArray = np.asarray((keys >= 0).all(axis=1), dtype=bool)

    def of(chosen: BoolArray) -> FileIdentifiability:
        return _summed(own[chosen], complete[chosen], None if candidates is None else candidates[chosen])

    groups = []
    for grouping in groupings:
        for level, chosen in grouping.records(side=side):
            if len(chosen) != len(keys):
                raise BadGrouping(f"grouping {grouping.name!r}: expected {len(keys)} entries, got {len(chosen)}")
            groups.append(GroupIdentifiability(grouping=grouping.name, level=level, of=of(chosen)))
    return of(np.ones(len(keys), dtype=bool)), tuple(groups)


def look_alikes(keys: IntArray, others: IntArray) -> IntArray:
    """
    `(n_records,)` how many of the others agree on every key that both have.

    Args:
        keys: `(n_records, n_keys)` codes, -1 missing.
        others: `(n_others, n_keys)`; the same array counts every record itself as well.

    Raises:
        BadGrouping: If there are over 64 kinds of missing keys.
    """
    out = np.zeros(len(keys), dtype=np.int64)
    for mine, rows in _masks(keys):
        for theirs, held in _masks(others):
            common = np.flatnonzero(mine & theirs)
            out[rows] += _agreeing(keys[rows][:, common], others[held][:, common])
    return out


def row_codes(*tables: IntArray) -> tuple[IntArray, ...]:
    """One code a row, equal for equal rows, over tables of the same columns; `(n_rows,)` each."""
    stacked = np.concatenate(tables)
    code = np.zeros(len(stacked), dtype=np.int64)
    size = 1
    for column in stacked.T:
        shifted = column.astype(np.int64) + 1
        width = int(shifted.max(initial=0)) + 1
        if size * width >= _LARGEST:
            code = np.unique(code, return_inverse=True)[1].astype(np.int64)
            size = int(code.max(initial=0)) + 1
        if size * width >= _LARGEST:
            shifted = np.unique(shifted, return_inverse=True)[1].astype(np.int64)
            width = int(shifted.max(initial=0)) + 1
        code = code * width + shifted
        size *= width
    code = np.unique(code, return_inverse=True)[1].astype(np.int64)
    return tuple(np.split(code, np.cumsum([len(table) for table in tables])[:-1]))


def _agreeing(keys: IntArray, others: IntArray) -> IntArray:
    if keys.shape[1] == 0:
        return np.full(len(keys), len(others), dtype=np.int64)
    mine, theirs = row_codes(keys, others)
    n = np.bincount(theirs, minlength=int(max(mine.max(initial=0), theirs.max(initial=0))) + 1)
    return np.asarray(n[mine], dtype=np.int64)


def _masks(keys: IntArray) -> Iterator[tuple[BoolArray, IntArray]]:
    """Every combination of keys that records have, and the rows that have it."""
    bits = (keys >= 0).astype(np.int64) @ (1 << np.arange(keys.shape[1], dtype=np.int64))
    kinds = np.unique(bits)
    if len(kinds) > _MOST_MASKS:
        raise BadGrouping(
            f"keys: {len(kinds)} combinations of missing keys, expected at most {_MOST_MASKS}: use fewer keys"
        )
    for kind in kinds.tolist():
        yield (kind >> np.arange(keys.shape[1]) & 1).astype(bool), np.flatnonzero(bits == kind).astype(np.int64)


def _summed(own: IntArray, complete: BoolArray, candidates: IntArray | None) -> FileIdentifiability:
    n = len(own)
    bands = [int(np.sum(band)) for band in (own == 0, own == 1, (own >= 2) & (own <= 4), own >= 5)]
    return FileIdentifiability(
        n_records=n,
        complete=share_of(int(complete.sum()), n),
        unique=share_of(int(bands[0]), n),
        mean_look_alikes=float(own.mean()) if n else None,
        look_alikes=(bands[0] / n, bands[1] / n, bands[2] / n, bands[3] / n) if n else None,
        without_candidate=None if candidates is None else share_of(int((candidates == 0).sum()), n),
        one_candidate=None if candidates is None else share_of(int((candidates == 1).sum()), n),
        mean_candidates=float(candidates.mean()) if candidates is not None and n else None,
    )
