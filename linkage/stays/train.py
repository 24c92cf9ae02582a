"""Stay-level training: m and the number of true pairs by EM, u held fixed from the decoys. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graph_schema.errors import ExitCode, UserError
from linkage.model import ComparisonModel, EMSettings, Iteration, count_patterns, fit
from linkage.model.model import rounded
from linkage.stays.arrays import MISSING, StayArrays
from linkage.stays.block import SAME, UNKNOWN, Candidates
from linkage.stays.chance import ChanceRates, singles
from linkage.stays.compare import COMPARISONS, PERSON_COMPARISONS, STAY_COMPARISONS, compare
from linkage.stays.model import Rates, StayModel
from linkage.stays.settings import StaySettings

__all__ = ["NotLinkable", "Training", "train"]

FloatArray = npt.NDArray[np.float64]

_FEWEST_MATCHES = 20
_BIRTH = PERSON_COMPARISONS["birth"]
_START_STRENGTH = 10.0
_LARGEST_SHARE = 0.98
_REFUSED_FROM = 1.1
_STRAY = 10

_START_M = {
    "dates": (0.015, 0.015, 0.04, 0.05, 0.01, 0.025, 0.025, 0.22, 0.40, 0.20),
    "diagnoses": (0.02, 0.03, 0.07, 0.02, 0.05, 0.03, 0.18, 0.60),
    "procedures": (0.04, 0.06, 0.18, 0.72),
    "weight": (0.03, 0.05, 0.92),
    "birth": (0.003, 0.008, 0.004, 0.60, 0.385),
    "sex": (0.004, 0.996),
    "region": (0.05, 0.05, 0.90),
    "insurer": (0.04, 0.96),
}
"""Starting values from published error rates of German hospital data; ten imagined matches, then the data speak."""


class NotLinkable(UserError):
    """The deliveries do not say which stays belong together."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class Training:
    """A first model, how EM reached it, and what to tell the user."""

    model: StayModel
    history: tuple[Iteration, ...]
    notes: tuple[str, ...]


def train(
    left: StayArrays, right: StayArrays, pairs: Candidates, *, chance: ChanceRates, settings: StaySettings
) -> Training:
    """
    A first model from the candidate pairs at one hospital, or of unknown hospital where none is known.

    Raises:
        NotLinkable: If the expected matches exceed the stays of the smaller side: the fields cannot tell
            true pairs from chance, and no probability would be honest.
    """
    alone = singles(left, right, pairs)
    rule = SAME if int((alone.rule == SAME).sum()) * 5 >= int((alone.rule == UNKNOWN).sum()) else UNKNOWN
    used = Candidates(*(column[alone.rule == rule] for column in (alone.left, alone.right, alone.rule)))
    notes: tuple[str, ...] = ()
    m = [np.array(_START_M[name]) for name in COMPARISONS]
    history: tuple[Iteration, ...] = ()
    expected, n_trained = 0.2 * used.n, 0.0
    if used.n >= _FEWEST_MATCHES:
        gammas = compare(left, right, used)
        gammas[:, 0] -= 1  # the first date level is never among near pairs
        u = [chance.u[rule][0][1:] / chance.u[rule][0][1:].sum(), *chance.u[rule][1:]]
        comparisons = [(n, v[1:] if n == "dates" else v) for n, v in COMPARISONS.items()]
        found = fit(
            count_patterns(gammas), comparisons=comparisons, u=u, settings=EMSettings(monotone=False, pseudo_count=2.0)
        )
        expected, history = found.model.prior * used.n, found.history
        _check(expected, left, right)
        if expected >= _FEWEST_MATCHES:
            m, n_trained = _blended(m, found.model.comparisons, expected, gammas), expected
    if n_trained == 0.0:
        expected = min(expected, 0.5 * min(_n_singles(left), _n_singles(right)))
        notes = (
            f"fewer than {_FEWEST_MATCHES} expected matches: agreement is weighed with starting values, not learned",
        )
    return Training(
        _model(left, right, m=m, chance=chance, settings=settings, expected=(expected, n_trained)), history, notes
    )


