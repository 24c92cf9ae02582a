"""
Shared and unshared log-normal errors of doses, as realisations. Pure.

Realisation k is one draw of everything that doses have in common: the coefficient table's error, each room's
calibration error by period, each hospital's protocol by era. It is the same draw for everybody; a person's
anatomy and an examination's own error are drawn for each. Every error comes from a stream of its own name, so
that doses do not depend on the order of events nor on which other events there are.

Source: two-dimensional Monte Carlo as in Simon, Hoffman and Hofer 2015 (Radiat Res 183:27).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from graph_schema.chance import stream
from graph_schema.errors import ExitCode, UserError
from provenance.dose.settings import ORGANS, DoseSettings, Organ

__all__ = ["DoseBudgetExceeded", "EventErrors", "SharedDraws", "check_budget", "log_errors", "organ_draws", "sigma_of"]

FloatArray = npt.NDArray[np.float64]
_MB = 1024 * 1024


class DoseBudgetExceeded(UserError):
    """The realisations would not fit into the memory that the settings allow."""

    exit_code = ExitCode.BUDGET


@dataclass(frozen=True, slots=True)
class EventErrors:
    """
    Names of the streams one event's errors are drawn from, and their sizes (ln of the GSD).

    Attributes:
        shared: (stream name, sigma) of errors shared with other events.
        unshared: (stream name, sigma) of the person's and the event's own.
    """

    shared: tuple[tuple[str, float], ...]
    unshared: tuple[tuple[str, float], ...]

    @property
    def variance(self) -> float:
        """Variance of the sum of all (ln scale)."""
        return sum(sigma**2 for _, sigma in (*self.shared, *self.unshared))


class SharedDraws:
    """Standard normal draws by stream name, drawn once and kept: `(n_realisations,)` each."""

    def __init__(self, *, seed: int, n_realisations: int) -> None:
        self._seed = seed
        self._n = n_realisations
        self._kept: dict[str, FloatArray] = {}

    def of(self, name: str) -> FloatArray:
        """The draws of a shared error."""
        if name not in self._kept:
            self._kept[name] = self.once(name)
        return self._kept[name]

    def once(self, name: str) -> FloatArray:
        """The draws of an error that few events have: drawn anew each time, always the same, not kept."""
        return stream(f"dose/{name}", seed=self._seed).standard_normal(self._n)


def check_budget(n_events: int, settings: DoseSettings) -> None:
    """
    Refuse a derivation that would not fit, before anything is allocated.

    Raises:
        DoseBudgetExceeded: With the numbers.
    """
    need_mb = n_events * len(settings.organs) * settings.n_realisations * 4 / _MB
    if need_mb > settings.memory_budget_mb:
        raise DoseBudgetExceeded(
            f"{n_events:,} dose events x {len(settings.organs)} organs x {settings.n_realisations} realisations need "
            f"{need_mb:,.0f} MB, the budget is {settings.memory_budget_mb:,} MB: "
            "raise memory_budget_mb or lower n_realisations in the dose settings"
        )


def organ_draws(organs: Sequence[Organ], settings: DoseSettings, *, seed: int) -> FloatArray:
    """
    Correlated standard normal draws of the coefficient table's error, `(n_organs, n_realisations)`.

    Drawn for all organs there are, so that leaving one out of the settings does not move the others.
    """
    draws = stream("dose/coefficient", seed=seed).standard_normal((settings.n_realisations, len(ORGANS) + 1))
    rho = settings.organ_correlation
    common, own = draws[:, :1], draws[:, 1:]
    correlated: FloatArray = (np.sqrt(rho) * common + np.sqrt(1.0 - rho) * own).T
    return correlated[[ORGANS.index(organ) for organ in organs]]


def log_errors(events: Sequence[EventErrors], draws: SharedDraws, *, n_realisations: int) -> FloatArray:
    """Sum of all errors of each event but the coefficient's, `(n_events, n_realisations)`, ln scale."""
    total = np.zeros((len(events), n_realisations))
    for row, event in enumerate(events):
        for name, sigma in _drawn(event.shared):
            total[row] += sigma * draws.of(name)
        for name, sigma in _drawn(event.unshared):
            total[row] += sigma * draws.once(name)
    return total


def _drawn(errors: Iterable[tuple[str, float]]) -> Iterable[tuple[str, float]]:
    return ((name, sigma) for name, sigma in errors if sigma > 0)


def sigma_of(gsd: float) -> float:
    """Standard deviation on the ln scale of a geometric standard deviation."""
    return log(gsd)
