"""
The batch run: deliveries in, one commit out, the graph brought up, the report written.

What is named here is imported when it is first used: a command that only looks for its workspace does not wait for
the linkage engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doselink.run.batch import run_study
    from doselink.run.result import RunResult
    from doselink.run.standing import Status, status
    from doselink.run.workspace import Workspace

__all__ = ["RunResult", "Status", "Workspace", "run_study", "status"]

_HOMES = {
    "RunResult": "result",
    "Status": "standing",
    "Workspace": "workspace",
    "run_study": "batch",
    "status": "standing",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
