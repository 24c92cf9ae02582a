"""Progress that remembers how long each step took, for the report. Opens nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from doselink.progress import Progress, Step
from doselink.report.summary import StepTime

__all__ = ["Timed"]


class Timed:
    """
    Passes every step on and notes its wall time.

    Args:
        inner: Who is told.
        clock: Seconds that only grow.
    """

    def __init__(self, inner: Progress, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._clock = clock
        self._steps: list[StepTime] = []

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Step]:
        """Open a step."""
        began = self._clock()
        with self._inner.step(name, total, unit) as step:
            yield step
        self._steps.append(StepTime(name=name, seconds=round(self._clock() - began, 3)))

    def steps(self) -> tuple[StepTime, ...]:
        """The steps that ended, in order."""
        return tuple(self._steps)
