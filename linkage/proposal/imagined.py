"""
Imagined matches: how two records of one person may differ, before anything is known of the tables. Opens nothing.

Blocking rules are chosen before training, when no match is known. What a rule would find is judged on pairs that are
imagined: each with its own proneness to errors, values missing as often as in the tables, beginnings or ends mistyped,
days or years wrong, names exchanged. The rates are round numbers that hold for no table in particular; only the order
of the rules depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from graph_schema.chance import stream
from linkage.arrays import BoolArray
from linkage.columns import Expression
from linkage.proposal.profile import ColumnKind, ColumnProfile

__all__ = ["ImaginedMatches"]

_N = 4_000
_PRONENESS = ((0.4, 0.05), (0.3, 0.3), (0.3, 0.6))  # share of the matches, and errors a value in them
_SWAPPED = 0.04  # of the matches
_BEGINNING, _END = 0.35, 0.7  # of the errors in a text: at its beginning below the first, at its end below the second
_SOUND_LEFT = 0.5  # of the errors at beginning or end that leave the sound
_YEAR, _DAY = 0.35, 0.8  # of the errors in a date: in its year below the first, in day and month below the second


class ImaginedMatches:
    """
    Which keys agree in imagined matches.

    Args:
        parts: Profiles of the columns.
        swapped: Name columns whose values stand in each other's place, by the left column.
        seed: Seed of the stream `"imagined-matches"`.
    """

    def __init__(self, parts: Sequence[ColumnProfile], *, swapped: Mapping[str, ColumnProfile], seed: int) -> None:
        draw = stream("imagined-matches", seed=seed)
        self.n = _N
        shares = [share for share, _ in _PRONENESS]
        prone = np.array([rate for _, rate in _PRONENESS])[draw.choice(len(_PRONENESS), size=_N, p=shares)]
        self._exchanged: BoolArray = draw.random(_N) < _SWAPPED
        self._swapped = {column: partner.column for column, partner in swapped.items()}
        self._agree: dict[tuple[str, str], BoolArray] = {}
        for part in sorted(parts, key=lambda part: part.column):
            present = (draw.random(_N) < part.present) & (draw.random(_N) < part.present)
            wrong, how, sound = draw.random(_N) < prone, draw.random(_N), draw.random(_N) < _SOUND_LEFT
            for kind, kept in _survivors(part.kind, how, sound).items():
                self._agree[part.column, kind] = present & (~wrong | kept)

    def agree(self, key: Expression) -> BoolArray:
        """`(n,)` whether both records of each match agree on a key."""
        column, kind = str(key.column), key.transforms[-1].kind if key.transforms else "folded"
        found = self._agree.get((column, kind), self._agree[column, "folded"])
        if column not in self._swapped:
            return found
        crossed = key.right_column is not None and key.right_column != key.column
        if not crossed:
            return found & ~self._exchanged
        other = self._agree.get((self._swapped[column], kind), self._agree[self._swapped[column], "folded"])
        return found & other & self._exchanged


def _survivors(
    kind: ColumnKind, how: np.ndarray[tuple[int], np.dtype[np.float64]], sound: BoolArray
) -> dict[str, BoolArray]:
    """Per transform, which errors it does not notice."""
    none = np.zeros(len(how), dtype=bool)
    if kind is ColumnKind.DATE:
        return {"folded": none, "date": none, "month_day": how < _YEAR, "year": (how >= _YEAR) & (how < _DAY)}
    beginning, end = how < _BEGINNING, (how >= _BEGINNING) & (how < _END)
    return {"folded": none, "first_letters": end, "last_letters": beginning, "phonetic": (beginning | end) & sound}
