"""The report of a linkage of two tables: one HTML page that needs nothing else. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from linkage.charts import em_history, level_probabilities, level_weights, svg, weight_histogram
from linkage.linker import Linkage
from linkage.model.weights import pair_bits, prior_bits
from linkage.settings import LinkSettings

__all__ = ["page"]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1d2733}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;font-size:.92rem}
td,th{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #dde3ea;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}
.warn{background:#fdf1e4;border-left:4px solid #d8862b;padding:.5rem .8rem}code{font-size:.9em}
"""

_HISTOGRAM = (
    "All compared pairs by the sum of their weights, without term frequencies. "
    "Two hills far apart separate well; pairs between them are worth looking at."
)


def page(linkage: Linkage, summary: Mapping[str, Any], *, settings: LinkSettings) -> str:
    """
    The page. It holds names of columns and numbers, and no value of any record.

    Args:
        linkage: What came out.
        summary: `LinkSummary` as a mapping.
        settings: What was asked for.
    """
    parts = [
        "<h1>Linkage report</h1>",
        _table(_overview(summary)),
        *(f'<p class="warn">{escape(text)}</p>' for text in summary["warnings"]),
        "<h2>Which pairs were compared</h2>",
        "<p>A pair is compared if any rule proposes it, and once only.</p>",
        _table([(rule, f"{n:,} pairs") for rule, n in summary["rules"]]),
        "<h2>Match weights</h2>",
        f"<p>{_HISTOGRAM}{_sampled(linkage)}</p>",
        svg(_histogram(linkage, settings)),
        "<h2>What agreement is worth</h2>",
        svg(level_weights(linkage.model)),
        "<h2>How often each level is reached</h2>",
        svg(level_probabilities(linkage.model)),
    ]
    if linkage.fit is not None:
        ended = "ended by itself" if linkage.fit.converged else "was stopped before it had converged"
        parts += [
            "<h2>Training</h2>",
            f"<p>EM {ended} after {len(linkage.fit.history)} iterations.</p>",
            svg(em_history(linkage.fit.history)),
        ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Linkage report</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _overview(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        (f"table {part['file']}", f"{part['n_rows']:,} rows, {part['n_rejected']:,} rejected")
        for part in summary["inputs"]
    ]
    rows += [
        ("link type", summary["link_type"].replace("_", " ")),
        ("compared", f"{summary['n_compared_pairs']:,} of {summary['n_possible_pairs']:,} possible pairs"),
        ("links", f"{summary['n_links']:,} at probability {summary['threshold']:g} or more"),
        ("to look at", f"{summary['n_possible_links']:,} pairs below it (possible_links.csv)"),
        ("lost", f"{summary['n_lost']:,} pairs whose record fitted another better"),
        ("expected precision", _share(summary["expected_precision"])),
        ("expected recall", _share(summary["expected_recall"])),
    ]
    if summary["n_groups"] is not None:
        rows.append(("groups of duplicates", f"{summary['n_groups']:,}"))
    if summary["truth"] is not None:
        truth = summary["truth"]
        told = f"{truth['n_right']:,} right, {truth['n_wrong']:,} wrong, {truth['n_missed']:,} missed"
        rows.append(("against the truth", told))
    rows += [("model", summary["model_sha256"][:16]), ("settings", summary["settings_sha256"][:16])]
    return rows


def _sampled(linkage: Linkage) -> str:
    share = linkage.pattern_share
    return "" if share == 1 else f" Shown are the pairs of {100 * share:.2g} % of the left records."


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.2f} %"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    body = "".join(f'<tr><td>{escape(name)}</td><td class="n">{escape(text)}</td></tr>' for name, text in rows)
    return f"<table>{body}</table>"


def _histogram(linkage: Linkage, settings: LinkSettings) -> Any:
    bits = pair_bits(linkage.patterns.gammas, linkage.model) + prior_bits(linkage.model.prior)
    lines = {"possible": prior_bits(settings.possible), "link": prior_bits(settings.threshold)}
    return weight_histogram(bits, linkage.patterns.counts, thresholds=lines)
