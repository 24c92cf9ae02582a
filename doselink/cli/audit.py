"""`doselink audit list|run`: the saved questions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doselink.cli import show
from doselink.cli.ask import ParamOption, TimeoutOption, parameters, reading
from doselink.cli.where import StudyOption
from graph_schema.errors import ExitCode, UserError

if TYPE_CHECKING:
    from provenance.audit import Finding

__all__ = ["WhichQuestion", "app"]

app = typer.Typer(
    no_args_is_help=True,
    help="List and ask the saved questions.",
    epilog="Example: doselink audit run --all-integrity --study results",
)

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")]


class WhichQuestion(UserError):
    """Neither a question nor all of them were asked for."""

    exit_code = ExitCode.USAGE


@app.command("list")
def list_questions(json: Json = False) -> None:
    """
    The saved questions: name, what each asks, what it takes, and which must come back empty.

    Example: doselink audit list --json
    """
    from graph_schema.questions import load_questions

    found: list[dict[str, object]] = [
        {
            "name": question.name,
            "question": question.question,
            "parameters": [parameter.declaration for parameter in question.parameters],
            "expects": question.expects,
        }
        for question in load_questions().values()
    ]
    show.rows(found, json=json)


@app.command("run")
def run_question(
    name: Annotated[str | None, typer.Argument(help="Name of the question.", metavar="NAME")] = None,
    study: StudyOption = Path(),
    param: ParamOption = None,
    all_integrity: Annotated[
        bool, typer.Option("--all-integrity", help="Ask every question that must come back empty.")
    ] = False,
    timeout: TimeoutOption = 60.0,
    json: Json = False,
) -> None:
    """
    Ask one saved question, or all that must come back empty.

    The exit code is 22 where one of those did not come back empty.

    Example: doselink audit run files-behind-organ-dose --param person=per_… --param organ=lung
    """
    from provenance.audit import ask, ask_all, refuse_breaches

    if (name is None) is not all_integrity:
        raise WhichQuestion("expected a NAME or --all-integrity: `doselink audit list` shows the names")
    today = datetime.now(UTC).date()
    given = parameters(param)
    with reading(study) as graph:
        if name is not None:
            findings = [ask(graph, name, given, today=today, timeout_s=timeout)]
            show.rows(findings[0].rows, json=json, columns=findings[0].columns)
        else:
            findings = ask_all(graph, today=today, timeout_s=timeout)
            _print_all(findings, json=json)
    refuse_breaches(findings)


def _print_all(findings: list[Finding], *, json: bool) -> None:
    if json:
        show.as_json(findings)
        return
    show.rows([{"question": finding.name, "rows": len(finding.rows)} for finding in findings])
    for finding in findings:
        if finding.rows:
            show.text("")
            show.rows(finding.rows, columns=finding.columns, title=f"{finding.name}: {finding.question}")
