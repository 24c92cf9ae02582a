"""From what the driver gives to plain Python: dates, times, lists, dictionaries. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["plain"]


def plain(found: object) -> Any:
    """
    A value as Python knows it.

    Dates and times of the driver become `datetime` objects (whole microseconds), nodes and relationships
    dictionaries, a path the list of its nodes and relationships in turn. Element ids are left out: they
    mean something else after every restart.

    >>> plain((1, [2.5, None]))
    [1, [2.5, None]]
    """
    if found is None or isinstance(found, str | int | float | bool):
        return found
    if isinstance(found, list | tuple):
        return [plain(item) for item in found]
    if hasattr(found, "to_native"):
        return found.to_native()
    if hasattr(found, "labels"):
        return {"labels": sorted(found.labels), "properties": _properties(found)}
    if hasattr(found, "relationships"):
        return _path(found)
    if hasattr(found, "start_node"):
        return {"type": getattr(found, "type", ""), "properties": _properties(found)}
    if isinstance(found, Mapping):
        return {key: plain(item) for key, item in found.items()}
    if hasattr(found, "iso_format"):
        return found.iso_format()
    return found


def _properties(entity: Any) -> dict[str, Any]:
    return {name: plain(found) for name, found in sorted(entity.items())}


def _path(path: Any) -> list[Any]:
    steps: list[Any] = [plain(path.nodes[0])]
    for edge, node in zip(path.relationships, path.nodes[1:], strict=True):
        steps += [plain(edge), plain(node)]
    return steps
