"""
Precision, recall and blocking loss of any linkage without labels, by subgroup, with honest intervals. Opens nothing.

    found = found_pairs(pairs, n_left=..., n_right=..., partners=Partners.ONE, threshold=0.95, agrees=..., rules=...)
    estimate_without_labels(found, groupings=[Grouping.of("hospital", left["hospital"])], decoys=decoy_links)

An interval spans every view there is (`views`), because the error of the model is larger than chance. With the model's
view alone `includes_model_error` is false: the interval is then that of a model nobody checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.evaluation.capture import BlockingLoss, blocking_loss
from linkage.evaluation.found import DecoyLinks, FoundPairs, Partners
from linkage.evaluation.grouping import Grouping
from linkage.evaluation.intervals import Share
from linkage.evaluation.standing import Part, Standing, parts, standing
from linkage.evaluation.views import ASSUMPTIONS, Range, View, by_decoys, by_model, by_neighbours

__all__ = ["Estimated", "GroupQualityEstimate", "Quality", "QualityEstimate", "Seen", "estimate_without_labels"]

_NO_KEYS = "which blocking keys agree in each pair was not handed in: what blocking loses is not known"
_NO_LINKS = "there are no links"
_ONE_VIEW = "only the model's own probabilities were looked at: no second view checks them"
_NONE_BELOW = "no pair below the threshold is reported: matches there are counted by the model alone"

_HIDDEN = "proposed matches too improbable to be reported are counted by the model alone"


class Seen(BaseModel):
    """What one view says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    view: str = Field(description="model, neighbours, decoys or histories.")
    share: Share = Field(description="The share and its interval by this view.")


class Estimated(BaseModel):
    """A share that nobody has counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: Share = Field(description="Model's estimate, or the lowest view's if another view contradicts the model.")
    views: tuple[Seen, ...] = Field(description="What each view says; the interval spans them.")
    includes_model_error: bool = Field(description="Whether a view that does not believe the model checks it.")


class Quality(BaseModel):
    """Quality of a linkage, or of a subgroup's part of it, estimated without labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_records: int = Field(description="Records looked at, linked or not.")
    n_links: int = Field(description="Links.")
    precision: Estimated = Field(description="Share of the links that are matches.")
    recall_of_proposed: Estimated = Field(description="Share of the matches that blocking proposes that are links.")
    recall: Estimated = Field(description="Share of all matches that are links, blocking loss included.")
    blocking: BlockingLoss | None = Field(description="What blocking loses; null if nothing is known of the keys.")
    cannot_say: tuple[str, ...] = Field(description="What these data cannot show, and why.")


class GroupQualityEstimate(BaseModel):
    """Quality in one subgroup of the records."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grouping: str = Field(description="What was grouped by.")
    level: str = Field(description="Which subgroup.")
    quality: Quality = Field(description="Its quality.")


class QualityEstimate(BaseModel):
    """Quality of a linkage, estimated without labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float = Field(description="Probability from which pairs are links.")
    n_decoy_sets: int = Field(description="Decoy sets that were linked beside the records.")
    overall: Quality = Field(description="Of all records.")
    groups: tuple[GroupQualityEstimate, ...] = Field((), description="By subgroup.")
    assumptions: tuple[str, ...] = Field(description="What each view takes for granted.")


def estimate_without_labels(
    found: FoundPairs, *, groupings: Sequence[Grouping] = (), decoys: DecoyLinks | None = None
) -> QualityEstimate:
    """
    Estimate the quality of a linkage.

    Args:
        found: What it reports.
        groupings: Divisions of the records. The level of the left record counts; the right one's if only that is known.
        decoys: Links to decoys, where a linkage with decoys was run.

    Raises:
        BadGrouping: If a grouping is of other records.
    """
    for grouping in groupings:
        grouping.check(n_left=found.n_left, n_right=found.n_right)
    of = standing(found)
    (everything,) = parts(of, None, 0)
    whole = _quality(everything, decoys=decoys, n_decoy_links=0 if decoys is None else len(decoys.left))
    views = {seen.view for seen in (*whole.precision.views, *whole.recall_of_proposed.views)}
    return QualityEstimate(
        threshold=found.threshold,
        n_decoy_sets=0 if decoys is None else decoys.n_sets,
        overall=whole,
        groups=tuple(one for grouping in groupings for one in _groups(of, grouping, decoys=decoys)),
        assumptions=tuple(f"{view}: {said}" for view, said in ASSUMPTIONS.items() if view in views),
    )


