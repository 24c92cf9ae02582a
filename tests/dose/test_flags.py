"""Every flag that can be given has a meaning."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from provenance.dose import flags
from provenance.dose.flags import FLAGS
from provenance.dose.schema import DOSE_EVENTS

PACKAGE = Path(flags.__file__).parent
MODULES = ("totals", "identity", "exam", "events", "settle")


def _words(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and inner.value.isidentifier():
            yield inner.value


def _given(tree: ast.AST) -> Iterator[str]:
    """Words put into sets named flags, and into `_flagged`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in ("flags.add", "found.add") or name.endswith("_flagged"):
                yield from (word for argument in node.args for word in _words(argument))
        if isinstance(node, ast.Set) and "flags" in ast.unparse(node):
            yield from (word for part in node.elts if isinstance(part, ast.Constant) for word in _words(part))
        if isinstance(node, ast.AugAssign) and ast.unparse(node.target) == "flags":
            yield from _words(node.value)


def test_every_flag_that_is_given_has_a_meaning() -> None:
    given = set()
    for module in MODULES:
        given |= set(_given(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))))
    assert len(given) >= 15
    assert given - set(DOSE_EVENTS.names) <= set(FLAGS)


def test_meanings_are_sentences_in_the_order_of_their_flags() -> None:
    assert list(FLAGS) == sorted(FLAGS)
    assert all(" " in meaning for meaning in FLAGS.values())
