"""The wrapper that runs a command beside a Neo4j hands everything through."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_output_and_exit_code_are_the_commands_own(neo4j_url: str) -> None:
    done = subprocess.run(
        ["sh", "tools/with-neo4j.sh", "sh", "-c", 'echo "at $NEO4J_URI"; echo aside >&2; exit 7'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout, done.stderr) == (7, f"at {neo4j_url}\n", "aside\n")


def test_a_machine_without_java_is_told_the_one_line(tmp_path: Path) -> None:
    fake = tmp_path / "bin"
    fake.mkdir()
    for tool in ("sh", "dirname", "mkdir", "sed", "cat", "rm", "grep", "tr", "ps"):
        found = next(path for path in (Path("/usr/bin") / tool, Path("/bin") / tool) if path.exists())
        (fake / tool).symlink_to(found)
    (fake / "id").write_text("#!/bin/sh\necho 1000\n")
    (fake / "id").chmod(0o755)

    done = subprocess.run(
        ["sh", "tools/neo4j.sh", "start"],
        cwd=ROOT,
        env={"PATH": str(fake), "NEO4J_DIR": str(tmp_path / "neo4j"), "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert (
        "install them with: sudo apt-get install -y --no-install-recommends openjdk-17-jre-headless maven"
        in done.stderr
    )
