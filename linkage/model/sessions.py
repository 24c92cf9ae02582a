"""
EM on the pairs of one blocking rule, as Splink trains: several sessions make a model. Pure. Opens nothing.

A rule's pairs all agree on its fields, so the comparisons of these fields cannot be trained in its session; another
session with another rule trains them. The prior of a session is that of the rule's pairs: the prior of all pairs times
the Bayes factors of the agreements that the rule guarantees, and the prior of all pairs is deduced the same way
backwards. Words, defaults and results are Splink 5's (`EMTrainingSession`): plain EM without imagined counts and
without monotone weights, so that equal pairs, u and start give equal m.

What this way of training costs is said in `fit_dependent`: the rule's pairs are a biased choice of pairs, and
relatives among them pass for matches. It is here for models that must be comparable to Splink's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from linkage.arrays import FloatArray, Int8Array
from linkage.model.mixture import Iteration, distribution
from linkage.model.model import ComparisonModel, Model, rounded
from linkage.model.patterns import PatternCounts

__all__ = [
    "Session",
    "SessionSettings",
    "combined",
    "default_bits",
    "default_m",
    "default_u",
    "run_session",
    "trainable",
]

_EXACT = 0.95  # Splink's first m of the strongest level


class SessionSettings(BaseModel):
    """How a session runs; the defaults are Splink's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_iterations: int = Field(25, ge=1, description="Iterations at most.")
    em_convergence: float = Field(0.0001, gt=0, description="Largest change of any m, u or the prior at the end.")
    fix_u_probabilities: bool = Field(True, description="Keep u as it is given.")
    fix_m_probabilities: bool = Field(False, description="Keep m as it is given.")
    fix_probability_two_random_records_match: bool = Field(False, description="Keep the session's first prior.")


@dataclass(frozen=True, slots=True)
class Session:
    """
    What one session found.

    Attributes:
        rule: The blocking rule.
        trained: Columns of the comparisons it could train.
        guaranteed: (column, gamma) of agreements that every pair of the rule has.
        m: m of each trained comparison; a level that no pair reached is 0.
        u: u of each trained comparison.
        prior: Share of matches among the rule's pairs.
        history: The iterations; `log_likelihood` never falls.
        converged: Whether the changes ended below the tolerance, not merely the iterations.
        warnings: What makes it doubtful.
        m_is_trained: Whether m was.
        u_is_trained: Whether u was.
    """

    rule: str
    trained: tuple[int, ...]
    guaranteed: tuple[tuple[int, int], ...]
    m: tuple[FloatArray, ...]
    u: tuple[FloatArray, ...]
    prior: float
    history: tuple[Iteration, ...]
    converged: bool
    warnings: tuple[str, ...]
    m_is_trained: bool = True
    u_is_trained: bool = False


def default_m(n_levels: int) -> FloatArray:
    """Splink's first m: 0.95 for the strongest level, the rest evenly."""
    return np.array([(1 - _EXACT) / (n_levels - 1)] * (n_levels - 1) + [_EXACT])


def default_bits(n_levels: int) -> FloatArray:
    """Splink's first weights: from -5 to 3 bits, and 10 for the strongest level."""
    return np.append(np.linspace(-5.0, 3.0, n_levels - 1) if n_levels > 2 else [-5.0], 10.0)


def default_u(n_levels: int) -> FloatArray:
    """Splink's first u, made to sum to 1."""
    u: FloatArray = default_m(n_levels) / np.exp2(default_bits(n_levels))
    return u / float(u.sum())


def trainable(
    rule_columns: frozenset[str],
    *,
    columns: Sequence[frozenset[str]],
    exact_columns: Sequence[frozenset[str] | None],
    level_counts: Sequence[int],
) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """
    What a session on a rule can train, and which agreements the rule guarantees.

    Args:
        rule_columns: Columns the rule reads.
        columns: Columns each comparison reads.
        exact_columns: Columns whose equality is the strongest level of each comparison; None where it is not that.
        level_counts: Levels of each comparison.

    Returns:
        Comparisons without a column of the rule; and (column, gamma) of strongest levels that hold for all its pairs,
        agreement on several columns before agreement on one, no column twice.
    """
    free = tuple(column for column, read in enumerate(columns) if not read & rule_columns)
    left, held = set(rule_columns), []
    by_size = sorted(range(len(columns)), key=lambda column: (-len(exact_columns[column] or ()), column))
    for column in by_size:
        needed = exact_columns[column]
        if needed and needed <= left:
            left -= needed
            held.append((column, level_counts[column] - 1))
    return free, tuple(held)


