"""What runs a ledger remembers. Reads the ledger."""

from __future__ import annotations

from graph_schema.ledger import Ledger

__all__ = ["last_study_run"]


def last_study_run(ledger: Ledger) -> tuple[str, str] | None:
    """Key and derivation key of the last run that read deliveries; None before the first."""
    runs = ledger.nodes("Run", ["key", "run_type", "derivation_key"]).to_pylist()
    studies = [run for run in runs if run["run_type"] == "study"]
    return (studies[-1]["key"], studies[-1]["derivation_key"]) if studies else None
