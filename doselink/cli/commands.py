"""The table of commands: name, where it lives, its line in `doselink --help`. Imports none of them."""

from __future__ import annotations

from doselink.cli.lazy import Mount

__all__ = ["COMMANDS"]

_STUDY = "A study, from the deliveries to the report"
_RESULT = "What came out, and why"
_ALONE = "Useful on their own"
_GRAPH = "The graph and its questions"

COMMANDS: dict[str, Mount] = {
    "init": Mount(
        "doselink.cli.study",
        "app",
        "Write a commented study file to start from; an existing one is never overwritten.",
        _STUDY,
        inside="init",
    ),
    "check": Mount(
        "doselink.cli.study",
        "app",
        "Validate a study file and profile its sources, without running: counts only, no identifying value.",
        _STUDY,
        inside="check",
    ),
    "run": Mount("doselink.cli.run", "run", "Run the study; what is unchanged is not done again.", _STUDY),
    "report": Mount("doselink.cli.run", "report", "Write the last run's report again and say where it is.", _STUDY),
    "status": Mount(
        "doselink.cli.run", "status", "Say what is committed, what is stale, where the graph stands.", _STUDY
    ),
    "explain": Mount("doselink.cli.trace", "explain", "Tell how one person came to be linked and dosed.", _RESULT),
    "trace": Mount("doselink.cli.trace", "trace", "List what a thing was made from, down to the files.", _RESULT),
    "export": Mount(
        "doselink.cli.export",
        "app",
        "Give the result in the deliveries' own identifiers.",
        _RESULT,
        below=("links", "persons"),
    ),
    "audit": Mount("doselink.cli.audit", "app", "List and ask the saved questions.", _GRAPH),
    "cypher": Mount("doselink.cli.cypher", "cypher", "Ask the graph a question of your own, reading only.", _GRAPH),
    "graph": Mount(
        "doselink.cli.graph",
        "app",
        "Start, stop, check and rebuild the graph.",
        _GRAPH,
        below=("up", "down", "rebuild"),
    ),
    "link": Mount("doselink.cli.link", "link", "Link tables without any truth, or find the duplicates of one.", _ALONE),
    "doses": Mount("doselink.cli.doses", "app", "Read dose reports from any folder.", _ALONE, below=("read",)),
}
