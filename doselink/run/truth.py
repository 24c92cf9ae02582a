"""Known truth of made data as pairs of keys, so that a run can be counted against it. Reads files."""

from __future__ import annotations

from pathlib import Path

from doselink.study import Study, table_path
from graph_schema.delivery import TextFormat, read_text_table
from graph_schema.ids import Keyring

__all__ = ["true_stay_pairs"]

_STAY_COLUMNS = ("case_id", "hospital", "case")


def true_stay_pairs(study: Study, keyring: Keyring) -> set[tuple[str, str]] | None:
    """
    True pairs of claims stays and hospital cases, as keys; None where the study has no truth.

    Raises:
        SourceMissing, SourceFileError: If the declared file is not there or lacks a column.
    """
    declared = study.evaluation.stay_links
    if declared is None:
        return None
    return _read(table_path(study, declared.path), keyring)


def _read(path: Path, keyring: Keyring) -> set[tuple[str, str]]:
    table = read_text_table(path, format=TextFormat(), required=_STAY_COLUMNS).table
    columns = [table.column(name).to_pylist() for name in _STAY_COLUMNS]
    return {
        (keyring.key("sty", "claims", claim), keyring.key("sty", hospital, case))
        for claim, hospital, case in zip(*columns, strict=True)
    }
