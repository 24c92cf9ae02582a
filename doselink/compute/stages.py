"""Work that is not done twice: the tables a step made, under the key of everything it was made from. Opens files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from graph_schema.ids import content_digest, derivation_key
from graph_schema.ledger import BlockStore
from graph_schema.ledger.blocks import BlockMissing, write_atomically

__all__ = ["StageCache", "StageResult", "settings_digest"]


@dataclass(frozen=True, slots=True)
class StageResult:
    """
    What a step made.

    Attributes:
        tables: Name to table.
        facts: What else it found, as JSON values.
        digests: Name to the block's digest; filled by the cache.
        reused: True where an earlier run had made it.
    """

    tables: Mapping[str, pa.Table]
    facts: Mapping[str, Any] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    reused: bool = False


def settings_digest(settings: object) -> str:
    """Digest of JSON-able settings, keys sorted."""
    return content_digest(json.dumps(settings, sort_keys=True, default=str).encode())


class StageCache:
    """Results of steps, by derivation key. Deleting the folder costs time and nothing else."""

    def __init__(self, folder: Path, blocks: BlockStore) -> None:
        self.folder = folder
        self.blocks = blocks

    def get_or_make(
        self,
        activity: str,
        *,
        version: int,
        inputs: Iterable[str],
        parameters: str,
        make: Callable[[], StageResult],
    ) -> StageResult:
        """
        The step's result, from the cache where all it depends on is unchanged.

        Args:
            activity: Name of the step.
            version: Calculation version of the step.
            inputs: Digests of everything it reads.
            parameters: Digest of its settings.
            make: Does the work.
        """
        key = derivation_key(activity, version, inputs, parameters)
        path = self.folder / f"{key}.json"
        found = self._read(path)
        if found is not None:
            return found
        made = make()
        digests = {name: self.blocks.put(table) for name, table in made.tables.items()}
        note = {"activity": activity, "blocks": digests, "facts": dict(made.facts)}
        write_atomically(path, json.dumps(note, sort_keys=True).encode())
        # Handed on as the next run will find it: Parquet keeps no seconds, and a new file's part stands beside
        # those of files that were read before.
        return StageResult({name: self.blocks.get(digest) for name, digest in digests.items()}, made.facts, digests)

    def parts(self, activity: str, *, version: int, parameters: str) -> list[pa.Table]:
        """What `add_part` kept under this activity, version and settings; a part that is lost or torn is left out."""
        found = []
        for sha256 in self._part_names(self._collection(activity, version, parameters)):
            try:
                found.append(self.blocks.get(sha256))
            except BlockMissing:
                continue
        return found

    def add_part(self, activity: str, *, version: int, parameters: str, part: pa.Table) -> None:
        """
        Keep one more table of a step that grows with each delivery.

        Args:
            activity: Name of the step.
            version: Calculation version of the step.
            parameters: Digest of its settings.
            part: What is new; earlier parts stay as they are.
        """
        path = self._collection(activity, version, parameters)
        names = [*self._part_names(path), self.blocks.put(part)]
        note = {"activity": activity, "parts": list(dict.fromkeys(names))}
        write_atomically(path, json.dumps(note, sort_keys=True).encode())

    def _collection(self, activity: str, version: int, parameters: str) -> Path:
        return self.folder / f"{derivation_key(activity, version, [], parameters)}.json"

    @staticmethod
    def _part_names(path: Path) -> list[str]:
        try:
            return [str(name) for name in json.loads(path.read_bytes())["parts"]]
        except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
            return []

    def _read(self, path: Path) -> StageResult | None:
        try:
            note = json.loads(path.read_bytes())
            tables = {name: self.blocks.get(sha256) for name, sha256 in note["blocks"].items()}
        except (FileNotFoundError, json.JSONDecodeError, KeyError, BlockMissing):
            return None
        return StageResult(tables, note["facts"], note["blocks"], reused=True)
