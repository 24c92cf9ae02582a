"""
The agreement patterns of a linkage on one page: how many pairs have each, what it weighs, and example pairs.

Rows are filtered by weight, by number of pairs, by judgement and by the level of any comparison. Opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.charts.assets import asset
from linkage.charts.html import document, embedded_json
from linkage.charts.page import Page
from linkage.charts.words import labels
from linkage.model.model import Model
from linkage.model.weights import PatternWeights, prior_bits

__all__ = ["ExamplePair", "comparison_viewer", "pick_examples"]

_MOST_PATTERNS = 3000


@dataclass(frozen=True, slots=True)
class ExamplePair:
    """
    A pair that shows what a pattern looks like.

    Attributes:
        gammas: Its levels, in the order of the model's comparisons; -1 = null.
        match_weight: Its score with term frequencies and prior (bits).
        left_id: Identifier of the left record.
        right_id: Identifier of the right record.
        judgement: link, possible_link or non_link; "" if nothing was decided.
        values: By comparison, what was compared on the left and on the right.
    """

    gammas: tuple[int, ...]
    match_weight: float
    left_id: str = ""
    right_id: str = ""
    judgement: str = ""
    values: Mapping[str, tuple[str | None, str | None]] | None = None


def comparison_viewer(
    model: Model,
    gammas: Int8Array,
    counts: IntArray,
    *,
    examples: Sequence[ExamplePair] = (),
    thresholds: Mapping[str, float] | None = None,
    remove_sensitive_data: bool = True,
) -> Page:
    """
    The page. Patterns are listed heaviest first; of very many only those with the most pairs are.

    Args:
        model: The model that weighs them.
        gammas: `(n_patterns, n_comparisons)` distinct agreement patterns.
        counts: `(n_patterns,)` pairs with each.
        examples: Pairs to show below their pattern.
        thresholds: Name of each threshold and its match weight (bits).
        remove_sensitive_data: Leave out identifiers and values of the examples, and values quoted by levels.
    """
    weights = PatternWeights(model)
    kept = _most_frequent(counts)
    total: FloatArray = weights.bits(gammas[kept]) + prior_bits(model.prior)
    kept = kept[np.lexsort((np.arange(len(kept)), -total))]
    held = gammas[kept]
    bits = weights.terms(held)
    place = {tuple(pattern): at for at, pattern in enumerate(held.tolist())}
    shown: dict[int, list[dict[str, object]]] = {}
    for example in examples:
        at = place.get(tuple(example.gammas))
        if at is not None:
            shown.setdefault(at, []).append(_example(example, model, remove_sensitive_data=remove_sensitive_data))
    data = {
        "names": labels([part.name for part in model.comparisons], remove_sensitive_data=remove_sensitive_data),
        "levels": [labels(part.level_names, remove_sensitive_data=remove_sensitive_data) for part in model.comparisons],
        "groups": list(weights.names[len(model.comparisons) :]),
        "prior": round(prior_bits(model.prior), 4),
        "thresholds": sorted((thresholds or {}).items(), key=lambda item: (-item[1], item[0])),
        "patterns": [
            {
                "gammas": held[at].tolist(),
                "n": int(counts[kept[at]]),
                "bits": np.round(bits[at], 3).tolist(),
                "weight": round(float(bits[at].sum()) + prior_bits(model.prior), 4),
                "examples": shown.get(at, []),
            }
            for at in range(len(kept))
        ],
        "all": {"patterns": len(counts), "pairs": int(np.sum(counts))},
        "open": not remove_sensitive_data,
    }
    return _page(data)


def pick_examples(gammas: Int8Array, *, per_pattern: int = 3) -> IntArray:
    """
    Places of the first few pairs of every pattern, in the order of the pairs.

    Args:
        gammas: `(n_pairs, n_comparisons)` levels.
        per_pattern: How many of each.
    """
    if not len(gammas):
        return np.zeros(0, dtype=np.int64)
    index = np.unique(gammas, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(index, kind="stable")
    sorted_index = index[order]
    starts = np.r_[0, np.flatnonzero(np.diff(sorted_index)) + 1]
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return np.sort(order[rank < per_pattern]).astype(np.int64)


def _most_frequent(counts: IntArray) -> IntArray:
    order = np.lexsort((np.arange(len(counts)), -counts))
    return np.asarray(order[:_MOST_PATTERNS], dtype=np.int64)


def _example(example: ExamplePair, model: Model, *, remove_sensitive_data: bool) -> dict[str, object]:
    told: dict[str, object] = {"weight": round(example.match_weight, 4), "judgement": example.judgement}
    if remove_sensitive_data:
        return told
    values = example.values or {}
    pairs = [values.get(part.name, (None, None)) for part in model.comparisons]
    return {**told, "left": example.left_id, "right": example.right_id, "values": [list(pair) for pair in pairs]}


def _page(data: dict[str, Any]) -> Page:
    title = "Comparison viewer"
    script = f"const data={embedded_json(data)};\n{asset('comparison_viewer.js')}"
    return Page(document(title, [(asset("comparison_viewer.html"), script)], style=asset("viewer.css")), title=title)
