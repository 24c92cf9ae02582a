"""The report's pictures, each from the numbers of a summary. Opens nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from doselink.report.summary import ComparisonTable, Linkage, OrganDistribution, WeightBin
from doselink.report.svg import Scale, figure, line, log_ticks, rect, ticks, words

__all__ = ["m_u_chart", "organ_dose_chart", "weight_histogram"]

_WIDTH = 760.0


def weight_histogram(linkage: Linkage) -> Markup:
    """
    How many compared pairs have which weight, and what was decided about them.

    The counts span many powers of ten, so the axis is logarithmic and the bars overlap: stacked bars on a
    logarithmic axis would lie.
    """
    bins = linkage.weights
    height, top, bottom = 300.0, 34.0, 252.0
    across = Scale(bins[0].low_bits, bins[-1].high_bits, 56.0, _WIDTH - 12.0)
    most = max(max(found.n_link, found.n_possible, found.n_no_link) for found in bins)
    up = Scale(0.5, 10.0 ** math.ceil(math.log10(max(most, 2) + 0.5)), bottom, top, log=True)
    shapes = [
        *_count_axis(up, left=56.0, right=_WIDTH - 12.0),
        *_bit_axis(across, bottom),
        *(shape for found in bins for shape in _weight_bars(found, across, up)),
        *_threshold(linkage.threshold_bits, across, top, bottom),
        *_legend((("nolink", "not linked"), ("possible", "undecided"), ("linked", "linked")), x=56.0, y=12.0),
        words(_WIDTH / 2, height - 8.0, "weight of the pair (bits)", anchor="middle"),
    ]
    return figure(
        shapes,
        width=_WIDTH,
        height=height,
        name="weights",
        title="Weights of the compared pairs",
        description=_weights_said(linkage),
    )


def m_u_chart(comparisons: Sequence[ComparisonTable]) -> Markup:
    """What the model learned: how often each level is seen among matches and among others, and what it is worth."""
    rows = sum(len(comparison.levels) for comparison in comparisons)
    height = 34.0 + 19.0 * rows + 12.0 * len(comparisons)
    most_bits = max((abs(level.bits) for one in comparisons for level in one.levels), default=1.0)
    worth = Scale(-most_bits, most_bits, 562.0, _WIDTH - 44.0)
    shapes = [
        words(250.0, 14.0, "among matches (m)", kind="head"),
        words(400.0, 14.0, "among others (u)", kind="head"),
        words(worth(0.0), 14.0, "evidence (bits)", anchor="middle", kind="head"),
    ]
    y = 30.0
    for comparison in comparisons:
        shapes.append(words(0.0, y + 12.0, comparison.name.replace("_", " "), kind="head"))
        for level in comparison.levels:
            shapes += _level_row(level.name, level.m, level.u, level.bits, y=y, worth=worth)
            y += 19.0
        shapes.append(line(0.0, y + 4.0, _WIDTH, y + 4.0, kind="grid"))
        y += 12.0
    return figure(
        shapes,
        width=_WIDTH,
        height=height,
        name="levels",
        title="What each level of each comparison is worth",
        description="The same numbers stand in the table below the picture.",
    )


def organ_dose_chart(organs: Sequence[OrganDistribution]) -> Markup:
    """One row an organ: the histogram, and under it the middle half, the middle 90 % and the median."""
    known = [organ for organ in organs if organ.bins]
    lows = [found.low_mgy for organ in known for found in organ.bins if found.low_mgy > 0]
    highs = [found.high_mgy for organ in known for found in organ.bins if found.high_mgy > 0]
    if not lows:
        return Markup()
    across = Scale(min(lows), max(highs), 150.0, _WIDTH - 70.0, log=True)
    row, foot = 74.0, 40.0
    shapes = list(_dose_axis(across, bottom=row * len(known)))
    for place, organ in enumerate(known):
        shapes += _organ_row(organ, across, y=row * place, height=row)
    shapes.append(words((150.0 + _WIDTH - 70.0) / 2, row * len(known) + 34.0, "organ dose (mGy)", anchor="middle"))
    medians = ", ".join(
        f"{organ.organ.replace('_', ' ')} {organ.median_mgy:.3g}" for organ in known if organ.median_mgy is not None
    )
    return figure(
        shapes,
        width=_WIDTH,
        height=row * len(known) + foot,
        name="organs",
        title="Organ doses of the dose events",
        description=f"Medians in mGy: {medians}. All quantiles stand in the table below the picture.",
    )


def _count_axis(up: Scale, *, left: float, right: float) -> Iterator[Markup]:
    for tick in log_ticks(1.0, up.high):
        yield line(left, up(tick), right, up(tick), kind="grid")
        yield words(left - 6.0, up(tick) + 4.0, f"{tick:,.0f}", anchor="end")
    yield words(left - 6.0, up.stop - 16.0, "pairs", anchor="end")


def _bit_axis(across: Scale, bottom: float) -> Iterator[Markup]:
    yield line(across.start, bottom, across.stop, bottom)
    for tick in ticks(across.low, across.high):
        yield line(across(tick), bottom, across(tick), bottom + 4.0)
        yield words(across(tick), bottom + 17.0, f"{tick:g}", anchor="middle")


def _weight_bars(found: WeightBin, across: Scale, up: Scale) -> Iterator[Markup]:
    left, right = across(found.low_bits), across(found.high_bits)
    said = (
        f"{found.low_bits:g} to {found.high_bits:g} bits: {found.n_link:,} linked, {found.n_possible:,} undecided, "
        f"{found.n_no_link:,} not linked"
    )
    layers = (("nolink", found.n_no_link, 0.0), ("possible", found.n_possible, 0.18), ("linked", found.n_link, 0.3))
    for kind, n, inset in layers:
        if n:
            pad = (right - left) * inset / 2 + 0.4
            yield rect(left + pad, up(n), right - left - 2 * pad, up.start - up(n), kind=kind, said=said)


def _threshold(bits: float | None, across: Scale, top: float, bottom: float) -> Iterator[Markup]:
    if bits is None:
        return
    x = across(bits)
    late = x > _WIDTH * 0.75
    yield line(x, top - 6.0, x, bottom, kind="mark")
    yield words(x + (-6.0 if late else 6.0), top + 2.0, f"linked from {bits:.1f}", anchor="end" if late else "start")


def _legend(entries: Sequence[tuple[str, str]], *, x: float, y: float) -> Iterator[Markup]:
    for kind, said in entries:
        yield rect(x, y - 9.0, 11.0, 11.0, kind=kind)
        yield words(x + 16.0, y + 1.0, said)
        x += 36.0 + 6.4 * len(said)


def _weights_said(linkage: Linkage) -> str:
    lowest_link = next((found.low_bits for found in linkage.weights if found.n_link), None)
    said = f"{linkage.n_candidate_pairs:,} pairs were compared and {linkage.n_links:,} linked."
    if lowest_link is not None:
        said += f" The weakest link lies in the bin from {lowest_link:g} bits."
    if linkage.threshold_bits is not None:
        said += f" The threshold is {linkage.threshold_bits:.1f} bits."
    return said


def _level_row(name: str, m: float, u: float, bits: float, *, y: float, worth: Scale) -> Iterator[Markup]:
    yield words(240.0, y + 12.0, name.replace("_", " "), anchor="end")
    for x, share, kind in ((250.0, m, "linked"), (400.0, u, "nolink")):
        yield rect(x, y + 2.0, 90.0, 12.0, kind="track")
        yield rect(x, y + 2.0, 90.0 * share, 12.0, kind=kind)
        yield words(x + 95.0, y + 12.0, _share(share))
    zero, tip = worth(0.0), worth(bits)
    yield rect(min(zero, tip), y + 2.0, abs(tip - zero), 12.0, kind="for" if bits >= 0 else "against")
    yield line(zero, y, zero, y + 16.0)
    yield words(_WIDTH, y + 12.0, f"{bits:+.1f}", anchor="end")


def _share(share: float) -> str:
    """
    >>> _share(0.5), _share(0.98766), _share(0.00042), _share(1e-9), _share(0.0)
    ('50 %', '98.8 %', '0.042 %', '< 0.001 %', '0 %')
    """
    percent = 100.0 * share
    if percent >= 99.95 or percent == 0:
        return f"{percent:.0f} %"
    if percent < 0.001:
        return "< 0.001 %"
    return f"{percent:.3g} %" if percent >= 10 else f"{percent:.2g} %"


def _dose_axis(across: Scale, *, bottom: float) -> Iterator[Markup]:
    for tick in log_ticks(across.low, across.high):
        yield line(across(tick), 4.0, across(tick), bottom, kind="grid")
        yield words(across(tick), bottom + 16.0, f"{tick:g}", anchor="middle")
    yield line(across.start, bottom, across.stop, bottom)


def _organ_row(organ: OrganDistribution, across: Scale, *, y: float, height: float) -> Iterator[Markup]:
    most = max(found.n for found in organ.bins)
    base = y + height - 24.0
    up = Scale(0.0, most, base, y + 8.0)
    for found in organ.bins:
        if found.n and found.low_mgy > 0:
            left, right = across(found.low_mgy), across(found.high_mgy)
            said = f"{found.low_mgy:.3g} to {found.high_mgy:.3g} mGy: {found.n:,}"
            yield rect(left + 0.4, up(found.n), right - left - 0.8, base - up(found.n), kind="dose", said=said)
    yield words(140.0, base - 14.0, organ.organ.replace("_", " "), anchor="end", kind="head")
    yield words(140.0, base, f"{organ.n:,} doses", anchor="end")
    yield from _box(organ, across, y=base + 9.0)


def _box(organ: OrganDistribution, across: Scale, *, y: float) -> Iterator[Markup]:
    quantiles = (organ.p05_mgy, organ.p25_mgy, organ.median_mgy, organ.p75_mgy, organ.p95_mgy)
    if any(found is None for found in quantiles):
        return
    p05, p25, median, p75, p95 = (across(found) for found in quantiles if found is not None)
    yield line(p05, y, p95, y, kind="whisker")
    yield rect(p25, y - 4.0, p75 - p25, 8.0, kind="box")
    yield line(median, y - 6.0, median, y + 6.0, kind="mark")
    yield words(_WIDTH, y + 4.0, f"{organ.median_mgy:.3g}", anchor="end", kind="head")
