"""Made households: two registers of the same town, in which families share surname, street and postcode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graph_schema.chance import stream
from linkage.arrays import BoolArray, Int8Array, IntArray
from linkage.columns import Codes

__all__ = ["FIELDS", "ComparedTown", "Town", "town"]

FIELDS = [
    ("given", ("else", "near", "exact")),
    ("surname", ("else", "near", "exact")),
    ("born", ("else", "near", "exact")),
    ("sex", ("else", "exact")),
    ("street", ("else", "near", "exact")),
    ("postcode", ("else", "exact")),
]
_N_VALUES = {"given": 400, "surname": 1500}


@dataclass(frozen=True, slots=True)
class Town:
    """
    Two registers: a value is a number, its misspelling another one with the same tenth part.

    Attributes:
        left: `(n_left, n_fields)` values, -1 = missing.
        right: `(n_right, n_fields)`.
        left_person: `(n_left,)` who it is.
        right_person: `(n_right,)`.
    """

    left: IntArray
    right: IntArray
    left_person: IntArray
    right_person: IntArray

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Every pair of rows."""
        n_left, n_right = len(self.left), len(self.right)
        return np.repeat(np.arange(n_left), n_right), np.tile(np.arange(n_right), n_left)

    def gammas(self, left: IntArray, right: IntArray) -> Int8Array:
        """`(n_pairs, n_fields)` levels."""
        return _gammas(self.left, self.right, left, right)

    def is_match(self, left: IntArray, right: IntArray) -> BoolArray:
        """`(n_pairs,)` whether both rows are one person."""
        return np.asarray(self.left_person[left] == self.right_person[right], dtype=bool)

    @property
    def n_matches(self) -> int:
        """Persons in both registers."""
        return len(np.intersect1d(self.left_person, self.right_person))


def _gammas(a: IntArray, b: IntArray, left: IntArray, right: IntArray) -> Int8Array:
    out = np.empty((len(left), len(FIELDS)), dtype=np.int8)
    for column, (_, levels) in enumerate(FIELDS):
        x, y = a[left, column], b[right, column]
        near = (x // 10 == y // 10) & (len(levels) == 3)
        out[:, column] = np.where(x == y, len(levels) - 1, near)
        out[(x < 0) | (y < 0), column] = -1
    return out


def town(n_households: int, *, seed: int, moved: float = 0.05, errors: float = 0.06, twins: float = 0.02) -> Town:
    """
    Make a town and two registers of it, each with four in five of its persons.

    Args:
        n_households: Families of 1-6 persons.
        seed: Of the streams.
        moved: Share of the households that live elsewhere in the second register.
        errors: Chance that a value is misspelt, in each register.
        twins: Chance that a child is the twin of the one before.
    """
    draw = stream("made-town", seed=seed)
    size = draw.choice(np.arange(1, 7), n_households, p=[0.25, 0.25, 0.15, 0.2, 0.1, 0.05])
    home = np.repeat(np.arange(n_households), size)
    rank = np.arange(len(home)) - np.repeat(np.cumsum(size) - size, size)
    surname = _skewed(draw, _N_VALUES["surname"], n_households)[home]
    other_name = (rank == 1) & (draw.random(len(home)) < 0.2)
    surname = np.where(other_name, _skewed(draw, _N_VALUES["surname"], len(home)), surname)
    parent_born = draw.integers(2000, 2000 + 365 * 25, n_households)[home] + draw.integers(-1500, 1500, len(home))
    born = np.where(rank < 2, parent_born, parent_born + 9500 + rank * 900 + draw.integers(0, 700, len(home)))
    sex = draw.integers(0, 2, len(home))
    twin = np.flatnonzero((rank > 2) & (draw.random(len(home)) < twins))
    born[twin] = born[twin - 1]
    given = 2 * _skewed(draw, _N_VALUES["given"] // 2, len(home)) + sex
    n_streets = max(n_households // 12, 4)
    addresses = [draw.integers(0, n_streets, n_households) for _ in range(2)]
    addresses[1] = np.where(draw.random(n_households) < moved, addresses[1], addresses[0])
    registers, persons = [], []
    for street in addresses:
        kept = np.flatnonzero(draw.random(len(home)) < 0.8)
        kept = kept[draw.permutation(len(kept))]
        values = np.stack([given, surname, born, sex, street[home], street[home] // 6], axis=1)[kept] * 10
        wrong = draw.random(values.shape) < errors * np.array([1, 1, 0.7, 0.1, 1, 0.5])
        values += np.where(wrong, draw.integers(1, 10, values.shape), 0)
        values[:, [3, 5]] = np.where(wrong[:, [3, 5]], draw.permuted(values[:, [3, 5]], axis=0), values[:, [3, 5]])
        far = draw.random(values.shape) < errors * np.array([0.5, 0.3, 0.3, 0, 0.3, 0])
        values = np.where(far, draw.permuted(values, axis=0), values)
        values[draw.random(values.shape) < np.array([0.01, 0.01, 0.03, 0.02, 0.06, 0.03])] = -1
        registers.append(values.astype(np.int64))
        persons.append(kept.astype(np.int64))
    return Town(registers[0], registers[1], persons[0], persons[1])


def _skewed(draw: np.random.Generator, n_values: int, n: int) -> IntArray:
    """Values as unevenly frequent as names."""
    weight = 1.0 / np.arange(3, n_values + 3)
    return np.asarray(draw.choice(n_values, n, p=weight / weight.sum()), dtype=np.int64)


class HeldCodes:
    """A comparison of the town with its value codes, as far as training looks at it."""

    def __init__(self, codes: Codes) -> None:
        self.codes: Codes | None = codes


class ComparedTown:
    """A town as the engine hands tables to training; within one register where `within`."""

    def __init__(self, made: Town, *, within: bool = False, apart: IntArray | None = None) -> None:
        values = np.concatenate([made.left, made.right])
        self._left = values if within else made.left
        self._right = values if within else made.right
        self.person = np.concatenate([made.left_person, made.right_person])
        self.within, self.apart = within, apart
        self.named = FIELDS
        self.n_rows = (len(self._left), len(self._right))
        self.prepared = tuple(HeldCodes(self._codes(column)) for column in range(len(FIELDS)))

    def _codes(self, column: int) -> Codes:
        distinct, index = np.unique(
            np.concatenate([self._left[:, column], self._right[:, column]]), return_inverse=True
        )
        codes = (index.reshape(-1) - int(distinct[0] < 0)).astype(np.int32)
        names = tuple(str(value) for value in distinct[distinct >= 0])
        return Codes(codes[: len(self._left)], codes[len(self._left) :], names)

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """`(n_pairs, n_fields)` levels."""
        return _gammas(self._left, self._right, left_rows, right_rows)
