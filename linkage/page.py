"""The report of a linkage of tables: one HTML page that needs nothing else. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from linkage.charts.dependence import dependence_chart
from linkage.charts.model import em_history_chart, m_u_parameters_chart, match_weights_chart
from linkage.charts.weights import match_weights_histogram
from linkage.evaluation.quality import Estimated, QualityEstimate
from linkage.linker.linkage import Linkage
from linkage.linker.settings import LinkSettings
from linkage.model.weights import prior_bits

if TYPE_CHECKING:
    from linkage.outcome import LinkSummary

__all__ = ["page"]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1d2733}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;font-size:.92rem}
td,th{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #dde3ea;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}
.warn{background:#fdf1e4;border-left:4px solid #d8862b;padding:.5rem .8rem}code{font-size:.9em}
"""


def page(linkage: Linkage, summary: LinkSummary, *, settings: LinkSettings) -> str:
    """
    The page. It holds names of columns and numbers, and no value of any record.

    Args:
        linkage: What came out.
        summary: The same in numbers.
        settings: What was asked for.
    """
    parts = [
        "<h1>Linkage report</h1>",
        _table(_overview(summary)),
        *(f'<p class="warn">{escape(text)}</p>' for text in summary.warnings),
        *_quality(summary.quality),
        "<h2>Which pairs were compared</h2>",
        "<p>A pair is compared if any rule proposes it, and once only.</p>",
        _table([(rule, f"{n:,} pairs") for rule, n in summary.rules]),
        "<h2>Match weights</h2>",
        f"<p>{_HISTOGRAM}</p>",
        _histogram(linkage, settings),
        "<h2>What agreement is worth</h2>",
        match_weights_chart(linkage.model).svg(),
        "<h2>How often each level is reached</h2>",
        m_u_parameters_chart(linkage.model).svg(),
        *_training(linkage),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Linkage report</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


_HISTOGRAM = (
    "Pairs that could be a match, by the sum of their weights. What lies left of the first line was compared, and is "
    "not shown."
)


def _overview(summary: LinkSummary) -> list[tuple[str, str]]:
    rows = [(f"table {part.file}", f"{part.n_rows:,} rows, {part.n_rejected:,} rejected") for part in summary.inputs]
    rows += [
        ("link type", f"{summary.link_type}, {summary.cardinality}".replace("_", " ")),
        ("compared", f"{summary.n_compared_pairs:,} of {summary.n_possible_pairs:,} possible pairs"),
        ("links", f"{summary.n_links:,} at probability {summary.threshold:g} or more"),
        ("doubtful among them", f"{summary.n_doubtful_links:,} below 0.9, {summary.n_near_ties:,} near a tie"),
        ("to look at", f"{summary.n_possible_links:,} pairs below it (possible_links.csv)"),
        ("lost", f"{summary.n_lost:,} pairs whose record fitted another better"),
    ]
    if summary.n_groups is not None:
        rows.append(("groups of duplicates", f"{summary.n_groups:,}"))
    if summary.truth is not None:
        truth = summary.truth
        told = f"{truth.n_right:,} right, {truth.n_wrong:,} wrong, {truth.n_missed:,} missed"
        rows.append(("against the truth", told))
    rows += [("model", summary.model_sha256[:16]), ("settings", summary.settings_sha256[:16])]
    return rows


def _quality(quality: QualityEstimate | None) -> list[str]:
    """What is known of precision and recall without labels, and what is not."""
    if quality is None:
        return ["<h2>Quality</h2>", "<p>Too few links to say how good they are.</p>"]
    overall = quality.overall
    rows = [
        ("precision", _told(overall.precision)),
        ("recall of the compared matches", _told(overall.recall_of_proposed)),
        ("recall", _told(overall.recall)),
    ]
    notes = "".join(f"<p>{escape(text)}</p>" for text in overall.cannot_say)
    taken = "".join(f"<li>{escape(text)}</li>" for text in quality.assumptions)
    return ["<h2>Quality, estimated without labels</h2>", _table(rows), notes, f"<ul>{taken}</ul>"]


def _told(estimate: Estimated) -> str:
    share = estimate.share
    best = "not known" if share.share is None else f"{100 * share.share:.2f} %"
    return f"{best} ({100 * share.low:.2f} to {100 * share.high:.2f} %)"


def _training(linkage: Linkage) -> list[str]:
    if linkage.trained is None:
        return []
    fit = linkage.trained.fit
    names = [part.name for part in linkage.model.comparisons]
    ended = "ended by itself" if fit.converged else "was stopped before it had converged"
    return [
        "<h2>Training</h2>",
        f"<p>EM {ended} after {len(fit.history)} iterations.</p>",
        em_history_chart(fit.history, converged=fit.converged).svg(),
        "<h2>Comparisons that tell each other</h2>",
        "<p>Where agreement on two comparisons would be counted twice, the model weighs them together.</p>",
        dependence_chart(linkage.trained.found.dependence, comparisons=names).svg(),
    ]


def _table(rows: Iterable[tuple[str, str]]) -> str:
    body = "".join(f'<tr><td>{escape(name)}</td><td class="n">{escape(text)}</td></tr>' for name, text in rows)
    return f"<table>{body}</table>"


def _histogram(linkage: Linkage, settings: LinkSettings) -> str:
    bits, counts = np.unique(np.round(linkage.decisions.predictions.pairs.weight, 3), return_counts=True)
    lines = {"possible": prior_bits(settings.possible), "link": prior_bits(settings.threshold)}
    return match_weights_histogram(bits, counts.astype(np.int64), thresholds=lines).svg()
