"""
The guide of the linkage engine: its Python blocks run in order, in one session, and what they print stands below them.

`python -m tests.docs.guide` writes the outputs into docs/linkage.md anew; the test compares them.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "linkage.md"
_BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ran:
    """One block of the guide: the line it begins in, what the page says it prints, what it printed."""

    line: int
    said: str
    printed: str


def run_guide(text: str, folder: Path) -> list[Ran]:
    """Run every Python block of the page in order, in a folder of its own; what one defines the next ones know."""
    known: dict[str, object] = {"__name__": "guide"}
    here = Path.cwd()
    os.chdir(folder)
    try:
        return [_run(block, text, known) for block in _BLOCK.finditer(text)]
    finally:
        os.chdir(here)


def with_outputs(text: str, ran: list[Ran]) -> str:
    """The page with what its blocks printed."""
    held = iter(ran)

    def put_in(block: re.Match[str]) -> str:
        printed = next(held).printed
        told = f"\n```text\n{printed}```\n" if printed else ""
        return f"```python\n{block['code']}```\n{told}"

    return _BLOCK.sub(put_in, text)


def _run(block: re.Match[str], text: str, known: dict[str, object]) -> Ran:
    line = text.count("\n", 0, block.start("code"))
    code = compile("\n" * line + block["code"], GUIDE.name, "exec")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, known)  # noqa: S102 - the page is ours
    printed = "".join(f"{part.rstrip()}\n" for part in out.getvalue().rstrip().splitlines())
    return Ran(line + 1, block["output"] or "", printed)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        now = GUIDE.read_text(encoding="utf-8")
        GUIDE.write_text(with_outputs(now, run_guide(now, Path(made))), encoding="utf-8")
