"""`doselink graph up|down|status|check|rebuild`: the graph server, and the projection of the ledger in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doselink.cli import show
from doselink.cli.where import StudyOption, resolve
from graph_schema.errors import ExitCode

if TYPE_CHECKING:
    from doselink.run.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Start, stop, check and rebuild the graph.",
    epilog="Example: doselink graph status --study results",
)

Json = Annotated[bool, typer.Option("--json", help="JSON on standard output, nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Lines instead of progress bars.")]


@app.command("up")
def up(
    study: StudyOption = Path(),
    port: Annotated[int | None, typer.Option(help="Bolt port on loopback; a free one unless told.")] = None,
    heap_mb: Annotated[int, typer.Option(help="Upper bound of the server's heap (MiB).")] = 1024,
    json: Json = False,
) -> None:
    """
    Start the embedded graph server and let it stay, so that the next commands need not start it.

    Example: doselink graph up --study results
    """
    from graph_schema.graph.keeping import up as start

    space = resolve(study)
    show.pairs(start(_url(space), space.graph_dir, port=port, heap_mb=heap_mb), json=json)


@app.command("down")
def down(study: StudyOption = Path(), json: Json = False) -> None:
    """
    End the embedded graph server. What was committed stays.

    Example: doselink graph down --study results
    """
    from graph_schema.graph.keeping import down as end

    space = resolve(study)
    show.pairs(end(_url(space), space.graph_dir), json=json)


@app.command("status")
def status(study: StudyOption = Path(), json: Json = False) -> None:
    """
    Say where the graph is, whether its server runs, and which commit it stands at. Starts no server.

    Example: doselink graph status --study results
    """
    from graph_schema.graph.keeping import status as look

    space = resolve(study)
    show.pairs(look(_url(space), space.graph_dir, space.ledger), json=json)


@app.command("check")
def check(
    study: StudyOption = Path(),
    full: Annotated[bool, typer.Option("--full", help="Compare every row, however many there are.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """
    Hold the ledger against its own digests, and the graph against the ledger: counts, clocks and properties.

    Leaves with code 15 where the ledger was changed or is incomplete, with 22 where the graph differs.

    Example: doselink graph check --full
    """
    from graph_schema.graph.check import check as compare
    from graph_schema.graph.opening import open_graph
    from graph_schema.ledger import verify

    space = resolve(study)
    damage = verify(space.ledger, blocks=space.blocks.folder)
    if damage:
        show.rows([{"where": f"commit {found.commit}", "what": found.what} for found in damage], json=json)
        raise typer.Exit(ExitCode.LEDGER)
    with (
        _told("compare graph", quiet=quiet, json=json) as tell,
        open_graph(_url(space), space.graph_dir, reader=True) as graph,
    ):
        findings = compare(graph, space.ledger, full=full or None, progress=tell)
    show.rows(
        [{"where": finding.where, "what": finding.what} for finding in findings],
        json=json,
        columns=["where", "what"],
        empty="the graph is what the ledger says",
    )
    if findings:
        raise typer.Exit(ExitCode.AUDIT_BREACH)


@app.command("rebuild")
def rebuild(study: StudyOption = Path(), json: Json = False, quiet: Quiet = False) -> None:
    """
    Empty the graph and load the whole ledger again.

    Example: doselink graph rebuild --study results
    """
    from graph_schema.graph.opening import rebuild_graph

    space = resolve(study)
    with _told("load graph", quiet=quiet, json=json) as tell:
        report = rebuild_graph(_url(space), space.graph_dir, space.ledger, progress=tell)
    show.pairs({"commit": report.head, "nodes": report.n_nodes, "edges": report.n_edges}, json=json)


def _url(space: Workspace) -> str | None:
    from doselink.study import read_study

    return read_study(space.study_file).graph.url


@contextmanager
def _told(name: str, *, quiet: bool, json: bool) -> Iterator[Callable[[int, int], None]]:
    from doselink.progress import progress_for

    with progress_for(quiet=quiet, json=json).step(name, unit="rows") as step:
        done = 0

        def tell(so_far: int, _total: int) -> None:
            nonlocal done
            step.advance(so_far - done)
            done = so_far

        yield tell
