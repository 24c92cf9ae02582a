"""
Precision and recall where no truth is known: from the model, and from decoys that cannot be true. Opens nothing.

Precision, model: mean probability of the links. Precision, decoys: links that fall on a decoy set competing with the
targets, over links to targets. The worse of the two is stated. Recall, model: expected true links over all expected
true pairs. Recall, decoys: expected true links over the excess of targets over decoys above a low score, which counts
true pairs whatever the model. Both over what blocking cannot see. The lower is stated; intervals span both methods
and their sampling error, because model error dominates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import gammaincinv

__all__ = ["Estimate", "GroupQuality", "LinkQuality", "Tally", "estimate_quality", "quality_of"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Estimate(BaseModel):
    """A share, its 95 % interval, and what the two methods say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stated: float | None = Field(description="The lower of the two methods; null where nothing was linked.")
    low: float | None = Field(description="Lower end of the interval over both methods.")
    high: float | None = Field(description="Upper end of the interval over both methods.")
    by_model: float | None = Field(description="From the model's own probabilities.")
    by_decoys: float | None = Field(description="From year-shifted decoys; null where none was run.")


class GroupQuality(BaseModel):
    """Quality of one stratum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str = Field(description="hospital, age_group or sex.")
    level: str = Field(description="Which one.")
    n_links: int = Field(description="Pairs of stays linked.")
    precision: Estimate
    recall: Estimate


class LinkQuality(BaseModel):
    """The linkage's own estimate of its errors, at the acceptance threshold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float = Field(description="Probability at or above which pairs are links.")
    n_links: int = Field(description="Pairs of stays linked.")
    n_expected: float = Field(description="True pairs the decoys or the model say there are, blocking loss included.")
    n_decoy_links: int = Field(description="Links to decoys, all decoy sets together.")
    n_decoy_sets: int = Field(description="Decoy sets that competed.")
    blocking_loss: float = Field(description="Share of true pairs that no blocking rule proposes, estimated.")
    precision: Estimate
    recall: Estimate
    groups: tuple[GroupQuality, ...] = Field((), description="The same by hospital, age group and sex.")


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What was counted in one stratum.

    Attributes:
        probability: Of every kept target pair, `(n_pairs,)`.
        linked: Which of them are links, `(n_pairs,)`.
        n_decoy_links: Links to decoys over all sets.
        n_low: Target pairs above the low score, in the runs with decoys, over all sets.
        n_decoy_low: Decoy pairs above the low score, over all sets.
        n_sets: Decoy sets.
    """

    probability: FloatArray
    linked: BoolArray
    n_decoy_links: int
    n_low: int
    n_decoy_low: int
    n_sets: int


def quality_of(tally: Tally, *, blocking_loss: float) -> tuple[Estimate, Estimate, float]:
    """Precision, recall and the expected number of true pairs of one stratum."""
    n_links = int(tally.linked.sum())
    seen = 1.0 - blocking_loss
    by_model = float(tally.probability[tally.linked].mean()) if n_links else None
    model_total = float(tally.probability.sum()) / seen
    decoy, decoy_low, decoy_high, decoy_total = None, None, None, None
    if tally.n_sets and n_links:
        false = tally.n_decoy_links / tally.n_sets
        low, high = (b / tally.n_sets for b in _poisson(tally.n_decoy_links))
        decoy, decoy_low, decoy_high = (max(1.0 - x / n_links, 0.0) for x in (false, high, low))
        decoy_total = max(tally.n_low - tally.n_decoy_low, 0) / tally.n_sets / seen
    precision = _estimate(by_model, decoy, [decoy_low, decoy_high])
    true_links = n_links * (precision.stated or 0.0)
    recalls = [min(true_links / t, 1.0) if t else None for t in (model_total, decoy_total)]
    spread = [_binomial(r, t) for r, t in zip(recalls, (model_total, decoy_total), strict=True)]
    recall = _estimate(recalls[0], recalls[1], [x for pair in spread for x in pair])
    return precision, recall, max(model_total, decoy_total or 0.0)


def estimate_quality(
    total: Tally, groups: dict[tuple[str, str], Tally], *, threshold: float, blocking_loss: float
) -> LinkQuality:
    """The quality of a linkage, as a whole and by stratum."""
    precision, recall, expected = quality_of(total, blocking_loss=blocking_loss)
    strata = []
    for (group, level), tally in sorted(groups.items()):
        p, r, _ = quality_of(tally, blocking_loss=blocking_loss)
        strata.append(GroupQuality(group=group, level=level, n_links=int(tally.linked.sum()), precision=p, recall=r))
    return LinkQuality(
        threshold=threshold,
        n_links=int(total.linked.sum()),
        n_expected=_six(expected) or 0.0,
        n_decoy_links=total.n_decoy_links,
        n_decoy_sets=total.n_sets,
        blocking_loss=_six(blocking_loss) or 0.0,
        precision=precision,
        recall=recall,
        groups=tuple(strata),
    )


def _estimate(model: float | None, decoy: float | None, ends: list[float | None]) -> Estimate:
    points = [x for x in (model, decoy) if x is not None]
    every = points + [x for x in ends if x is not None]
    return Estimate(
        stated=_six(min(points)) if points else None,
        low=_six(min(every)) if every else None,
        high=_six(min(max(every), 1.0)) if every else None,
        by_model=_six(model),
        by_decoys=_six(decoy),
    )


def _six(share: float | None) -> float | None:
    return None if share is None else round(share, 6)


def _poisson(count: int) -> tuple[float, float]:
    """Exact 95 % interval of a Poisson count (Garwood 1936)."""
    low = 0.0 if count == 0 else float(gammaincinv(count, 0.025))
    return low, float(gammaincinv(count + 1, 0.975))


def _binomial(share: float | None, n: float | None) -> tuple[float | None, float | None]:
    """95 % interval of a share among n (Wilson 1927)."""
    if share is None or not n:
        return None, None
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(middle - half, 0.0), min(middle + half, 1.0)
