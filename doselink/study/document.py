"""A YAML document with the line of every key: no duplicates, no surprises in what a scalar means. Opens nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

__all__ = ["Document", "KeyPath", "Problem", "parse_document"]

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: line (1 = first), key path, what was expected."""

    line: int
    path: KeyPath
    wanted: str

    def __str__(self) -> str:
        return f"line {self.line}" + (f", {_dotted(self.path)}" if self.path else "") + f": {self.wanted}"


@dataclass(slots=True)
class Document:
    """Plain data, the line of every key path, and what is wrong with the YAML itself."""

    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: KeyPath) -> int:
        """Line of the deepest part of `path` that the file has."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1


class _Loader(yaml.SafeLoader):
    """YAML 1.2 scalars: no octal, no base 60, no yes/no, and dates stay text; a leading zero is never lost."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _expression, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_expression})$"), list(_first))


def parse_document(text: str) -> Document:
    """The document that `text` holds; syntax errors and duplicate keys stand in `problems`."""
    document = Document()
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is not None:
            document.lines[()] = root.start_mark.line + 1
            document.data = _build(loader, root, (), document=document, above=())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        document.problems.append(Problem(line, (), f"not YAML: {error.problem or error.context}"))
    except yaml.YAMLError as error:
        document.problems.append(Problem(1, (), f"not YAML: {type(error).__name__}"))
    finally:
        loader.dispose()
    return document


def _build(loader: _Loader, node: yaml.Node, path: KeyPath, *, document: Document, above: tuple[yaml.Node, ...]) -> Any:
    """Plain data; a key with nothing behind it counts as absent."""
    if node in above:
        raise yaml.constructor.ConstructorError(None, None, "an anchor that holds itself", node.start_mark)
    above = (*above, node)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for place, child in enumerate(node.value):
            document.lines[(*path, place)] = child.start_mark.line + 1
            items.append(_build(loader, child, (*path, place), document=document, above=above))
        return items
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    built: dict[str, Any] = {}
    for key_node, child in node.value:
        key = str(key_node.value)
        at = (*path, key)
        line = key_node.start_mark.line + 1
        if at in document.lines:
            wanted = f"expected this key once, but it already stands on line {document.lines[at]}"
            document.problems.append(Problem(line, at, wanted))
            continue
        document.lines[at] = line
        value = _build(loader, child, at, document=document, above=above)
        if value is not None:
            built[key] = value
    return built


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text
