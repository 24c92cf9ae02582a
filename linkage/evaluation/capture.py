"""
Blocking loss without truth: the matches that no rule proposes, from those that several rules do. Opens nothing.

Each found match has a history: which blocking keys agree in it. A rule proposes the match if all its keys agree, so
the histories that satisfy no rule are never seen. A log-linear model of the seen histories (key errors, their pairwise
dependence, and a common cause that makes all keys of a record err together) is carried over to the unseen ones. That
is capture-recapture with several lists, with the lists' shared keys taken for what they are.

What cannot be shown is said and not guessed: a key that every rule needs is never seen to disagree, so the share lost
through it may be anything. With two lists dependence cannot be told from loss, so an odds ratio of up to
`ASSUMED_ODDS_RATIO` is allowed for.

Source: Fienberg (1972), https://doi.org/10.1093/biomet/59.3.591; heterogeneity term: Darroch et al. (1993),
https://doi.org/10.1080/01621459.1993.10476387; blocking as an error to be estimated: Dasylva and Goussanou (2021),
https://www150.statcan.gc.ca/n1/pub/12-001-x/2021002/article/00002-eng.htm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import chi2

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray, IntArray
from linkage.evaluation.intervals import Share

__all__ = ["ASSUMED_ODDS_RATIO", "BadHistories", "BlockingLoss", "blocking_loss", "histories"]

ASSUMED_ODDS_RATIO = 5.0
_MOST_KEYS = 10
_NEAR_AIC = 4.0  # models this near to the best one are not told apart by the data
_Z_95 = 1.959963984540054
_FEW = 20.0  # found matches below which no model is fitted

_UNTESTED = (
    "too few keys or rules to see whether they err together: the upper end allows for an odds ratio of "
    f"{ASSUMED_ODDS_RATIO:g} between them, which is an assumption"
)


class BadHistories(UserError):
    """What is known of the found matches cannot be used."""

    exit_code = ExitCode.SETTINGS


class BlockingLoss(BaseModel):
    """The share of matches that no blocking rule proposes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss: Share = Field(description="Share of all matches; null where the data cannot show it.")
    n_found: float = Field(description="Matches found, each counted with its probability.")
    n_lost: float | None = Field(description="Matches that no rule proposes, estimated.")
    n_lists: int = Field(description="Keys (or rules) whose agreement is known.")
    n_models: int = Field(description="Models the data cannot tell apart; the interval spans them.")
    dependence_tested: bool = Field(description="Whether the data could show that keys err together.")
    fits: bool | None = Field(
        description="Whether the best model fits the seen histories; null where that is untestable."
    )
    alone: tuple[float, ...] = Field(description="For each rule, the found matches that only this rule proposes.")
    cannot_say: tuple[str, ...] = Field(description="Why the loss or its upper end cannot be known from these data.")


@dataclass(frozen=True, slots=True)
class _Cells:
    """
    Attributes:
        apart: `(n_cells, n_keys)` 1 where the key disagrees.
        seen: `(n_cells,)` whether a rule proposes such matches.
        counts: `(n_cells,)` found matches, weighted.
    """

    apart: FloatArray
    seen: BoolArray
    counts: FloatArray


@dataclass(frozen=True, slots=True)
class _Fit:
    aic: float
    deviance: float
    n_free: int
    lost: float
    low: float
    high: float


def blocking_loss(
    agrees: BoolArray,
    probability: FloatArray,
    *,
    rules: Sequence[Sequence[int]] | None = None,
    names: Sequence[str] | None = None,
) -> BlockingLoss:
    """
    Estimate what blocking loses.

    Args:
        agrees: `(n_pairs, n_keys)` whether each blocking key agrees in each found pair, whichever rule found it; or
            `(n_pairs, n_rules)` whether each rule proposes it, if nothing is known of the keys.
        probability: `(n_pairs,)` probability that the pair is a match; pairs count with it.
        rules: Columns of `agrees` that each rule needs; None: every column is a rule.
        names: Of the columns, for the sentences; None: key 1, key 2, ...

    Raises:
        BadHistories: If there are more than ten keys or shapes do not fit.
    """
    n_keys = agrees.shape[1]
    singly: Sequence[Sequence[int]] = [(key,) for key in range(n_keys)]
    needs = [tuple(rule) for rule in (singly if rules is None else rules)]
    called = list(names) if names is not None else [f"key {key + 1}" for key in range(n_keys)]
    _check(agrees, probability, needs, called)
    proposed = np.stack([agrees[:, list(need)].all(axis=1) for need in needs], axis=1)
    kept = proposed.any(axis=1)
    weight = np.where(kept, probability, 0.0)
    single = proposed.sum(axis=1) == 1
    alone = tuple(round(float(weight[single & proposed[:, rule]].sum()), 6) for rule in range(len(needs)))
    found = float(weight.sum())
    cells = _cells(agrees[kept], weight[kept], needs)
    reasons = _reasons(cells, needs, called, found)
    fits = [] if reasons else [fit for design in _designs(n_keys) if (fit := _fit(cells, design)) is not None]
    if not fits:
        reasons = reasons or ("the histories are too few kinds to carry any model over to those never seen",)
        return _unknown(found, n_keys=n_keys, alone=alone, reasons=reasons)
    return _combined(fits, found, n_keys=n_keys, alone=alone)


