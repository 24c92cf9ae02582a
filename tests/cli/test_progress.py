"""Progress: lines, bars and silence."""

from __future__ import annotations

import io
import sys

import pytest

from doselink.progress import Bars, Lines, Silent, progress_for


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _four_then_trouble(lines: Lines) -> None:
    with lines.step("derive", 10, "doses") as step:
        step.advance(4)
        raise ZeroDivisionError


def test_a_line_gives_count_time_and_rate() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock=clock).step("compare pairs", 3000, "pairs") as step:
        clock.now += 2.0
        step.advance(3000)
    assert stream.getvalue() == "compare pairs: 3,000 pairs in 2.0 s, 1,500 a second\n"


def test_a_long_step_says_how_long_it_still_takes() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock=clock).step("read reports", 400, "reports") as step:
        clock.now += 20.0
        step.advance(100)
        clock.now += 1.0
        step.advance(300)
    assert stream.getvalue().splitlines() == [
        "read reports: 100 of 400 reports after 20 s, about 60 s left",
        "read reports: 400 reports in 21.0 s, 19 a second",
    ]


def test_a_step_without_units_says_that_it_is_done() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock=clock).step("commit"):
        clock.now += 0.25
    assert stream.getvalue() == "commit: done in 0.2 s\n"


def test_a_step_of_one_piece_gives_no_rate() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock=clock).step("link stays", 1, "linkages") as step:
        clock.now += 9.0
        step.advance(1)
    assert stream.getvalue() == "link stays: done in 9.0 s\n"


def test_a_slow_rate_keeps_its_digits() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock=clock).step("load", 3, "commits") as step:
        clock.now += 8.0
        step.advance(3)
    assert stream.getvalue() == "load: 3 commits in 8.0 s, 0.38 a second\n"


def test_a_step_that_fails_says_how_far_it_came() -> None:
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError):
        _four_then_trouble(Lines(stream, clock=Clock()))
    assert stream.getvalue() == "derive: stopped after 4 of 10 doses\n"


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Silent().step("anything", 5, "things") as step:
        step.advance(5)
    assert capsys.readouterr() == ("", "")


def test_bars_may_be_nested_and_end_with_their_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    bars = Bars()
    with bars.step("outer", 2, "parts") as outer, bars.step("inner", None, "rows") as inner:
        inner.advance(7)
        outer.advance(2)
    assert "outer" in stream.getvalue()
    assert "7 of 7 rows" in stream.getvalue()


@pytest.mark.parametrize(
    ("quiet", "json", "kind"), [(True, False, Lines), (False, False, Lines), (False, True, Silent)]
)
def test_what_is_no_terminal_gets_no_bars(quiet: bool, json: bool, kind: type) -> None:
    assert type(progress_for(quiet=quiet, json=json)) is kind


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", stream)
    assert isinstance(progress_for(quiet=False), Bars)
