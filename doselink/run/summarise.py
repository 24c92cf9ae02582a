"""The summary's parts from the tables of a run: counts, histograms, quantiles. Opens nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from doselink.report import distributions
from doselink.report.summary import (
    ComparisonTable,
    DoseLinkCount,
    LevelRow,
    NamedCount,
    OrganDistribution,
    Truth,
    WeightBin,
)
from linkage.model import Model, level_bits

__all__ = ["comparison_tables", "dose_links", "flag_counts", "organ_distributions", "truth_of", "weight_bins"]


def weight_bins(pairs: pa.Table) -> tuple[WeightBin, ...]:
    """
    Histogram of pair weights by judgement.

    Args:
        pairs: match_weight (bits) and judgement; one row a pair.
    """
    judgements = pairs.column("judgement")
    return distributions.weight_bins(
        pairs.column("match_weight").to_numpy().astype(np.float64),
        is_link=pc.equal(judgements, "link").to_numpy(),
        is_possible=pc.equal(judgements, "possible_link").to_numpy(),
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
    # For a log-normal dose, ln(GSD)^2 = ln(1 + CV^2); a dose of zero has no such spread.
    ratio = np.divide(spreads, means, out=np.full_like(means, np.nan), where=means > 0)
    return distributions.organ_distribution(organ, means, gsd=np.exp(np.sqrt(np.log1p(ratio**2))))


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