def _unknown(found: float, *, n_keys: int, alone: tuple[float, ...], reasons: tuple[str, ...]) -> BlockingLoss:
    return BlockingLoss(
        loss=Share.of(None, 0.0, 1.0),
        n_found=round(found, 6),
        n_lost=None,
        n_lists=n_keys,
        n_models=0,
        dependence_tested=False,
        fits=None,
        alone=alone,
        cannot_say=reasons,
    )


def _combined(fits: list[_Fit], found: float, *, n_keys: int, alone: tuple[float, ...]) -> BlockingLoss:
    best = min(fits, key=lambda fit: fit.aic)
    near = [fit for fit in fits if fit.aic <= best.aic + _NEAR_AIC]
    low, high = min(fit.low for fit in near), max(fit.high for fit in near)
    tested = len(fits) > 1
    reasons: tuple[str, ...] = ()
    if not tested:
        high = high * ASSUMED_ODDS_RATIO
        reasons = (_UNTESTED,)
    fitting = float(chi2.sf(best.deviance, best.n_free)) >= 0.001 if best.n_free > 0 else None
    if fitting is False:
        reasons = (*reasons, "no model fits the seen histories well: the loss may lie outside the interval")
    return BlockingLoss(
        loss=Share.of(best.lost / (found + best.lost), low / (found + low), high / (found + high)),
        n_found=round(found, 6),
        n_lost=round(best.lost, 6),
        n_lists=n_keys,
        n_models=len(near),
        dependence_tested=tested,
        fits=fitting,
        alone=alone,
        cannot_say=reasons,
    )


def _check(agrees: BoolArray, probability: FloatArray, needs: list[tuple[int, ...]], names: list[str]) -> None:
    n, n_keys = agrees.shape
    if len(probability) != n:
        raise BadHistories(f"blocking loss: expected one probability for each of the {n} pairs, got {len(probability)}")
    if not 1 <= n_keys <= _MOST_KEYS:
        raise BadHistories(f"blocking loss: expected 1 to {_MOST_KEYS} keys, got {n_keys}: give rules instead of keys")
    if len(names) != n_keys or not needs or any(not 0 <= key < n_keys for need in needs for key in need):
        raise BadHistories(f"blocking loss: expected rules and names over the {n_keys} keys given")


def _cells(agrees: BoolArray, weight: FloatArray, needs: list[tuple[int, ...]]) -> _Cells:
    """All histories that can be, with what was seen of them; a key that implies another leaves some out."""
    n_keys = agrees.shape[1]
    every = np.array([[code >> key & 1 for key in range(n_keys)] for code in range(1 << n_keys)], dtype=bool)
    code = agrees.astype(np.int64) @ (1 << np.arange(n_keys, dtype=np.int64))
    counts = np.bincount(code, weights=weight, minlength=1 << n_keys).astype(np.float64)
    number = np.bincount(code, minlength=1 << n_keys)
    seen = np.zeros(1 << n_keys, dtype=bool)
    for need in needs:
        seen |= every[:, list(need)].all(axis=1)
    possible = np.ones(1 << n_keys, dtype=bool)
    for a in range(n_keys):
        for b in range(n_keys):
            never = every[:, a] & ~every[:, b]
            if a != b and number[every[:, a]].sum() and (seen & never).any() and number[never].sum() == 0:
                possible &= ~never
    return _Cells(1.0 - every[possible], seen[possible], counts[possible])


