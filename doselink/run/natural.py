"""The way back from keys to the deliveries' own identifiers: the deliveries read again, nothing kept. Reads files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from doselink.compute.dose_events import read_dose_events
from doselink.compute.ingest import ingest_tables
from doselink.compute.stages import StageResult
from doselink.progress import Progress
from doselink.run.workspace import Workspace
from doselink.study import Study
from graph_schema.ids import Keyring
from linkage.records.schema import EXAMS

__all__ = ["Natural", "natural_keys"]

Natural = dict[str, tuple[str, ...]]


class _Remembering(Keyring):
    """Makes the study's identifiers and remembers, in memory, what each was made of."""

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret)
        self.natural: Natural = {}

    def key(self, prefix: str, *natural: str) -> str:
        made = super().key(prefix, *natural)
        self.natural[made] = natural
        return made


class _NoCache:
    """Every step is done; nothing is written."""

    def get_or_make(
        self,
        activity: str,  # noqa: ARG002
        *,
        version: int,  # noqa: ARG002
        inputs: Iterable[str],  # noqa: ARG002
        parameters: str,  # noqa: ARG002
        make: Callable[[], StageResult],
    ) -> StageResult:
        return make()


def natural_keys(study: Study, space: Workspace, *, today: date, progress: Progress) -> Natural:
    """
    Key to natural key (scope first, as in docs/architecture.md) of everything the deliveries name.

    Args:
        study: Says where the deliveries are.
        space: Says where the study key is.
        today: Day of the export.
        progress: Told of every file.

    Raises:
        KeyMissing: If there is no study key: without it nobody can tell whose link it is.
        OtherKey: If it is not the key of this ledger.
        SourceMissing: If the deliveries are no longer there.
    """
    keyring = _Remembering.read(space.key_path)
    space.refuse_other(keyring)
    cache: Any = _NoCache()
    intake = ingest_tables(study, keyring=keyring, today=today, cache=cache, progress=progress)
    exams = intake.table("cath_lab", "exams", EXAMS)
    read_dose_events(study, keyring=keyring, today=today, exams=exams, progress=progress, limits=study.dose.limits)
    return keyring.natural  # type: ignore[attr-defined, no-any-return]
