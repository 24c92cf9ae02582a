"""The graph brought to the ledger's head, and what it holds then. Talks to the graph server."""

from __future__ import annotations

import time
from collections import Counter

from doselink.progress import Progress
from doselink.report.summary import GraphFacts, NamedCount
from doselink.run.workspace import Workspace
from doselink.study import Study
from graph_schema.graph.load import apply
from graph_schema.graph.opening import open_graph
from graph_schema.ledger import Ledger

__all__ = ["bring_up_graph", "graph_counts"]


def bring_up_graph(study: Study, space: Workspace, *, progress: Progress, before: GraphFacts | None) -> GraphFacts:
    """
    Apply the commits the graph lacks.

    Args:
        study: Says where the graph is.
        space: The study's folder.
        progress: Told of every batch.
        before: What the last run said of the graph; kept where nothing had to be loaded.

    Raises:
        GraphServerError: If the server cannot be started or reached.
    """
    ledger = space.ledger
    began = time.monotonic()
    with progress.step("load graph", total=None, unit="rows") as step:
        done = 0

        def tell(so_far: int, _total: int) -> None:
            nonlocal done
            step.advance(so_far - done)
            done = so_far

        with open_graph(study.graph.url, space.graph_dir, reader=False) as graph:
            report = apply(graph, ledger, progress=tell)
            engine = graph.agent()
    if before is not None and not report.commits:
        return before
    nodes, n_edges = graph_counts(ledger)
    return GraphFacts(
        engine=engine,
        n_nodes=sum(nodes.values()),
        n_edges=n_edges,
        seconds=round(time.monotonic() - began, 2),
        labels=tuple(NamedCount(name=name, n=n) for name, n in sorted(nodes.items())),
    )


def graph_counts(ledger: Ledger) -> tuple[Counter[str], int]:
    """Nodes by label and edges, as the manifests count them: no graph is asked."""
    nodes: Counter[str] = Counter()
    n_edges = 0
    for manifest in ledger.manifests():
        for segment in manifest.nodes():
            nodes[segment.label or ""] += segment.n_rows
        n_edges += sum(segment.n_rows for segment in manifest.edges())
    return nodes, n_edges
