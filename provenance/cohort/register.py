"""A cohort written into the ledger: its definition, the run that evaluated it, its members. Appends to the ledger."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

import pyarrow as pa
import rfc8785

from graph_schema.edges import Triple
from graph_schema.ids import content_digest, derivation_key
from graph_schema.ledger import Ledger, Manifest, settle
from provenance.cohort.cohort import Cohort, cohort_key
from provenance.study.errors import StudyMissing

__all__ = ["register"]

_COHORT_VERSION = 1


def register(cohort: Cohort, ledger: Ledger, *, now: datetime) -> Manifest:
    """
    Append a cohort to the ledger.

    A cohort that is there already, with the same definition, the same members and the same persons' state,
    writes nothing.

    Args:
        cohort: The cohort.
        ledger: The ledger it was selected from.
        now: The commit's time, aware, UTC.

    Returns:
        The manifest of the commit that holds it: the new one, or the ledger's head where nothing changed.

    Raises:
        StudyMissing: If the ledger is empty, or members have changed since the cohort was selected.
        WriterLocked: If another process is writing.
    """
    with ledger.writer():
        head = ledger.head()
        if head is None:
            raise StudyMissing("the ledger is empty: run the study before registering a cohort")
        _still_current(cohort, ledger)
        desired = cohort.nodes()
        if settle(desired, ledger).n_rows == 0:
            return head
        derived = derivation_key("cohort", _COHORT_VERSION, [head.root, str(head.number)], cohort.digest)
        run_key = "run_" + content_digest(derived.encode())[:24]
        run = {
            "key": run_key,
            "run_type": "cohort",
            "status": "COMPLETE",
            "code_version": _code_version(),
            "derivation_key": derived,
            "seed": 0,
            "counts_json": rfc8785.dumps({"persons": len(cohort)}).decode(),
        }
        text = cohort.definition.to_json()
        settings_key = "par_" + cohort.digest[:24]
        settings = {"key": settings_key, "canonical_json": text, "sha256": cohort.digest}
        desired.add_nodes("Run", pa.Table.from_pylist([run]))
        desired.add_nodes("ParameterSet", pa.Table.from_pylist([settings]))
        for triple, target, role in (
            (Triple("USED", "Run", "ParameterSet"), settings_key, "definition"),
            (Triple("WAS_INFORMED_BY", "Run", "Run"), head.run_id, None),
        ):
            row = {"source_key": run_key, "target_key": target} | ({"role": role} if role else {})
            desired.add_edges(triple, pa.Table.from_pylist([row]))
        made = {"source_key": cohort_key(cohort.definition.name), "target_key": run_key}
        desired.add_edges(Triple("WAS_GENERATED_BY", "Cohort", "Run"), pa.Table.from_pylist([made]))
        return ledger.append(
            settle(desired, ledger), run_id=run_key, recorded_at=now, key_fingerprint=head.key_fingerprint
        )


def _still_current(cohort: Cohort, ledger: Ledger) -> None:
    now = dict(zip(*(ledger.current("Person").column(name).to_pylist() for name in ("key", "id")), strict=True))
    if any(now.get(key) != person_id for key, person_id in cohort.member_ids.items()):
        raise StudyMissing("persons of this cohort have changed since it was selected: open the study again")


def _code_version() -> str:
    try:
        return version("doselink")
    except PackageNotFoundError:
        return "unknown"
