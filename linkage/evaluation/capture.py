"""
Blocking loss without truth: the matches that no rule proposes, from those that several rules do. Opens nothing.

Each found match has a history: which blocking keys agree in it. A rule proposes the match if all its keys agree, so
the histories that satisfy no rule are never seen. A log-linear model of the seen histories (key errors, their pairwise
dependence, and a common cause that makes all keys of a record err together) is carried over to the unseen ones. That
is capture-recapture with several lists, with the lists' shared keys taken for what they are. The same model says how
many matches are proposed but hidden, because the comparisons cannot tell them from strangers.

What cannot be shown is said and not guessed: a key that every rule needs is never seen to disagree, so the share lost
through it may be anything. With two lists dependence cannot be told from loss, so an odds ratio of up to
`ASSUMED_ODDS_RATIO` is allowed for.

Source: Fienberg (1972), https://doi.org/10.1093/biomet/59.3.591; heterogeneity term: Darroch et al. (1993),
https://doi.org/10.1080/01621459.1993.10476387; blocking as an error to be estimated: Dasylva and Goussanou (2021),
https://www150.statcan.gc.ca/n1/pub/12-001-x/2021002/article/00002-eng.htm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import chdtrc

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray
from linkage.evaluation.histories import Histories, count_histories
from linkage.evaluation.intervals import Share
from linkage.evaluation.loglinear import Carried, Fit, models

__all__ = ["ASSUMED_ODDS_RATIO", "BadHistories", "BlockingLoss", "blocking_loss"]

ASSUMED_ODDS_RATIO = 5.0
_MOST_KEYS = 10
_NEAR_AIC = 4.0  # models this near to the best one are not told apart by the data
_POOR = 0.001  # p of the best model below which it does not fit
_FEW = 20.0  # found matches below which no model is fitted

_UNTESTED = (
    "too few keys or rules to see whether they err together: the upper end allows for an odds ratio of "
    f"{ASSUMED_ODDS_RATIO:g} between them, which is an assumption"
)


class BadHistories(UserError):
    """What is known of the found matches cannot be used."""

    exit_code = ExitCode.SETTINGS


class Number(BaseModel):
    """An estimated number with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: float | None = Field(description="The estimate; null where the data cannot show it.")
    low: float = Field(ge=0, description="Lower end of the 95 % interval.")
    high: float | None = Field(description="Upper end; null where there is none.")


class BlockingLoss(BaseModel):
    """The share of matches that no blocking rule proposes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss: Share = Field(description="Share of all matches; null where the data cannot show it.")
    n_found: float = Field(description="Matches recognised, each counted with its probability.")
    n_hidden: Number = Field(description="Matches proposed that the comparisons cannot tell from strangers.")
    n_lost: Number = Field(description="Matches that no rule proposes.")
    n_lists: int = Field(description="Keys (or rules) whose agreement is known.")
    n_models: int = Field(description="Models the data cannot tell apart; the interval spans them.")
    dependence_tested: bool = Field(description="Whether the data could show that keys err together.")
    fits: bool | None = Field(
        description="Whether the best model fits the seen histories; null where that is untestable."
    )
    alone: tuple[float, ...] = Field(description="For each rule, the found matches that only this rule proposes.")
    cannot_say: tuple[str, ...] = Field(description="Why the loss or its upper end cannot be known from these data.")


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
            `(n_pairs, n_rules)` whether each rule proposes it, if nothing is known of the keys. Of more than ten keys
            only the rules are used.
        probability: `(n_pairs,)` probability that the pair is a match; pairs count with it.
        rules: Columns of `agrees` that each rule needs; None: every column is a rule.
        names: Of the columns, for the sentences; None: key 1, key 2, ...

    Raises:
        BadHistories: If shapes do not fit, or there is no key.
    """
    n_keys = agrees.shape[1]
    singly: Sequence[Sequence[int]] = [(key,) for key in range(n_keys)]
    needs = [tuple(rule) for rule in (singly if rules is None else rules)]
    called = list(names) if names is not None else [f"key {key + 1}" for key in range(n_keys)]
    _check(agrees, probability, needs, called)
    proposes = np.stack([agrees[:, list(need)].all(axis=1) for need in needs], axis=1)
    if n_keys > _MOST_KEYS:
        called = [" and ".join(called[key] for key in need) for need in needs]
        agrees, needs, n_keys = proposes, [(rule,) for rule in range(len(needs))], len(needs)
    kept = proposes.any(axis=1)
    single = proposes.sum(axis=1) == 1
    alone = tuple(round(float(probability[single & proposes[:, rule]].sum()), 6) for rule in range(len(needs)))
    if n_keys > _MOST_KEYS:
        reasons: tuple[str, ...] = (f"over {_MOST_KEYS} keys and over {_MOST_KEYS} rules are too many to tell apart",)
        return _unknown(float(probability[kept].sum()), n_keys=n_keys, alone=alone, reasons=reasons)
    kinds = count_histories(agrees[kept], probability[kept], needs)
    reasons = _reasons(kinds, needs, called)
    fits = [] if reasons else models(kinds)
    if not fits:
        reasons = reasons or ("the histories are too few kinds to carry any model over to those never seen",)
        return _unknown(float(probability[kept].sum()), n_keys=n_keys, alone=alone, reasons=reasons)
    return _combined(fits, kinds.found, n_keys=n_keys, alone=alone)


