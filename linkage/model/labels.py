"""m and the prior from what somebody knows: labelled pairs, a label column, rules that are surely right. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import FloatArray, Int8Array, IntArray
from linkage.columns import Codes
from linkage.model.model import ComparisonModel, Model, rounded

__all__ = ["ImpossibleRecall", "m_from_labels", "pairs_of_labels", "prior_from_rules", "with_m", "with_prior"]


class ImpossibleRecall(UserError):
    """More pairs follow from the rules than the given recall allows."""

    exit_code = ExitCode.SETTINGS


def m_from_labels(
    gammas: Int8Array, *, level_counts: Sequence[int], weights: FloatArray | None = None, pseudo_count: float = 0.0
) -> list[FloatArray]:
    """
    m by counting the levels of pairs that are known to be matches; nulls are not counted.

    Args:
        gammas: `(n_pairs, n_comparisons)` levels of the matches.
        level_counts: Levels of each comparison.
        weights: `(n_pairs,)` how much each label counts, from 0 to 1: a reviewer's probability, say.
        pseudo_count: Imagined matches a comparison, even over its levels; 0 as in Splink.

    Returns:
        `(n_levels,)` a comparison; an even distribution where no pair has a value on both sides.
    """
    out = []
    for column, n_levels in enumerate(level_counts):
        reached = gammas[:, column].astype(np.int64)
        there = reached >= 0
        heavy = np.ones(len(gammas)) if weights is None else weights
        counts = np.bincount(reached[there], heavy[there], minlength=n_levels).astype(np.float64)
        counts += pseudo_count / n_levels
        total = float(counts.sum())
        out.append(counts / total if total > 0 else np.full(n_levels, 1.0 / n_levels))
    return out


def pairs_of_labels(
    codes: Codes, *, within: bool, apart: IntArray | None = None, most: int = 10_000_000
) -> tuple[IntArray, IntArray]:
    """
    The pairs with equal values in a label column: `estimate_m_from_label_column`.

    Args:
        codes: Values of the label column.
        within: Whether both sides are one table; a pair is then `left < right`.
        apart: `(n_rows,)` rows with equal codes are never a pair.
        most: Pairs at most; a column that makes more is no label of persons.

    Raises:
        ImpossibleRecall: If the column makes more pairs.
    """
    left_codes, right_codes = codes.left.astype(np.int64), codes.right.astype(np.int64)
    order = np.argsort(right_codes, kind="stable")
    order = order[np.searchsorted(right_codes[order], 0) :]
    sizes = np.bincount(right_codes[order], minlength=len(codes.values))
    starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
    rows = np.flatnonzero(left_codes >= 0)
    partners = sizes[left_codes[rows]] if len(rows) else np.zeros(0, np.int64)
    total = int(partners.sum())
    if total > most:
        raise ImpossibleRecall(
            f"the label column makes {total:,} pairs, expected at most {most:,}: it does not tell persons apart"
        )
    left = np.repeat(rows, partners)
    within_block = np.arange(total) - np.repeat(np.cumsum(partners) - partners, partners)
    right = order[np.repeat(starts[left_codes[rows]], partners) + within_block] if total else np.zeros(0, np.int64)
    kept = left < right if within else np.ones(len(left), dtype=bool)
    if apart is not None:
        kept &= apart[left] != apart[right]
    return left[kept].astype(np.int64), right[kept].astype(np.int64)


def prior_from_rules(n_pairs_of_rules: int, *, recall: float, n_possible: float) -> float:
    """
    Probability that two random records match, from rules that find only matches and a known share of them.

    Args:
        n_pairs_of_rules: Distinct pairs the deterministic rules find, each counted once.
        recall: Share of all matches they find, above 0, at most 1.
        n_possible: All pairs that could be formed.

    Raises:
        ImpossibleRecall: If the recall is none, or more matches follow than there are pairs.

    >>> prior_from_rules(80, recall=0.8, n_possible=10_000)
    0.01
    """
    if not 0 < recall <= 1:
        raise ImpossibleRecall(f"recall: expected above 0 and at most 1, got {recall}")
    if n_pairs_of_rules > n_possible * recall:
        raise ImpossibleRecall(
            f"recall: the rules find {n_pairs_of_rules:,} of {n_possible:,.0f} pairs, which needs a recall of at least "
            f"{n_pairs_of_rules / n_possible:.2f}"
        )
    if n_pairs_of_rules == 0:
        raise ImpossibleRecall("the deterministic rules find no pair: revise them, or give the prior")
    return n_pairs_of_rules / recall / n_possible


def with_m(model: Model, m: dict[str, FloatArray]) -> Model:
    """
    The model with m of some comparisons replaced; groups they belong to are dissolved.

    Args:
        model: A model.
        m: m by name of the comparison; zeros become the smallest probability there is.
    """
    parts = []
    for part in model.comparisons:
        if part.name not in m:
            parts.append(part)
            continue
        kept = np.maximum(np.asarray(m[part.name], dtype=np.float64), 1e-12)
        numbers = tuple(rounded(float(p)) for p in kept / float(kept.sum()))
        parts.append(ComparisonModel(name=part.name, level_names=part.level_names, m=numbers, u=part.u))
    groups = tuple(group for group in model.groups if not set(group.comparisons) & set(m))
    return Model(comparisons=tuple(parts), prior=model.prior, groups=groups, facts=model.facts)


def with_prior(model: Model, prior: float) -> Model:
    """The model with another prior."""
    return Model(comparisons=model.comparisons, prior=prior, groups=model.groups, facts=model.facts)
