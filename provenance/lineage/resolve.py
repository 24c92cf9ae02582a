"""From what a user types to a node of the ledger. Opens files through the ledger."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.ledger import Ledger
from graph_schema.nodes import NODES
from provenance.study.errors import NotInStudy

__all__ = ["label_of", "resolve"]

_LABELS = {model.prefix: label for label, model in NODES.items()}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def label_of(thing: str) -> str:
    """
    The label an id or key belongs to, from its prefix.

    Raises:
        NotInStudy: If it begins like no identifier of ours; the text itself is not repeated.

    >>> label_of("per_0123456789abcdef01234567.r2")
    'Person'
    """
    label = _LABELS.get(thing.partition("_")[0]) if "_" in thing else None
    if label is None:
        known = ", ".join(f"{prefix}_… ({name})" for prefix, name in sorted(_LABELS.items()))
        raise NotInStudy(f"that is no identifier of a study: expected one of {known}")
    return label


def resolve(ledger: Ledger, thing: str) -> tuple[str, str]:
    """
    The label and id of the node meant.

    Args:
        ledger: The ledger.
        thing: A key (its current revision is meant, the last one where it is closed), the id of one revision
            (`<key>.r1` for the first), or the SHA-256 of a delivered file.

    Raises:
        NotInStudy: If there is none.
    """
    if _SHA256.fullmatch(thing):
        return "SourceFile", _file_id(ledger, thing)
    label = label_of(thing)
    key, dot, revision = thing.partition(".r")
    nodes = ledger.nodes(label, ["id", "key", "revision"])
    found = nodes.filter(pc.equal(nodes.column("key"), key)).to_pylist()
    if dot:
        found = [row for row in found if str(row["revision"]) == revision]
    if not found:
        raise NotInStudy(f"there is no {label} of this id in the study: expected one that a table or question gave")
    return label, str(max(found, key=lambda row: row["revision"])["id"])


def _file_id(ledger: Ledger, sha256: str) -> str:
    files: pa.Table = ledger.nodes("SourceFile", ["id", "sha256"])
    found = files.filter(pc.equal(files.column("sha256"), sha256)).column("id").to_pylist()
    if not found:
        raise NotInStudy(f"no delivered file has the digest {sha256[:12]}…: compare `sha256sum` of the delivery")
    return str(found[-1])
