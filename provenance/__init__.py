"""Dose events, organ doses with their uncertainty, lineage, audit and the cohort API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenance.study.opening import Study, open_study

__all__ = ["Study", "open_study"]


def __getattr__(name: str) -> object:
    """Reading a dose report should not wait for pandas: the study is imported when it is asked for."""
    if name in __all__:
        from provenance.study import opening

        return getattr(opening, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
