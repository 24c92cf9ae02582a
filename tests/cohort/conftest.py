"""The mini study of the audit tests, and variations of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graph_schema.ledger import BlockStore, Ledger
from provenance import Study, open_study
from tests.audit import mini

Change = Callable[[mini.Mini], None]


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return mini.build(tmp_path_factory.mktemp("cohort"), with_cohort=False)


@pytest.fixture(scope="session")
def _registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.build(tmp_path_factory.mktemp("registered")).root


@pytest.fixture
def registered(_registered: Path, tmp_path: Path) -> Study:
    """A study of its own with a cohort `cath` in its ledger."""
    return open_study(shutil.copytree(_registered, tmp_path / "study"))


@pytest.fixture
def varied(tmp_path: Path) -> Callable[[Change], Study]:
    """A study of one run, changed before it is committed."""

    def make(change: Change) -> Study:
        wanted = mini.mini("run_1", BlockStore(tmp_path / "blocks").put(mini.block_table()))
        change(wanted)
        mini.commit(Ledger(tmp_path / "ledger"), wanted, mini.FIRST_RUN)
        return open_study(tmp_path)

    return make
