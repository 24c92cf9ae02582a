"""What the guide of the linkage engine shows is what happens; `python -m tests.docs.guide` writes its outputs anew."""

from __future__ import annotations

import re
from pathlib import Path

import linkage.comparison_level_library as cll
import linkage.comparison_library as cl

from .guide import GUIDE, run_guide

TEXT = GUIDE.read_text(encoding="utf-8")


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
