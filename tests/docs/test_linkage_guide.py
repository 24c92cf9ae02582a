"""What the guide of the linkage engine shows is what happens; `python -m tests.docs.guide` writes its outputs anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import linkage.comparison_level_library as cll
import linkage.comparison_library as cl
from linkage.linker.blocking_analysis import BlockingAnalysis
from linkage.linker.clustering import Clustering
from linkage.linker.evaluation import Evaluation
from linkage.linker.incremental import Incremental
from linkage.linker.inference import Inference
from linkage.linker.misc import Misc
from linkage.linker.table_management import TableManagement
from linkage.linker.training import Training
from linkage.linker.visualisations import Visualisations

from .guide import GUIDE, run_guide

TEXT = GUIDE.read_text(encoding="utf-8")
GROUPS = {
    "blocking_analysis": BlockingAnalysis,
    "clustering": Clustering,
    "evaluation": Evaluation,
    "incremental": Incremental,
    "inference": Inference,
    "misc": Misc,
    "table_management": TableManagement,
    "training": Training,
    "visualisations": Visualisations,
}


def test_every_block_of_the_guide_runs_and_prints_what_the_page_says(tmp_path: Path) -> None:
    ran = run_guide(TEXT, tmp_path)

    assert len(ran) >= 15
    for block in ran:
        assert block.printed == block.said, f"{GUIDE.name}, line {block.line}"


def test_every_comparison_there_is_is_in_the_guide() -> None:
    assert [name for name in cl.__all__ if f"`{name}" not in TEXT] == []


def test_every_level_the_guide_names_is_there() -> None:
    assert set(re.findall(r"\bcll\.(\w+)", TEXT)) <= set(cll.__all__)
    assert set(re.findall(r"\bcl\.(\w+)", TEXT)) <= set(cl.__all__)


@pytest.mark.parametrize(("name", "group"), GROUPS.items())
def test_every_command_of_a_linker_is_in_the_guide_and_every_one_it_names_is_there(name: str, group: type) -> None:
    there = {command for command in dir(group) if not command.startswith("_")}
    called = set(re.findall(rf"\blinker\.{name}\.(\w+)", TEXT))

    assert {command for command in there if command not in TEXT} == set()
    assert called <= there