def _reasons(cells: _Cells, needs: list[tuple[int, ...]], names: list[str], found: float) -> tuple[str, ...]:
    """Why nothing can be said at all."""
    shared = sorted(set.intersection(*(set(need) for need in needs)))
    if len(needs) == 1:
        return ("there is one blocking rule: what it loses is seen by no other",)
    if shared:
        called = ", ".join(names[key] for key in shared)
        return (
            f"every rule needs {called}: matches in which it differs are never seen, so their share may be anything",
        )
    if found < _FEW:
        return (f"fewer than {_FEW:g} matches were found",)
    blind = [names[key] for key in range(len(names)) if not (cells.apart[cells.seen, key] > 0).any()]
    if blind:
        return (f"{', '.join(blind)} agrees in every history that could be seen",)
    return ()


def _designs(n_keys: int) -> Iterator[tuple[tuple[tuple[int, int], ...], bool]]:
    """Models tried: which pairs of keys depend, and whether a common cause acts on all."""
    pairs = list(combinations(range(n_keys), 2))
    for common in (False, True):
        yield (), common
        for pair in pairs:
            yield (pair,), common
    if n_keys <= 6:
        for two in combinations(pairs, 2):
            yield two, False


def _fit(cells: _Cells, design: tuple[tuple[tuple[int, int], ...], bool]) -> _Fit | None:
    """Poisson log-linear model of the seen cells, carried over to the unseen; None where it cannot be."""
    pairs, common = design
    columns = [np.ones(len(cells.apart)), *cells.apart.T]
    columns += [cells.apart[:, a] * cells.apart[:, b] for a, b in pairs]
    if common:
        n_apart = cells.apart.sum(axis=1)
        columns.append(n_apart * (n_apart - 1) / 2)
    x = np.stack(columns, axis=1)
    inside, outside, y = x[cells.seen], x[~cells.seen], cells.counts[cells.seen]
    if not len(outside):
        return _Fit(0.0, 0.0, 0, 0.0, 0.0, 0.0)
    if len(inside) < x.shape[1] or not _estimable(inside, outside):
        return None
    beta = _newton(inside, y + 0.5 / len(y))
    mean = np.exp(inside @ beta)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviance = 2 * float(np.where(y > 0, y * np.log(y / mean), 0.0).sum() - (y - mean).sum())
    n_free = len(inside) - x.shape[1]
    excess = max(1.0, deviance / n_free) if n_free > 0 else 1.0
    expected = np.exp(np.minimum(outside @ beta, 60.0))
    lost = float(expected.sum())
    gradient = expected @ outside / lost
    information = inside.T @ (inside * mean[:, None])
    variance = excess * float(gradient @ np.linalg.pinv(information) @ gradient) + 1.0 / max(lost, 0.5)
    factor = float(np.exp(min(_Z_95 * np.sqrt(max(variance, 0.0)), 60.0)))
    return _Fit(deviance + 2 * x.shape[1], deviance, n_free, lost, lost / factor, lost * factor)


def _estimable(inside: FloatArray, outside: FloatArray) -> bool:
    """Whether what is unseen is a combination of what is seen."""
    _, sizes, rows = np.linalg.svd(inside, full_matrices=False)
    basis = rows[sizes > 1e-9 * sizes[0]]
    return bool(np.abs(outside - outside @ basis.T @ basis).max() < 1e-8)


def _newton(x: FloatArray, y: FloatArray) -> FloatArray:
    """Maximum of the Poisson likelihood, with a trace of a penalty that keeps unseen effects finite."""
    ridge = 1e-6 * np.eye(x.shape[1])
    mean: FloatArray = y + 0.1
    beta: FloatArray = np.zeros(x.shape[1])
    for _ in range(100):
        working = np.log(mean) + (y - mean) / mean
        before = beta
        beta = np.asarray(np.linalg.solve(x.T @ (x * mean[:, None]) + ridge, x.T @ (mean * working)), dtype=np.float64)
        mean = np.asarray(np.exp(np.clip(x @ beta, -40.0, 60.0)))
        if float(np.abs(beta - before).max()) < 1e-10:
            break
    return beta


def histories(keys_left: IntArray, keys_right: IntArray, left: IntArray, right: IntArray) -> BoolArray:
    """
    Which keys agree in each pair.

    Args:
        keys_left: `(n_left, n_keys)` codes of the left records' blocking keys, -1 missing.
        keys_right: `(n_right, n_keys)` the same of the right records.
        left: `(n_pairs,)` left row.
        right: `(n_pairs,)` right row.
    """
    a, b = keys_left[left], keys_right[right]
    return np.asarray((a == b) & (a >= 0), dtype=bool)
