"""
What holds when records are delivered more than once: later files correct earlier ones, record by record. Pure.

A record has a key and a commitment (keyed digest of its content). Delivered again unchanged it changes
nothing, and its first place stays its source. Delivered again changed, the later file's record holds and
says which one it supersedes. Twice in one file is a mistake: the first stands, the others are rejected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.ids import Keyring

__all__ = ["Settled", "codes_of", "commitments", "settle", "settle_groups"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Settled:
    """
    What became of each of `n` records, as masks `(n,)` that add up to one each.

    `pairs` `(n_pairs, 2)`: the record that supersedes, the record superseded.
    """

    used: BoolArray
    twice: BoolArray
    repeated: BoolArray
    superseded: BoolArray
    pairs: IntArray


def commitments(kind: str, columns: Sequence[pa.Array], keyring: Keyring) -> pa.Array:
    """
    Keyed digest of each record's content: BLAKE2b under a key derived from the study key, 32 hex digits.

    Args:
        kind: What the records are; part of the digest.
        columns: Text columns as delivered, each `(n,)`; null and empty are the same.
        keyring: The study's.
    """
    key = bytes.fromhex(keyring.digest("record-commitment", kind))
    # NUL cannot occur in a delivered line, so that joined columns cannot be mistaken for others.
    joined = pc.binary_join_element_wise(*columns, "\0", null_handling="replace", null_replacement="")
    blake = hashlib.blake2b
    return pa.array(
        [blake(text.encode(), key=key, digest_size=16).hexdigest() for text in joined.to_pylist()], pa.string()
    )


def codes_of(*columns: Any) -> IntArray:
    """A number for each distinct combination of text columns, `(n,)`; null is a value of its own."""
    joined = pc.binary_join_element_wise(
        *(column.cast(pa.string()) for column in columns), "\0", null_handling="replace", null_replacement="\1"
    )
    flat = joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined
    return np.asarray(pc.dictionary_encode(flat).indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def settle(keys: IntArray, contents: IntArray, files: IntArray) -> Settled:
    """
    What becomes of records in the order of delivery.

    Args:
        keys: Number of the record's key, `(n,)`.
        contents: Number of its content, `(n,)`.
        files: Number of its file in the order of delivery, `(n,)`; rows of a file follow each other.
    """
    n = len(keys)
    order = np.lexsort((np.arange(n), files, keys))
    same_key = _like_before(keys[order])
    twice_sorted = same_key & _like_before(files[order])
    order, out = order[~twice_sorted], order[twice_sorted]
    repeated_sorted = _like_before(keys[order]) & _like_before(contents[order])
    order, again = order[~repeated_sorted], order[repeated_sorted]
    follows = np.flatnonzero(_like_before(keys[order]))
    pairs = np.stack([order[follows], order[follows - 1]], axis=1) if n else np.zeros((0, 2), dtype=np.int64)
    masks = [np.zeros(n, dtype=bool) for _ in range(4)]
    for mask, places in zip(masks[1:], (out, again, pairs[:, 1]), strict=True):
        mask[places] = True
    used = ~(masks[1] | masks[2] | masks[3])
    return Settled(used, masks[1], masks[2], masks[3], pairs)


def settle_groups(groups: IntArray, contents: pa.Array, files: IntArray) -> Settled:
    """
    The same for records that only mean something together, such as the diagnoses of a stay.

    The rows that one file has for a group are one version of the group; their order does not matter.

    Args:
        groups: Number of the group, `(n,)`.
        contents: Commitment of each row (hex), `(n,)`.
        files: Number of the file, `(n,)`.
    """
    n = len(groups)
    order = np.lexsort((files, groups))
    starts = np.flatnonzero(~(_like_before(groups[order]) & _like_before(files[order])))
    numbers = np.array([int(text[:16], 16) for text in contents.to_pylist()], dtype=np.uint64)
    sums = np.add.reduceat(numbers[order], starts) if n else np.zeros(0, dtype=np.uint64)
    version = np.zeros(n, dtype=np.int64)
    version[order] = np.cumsum(np.isin(np.arange(n), starts)) - 1
    content = np.unique(sums, return_inverse=True)[1].astype(np.int64)
    found = settle(groups[order][starts], content, files[order][starts])
    return Settled(
        found.used[version], found.twice[version], found.repeated[version], found.superseded[version],
        np.zeros((0, 2), dtype=np.int64),
    )  # fmt: skip


def _like_before(values: IntArray) -> BoolArray:
    """Whether each value equals the one before it; the first does not."""
    like = np.zeros(len(values), dtype=bool)
    like[1:] = values[1:] == values[:-1]
    return like
