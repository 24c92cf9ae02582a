"""The summary's parts from the tables of a run: counts, histograms, quantiles. Opens nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from doselink.report.summary import (
    ComparisonTable,
    DoseBin,
    DoseLinkCount,
    LevelRow,
    NamedCount,
    OrganDistribution,
    Truth,
    WeightBin,
)
from linkage.model import Model, level_bits

__all__ = ["comparison_tables", "dose_links", "flag_counts", "organ_distributions", "truth_of", "weight_bins"]

_BIN_BITS = 2.0
_DECADES_MGY = tuple(10.0**power for power in np.arange(-3.0, 3.01, 0.5))


def weight_bins(pairs: pa.Table) -> tuple[WeightBin, ...]:
    """
    Histogram of pair weights in steps of two bits.

    Args:
        pairs: match_weight (bits) and judgement; one row a pair.
    """
    if pairs.num_rows == 0:
        return ()
    weights = pairs.column("match_weight").to_numpy()
    judgements = pairs.column("judgement").to_pylist()
    low = np.floor(weights / _BIN_BITS).astype(int)
    counts = Counter(zip(low.tolist(), judgements, strict=True))
    return tuple(
        WeightBin(
            low_bits=number * _BIN_BITS,
            high_bits=(number + 1) * _BIN_BITS,
            n_link=counts[number, "link"],
            n_possible=counts[number, "possible_link"],
            n_no_link=counts[number, "non_link"],
        )
        for number in range(int(low.min()), int(low.max()) + 1)
    )


def comparison_tables(model: Model) -> tuple[ComparisonTable, ...]:
    """m, u and weight of every level, strongest level first."""
    tables = []
    for comparison, bits in zip(model.comparisons, level_bits(model), strict=True):
        rows = zip(comparison.level_names, comparison.m, comparison.u, bits, strict=True)
        levels = [LevelRow(name=name, m=m, u=u, bits=float(weight)) for name, m, u, weight in rows]
        tables.append(ComparisonTable(name=comparison.name, levels=tuple(reversed(levels))))
    return tuple(tables)


def dose_links(event_keys: Sequence[str], pairs: pa.Table) -> tuple[DoseLinkCount, ...]:
    """
    Dose events by the rule that found their examination or stay.

    Args:
        event_keys: All dose events.
        pairs: left_key (dose event), match_key, judgement.
    """
    linked = pairs.filter(pc.equal(pairs.column("judgement"), "link"))
    ways = dict(zip(linked.column("left_key").to_pylist(), linked.column("match_key").to_pylist(), strict=True))
    counts = Counter(ways.get(key, "none") for key in event_keys)
    return tuple(DoseLinkCount(way=way, n_events=n) for way, n in sorted(counts.items()))


def flag_counts(flags: Iterable[Sequence[str] | None]) -> tuple[NamedCount, ...]:
    """How many dose events carry each flag, most frequent first."""
    counts = Counter(flag for found in flags for flag in (found or ()))
    return tuple(NamedCount(name=name, n=n) for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def organ_distributions(estimates: pa.Table) -> tuple[OrganDistribution, ...]:
    """
    Distribution of mean organ doses over dose events.

    Args:
        estimates: organs, mean_mgy, sd_mgy (lists aligned with organs); one row an event with a dose.
    """
    if estimates.num_rows == 0:
        return ()
    organs = estimates.column("organs")[0].as_py()
    shape = (estimates.num_rows, len(organs))
    means = _matrix(estimates.column("mean_mgy"), shape)
    spreads = _matrix(estimates.column("sd_mgy"), shape)
    return tuple(_organ(organ, means[:, i], spreads[:, i]) for i, organ in enumerate(organs))


def _organ(organ: str, means: npt.NDArray[np.float64], spreads: npt.NDArray[np.float64]) -> OrganDistribution:
    p05, p25, median, p75, p95 = (float(x) for x in np.quantile(means, [0.05, 0.25, 0.5, 0.75, 0.95]))
    known = means > 0
    # For a log-normal dose, ln(GSD)^2 = ln(1 + CV^2).
    ratio = np.divide(spreads, means, out=np.zeros_like(means), where=known)
    gsd = np.exp(np.sqrt(np.log1p(ratio**2)))
    edges = (0.0, *_DECADES_MGY, float("inf"))
    counts, _ = np.histogram(means, bins=np.array(edges))
    top = max(float(means.max()), _DECADES_MGY[-1])
    bins = [
        DoseBin(low_mgy=low, high_mgy=min(high, top), n=int(n))
        for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    return OrganDistribution(
        organ=organ,
        n=len(means),
        p05_mgy=p05,
        p25_mgy=p25,
        median_mgy=median,
        p75_mgy=p75,
        p95_mgy=p95,
        max_mgy=float(means.max()),
        gsd_median=float(np.median(gsd[known])) if known.any() else None,
        bins=tuple(_without_empty_ends(bins)),
    )


def truth_of(links: pa.Table, truth: set[tuple[str, str]]) -> Truth:
    """
    Links counted against made data's truth.

    Args:
        links: left_key, right_key, judgement.
        truth: True pairs of keys.
    """
    made = links.filter(pc.equal(links.column("judgement"), "link"))
    found = set(zip(made.column("left_key").to_pylist(), made.column("right_key").to_pylist(), strict=True))
    return Truth(n_true=len(truth), n_right=len(found & truth), n_wrong=len(found - truth))


def _matrix(column: pa.ChunkedArray, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    flat: npt.NDArray[np.float64] = pc.list_flatten(column).to_numpy().astype(np.float64)
    return flat.reshape(shape)


def _without_empty_ends(bins: list[DoseBin]) -> list[DoseBin]:
    used = [number for number, found in enumerate(bins) if found.n]
    return bins[used[0] : used[-1] + 1] if used else []
