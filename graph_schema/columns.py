"""Arrow schemas of node and edge segments, made from the models in `nodes` and the rules in `edges`. Opens nothing."""

from __future__ import annotations

import types
import typing
from datetime import date

import pyarrow as pa

from graph_schema.edges import Triple, check_triple
from graph_schema.nodes import NODES, Node

__all__ = ["CLOSURES", "edge_properties", "edge_schema", "node_schema", "property_names"]

_SCALARS = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_(), date: pa.date32()}

CLOSURES = pa.schema(
    [("label", pa.string()), ("id", pa.string()), ("successor_id", pa.string()), ("reason", pa.string())]
)


def _arrow_type(annotation: object) -> tuple[pa.DataType, bool]:
    """Arrow type of a field's annotation, and whether None is allowed."""
    if isinstance(annotation, types.UnionType):
        inner = [part for part in typing.get_args(annotation) if part is not type(None)]
        return _arrow_type(inner[0])[0], True
    if typing.get_origin(annotation) is list:
        return pa.list_(_SCALARS[typing.get_args(annotation)[0]]), False
    return _SCALARS[typing.cast("type", annotation)], False


def _property_fields(model: type[Node]) -> list[pa.Field]:
    fields = []
    for name, info in model.model_fields.items():
        if name == "key":
            continue
        kind, nullable = _arrow_type(info.annotation)
        fields.append(pa.field(name, kind, nullable=nullable))
    return fields


def property_names(label: str) -> tuple[str, ...]:
    """The properties of a label, in the model's order, without `id`, `key`, `revision` and `leaf`."""
    return tuple(field.name for field in _property_fields(NODES[label]))


def node_schema(label: str) -> pa.Schema:
    """Schema of a node segment: id, key, revision, leaf, then the model's properties."""
    head = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("revision", pa.int32(), nullable=False),
        pa.field("leaf", pa.string(), nullable=False),
    ]
    return pa.schema(head + _property_fields(NODES[label]))


def edge_properties(triple: Triple) -> tuple[str, ...]:
    """Names of an edge's properties."""
    return tuple(name for name, _ in check_triple(triple).properties)


def edge_schema(triple: Triple) -> pa.Schema:
    """
    Schema of an edge segment: source_id, target_id, then the rule's properties.

    Raises:
        IllegalEdge: If no rule allows the triple.
    """
    head = [pa.field("source_id", pa.string(), nullable=False), pa.field("target_id", pa.string(), nullable=False)]
    rule = check_triple(triple)
    return pa.schema(head + [pa.field(name, getattr(pa, kind)()) for name, kind in rule.properties])
