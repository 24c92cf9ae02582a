"""
Precision and recall from a labelled sample: reviewers looked at some pairs of each stratum. Opens nothing.

Every stratum (a band of weights, a hospital) is divided into links and others. In each such cell the share of matches
has the exact confidence distributions of its labels (Beta(k, n - k + 1) below, Beta(k + 1, n - k) above), the size of
the cell is known, and the ends of precision and recall are drawn from these.
A cell of millions of pairs in which a hundred were looked at and none was a match may still hold thousands: the
interval of recall then says so, where a weighted mean would state a hundred per cent.

Source: Clopper and Pearson (1934), https://doi.org/10.1093/biomet/26.4.404; stratified samples of pairs: Marchant and
Rubinstein (2017), https://doi.org/10.14778/3137765.3137770.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from graph_schema.chance import stream
from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.evaluation.intervals import Share
from linkage.evaluation.pairs import BadLabels

__all__ = ["ClericalSample", "SampleCell", "SampledQuality", "quality_from_sample"]

_DRAWS = 4000
_FEW = 20


@dataclass(frozen=True, slots=True)
class ClericalSample:
    """
    Labelled pairs and what they are a sample of.

    Attributes:
        is_match: `(n_labels,)` the reviewers' answer.
        linked: `(n_labels,)` whether the pair is a link.
        stratum: `(n_labels,)` code of the stratum it was drawn from, 0 or more.
        n_others: `(n_strata,)` pairs of each stratum that are no links.
        n_links: `(n_strata,)` pairs of each stratum that are links.
    """

    is_match: BoolArray
    linked: BoolArray
    stratum: IntArray
    n_others: FloatArray
    n_links: FloatArray

    @classmethod
    def weighted(cls, is_match: BoolArray, linked: BoolArray, sample_weight: FloatArray) -> ClericalSample:
        """
        From sampling weights, how many pairs each labelled pair stands for: equal weights are one stratum.

        Raises:
            BadLabels: If a weight is below one or not a number.
        """
        if not (np.isfinite(sample_weight) & (sample_weight >= 1)).all():
            raise BadLabels("sample_weight: expected the number of pairs each label stands for, one or more")
        _, stratum = np.unique(sample_weight, return_inverse=True)
        n = int(stratum.max(initial=-1)) + 1
        sizes = [np.bincount(stratum, weights=sample_weight * part, minlength=n) for part in (~linked, linked)]
        return cls(is_match, linked, stratum.astype(np.int64), *(size.astype(np.float64) for size in sizes))

    def take(self, kept: BoolArray, *, n_others: FloatArray, n_links: FloatArray) -> ClericalSample:
        """A subgroup's labels, with the sizes of its part of every stratum."""
        return replace(
            self,
            is_match=self.is_match[kept],
            linked=self.linked[kept],
            stratum=self.stratum[kept],
            n_others=n_others,
            n_links=n_links,
        )


class SampleCell(BaseModel):
    """Links, or others, of one stratum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stratum: int = Field(description="Code of the stratum.")
    links: bool = Field(description="Whether this cell holds its links.")
    n_pairs: float = Field(description="Pairs it holds.")
    n_labels: int = Field(description="Pairs of it that were labelled.")
    n_matches: int = Field(description="Of these, matches.")


class SampledQuality(BaseModel):
    """Quality of a linkage as a labelled sample shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_labels: int = Field(description="Labelled pairs.")
    precision: Share = Field(description="Share of the links that are matches.")
    recall_of_sampled: Share = Field(description="Share of the matches in the strata that are links.")
    recall: Share = Field(
        description="The same over all matches: what blocking loses was given, or the strata hold it."
    )
    cells: tuple[SampleCell, ...] = Field(description="What was labelled, cell by cell.")
    cannot_say: tuple[str, ...] = Field(description="Where the sample says too little.")


