"""The batch run: deliveries in, one commit out, the graph brought up, the report written."""

from doselink.run.batch import run_study
from doselink.run.result import RunResult
from doselink.run.status import Status, status
from doselink.run.workspace import Workspace

__all__ = ["RunResult", "Status", "Workspace", "run_study", "status"]
