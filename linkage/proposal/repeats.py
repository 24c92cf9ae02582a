"""
Columns that hold the same facts: composed of others, written twice, or one within another. Opens nothing.

Fellegi-Sunter weights add up only if agreement on one column says nothing about another. Where that is broken by the
design of the table rather than by how people live (a full name beside its parts, a marital status beside its code, a
village beside its district), the columns are told here and compared once. What families share (surname and address)
is left to the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from graph_schema.chance import stream
from linkage.arrays import FloatArray, IntArray
from linkage.columns.encoding import encode
from linkage.columns.folding import fold
from linkage.proposal.profile import ColumnKind, ColumnProfile

__all__ = ["DIFFERENT", "Repeats", "composed_of_others", "differing", "repeats_of"]

_ROWS = 30_000  # looked at
_TEXT_ROWS = 2_000  # looked at for compositions
_COVERED = 0.75  # of the letters of a composed value, on average, stand in other columns of its row
_LETTERS = 8.0  # mean letters of a value that may be composed
_SAME = 0.98  # of the rows: the other column's value is the usual one beside this one
_TELLING = (0.003, 0.9)  # chance agreement of columns that may be the same fact: neither about one person nor constant
_IMPLIED = 0.9  # of the strangers that agree on the finer column, those that agree on the coarser
_IMPLIED_BY_CODE = 0.5  # the same where the finer one is the code of a place, which is often mistyped
_LIFT = 2.5
_LIFT_BY_CODE = 16.0
_LEAST_PAIRS = 30
_FEW = 0.1
_NEIGHBOURS = 6  # records with the same value that each is held against
DIFFERENT = 0.4  # of the columns compared: strangers differ in at least so many
_PLACES = frozenset(
    {ColumnKind.PLACE_CODE, ColumnKind.CATEGORY, ColumnKind.SHORT_NUMBER, ColumnKind.NAME, ColumnKind.DECIMAL}
)


@dataclass(frozen=True, slots=True)
class Repeats:
    """
    Which columns hold the same facts.

    Attributes:
        left_out: Columns put together from others, repeating another one value by value, or told by the finest
            column of a chain without being of it: not compared.
        nested: Chains of columns, finest first, each of which tells the next: compared as one.
    """

    left_out: frozenset[str]
    nested: tuple[tuple[str, ...], ...]


def repeats_of(table: pa.Table, parts: Sequence[ColumnProfile], *, seed: int) -> Repeats:
    """
    Find the columns of one table that hold the same facts.

    Args:
        table: The left table.
        parts: Profiles of its columns.
        seed: Seed of the sample of rows.
    """
    some = np.sort(stream("repeats-rows", seed=seed).permutation(table.num_rows)[:_ROWS])
    rows = table.take(pa.array(some))
    composed = composed_of_others(rows, parts)
    kept = [part for part in parts if part.kind is not ColumnKind.CODE_SET]
    coded = {part.column: _codes(rows, part.column) for part in kept}
    chance = {name: _chance(codes) for name, codes in coded.items()}
    by_length = sorted(coded, key=lambda name: (name in composed, _mean_length(_sample(rows, name))))
    same = _same_facts({name: coded[name] for name in by_length}, chance)
    coded = {name: codes for name, codes in coded.items() if name not in same}
    kinds = {part.column: part.kind for part in kept if part.kind in _PLACES or _wordy(rows, part)}
    nested, told = _nested(coded, chance, kinds)
    placed = {name for chain in nested for name in chain}
    return Repeats((composed | same | told) - placed, nested)


def composed_of_others(table: pa.Table, parts: Sequence[ColumnProfile]) -> frozenset[str]:
    """
    Columns whose letters nearly all stand in two or more other columns of the same row.

    >>> name = {"given": ["Ida", "Emil"], "family": ["Bergmann", "Hofer"], "whole": ["Bergmann, Ida", "Hofer, Emil"]}
    >>> kinds = [ColumnProfile(c, c, ColumnKind.NAME, 2, 1.0, 0.5) for c in name]
    >>> sorted(composed_of_others(pa.table(name), kinds))
    ['whole']
    """
    step = max(1, table.num_rows // _TEXT_ROWS)
    rows = table.take(pa.array(np.arange(0, table.num_rows, step)))
    texts = {
        part.column: [_squashed(value) for value in rows.column(part.column).to_pylist()]
        for part in parts
        if part.kind not in {ColumnKind.CODE_SET, ColumnKind.DATE}
    }
    length = {name: _mean_length(values) for name, values in texts.items()}
    found: set[str] = set()
    for whole in sorted(texts, key=lambda name: (-length[name], name)):
        if length[whole] < _LETTERS:
            break
        others = [texts[name] for name in texts if name != whole and name not in found and length[name] < length[whole]]
        if _covered(texts[whole], others) >= _COVERED:
            found.add(whole)
    return frozenset(found)


def _sample(table: pa.Table, column: str) -> list[str]:
    return [str(value) for value in table.column(column).slice(0, _TEXT_ROWS).to_pylist() if value is not None]


def _squashed(value: object) -> str:
    return "" if value is None else "".join(c for c in fold(str(value)) if c.isalnum())


def _mean_length(values: Sequence[str]) -> float:
    told = [len(value) for value in values if value]
    return sum(told) / len(told) if told else 0.0


def _covered(wholes: Sequence[str], others: Sequence[Sequence[str]]) -> float:
    """Mean share of the letters that are found in other columns; 0 for a value that only one of them covers."""
    shares = []
    for row, whole in enumerate(wholes):
        if not whole:
            continue
        rest, used = whole, 0
        for piece in sorted({values[row] for values in others}, key=lambda text: (-len(text), text)):
            if len(piece) >= 2 and piece in rest:
                rest, used = rest.replace(piece, "", 1), used + 1
        shares.append(1 - len(rest) / len(whole) if used >= 2 else 0.0)
    return sum(shares) / len(shares) if shares else 0.0


def _wordy(table: pa.Table, part: ColumnProfile) -> bool:
    """Whether it holds texts without numbers: the name of a place, not an address."""
    if part.kind is not ColumnKind.TEXT:
        return False
    values = _sample(table, part.column)
    return sum(any(c.isdigit() for c in value) for value in values) < _FEW * len(values)


def _codes(table: pa.Table, column: str) -> IntArray:
    values = table.column(column)
    return encode(values, values.slice(0, 0)).left.astype(np.int64)


def _chance(codes: IntArray) -> float:
    """Probability that two different rows with a value agree."""
    counts = np.bincount(codes[codes >= 0])
    n = int(counts.sum())
    return float((counts * (counts - 1)).sum()) / (n * (n - 1)) if n > 1 else 0.0


def _same_facts(coded: dict[str, IntArray], chance: dict[str, float]) -> frozenset[str]:
    """Of every two columns that tell each other row by row, the one that stands later."""
    names = [name for name in coded if _TELLING[0] <= chance[name] <= _TELLING[1]]
    found: set[str] = set()
    for at, name in enumerate(names):
        for later in names[at + 1 :]:
            if found & {name, later}:
                continue
            both = (coded[name] >= 0) & (coded[later] >= 0)
            a, b = coded[name][both], coded[later][both]
            if len(a) >= _LEAST_PAIRS and _told(a, b) >= _SAME and _told(b, a) >= _SAME:
                found.add(later)
    return frozenset(found)


def _told(a: IntArray, b: IntArray) -> float:
    """Share of the rows whose `b` is the usual one beside their `a`."""
    pairs, counts = np.unique(a * (int(b.max()) + 1) + b, return_counts=True)
    first = pairs // (int(b.max()) + 1)
    usual = np.zeros(int(a.max()) + 1, dtype=np.int64)
    np.maximum.at(usual, first, counts)
    return float(usual.sum()) / len(a)


def _nested(
    coded: dict[str, IntArray], chance: dict[str, float], kinds: dict[str, ColumnKind]
) -> tuple[tuple[tuple[str, ...], ...], frozenset[str]]:
    """Chains of columns, finest first, every column in at most one; and what else their finest columns tell."""
    places = sorted((name for name in coded if name in kinds), key=lambda name: (chance[name], name))
    told = {name: _told_by(name, places, coded, chance, kinds) for name in places}
    chains: list[tuple[str, ...]] = []
    used: set[str] = set()
    for finest in places:
        if finest in used or kinds[finest] is ColumnKind.TEXT:
            continue
        coarser = [name for name in places if name in told[finest] - used and chance[name] >= chance[finest]]
        if coarser:
            chains.append((finest, *_longest(coarser, told)))
            used |= {finest, *told[finest]}
    return tuple(chains), frozenset(used - {name for chain in chains for name in chain})


def _longest(names: Sequence[str], told: dict[str, frozenset[str]]) -> tuple[str, ...]:
    """The longest chain among columns, given from the finest to the coarsest, of which each tells the next."""
    best: dict[str, tuple[str, ...]] = {}
    for name in names:
        before = [chain for chain in best.values() if all(name in told[finer] for finer in chain)]
        best[name] = (*max(before, key=len, default=()), name)
    return max(best.values(), key=len)


def _told_by(
    fine: str,
    places: Sequence[str],
    coded: dict[str, IntArray],
    chance: dict[str, float],
    kinds: dict[str, ColumnKind],
) -> frozenset[str]:
    """Coarser columns on which strangers that agree on the finer one agree as well."""
    left, right = _strangers(fine, coded)
    code = kinds[fine] is ColumnKind.PLACE_CODE
    implied, lift = (_IMPLIED_BY_CODE, _LIFT_BY_CODE) if code else (_IMPLIED, _LIFT)
    out = set()
    for coarse in places:
        codes = coded[coarse]
        told = (codes[left] >= 0) & (codes[right] >= 0)
        if coarse == fine or int(told.sum()) < _LEAST_PAIRS:
            continue
        agree = float((codes[left] == codes[right])[told].mean())
        if agree > implied and agree > lift * chance[coarse]:
            out.add(coarse)
    return frozenset(out)


def _strangers(fine: str, coded: dict[str, IntArray]) -> tuple[IntArray, IntArray]:
    """Pairs of records with the same value that differ as strangers do."""
    codes = coded[fine]
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    lefts, rights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in range(1, _NEIGHBOURS + 1):
        a, b = order[:-step], order[step:]
        equal = codes[a] == codes[b]
        lefts.append(a[equal])
        rights.append(b[equal])
    left, right = np.concatenate(lefts), np.concatenate(rights)
    strange = differing(left, right, coded) >= DIFFERENT
    return left[strange], right[strange]


def differing(a: IntArray, b: IntArray, coded: Mapping[str, IntArray]) -> FloatArray:
    """Share of the columns both records have a value of in which they differ."""
    differ, told = np.zeros(len(a)), np.zeros(len(a))
    for codes in coded.values():
        present = (codes[a] >= 0) & (codes[b] >= 0)
        told += present
        differ += present & (codes[a] != codes[b])
    return np.asarray(differ / np.maximum(told, 1.0), dtype=np.float64)