def _unknown(found: float, *, n_keys: int, alone: tuple[float, ...], reasons: tuple[str, ...]) -> BlockingLoss:
    nothing = Number(number=None, low=0.0, high=None)
    return BlockingLoss(
        loss=Share.of(None, 0.0, 1.0),
        n_found=round(found, 6),
        n_hidden=nothing,
        n_lost=nothing,
        n_lists=n_keys,
        n_models=0,
        dependence_tested=False,
        fits=None,
        alone=alone,
        cannot_say=reasons,
    )


def _combined(fits: list[Fit], found: float, *, n_keys: int, alone: tuple[float, ...]) -> BlockingLoss:
    best = min(fits, key=lambda fit: fit.aic)
    near = [fit for fit in fits if fit.aic <= best.aic + _NEAR_AIC]
    lost, hidden = best.lost, best.hidden
    for fit in near:
        lost, hidden = lost.span(fit.lost), hidden.span(fit.hidden)
    tested = len(fits) > 1
    reasons: tuple[str, ...] = ()
    if not tested:
        lost = replace(lost, high=lost.high * ASSUMED_ODDS_RATIO)
        reasons = (_UNTESTED,)
    fitting = float(chdtrc(best.n_free, best.deviance)) >= _POOR if best.n_free > 0 else None
    if fitting is False:
        lost = replace(lost, low=0.0)
        reasons = (*reasons, "no model fits the seen histories well: the loss may lie outside the interval")
    return BlockingLoss(
        loss=Share.of(
            lost.best / (found + hidden.best + lost.best),
            lost.low / (found + hidden.high + lost.low),
            lost.high / (found + hidden.low + lost.high),
        ),
        n_found=round(found, 6),
        n_hidden=_number(hidden),
        n_lost=_number(lost),
        n_lists=n_keys,
        n_models=len(near),
        dependence_tested=tested,
        fits=fitting,
        alone=alone,
        cannot_say=reasons,
    )


def _number(carried: Carried) -> Number:
    best, low, high = (round(x, 6) for x in (carried.best, carried.low, carried.high))
    return Number(number=best, low=low, high=high)


def _check(agrees: BoolArray, probability: FloatArray, needs: list[tuple[int, ...]], names: list[str]) -> None:
    n, n_keys = agrees.shape
    if len(probability) != n:
        raise BadHistories(f"blocking loss: expected one probability for each of the {n} pairs, got {len(probability)}")
    if len(names) != n_keys or not needs or any(not 0 <= key < n_keys for need in needs for key in need):
        raise BadHistories(f"blocking loss: expected rules and names over the {n_keys} keys given, and at least one")


def _reasons(kinds: Histories, needs: list[tuple[int, ...]], names: list[str]) -> tuple[str, ...]:
    """Why nothing can be said at all."""
    shared = sorted(set.intersection(*(set(need) for need in needs)))
    if len(needs) == 1:
        return ("there is one blocking rule: what it loses is seen by no other",)
    if shared:
        called = ", ".join(names[key] for key in shared)
        return (f"every rule needs {called}: matches where it differs are never seen, their share may be anything",)
    if kinds.found < _FEW:
        return (f"fewer than {_FEW:g} matches were recognised",)
    blind = [names[key] for key in range(len(names)) if not (kinds.apart[kinds.clear, key] > 0).any()]
    if blind:
        return (f"{', '.join(blind)} agrees in every match that could be recognised: its errors are never seen",)
    return ()