def run_session(
    patterns: PatternCounts,
    *,
    rule: str,
    trained: Sequence[int],
    guaranteed: Sequence[tuple[int, int]],
    m: Sequence[FloatArray],
    u: Sequence[FloatArray],
    prior: float,
    settings: SessionSettings | None = None,
) -> Session:
    """
    EM on the pairs of one blocking rule.

    Args:
        patterns: Counts of the rule's pairs, over all comparisons.
        rule: Its name.
        trained: Columns to train: those without a field of the rule.
        guaranteed: (column, gamma) of the agreements all its pairs have.
        m: First m of all comparisons.
        u: u of all comparisons.
        prior: Prior of all pairs; the session starts from it times the Bayes factors of what the rule guarantees.
        settings: How it runs.

    Returns:
        The session, at the parameters of the last iteration.
    """
    chosen = settings or SessionSettings()
    held = list(trained)
    counts = patterns.counts.astype(np.float64)
    one_hot = [_reached(patterns.gammas[:, column], len(u[column])) for column in held]
    now_m = [np.asarray(m[column], dtype=np.float64) for column in held]
    now_u = [np.asarray(u[column], dtype=np.float64) for column in held]
    share = _of_odds(_odds(prior) * _factor(guaranteed, m, u))
    history: list[Iteration] = []
    converged = False
    for number in range(1, chosen.max_iterations + 1):
        likelihood, belongs = _expect(counts, one_hot, now_m, now_u, share)
        new_m = now_m if chosen.fix_m_probabilities else [_counted(counts * belongs, part) for part in one_hot]
        new_u = now_u if chosen.fix_u_probabilities else [_counted(counts * (1 - belongs), part) for part in one_hot]
        matches = float(np.einsum("p,p->", counts, belongs)) / max(float(counts.sum()), 1.0)
        new_share = share if chosen.fix_probability_two_random_records_match else matches
        moved = max([abs(new_share - share), *_changes(new_m, now_m), *_changes(new_u, now_u)])
        now_m, now_u, share = new_m, new_u, new_share
        history.append(Iteration(number, likelihood, likelihood, share, moved))
        if moved < chosen.em_convergence:
            converged = True
            break
    return Session(
        rule=rule,
        trained=tuple(held),
        guaranteed=tuple(guaranteed),
        m=tuple(now_m),
        u=tuple(now_u),
        prior=share,
        history=tuple(history),
        converged=converged,
        warnings=tuple(_doubts(rule, converged, counts, share, now_m, now_u, chosen)),
        m_is_trained=not chosen.fix_m_probabilities,
        u_is_trained=not chosen.fix_u_probabilities,
    )


def combined(
    sessions: Sequence[Session],
    *,
    comparisons: Sequence[tuple[str, tuple[str, ...]]],
    m: Sequence[FloatArray],
    u: Sequence[FloatArray],
    prior: float,
    deduce_prior: bool = False,
    fixed_m: Mapping[str, FloatArray] | None = None,
) -> tuple[Model, tuple[str, ...]]:
    """
    One model of several sessions: the median of what they found for each level, as Splink takes it.

    Args:
        sessions: The sessions.
        comparisons: (name, level names) of all comparisons.
        m: m where no session trained it.
        u: u where no session trained it.
        prior: Prior of all pairs.
        deduce_prior: Take the prior from the sessions instead: each one's with the agreements its rule guarantees
            taken out again, the median of their reciprocals.
        fixed_m: m that is not trained, by name.

    Returns:
        The model, and warnings about what no session trained or sessions disagree on by more than 4 bits.
    """
    doubts, all_m, all_u = [], [], []
    for column, (name, levels) in enumerate(comparisons):
        found_m = [s.m[s.trained.index(column)] for s in sessions if s.m_is_trained and column in s.trained]
        found_u = [s.u[s.trained.index(column)] for s in sessions if s.u_is_trained and column in s.trained]
        if name in (fixed_m or {}):
            found_m = [np.asarray((fixed_m or {})[name])]
        if not found_m:
            doubts.append(f"comparison {name!r}: no session trained its m, the starting values stand")
        all_m.append(_median(found_m) if found_m else distribution(m[column]))
        all_u.append(_median(found_u) if found_u else distribution(u[column]))
        for level, seen in enumerate(zip(*found_m, strict=True)):
            there = [p for p in seen if p > 0]
            if not there:
                doubts.append(f"comparison {name!r}, level {levels[level]!r}: no session saw it, m is untrained")
            elif np.log2(max(there) / min(there)) > 4:
                doubts.append(f"comparison {name!r}, level {levels[level]!r}: sessions differ in m by over 4 bits")
    if deduce_prior and sessions:
        prior = 1.0 / median(1.0 / _of_odds(_odds(s.prior) / _factor(s.guaranteed, all_m, all_u)) for s in sessions)
    parts = tuple(
        ComparisonModel(name=name, level_names=tuple(levels), m=_numbers(part_m), u=_numbers(part_u))
        for (name, levels), part_m, part_u in zip(comparisons, all_m, all_u, strict=True)
    )
    return Model(comparisons=parts, prior=rounded(float(np.clip(prior, 1e-15, 1 - 1e-9)))), tuple(doubts)