def _check(expected: float, left: StayArrays, right: StayArrays) -> None:
    smaller = min(_n_singles(left), _n_singles(right))
    # A sum of probabilities over few stays strays above their number by chance alone.
    if expected > _REFUSED_FROM * smaller + _STRAY:
        raise NotLinkable(
            f"training expects {expected:,.0f} true pairs, but the smaller side has {smaller:,} stays: the fields "
            "delivered cannot tell true pairs from chance; deliver the hospital, region or codes of both sides, or "
            "use a model trained elsewhere"
        )


def _n_singles(stays: StayArrays) -> int:
    return int((stays.parts[:, 0] == MISSING).sum())


def _blended(
    start: list[FloatArray], found: tuple[ComparisonModel, ...], expected: float, gammas: npt.NDArray[np.int8]
) -> list[FloatArray]:
    """The learned m and the starting values, weighed by the matches that state the field."""
    out = []
    for column, (first, learned) in enumerate(zip(start, found, strict=True)):
        m = np.array(learned.m)
        if column == 0:
            m = np.concatenate([first[:1], m * (1 - first[0])])
        stated = expected * float((gammas[:, column] >= 0).mean())
        out.append((m * stated + first * _START_STRENGTH) / (stated + _START_STRENGTH))
    return out


def _model(
    left: StayArrays,
    right: StayArrays,
    *,
    m: list[FloatArray],
    chance: ChanceRates,
    settings: StaySettings,
    expected: tuple[float, float],
) -> StayModel:
    n_left, n_right = max(_n_singles(left), 1), max(_n_singles(right), 1)
    smaller = _LARGEST_SHARE * min(n_left, n_right)
    n_pairs = float(n_left) * float(n_right)
    hospital_u = _share_of_same(left, right)
    birth = list(COMPARISONS).index("birth")
    u = [*chance.codes, *chance.u[SAME][len(STAY_COMPARISONS) :]]
    u[birth] = with_months_as_stated(u[birth], m[birth])
    others = [with_months_as_stated(chance.elsewhere[0], m[birth]), *chance.elsewhere[1:]]
    parts = tuple(
        ComparisonModel(name=name, level_names=levels, m=_sound(m[i]), u=_sound(u[i]))
        for i, (name, levels) in enumerate(COMPARISONS.items())
    )
    elsewhere = {n: _sound(p) for n, p in zip(PERSON_COMPARISONS, others, strict=True)}
    return StayModel(
        comparisons=parts,
        u_elsewhere=elsewhere,
        hospital_m=rounded(1 - settings.wrong_hospital_rate),
        hospital_u=rounded(hospital_u),
        date_rates=tuple(rounded(float(r)) for r in chance.date_rates),
        prior=rounded(min(max(min(expected[0], smaller), 0.5) / n_pairs, 0.5)),
        rates=Rates(alpha=settings.alpha, alpha_unknown=0.5, beta=settings.beta, beta_newborn=settings.beta,
                    merge_rate=settings.merge_rate, wrong_hospital=settings.wrong_hospital_rate),
        person_priors=(),
        n_trained=rounded(expected[1]),
        settings_digest=settings.digest,
    )  # fmt: skip


def with_months_as_stated(u: FloatArray, m: FloatArray) -> FloatArray:
    """
    u of the birth levels with the months stated as often as among matches.

    Whether both sides state the month depends on the deliveries and not on being one child. Where few pairs state it
    the shares of decoys are chance, and a month that differs would weigh more than a year alone.
    """
    months = [_BIRTH.index("year_not_month"), _BIRTH.index("year_and_month")]
    alone = _BIRTH.index("year")
    year = [*months, alone]
    stated = m[months].sum() / m[year].sum()
    out = np.array(u)
    out[months] = u[year].sum() * stated * u[months] / u[months].sum()
    out[alone] = u[year].sum() * (1 - stated)
    return out


def _sound(p: FloatArray) -> tuple[float, ...]:
    safe = np.maximum(p, 1e-9)
    return tuple(rounded(float(x)) for x in safe / safe.sum())


def _share_of_same(left: StayArrays, right: StayArrays) -> float:
    """Share of pairs with both hospitals known that state the same one."""
    a, b = left.hospital[left.hospital >= 0], right.hospital[right.hospital >= 0]
    if a.size == 0 or b.size == 0:
        return 1.0
    n = 1 + int(max(a.max(), b.max()))
    same = float((np.bincount(a, minlength=n) / a.size) @ (np.bincount(b, minlength=n) / b.size))
    return float(np.clip(same, 1e-6, 1.0))
