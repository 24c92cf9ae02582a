"""What a run would be computed from: every delivered byte, every setting, the key and the code. Reads files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from doselink import __version__
from doselink.progress import Progress
from doselink.study import Study, folder_paths, source_files, table_path
from graph_schema.ids import Keyring, derivation_key
from graph_schema.ledger import Ledger

__all__ = ["RUN_VERSION", "Plan", "plan_run"]

# Raised by hand when the same deliveries and settings give another result.
RUN_VERSION = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What is about to be computed.

    Attributes:
        derivation_key: Equal keys, equal results.
        inputs: Path to digest of every delivered file and table.
        run_key: Key of the Run node this would be, given the ledger as it stands.
    """

    derivation_key: str
    inputs: dict[Path, str]
    run_key: str

    def changed(self) -> list[Path]:
        """Inputs whose bytes are no longer those the run was planned with."""
        return [path for path, sha256 in self.inputs.items() if not path.is_file() or _digest(path) != sha256]


def plan_run(study: Study, *, keyring: Keyring, ledger: Ledger, progress: Progress) -> Plan:
    """
    Hash everything the run will read.

    Raises:
        SourceMissing: If a declared file is not there.
    """
    head = ledger.head()
    paths = sorted(set(_paths(study)))
    with progress.step("hash deliveries", total=len(paths), unit="files") as step:
        inputs = {}
        for path, sha256 in zip(paths, _digests(paths), strict=True):
            inputs[path] = sha256
            step.advance(1)
    parameters = f"{study.digest}\x00{keyring.fingerprint}\x00{__version__}"
    placed = [f"{_place(path, study.base)}={sha256}" for path, sha256 in inputs.items()]
    key = derivation_key("study-run", RUN_VERSION, placed, parameters)
    number = 1 if head is None else head.number + 1
    return Plan(key, inputs, keyring.key("run", key, str(number)))


def _paths(study: Study) -> Iterator[Path]:
    for source in study.sources:
        if source.kind == "rdsr":
            yield from folder_paths(study, source)
        else:
            yield from (file.path for file in source_files(study, source))
    tables = study.tables
    for declared in (tables.region_crosswalk, tables.calibration, tables.coefficients):
        if declared is not None:
            yield table_path(study, declared.path)


def _place(path: Path, base: Path) -> str:
    """Where a file lies as the study file sees it: a study that is moved as a whole is the same study."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _digests(paths: list[Path]) -> Iterable[str]:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(_digest, paths)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
