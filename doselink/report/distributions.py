"""From arrays to the bins and quantiles of a summary. Opens nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from doselink.report.summary import DoseBin, OrganDistribution, WeightBin

__all__ = ["organ_distribution", "weight_bins"]

_BINS_PER_DECADE = 8
_WEIGHT_STEPS_BITS = (0.5, 1.0, 2.0, 5.0, 10.0)
_MOST_WEIGHT_BINS = 60


def weight_bins(
    bits: npt.NDArray[np.float64], *, is_link: npt.NDArray[np.bool_], is_possible: npt.NDArray[np.bool_] | None = None
) -> tuple[WeightBin, ...]:
    """
    Histogram of pair weights by what was decided.

    Args:
        bits: Weights of the compared pairs (bits), `(n_pairs,)`.
        is_link: Which pairs were linked, `(n_pairs,)`.
        is_possible: Which were left undecided, `(n_pairs,)`; none unless told.

    Returns:
        Bins of one width, ascending, on round numbers; every pair is in exactly one. Empty without pairs.

    >>> [(b.low_bits, b.n_link, b.n_no_link) for b in weight_bins(
    ...     np.array([-3.0, -2.9, 8.0]), is_link=np.array([False, False, True]))][0]
    (-3.0, 0, 2)
    """
    if bits.size == 0:
        return ()
    step = _weight_step(float(bits.max() - bits.min()))
    edges = np.arange(np.floor(bits.min() / step), np.floor(bits.max() / step) + 2) * step
    possible = np.zeros(bits.shape, dtype=bool) if is_possible is None else is_possible & ~is_link
    counts = [np.histogram(bits[chosen], edges)[0] for chosen in (is_link, possible, ~is_link & ~possible)]
    return tuple(
        WeightBin(low_bits=float(low), high_bits=float(high), n_link=int(a), n_possible=int(b), n_no_link=int(c))
        for low, high, a, b, c in zip(edges[:-1], edges[1:], *counts, strict=True)
    )


def organ_distribution(
    organ: str, doses_mgy: npt.NDArray[np.float64], *, gsd: npt.NDArray[np.float64] | None = None
) -> OrganDistribution:
    """
    Quantiles and a logarithmic histogram of one organ's doses.

    Args:
        organ: Name of the organ.
        doses_mgy: Organ doses (mGy), `(n,)`; missing doses (NaN) are left out, never counted as zero.
        gsd: Geometric standard deviation of each dose (1), `(n,)`.
    """
    known = doses_mgy[np.isfinite(doses_mgy)]
    if known.size == 0:
        return OrganDistribution(organ=organ, n=0)
    p05, p25, median, p75, p95 = (float(found) for found in np.quantile(known, [0.05, 0.25, 0.5, 0.75, 0.95]))
    spread = None if gsd is None else gsd[np.isfinite(doses_mgy) & np.isfinite(gsd)]
    return OrganDistribution(
        organ=organ,
        n=int(known.size),
        p05_mgy=p05,
        p25_mgy=p25,
        median_mgy=median,
        p75_mgy=p75,
        p95_mgy=p95,
        max_mgy=float(known.max()),
        gsd_median=float(np.median(spread)) if spread is not None and spread.size else None,
        bins=_dose_bins(known),
    )


def _weight_step(span_bits: float) -> float:
    for step in _WEIGHT_STEPS_BITS:
        if span_bits / step <= _MOST_WEIGHT_BINS:
            return step
    return float(np.ceil(span_bits / _MOST_WEIGHT_BINS))


def _dose_bins(known: npt.NDArray[np.float64]) -> tuple[DoseBin, ...]:
    positive = known[known > 0]
    if positive.size == 0:
        return (DoseBin(low_mgy=0.0, high_mgy=0.0, n=int(known.size)),)
    first = int(np.floor(np.log10(positive.min()) * _BINS_PER_DECADE))
    last = int(np.floor(np.log10(positive.max()) * _BINS_PER_DECADE)) + 1
    edges = 10.0 ** (np.arange(first, last + 1) / _BINS_PER_DECADE)
    places = np.clip(np.searchsorted(edges, positive, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(places, minlength=len(edges) - 1)
    zeros = () if positive.size == known.size else (DoseBin(low_mgy=0.0, high_mgy=0.0, n=known.size - positive.size),)
    return zeros + tuple(
        DoseBin(low_mgy=float(low), high_mgy=float(high), n=int(n))
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    )
