"""The manifest of one commit: what it holds, which commit came before, and the digests of both. Opens nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph_schema.edges import Triple
from graph_schema.errors import ExitCode, UserError
from graph_schema.ids import content_digest

__all__ = ["SCHEMA_VERSION", "LedgerDamaged", "Manifest", "SegmentRef", "merkle_root"]

SCHEMA_VERSION = 1


class LedgerDamaged(UserError):
    """The ledger does not hold what its manifests say."""

    exit_code = ExitCode.LEDGER


class SegmentRef(BaseModel):
    """One Parquet segment of a commit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["nodes", "edges", "closures"] = Field(description="What its rows are.")
    label: str | None = Field(None, description="Label of node rows.")
    type: str | None = Field(None, description="Edge type of edge rows.")
    source: str | None = Field(None, description="Label edges start from.")
    target: str | None = Field(None, description="Label edges point to.")
    sha256: str = Field(description="Digest of the segment's bytes.")
    n_rows: int = Field(description="Rows in the segment.")

    @property
    def triple(self) -> Triple:
        """The kind of edge an edge segment holds."""
        return Triple(self.type or "", self.source or "", self.target or "")


class Manifest(BaseModel):
    """One commit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1, description="1, 2, 3, …, without gap.")
    previous: str | None = Field(description="Digest of the manifest before; null for the first.")
    recorded_at: datetime = Field(description="When it was recorded (UTC): `system_from` of its nodes.")
    run_id: str = Field(description="The Run node that made it.")
    schema_version: int = Field(description="Version of the node and edge registry.")
    key_fingerprint: str = Field(description="Which study key made the identifiers.")
    segments: tuple[SegmentRef, ...] = Field(description="Nodes, edges, closures, in this order.")
    blocks: tuple[str, ...] = Field(description="Digests of the blocks its nodes point to, sorted.")
    root: str = Field(description="Merkle root over segment and block digests (RFC 9162 hashing).")

    def to_bytes(self) -> bytes:
        """Canonical bytes (RFC 8785), over which `previous` of the next commit is taken."""
        raw: bytes = rfc8785.dumps(self.model_dump(mode="json"))
        return raw

    @classmethod
    def from_bytes(cls, raw: bytes, *, name: str) -> Manifest:
        """
        Read a manifest.

        Raises:
            LedgerDamaged: If the bytes are no manifest.
        """
        try:
            return cls.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the document"
            raise LedgerDamaged(f"{name} is not a manifest: {where}: {first['msg']}") from None

    @property
    def sha256(self) -> str:
        """Digest of the canonical bytes."""
        return content_digest(self.to_bytes())

    def nodes(self) -> list[SegmentRef]:
        """Node segments."""
        return [segment for segment in self.segments if segment.kind == "nodes"]

    def edges(self) -> list[SegmentRef]:
        """Edge segments."""
        return [segment for segment in self.segments if segment.kind == "edges"]

    def closures(self) -> list[SegmentRef]:
        """Closure segments."""
        return [segment for segment in self.segments if segment.kind == "closures"]


def merkle_root(leaves: Sequence[str]) -> str:
    """
    Root of the Merkle tree over the leaves, as in RFC 9162 section 2.1.1.

    Args:
        leaves: Digests in hexadecimal, in order.

    >>> merkle_root([]) == hashlib.sha256(b"").hexdigest()
    True
    """
    return _root([bytes.fromhex(leaf) for leaf in leaves]).hex()


def _root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()
