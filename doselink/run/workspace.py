"""The study workspace: where everything a run makes lies, and what remembers which study file made it. Opens files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from graph_schema.errors import ExitCode, UserError
from graph_schema.ids import Keyring
from graph_schema.ledger import BlockStore, Ledger
from graph_schema.ledger.blocks import write_atomically

__all__ = ["NotAWorkspace", "OtherKey", "Workspace"]

_STUDY = "study.json"


class NotAWorkspace(UserError):
    """A folder in which no study has been run."""

    exit_code = ExitCode.NOT_FOUND


class OtherKey(UserError):
    """The study key is not the one the ledger was made with."""

    exit_code = ExitCode.KEY


@dataclass(frozen=True, slots=True)
class Workspace:
    """
    One study's folder.

    Attributes:
        root: The folder; `ledger/`, `blocks/`, `graph/`, `runs/`, `keys/` and `stages/` lie in it.
    """

    root: Path

    @classmethod
    def find(cls, path: Path) -> Workspace:
        """
        The workspace at `path`: the folder itself, or the one of the study file given.

        Raises:
            NotAWorkspace: If no study was run there.
        """
        root = path.parent if path.is_file() else path
        if not (root / _STUDY).is_file():
            raise NotAWorkspace(f"no study has been run in {root}: expected {_STUDY} there; run `doselink run` first")
        return cls(root.resolve())

    @property
    def ledger(self) -> Ledger:
        """The system of record."""
        return Ledger(self.root / "ledger")

    @property
    def blocks(self) -> BlockStore:
        """Row-level bulk."""
        return BlockStore(self.root / "blocks")

    @property
    def graph_dir(self) -> Path:
        """The embedded server's folder."""
        return self.root / "graph"

    @property
    def stages(self) -> Path:
        """Cache of what steps made; safe to delete."""
        return self.root / "stages"

    @property
    def key_path(self) -> Path:
        """The study key."""
        return self.root / "keys" / "study.key"

    def run_dir(self, run_id: str) -> Path:
        """Where one run's manifest, summary, report and rejects lie."""
        return self.root / "runs" / run_id

    def keyring(self, *, create: bool = False) -> Keyring:
        """
        The study key's keyring. A new key is made for a workspace without ledger only.

        Raises:
            KeyMissing: If there is none, or a ledger exists whose key was lost.
            OtherKey: If it is not the key of this ledger.
        """
        if create and not self.key_path.exists() and self.ledger.head() is None:
            return Keyring.create(self.key_path)
        keyring = Keyring.read(self.key_path)
        self.refuse_other(keyring)
        return keyring

    def refuse_other(self, keyring: Keyring) -> None:
        """
        Before any work is done with it.

        Raises:
            OtherKey: If the ledger was made with another key.
        """
        head = self.ledger.head()
        if head is not None and head.key_fingerprint != keyring.fingerprint:
            raise OtherKey(f"{self.key_path} is not the key this ledger was made with: restore the right one")

    def remember(self, study_file: Path) -> None:
        """Note which study file this workspace belongs to."""
        text = json.dumps({"study_file": str(study_file.resolve())}, indent=1)
        if not (self.root / _STUDY).is_file() or (self.root / _STUDY).read_text(encoding="utf-8") != text:
            write_atomically(self.root / _STUDY, text.encode())

    @property
    def study_file(self) -> Path:
        """The study file this workspace was last run with."""
        found = json.loads((self.root / _STUDY).read_text(encoding="utf-8"))
        return Path(found["study_file"])
