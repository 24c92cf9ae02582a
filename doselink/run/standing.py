"""What has been committed, what is stale, where the graph stands. Reads the ledger; starts no server."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from doselink.progress import Silent
from doselink.run.history import last_study_run
from doselink.run.plan import plan_run
from doselink.run.project import graph_counts
from doselink.run.workspace import Workspace
from doselink.study import read_study
from graph_schema.edges import RULES
from graph_schema.errors import UserError
from graph_schema.graph.opening import is_embedded
from graph_schema.ledger import Ledger

__all__ = ["Status", "status"]


class Status(BaseModel):
    """Where a study stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace: str = Field(description="The study's folder.")
    commits: int = Field(description="Commits in the ledger.")
    last_commit_at: datetime | None = Field(description="When the last one was recorded.")
    last_run: str | None = Field(description="Last run that read deliveries.")
    nodes: dict[str, int] = Field(description="Current nodes by label.")
    edges: int = Field(description="Edges in the ledger, those of closed nodes too.")
    deliveries: str = Field(description="unchanged, changed, or why that cannot be said.")
    stale: dict[str, int] = Field(description="Current nodes by label that rest on something superseded.")
    graph: str = Field(description="Where the graph is, and whether it lacks commits.")


def status(workspace: Workspace) -> Status:
    """
    Look at a workspace without changing it.

    Raises:
        LedgerDamaged: If the ledger cannot be read.
    """
    ledger = workspace.ledger
    manifests = ledger.manifests()
    nodes, n_edges = graph_counts(ledger)
    last = last_study_run(ledger)
    return Status(
        workspace=str(workspace.root),
        commits=len(manifests),
        last_commit_at=manifests[-1].recorded_at if manifests else None,
        last_run=None if last is None else last[0],
        nodes={label: ledger.current(label).num_rows for label in sorted(nodes)},
        edges=n_edges,
        deliveries=_deliveries(workspace, ledger, last),
        stale=_stale(ledger),
        graph=_graph(workspace),
    )


def _deliveries(workspace: Workspace, ledger: Ledger, last: tuple[str, str] | None) -> str:
    try:
        study = read_study(workspace.study_file)
        plan = plan_run(study, keyring=workspace.keyring(), ledger=ledger, progress=Silent())
    except UserError as error:
        return f"cannot be compared: {error}"
    if last is not None and plan.derivation_key == last[1]:
        return "unchanged since the last run"
    return "changed since the last run: `doselink run` takes them in"


def _stale(ledger: Ledger) -> dict[str, int]:
    """Current nodes with an edge to a node that is no longer current."""
    closed = set(ledger.closures().column("id").to_pylist())
    found: dict[str, set[str]] = {}
    for triple in RULES:
        if triple.type in {"WAS_REVISION_OF", "WAS_GENERATED_BY"}:
            continue
        edges = ledger.edges(triple).select(["source_id", "target_id"])
        for source, target in zip(*(column.to_pylist() for column in edges.columns), strict=True):
            if target in closed and source not in closed:
                found.setdefault(triple.source, set()).add(source)
    return {label: len(ids) for label, ids in sorted(found.items())}


def _graph(workspace: Workspace) -> str:
    study = read_study(workspace.study_file)
    if not is_embedded(study.graph.url):
        return "on a server of its own; `doselink graph status` asks it"
    there = workspace.graph_dir.is_dir() and any(workspace.graph_dir.iterdir())
    return "embedded; `doselink graph status` asks it" if there else "embedded, not built yet: `doselink graph rebuild`"