def _groups(of: Standing, grouping: Grouping, *, decoys: DecoyLinks | None) -> Iterator[GroupQualityEstimate]:
    codes, rows = grouping.left, None if decoys is None else decoys.left
    if codes is None:
        of, codes = standing(of.found.flipped()), grouping.right
        rows = None if decoys is None else decoys.right
    n_levels = len(grouping.levels)
    counts = np.zeros(n_levels, dtype=np.int64)
    if codes is not None and rows is not None:
        counts = np.bincount(codes[rows][codes[rows] >= 0], minlength=n_levels)
    for level, part, n in zip(grouping.levels, parts(of, codes, n_levels), counts.tolist(), strict=True):
        one = _quality(part, decoys=None if rows is None else decoys, n_decoy_links=n)
        yield GroupQualityEstimate(grouping=grouping.name, level=level, quality=one)


def _quality(part: Part, *, decoys: DecoyLinks | None, n_decoy_links: int) -> Quality:
    found = part.standing.found
    views = [by_model(part)]
    if found.partners is Partners.ONE:
        views += [view for view in (by_neighbours(part),) if view]
    if decoys is not None:
        views += [view for view in (by_decoys(part, n_decoy_links=n_decoy_links, n_sets=decoys.n_sets),) if view]
    n_links = int(part.linked.sum())
    blocking = None
    if found.agrees is not None:
        blocking = blocking_loss(found.agrees[part.rows], part.assigned, rules=found.rules, names=found.key_names)
    precision = _spanned([(view.name, view.precision) for view in views] if n_links else [], precision=True)
    proposed = _spanned(_recalls(views, blocking) if n_links else [], precision=False)
    return Quality(
        n_records=len(part.records),
        n_links=n_links,
        precision=precision,
        recall_of_proposed=proposed,
        recall=_after_blocking(proposed, blocking),
        blocking=blocking,
        cannot_say=tuple(_doubts(part, views, blocking)),
    )


def _recalls(views: list[View], blocking: BlockingLoss | None) -> list[tuple[str, Range]]:
    """A view that cannot see missed matches borrows them from the others; histories know of hidden ones."""
    seeing = [view.missed for view in views if view.missed is not None]
    out = []
    for view in views:
        missed = view.missed or Range(seeing[0].best, min(one.low for one in seeing), max(one.high for one in seeing))
        out.append((view.name, view.recall(missed)))
    if blocking is not None and blocking.n_hidden.number is not None and blocking.n_hidden.high is not None:
        beside = max(blocking.n_found - views[0].right.best, 0.0)
        hidden = Range(blocking.n_hidden.number, blocking.n_hidden.low, blocking.n_hidden.high)
        out.append(("histories", views[0].recall(hidden.plus(Range(beside, beside, beside)))))
    return out


def _spanned(views: list[tuple[str, Range]], *, precision: bool) -> Estimated:
    if not views:
        return Estimated(share=Share.of(None, 0.0, 1.0), views=(), includes_model_error=False)
    model = views[0][1]
    checked = {"neighbours", "decoys"} if precision else {"histories"}
    contradicted = any(not one.low <= model.best <= one.high for _, one in views[1:])
    best = min(one.best for _, one in views) if contradicted else model.best
    return Estimated(
        share=Share.of(best, min(one.low for _, one in views), max(one.high for _, one in views)),
        views=tuple(Seen(view=name, share=Share.of(one.best, one.low, one.high)) for name, one in views),
        includes_model_error=any(name in checked for name, _ in views),
    )


def _after_blocking(proposed: Estimated, blocking: BlockingLoss | None) -> Estimated:
    """Recall of all matches: of those proposed, times the share that is proposed."""
    lost = Share.of(None, 0.0, 1.0) if blocking is None else blocking.loss

    def less(share: Share) -> Share:
        known = share.share is not None and lost.share is not None
        best = (share.share or 0.0) * (1 - (lost.share or 0.0)) if known else None
        return Share.of(best, share.low * (1 - lost.high), share.high * (1 - lost.low))

    views = tuple(Seen(view=seen.view, share=less(seen.share)) for seen in proposed.views)
    return Estimated(share=less(proposed.share), views=views, includes_model_error=proposed.includes_model_error)


def _doubts(part: Part, views: list[View], blocking: BlockingLoss | None) -> Iterator[str]:
    has_links = bool(part.linked.any())
    if not has_links:
        yield _NO_LINKS
    elif len(views) == 1:
        yield _ONE_VIEW
    if has_links and part.standing.above[part.rows].all():
        yield _NONE_BELOW
    if blocking is None:
        yield _NO_KEYS
        return
    if blocking.n_hidden.number is None and has_links:
        yield _HIDDEN
    yield from blocking.cannot_say