def quality_from_sample(
    sample: ClericalSample, *, blocking_loss: Share | None, seed: int, strata: Sequence[str] | None = None
) -> SampledQuality:
    """
    Estimate precision and recall.

    Args:
        sample: Labels and what they stand for.
        blocking_loss: Share of matches that no rule proposes, where the strata hold proposed pairs only; None where
            pairs that were not proposed were sampled as well.
        seed: The run's seed.
        strata: Names of the strata for the sentences.

    Raises:
        BadLabels: If the arrays do not fit together, or a cell has more labels than pairs.
    """
    cells = _cells(sample)
    draw = stream("clerical-sample", seed=seed)
    fewest, most, best = ({True: np.zeros(_DRAWS), False: np.zeros(_DRAWS)} for _ in range(3))
    for cell in cells:
        low, high = _matches(cell, draw)
        fewest[cell.links], most[cell.links] = fewest[cell.links] + low, most[cell.links] + high
        best[cell.links] = best[cell.links] + cell.n_pairs * cell.n_matches / max(cell.n_labels, 1)
    n_links = sum(cell.n_pairs for cell in cells if cell.links)
    n_looked_at = sum(cell.n_pairs for cell in cells if cell.links and cell.n_labels)
    precision = _interval(
        best[True] / max(n_looked_at, 1), fewest[True] / max(n_links, 1), most[True] / max(n_links, 1)
    )
    precision = precision if n_looked_at else Share.of(None, precision.low, precision.high)
    proposed = _interval(*(_part(a, b) for a, b in ((best[True], best[False]), (fewest[True], most[False]),
                                                    (most[True], fewest[False]))))  # fmt: skip
    return SampledQuality(
        n_labels=len(sample.is_match),
        precision=precision,
        recall_of_sampled=proposed,
        recall=proposed if blocking_loss is None else _less(proposed, blocking_loss),
        cells=tuple(cells),
        cannot_say=tuple(_doubts(cells, strata)),
    )


def _cells(sample: ClericalSample) -> list[SampleCell]:
    n = len(sample.n_links)
    lengths = {len(sample.is_match), len(sample.linked), len(sample.stratum)}
    if len(lengths) != 1 or len(sample.n_others) != n or (sample.stratum >= n).any() or (sample.stratum < 0).any():
        raise BadLabels(
            "labelled sample: expected an answer, a decision and a stratum a label, and both sizes a stratum"
        )
    cells = []
    for links, sizes in ((True, sample.n_links), (False, sample.n_others)):
        chosen = sample.linked == links
        labels = np.bincount(sample.stratum[chosen], minlength=n)
        matches = np.bincount(sample.stratum[chosen & sample.is_match], minlength=n)
        for stratum in range(n):
            if labels[stratum] > sizes[stratum] + 0.5:
                raise BadLabels(
                    f"labelled sample, stratum {stratum}: {labels[stratum]} labels of {sizes[stratum]:g} pairs; "
                    "expected each pair once and the sizes of whole strata"
                )
            if sizes[stratum] > 0:
                one = {"stratum": stratum, "links": links, "n_pairs": float(sizes[stratum])}
                cells.append(SampleCell(**one, n_labels=int(labels[stratum]), n_matches=int(matches[stratum])))
    return cells


def _matches(cell: SampleCell, draw: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """`(n_draws,)` matches in the whole cell, at the low and at the high end; those labelled are known."""
    k, n = cell.n_matches, cell.n_labels
    unknown = round(max(cell.n_pairs - n, 0.0))
    low = draw.beta(k, n - k + 1, _DRAWS) if k > 0 else np.zeros(_DRAWS)
    high = draw.beta(k + 1, n - k, _DRAWS) if k < n else np.ones(_DRAWS)
    ends = (k + draw.binomial(unknown, share) for share in (low, high))
    below, above = (np.asarray(end, dtype=np.float64) for end in ends)
    return below, above


def _part(part: FloatArray, rest: FloatArray) -> FloatArray:
    """Share of the whole; NaN where there is none."""
    whole = part + rest
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _interval(best: FloatArray, low: FloatArray, high: FloatArray) -> Share:
    ends = [
        float(np.quantile(np.nan_to_num(low, nan=0.0), 0.025)),
        float(np.quantile(np.nan_to_num(high, nan=1.0), 0.975)),
    ]
    return Share.of(float(best[0]), *ends)


def _less(recall: Share, loss: Share) -> Share:
    known = recall.share is not None and loss.share is not None
    best = (recall.share or 0.0) * (1 - (loss.share or 0.0)) if known else None
    return Share.of(best, recall.low * (1 - loss.high), recall.high * (1 - loss.low))


def _doubts(cells: list[SampleCell], strata: Sequence[str] | None) -> list[str]:
    out = []
    for cell in cells:
        if cell.n_labels < min(_FEW, cell.n_pairs):
            name = strata[cell.stratum] if strata is not None else f"stratum {cell.stratum}"
            what = "links" if cell.links else "pairs that are no links"
            out.append(
                f"{name}: {cell.n_labels} of its {cell.n_pairs:g} {what} were labelled: the interval rests on few"
            )
    return out
