"""What commands print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from doselink.cli import show
from graph_schema.errors import ExitCode


@dataclass(frozen=True, slots=True)
class _Found:
    when: datetime
    names: tuple[str, ...]
    path: Path


def test_json_holds_dataclasses_dates_and_paths(capsys: pytest.CaptureFixture[str]) -> None:
    show.as_json(_Found(datetime(2024, 5, 1, tzinfo=UTC), ("Größe",), Path("a/b")))
    assert json.loads(capsys.readouterr().out) == {
        "when": "2024-05-01T00:00:00+00:00",
        "names": ["Größe"],
        "path": "a/b",
    }


def test_json_has_null_where_a_number_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    show.as_json({"mean": float("nan"), "code": ExitCode.UNIT, "day": date(2024, 5, 1), "kinds": {"b", "a"}})
    assert json.loads(capsys.readouterr().out) == {"mean": None, "code": 13, "day": "2024-05-01", "kinds": ["a", "b"]}


def test_a_table_in_a_pipe_has_one_line_a_row_and_loses_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([{"name": "x" * 300, "n": 1234}, {"name": "[bold]", "n": None}])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[2] == "x" * 300 + "   1,234"
    assert lines[3] == "[bold]"


def test_rows_as_json_keep_their_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([{"n": 1234}], json=True)
    assert json.loads(capsys.readouterr().out) == [{"n": 1234}]


def test_no_row_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([], empty="no link")
    assert capsys.readouterr().out == "no link\n"


def test_no_row_as_json_is_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([], json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_columns_choose_and_order(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([{"a": 1, "b": 2, "c": 3}], columns=["c", "a"])
    assert capsys.readouterr().out.splitlines()[0].split() == ["c", "a"]


def test_pairs_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    show.pairs({"links": 12345, "of": "claims"})
    assert capsys.readouterr().out == "links  12,345\nof     claims\n"


def test_one_row_of_many_columns_is_printed_downwards(capsys: pytest.CaptureFixture[str]) -> None:
    show.rows([dict.fromkeys("abcdefg", 1)])
    assert capsys.readouterr().out.splitlines() == [f"{name}  1" for name in "abcdefg"]


def test_counts_by_name_read_as_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    show.pairs({"nodes": {"Person": 5851, "Stay": 3}, "stale": {}})
    assert capsys.readouterr().out == "nodes  Person 5,851, Stay 3\nstale  none\n"
