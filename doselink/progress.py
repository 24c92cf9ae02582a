"""
How far a long step is: bars on a terminal, lines elsewhere, nothing for Python users. Writes to standard error only.

    with progress.step("compare pairs", total=n_pairs, unit="pairs") as step:
        for chunk in chunks:
            work(chunk)
            step.advance(len(chunk))
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["Bars", "Lines", "Progress", "Silent", "Step", "progress_for"]

_HEARTBEAT_S = 15.0


class Step(Protocol):
    """One step that is under way."""

    def advance(self, n: int = 1) -> None:
        """Say that `n` more units are done."""


class Progress(Protocol):
    """What a long-running function is given to say how far it is."""

    def step(self, name: str, total: int | None = None, unit: str = "") -> AbstractContextManager[Step]:
        """
        Open a step; leaving the block ends it.

        Args:
            name: What is done, in the user's words: "read dose reports".
            total: How many units there are; None where nobody knows yet.
            unit: What is counted, in the plural: "reports".
        """


class Silent:
    """Says nothing: for Python users, tests and `--json`."""

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Step]:  # noqa: ARG002
        """Open a step nobody hears of."""
        yield _Count()


class Lines:
    """
    A line when a step ends, and one now and then while it lasts: for logs, pipes and `--quiet`.

    Args:
        stream: Where the lines go; standard error unless told.
        clock: Seconds that only grow.
    """

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Step]:
        """Open a step; its line is written when it ends, also where it ends with an error."""
        began = self._clock()
        step = _SpokenCount(lambda done: self._beat(name, done, total, unit, began), clock=self._clock)
        try:
            yield step
        except BaseException:
            self._say(f"{name}: stopped after {_amount(step.done, total, unit)}")
            raise
        self._say(f"{name}: {_ended(step.done, unit, self._clock() - began)}")

    def _beat(self, name: str, done: int, total: int | None, unit: str, began: float) -> None:
        seconds = self._clock() - began
        line = f"{name}: {_amount(done, total, unit)} after {seconds:.0f} s"
        if total is not None and 0 < done < total:
            line += f", about {seconds * (total - done) / done:.0f} s left"
        self._say(line)

    def _say(self, text: str) -> None:
        print(text, file=self._stream or sys.stderr, flush=True)


class Bars:
    """Bars with count, rate and time left, on a terminal. Steps may be nested."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._open = 0

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Step]:
        """Open a step with a bar of its own."""
        bars = self._bars = self._bars or _rich_bars()
        if self._open == 0:
            bars.start()
        self._open += 1
        task = bars.add_task(name, total=total, unit=unit)
        step = _SpokenCount(lambda done: bars.update(task, completed=done), clock=time.monotonic, every_s=0.0)
        try:
            yield step
            bars.update(task, total=step.done if total is None else total, completed=step.done)
        finally:
            bars.stop_task(task)
            self._open -= 1
            if self._open == 0:
                bars.stop()
                self._bars = None


def progress_for(*, quiet: bool, json: bool = False) -> Progress:
    """
    What suits the terminal.

    Args:
        quiet: Lines instead of bars.
        json: Nothing at all, since a program reads the answer.
    """
    if json:
        return Silent()
    if quiet or not sys.stderr.isatty():
        return Lines()
    return Bars()


class _Count:
    def __init__(self) -> None:
        self.done = 0

    def advance(self, n: int = 1) -> None:
        self.done += n


class _SpokenCount(_Count):
    def __init__(
        self, say: Callable[[int], object], *, clock: Callable[[], float], every_s: float = _HEARTBEAT_S
    ) -> None:
        super().__init__()
        self._say = say
        self._clock = clock
        self._every_s = every_s
        self._said = clock()

    def advance(self, n: int = 1) -> None:
        super().advance(n)
        now = self._clock()
        if now - self._said >= self._every_s:
            self._said = now
            self._say(self.done)


def _amount(done: int, total: int | None, unit: str) -> str:
    whole = "" if total is None else f" of {total:,}"
    return f"{done:,}{whole} {unit}".rstrip()


def _ended(done: int, unit: str, seconds: float) -> str:
    if done <= 1:
        return f"done in {seconds:.1f} s"
    rate = f", {_rate(done / seconds)} a second" if seconds >= 0.05 else ""
    return f"{_amount(done, None, unit)} in {seconds:.1f} s{rate}"


def _rate(a_second: float) -> str:
    return f"{a_second:,.0f}" if a_second >= 10 else f"{a_second:.2g}"


def _rich_bars() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Amount(ProgressColumn):
        """Units done, of how many, and how many a second."""

        def render(self, task: Task) -> Text:
            whole = None if task.total is None else int(task.total)
            if whole == 1:
                return Text("")
            amount = _amount(int(task.completed), whole, str(task.fields["unit"])) if task.completed or whole else ""
            speed = task.finished_speed or task.speed
            return Text(f"{amount}, {_rate(speed)}/s" if speed and amount else amount, style="cyan", no_wrap=True)

    class Left(ProgressColumn):
        """Time left while the step lasts, time taken once it has ended."""

        def render(self, task: Task) -> Text:
            if task.stop_time is not None:
                return Text(f"{task.elapsed or 0.0:.1f} s", no_wrap=True)
            left = task.time_remaining
            return Text("" if left is None else f"{_clock(left)} left", style="yellow", no_wrap=True)

    return Progress(
        TextColumn("{task.description}", table_column=Column(min_width=24, no_wrap=True)),
        BarColumn(bar_width=16),
        Amount(),
        Left(),
        console=Console(stderr=True),
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
