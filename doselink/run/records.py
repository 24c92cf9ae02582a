"""What a run keeps beside the ledger's nodes: standardised records and scored pairs as blocks, rejects as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa

from doselink.compute.steps import Computed
from graph_schema.ledger import BlockStore
from graph_schema.ledger.blocks import write_atomically

__all__ = ["keep_blocks", "write_rejects"]


def keep_blocks(computed: Computed, blocks: BlockStore) -> dict[str, str]:
    """
    Store the tables of the run.

    Returns:
        Name to digest, for the run's manifest and the commit.
    """
    return {name: blocks.put(table) for name, table in _tables(computed).items()}


def _tables(computed: Computed) -> dict[str, pa.Table]:
    delivered = computed.delivered
    return {
        "claims_persons": delivered.claims_persons,
        "hospital_persons": delivered.hospital_persons,
        "coverage": delivered.coverage,
        "claims_stays": delivered.claims_stays,
        "hospital_stays": delivered.hospital_stays,
        "claims_procedures": delivered.claims_procedures,
        "hospital_procedures": delivered.hospital_procedures,
        "exams": delivered.exams,
        "dose_events": delivered.events,
        "irradiation_events": delivered.doses.irradiations,
        "stay_pairs": computed.stays.pairs,
        "person_pairs": computed.stays.person_pairs,
        "dose_pairs": computed.doses.pairs,
        "exam_pairs": computed.doses.exam_pairs,
        "dose_chains": computed.doses.chains,
    }


def write_rejects(computed: Computed, folder: Path) -> None:
    """One CSV a source: file, row, field, reason. No value that was found is in it."""
    accounts = (computed.delivered.intake, computed.delivered.doses)
    names = {item.facts.sha256: item.facts.name for account in accounts for item in account.files}
    for account in accounts:
        for source, rejects in account.rejects.items():
            if not rejects:
                continue
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(("file", "file_sha256", "row", "field", "reason"))
            for reject in rejects:
                name = names.get(reject.file_sha256, source)
                writer.writerow((name, reject.file_sha256, reject.row, reject.field or "", reject.reason))
            write_atomically(folder / f"{source}.csv", text.getvalue().encode())
