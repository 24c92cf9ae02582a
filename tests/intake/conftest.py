"""Small deliveries, written into the test's folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from graph_schema.delivery import DeclaredFile, TextFormat, TextTable, read_text_table
from graph_schema.ids import Keyring

Deliver = Callable[..., DeclaredFile]
TODAY = date(2024, 6, 30)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(bytes(range(32)))


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """`deliver("stays", "text", encoding="cp1252", **format)` as a declared file."""
    n = 0

    def write(table: str, text: str, *, encoding: str = "utf-8", **declared: object) -> DeclaredFile:
        nonlocal n
        n += 1
        path = tmp_path / f"{table}_{n}.csv"
        path.write_bytes(text.encode(encoding))
        return DeclaredFile(table, path, TextFormat.model_validate(declared), path.name)

    return write


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., TextTable]:
    """`read(b"bytes", required=("a",), **format)` as a text table."""

    def write(
        raw: bytes, *, required: tuple[str, ...] = ("a", "b"), optional: tuple[str, ...] = (), **declared: object
    ) -> TextTable:
        path = tmp_path / "delivery.csv"
        path.write_bytes(raw)
        return read_text_table(path, format=TextFormat.model_validate(declared), required=required, optional=optional)

    return write
