"""A world, breaches and all, written into a graph: the real loader would refuse it, and should."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from graph_schema.graph.bolt import Graph
from graph_schema.nodes import NODES
from tests.oracle import Row, Thing, World


def empty(graph: Graph) -> None:
    """Take everything out of the graph."""
    graph.write("MATCH (n) DETACH DELETE n")


def put(graph: Graph, world: World, *, only: Mapping[str, Thing] | None = None) -> None:
    """
    Write a world's edges and things, in the shape the loader gives them.

    Args:
        graph: The graph.
        world: What to write.
        only: Things to write, where the others are there already.
    """
    by_label: dict[str, list[Row]] = defaultdict(list)
    for thing in (world.things if only is None else only).values():
        by_label[thing.label].append({name: found for name, found in thing.facts.items() if found is not None})
    for label, rows in by_label.items():
        classes = f"{label}:{NODES[label].prov.value}"
        graph.write(f"UNWIND $rows AS row CREATE (n:{classes}) SET n = row", {"rows": rows})
    by_kind: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for edge in world.edges:
        kind = (edge.type, world.things[edge.source].label, world.things[edge.target].label)
        facts = {name: found for name, found in edge.facts.items() if found is not None}
        by_kind[kind].append({"source": edge.source, "target": edge.target, "facts": facts})
    for (edge_type, source, target), rows in by_kind.items():
        graph.write(
            f"UNWIND $rows AS row MATCH (a:{source} {{id: row.source}}), (b:{target} {{id: row.target}}) "
            f"CREATE (a)-[r:{edge_type}]->(b) SET r = row.facts",
            {"rows": rows},
        )


def move(graph: Graph, before: World, after: World) -> None:
    """Change a graph that holds one world so that it holds the other."""
    kept = {id(edge) for edge in after.edges}
    known = {id(edge) for edge in before.edges}
    for edge in (edge for edge in before.edges if id(edge) not in kept):
        ends = before.things[edge.source].label, before.things[edge.target].label
        graph.write(
            f"MATCH (a:{ends[0]} {{id: $source}})-[r:{edge.type}]->(b:{ends[1]} {{id: $target}}) DELETE r",
            {"source": edge.source, "target": edge.target},
        )
    for name in before.things.keys() - after.things.keys():
        graph.write(f"MATCH (n:{before.things[name].label} {{id: $id}}) DELETE n", {"id": name})
    new = {name: thing for name, thing in after.things.items() if name not in before.things}
    added = World(after.things, [edge for edge in after.edges if id(edge) not in known])
    put(graph, added, only=new)
