"""The trained dose linkage: two engine models and the clocks of the rooms, as canonical JSON. Opens nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from linkage.document import JsonDocument
from linkage.model import ComparisonModel, EMSettings, Model, count_patterns, fit
from linkage.model.model import BadModel, rounded

__all__ = ["DoseModel", "RoomClock", "train"]

FloatArray = npt.NDArray[np.float64]
GammaArray = npt.NDArray[np.int8]

_FEWEST_MATCHES = 50
_START_STRENGTH = 10.0
_LARGEST_SHARE = 0.98


class RoomClock(BaseModel):
    """How far the clock of a room's reports ran ahead of the examination list in one year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: str = Field(description="hospital/room.")
    year: int = Field(description="Calendar year.")
    ahead_s: int = Field(description="Median of report minus list (s) over identified pairs.")
    n_pairs: int = Field(description="Identified pairs behind it.")


class DoseModel(JsonDocument):
    """What the linkage of doses learned; holds no compared value."""

    spoken = "dose model"
    wrong = BadModel

    exams: Model = Field(description="Doses with examinations.")
    stays: Model = Field(description="Doses and examinations with stays.")
    no_stay: float = Field(gt=0, lt=1, description="Share without a stay, of records that name a case or patient.")
    no_stay_unnamed: float = Field(gt=0, lt=1, description="The same of records that name neither.")
    clocks: tuple[RoomClock, ...] = Field(description="Clock corrections applied before times are compared.")
    settings_digest: str = Field(description="Digest of the settings it was trained with.")


def train(
    gammas: GammaArray,
    decoys: GammaArray,
    *,
    levels: dict[str, tuple[str, ...]],
    start_m: dict[str, tuple[float, ...]],
    start_u: dict[str, tuple[float, ...]],
    most_matches: int,
) -> Model:
    """
    m and the prior by EM, u from decoys; starting values stand in where the data are few.

    Args:
        gammas: Candidate pairs, `(n_pairs, n_comparisons)`.
        decoys: Pairs with time-shifted decoys, `(n_decoy_pairs, n_comparisons)`.
        levels: Comparisons and their levels.
        start_m: Starting m, ten imagined matches.
        start_u: Starting u, ten imagined pairs.
        most_matches: No more pairs than this can be true.
    """
    u = [_counted(decoys[:, i], np.array(start_u[name])) for i, name in enumerate(levels)]
    m = [np.array(start_m[name]) for name in levels]
    n = max(len(gammas), 1)
    prior = min(0.9 * most_matches / n, 0.5)
    if len(gammas) >= _FEWEST_MATCHES:
        found = fit(
            count_patterns(gammas), comparisons=list(levels.items()), u=u, settings=EMSettings(pseudo_count=2.0)
        ).model
        expected = min(found.prior * n, _LARGEST_SHARE * most_matches)
        if expected >= _FEWEST_MATCHES:
            prior = expected / n
            m = [_blended(first, np.array(part.m), expected * float((gammas[:, i] >= 0).mean()))
                 for i, (first, part) in enumerate(zip(m, found.comparisons, strict=True))]  # fmt: skip
    parts = tuple(
        ComparisonModel(name=name, level_names=names, m=_sound(m[i]), u=_sound(u[i]))
        for i, (name, names) in enumerate(levels.items())
    )
    return Model(comparisons=parts, prior=rounded(float(np.clip(prior, 1e-9, 0.98))))


def _counted(values: GammaArray, start: FloatArray) -> FloatArray:
    total = np.bincount(values[values >= 0], minlength=start.size) + _START_STRENGTH * start
    return np.asarray(total / total.sum(), dtype=np.float64)


def _blended(start: FloatArray, learned: FloatArray, n: float) -> FloatArray:
    return np.asarray((learned * n + start * _START_STRENGTH) / (n + _START_STRENGTH), dtype=np.float64)


def _sound(p: FloatArray) -> tuple[float, ...]:
    safe = np.maximum(p, 1e-6)
    return tuple(rounded(float(x)) for x in safe / safe.sum())
