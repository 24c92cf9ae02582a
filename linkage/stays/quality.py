"""The stay linkage's own estimate of its errors: decoys that compete, strata, blocking loss. Opens nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from linkage.arrays import BoolArray
from linkage.evaluation.unlabelled import LinkQuality, Tally, estimate_quality
from linkage.stays.arrays import MISSING, NO_DAY, IntArray, StayArrays
from linkage.stays.block import FAR, UNKNOWN
from linkage.stays.competition import Posterior
from linkage.stays.decoys import with_decoys
from linkage.stays.settings import StaySettings
from linkage.stays.tables import Decided

__all__ = ["blocking_loss", "measure"]

_LOW_SCORE = 0.02
KEY_ERRORS = 0.007
"""Share of true pairs with a wrong sex or a birth year more than one off: the starting values of `train`."""

_AGES = ("under_1", "1_to_4", "5_to_9", "10_to_14", "15_and_over", "unknown")
_SEXES = ("male", "female", "other", "unknown")


def measure(
    decided: Decided,
    right: StayArrays,
    *,
    run: Callable[[StayArrays], Decided],
    loss: float,
    hospitals: list[str],
    settings: StaySettings,
) -> LinkQuality:
    """
    Precision and recall of the decisions, as a whole and by hospital, age group and sex.

    Args:
        decided: The linkage.
        right: Hospital stays, joined ones included.
        run: Links the claims with another right side under the same model; used with decoys added.
        loss: Estimated blocking loss.
        hospitals: Names by code.
        settings: Number of decoy sets and their seed.
    """
    strata = _strata(right, hospitals)
    shape = {group: len(levels) for group, (levels, _) in strata.items()}
    false, low, decoy_low = ({g: np.zeros(n, np.int64) for g, n in shape.items()} for _ in range(3))
    for number in range(settings.n_quality_decoys):
        found = run(with_decoys(right, number=settings.n_decoys + number, seed=settings.seed))
        moved = found.right >= right.n
        rows = found.right % max(right.n, 1)
        seen = found.probability >= _LOW_SCORE
        for group, (levels, code) in strata.items():
            for target, chosen in ((false, moved & found.linked), (low, ~moved & seen), (decoy_low, moved & seen)):
                target[group] += np.bincount(code[rows[chosen]], minlength=len(levels))
    n_sets, tallies = settings.n_quality_decoys, {}

    def tally(group: str, at: slice, of: BoolArray) -> Tally:
        n_false, n_low, n_decoy_low = (int(count[group][at].sum()) for count in (false, low, decoy_low))
        return Tally(decided.probability[of], decided.linked[of], n_false, n_low, n_decoy_low, n_sets)

    for group, (levels, code) in strata.items():
        own = code[decided.right]
        for i, level in enumerate(levels):
            if (own == i).any():
                tallies[group, level] = tally(group, slice(i, i + 1), own == i)
    total = tally("sex", slice(None), np.ones(decided.right.size, dtype=bool))
    return estimate_quality(total, tallies, threshold=settings.accept_probability, blocking_loss=loss)


def _strata(right: StayArrays, hospitals: list[str]) -> dict[str, tuple[list[str], IntArray]]:
    """Levels and each stay's level, by group."""
    days = np.where(right.admitted > NO_DAY, right.admitted, 0).astype("datetime64[D]")
    year = days.astype("datetime64[Y]").astype(np.int64) + 1970
    age = np.where(right.birth_year >= 0, year - right.birth_year, -1)
    age_code = np.select([age < 0, age < 1, age < 5, age < 10, age < 15], [5, 0, 1, 2, 3], default=4)
    return {
        "hospital": ([*hospitals, "unknown"], np.where(right.hospital >= 0, right.hospital, len(hospitals))),
        "age_group": (list(_AGES), age_code),
        "sex": (list(_SEXES), np.where(right.sex >= 0, right.sex, len(_SEXES) - 1)),
    }


def blocking_loss(posterior: Posterior, left: StayArrays, right: StayArrays, *, settings: StaySettings) -> float:
    """
    Share of true pairs that no rule near in date proposes: leave one stay out.

    Among persons linked by near stays, a claims stay and a case both left without a partner, admitted within the far
    window at one hospital, count as a pair the near rules lost. Chance puts some of these together as well, so the
    figure errs on the safe side. Where the hospital is unknown, sex and birth year are part of the rule, and its
    own pairs cannot say how often they are wrong: the starting error rates stand in.
    """
    proposals = posterior.proposals
    sure = posterior.person >= settings.accept_probability
    near = proposals.rule != FAR
    matched = sure[proposals.pair] & near & (posterior.evidence.given_person >= 0.5)
    held = np.zeros(proposals.n_pairs, dtype=bool)
    held[proposals.pair[matched]] = True
    pairs = np.flatnonzero(held)
    if pairs.size == 0:
        return 0.0
    keyed = KEY_ERRORS * float((proposals.rule[matched] == UNKNOWN).mean())
    used_a = _used(proposals.pair[matched], left.parts[proposals.left[matched]], proposals.left[matched], left.n)
    used_b = _used(proposals.pair[matched], right.parts[proposals.right[matched]], proposals.right[matched], right.n)
    lost = 0
    of_a, of_b = _by_person(left), _by_person(right)
    n_stays = proposals.n_same + np.where(proposals.kind == 1, proposals.n_unknown, 0)
    for pair in pairs[n_stays[pairs] > 1].tolist():
        a = [r for r in of_a(int(proposals.left_person[pair])) if pair * left.n + r not in used_a]
        b = [r for r in of_b(int(proposals.right_person[pair])) if pair * right.n + r not in used_b]
        lost += _partners(left, right, a, b, days=settings.far_window_days)
    several = int(matched[np.isin(proposals.pair, pairs[n_stays[pairs] > 1])].sum())
    far = lost / (lost + several) if several else 0.0
    return float(1 - (1 - far) * (1 - keyed))


def _used(pair: IntArray, parts: IntArray, rows: IntArray, n: int) -> set[int]:
    own = np.concatenate([rows, parts[:, 0], parts[:, 1]])
    code = np.concatenate([pair, pair, pair]) * n + own
    return set(code[own >= 0].tolist())


def _by_person(stays: StayArrays) -> Callable[[int], list[int]]:
    rows = np.flatnonzero(stays.parts[:, 0] == MISSING)
    rows = rows[np.argsort(stays.person[rows], kind="stable")]
    bounds = np.searchsorted(stays.person[rows], np.arange(stays.n_persons + 1))

    def of(person: int) -> list[int]:
        found: list[int] = rows[bounds[person] : bounds[person + 1]].tolist()
        return found

    return of


def _partners(left: StayArrays, right: StayArrays, a: list[int], b: list[int], *, days: int) -> int:
    """How many of these claims stays have a case of their own within the window."""
    free = list(b)
    count = 0
    for row in a:
        at = left.hospital[row]
        near = [c for c in free if abs(int(left.admitted[row] - right.admitted[c])) <= days
                and (at < 0 or at == right.hospital[c])]  # fmt: skip
        if near:
            free.remove(min(near, key=lambda c: abs(int(left.admitted[row] - right.admitted[c]))))
            count += 1
    return count