def _reached(gammas: Int8Array, n_levels: int) -> FloatArray:
    """`(n_patterns, n_levels)` 1 at the level reached; nothing where it is null."""
    return np.asarray(gammas[:, None] == np.arange(n_levels)[None, :], dtype=np.float64)


def _expect(
    counts: FloatArray, one_hot: Sequence[FloatArray], m: Sequence[FloatArray], u: Sequence[FloatArray], share: float
) -> tuple[float, FloatArray]:
    """Log-likelihood, and probability of a match of each pattern."""
    log_m, log_u = np.full(len(counts), np.log(share)), np.full(len(counts), np.log1p(-share))
    for reached, part_m, part_u in zip(one_hot, m, u, strict=True):
        log_m += reached @ np.log(np.maximum(part_m, 1e-300))
        log_u += reached @ np.log(np.maximum(part_u, 1e-300))
    total = np.logaddexp(log_m, log_u)
    return float(np.einsum("p,p->", counts, total)), np.exp(log_m - total)


def _counted(weights: FloatArray, reached: FloatArray) -> FloatArray:
    counts: FloatArray = np.einsum("p,pl->l", weights, reached)
    return counts / max(float(counts.sum()), 1e-300)


def _changes(new: Sequence[FloatArray], old: Sequence[FloatArray]) -> list[float]:
    return [float(np.abs(a - b).max()) for a, b in zip(new, old, strict=True)]


def _factor(guaranteed: Sequence[tuple[int, int]], m: Sequence[FloatArray], u: Sequence[FloatArray]) -> float:
    """Bayes factor of the agreements a rule guarantees."""
    return float(np.prod([m[column][gamma] / u[column][gamma] for column, gamma in guaranteed]))


def _odds(probability: float) -> float:
    return probability / (1 - probability)


def _of_odds(odds: float) -> float:
    return odds / (1 + odds)


def _median(found: Sequence[FloatArray]) -> FloatArray:
    """Level-wise median over the sessions that saw the level, scaled to sum 1."""
    seen = [[p for p in level if p > 0] for level in zip(*found, strict=True)]
    return distribution(np.array([median(level) if level else 0.0 for level in seen]))


def _numbers(part: FloatArray) -> tuple[float, ...]:
    return tuple(rounded(float(p)) for p in distribution(part))


def _doubts(
    rule: str,
    converged: bool,
    counts: FloatArray,
    share: float,
    m: Sequence[FloatArray],
    u: Sequence[FloatArray],
    settings: SessionSettings,
) -> list[str]:
    doubts = []
    n_matches = share * float(counts.sum())
    if not converged:
        doubts.append(f"session {rule}: did not converge in {settings.max_iterations} iterations")
    if n_matches < 100:
        doubts.append(f"session {rule}: only about {n_matches:.0f} matches among its pairs, its m is uncertain")
    if share > 0.99:
        doubts.append(f"session {rule}: nearly all pairs are taken for matches; use a rule that lets others through")
    if any(len(a) > 1 and a[-1] <= b[-1] for a, b in zip(m, u, strict=True)):
        doubts.append(f"session {rule}: a strongest level is rarer among its matches than by chance: it has drifted")
    return doubts
