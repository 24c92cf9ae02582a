"""A study as Python sees it: the workspace opened for reading, its current state as frames."""

from provenance.study.opening import Study, open_study
from provenance.study.snapshot import Snapshot

__all__ = ["Snapshot", "Study", "open_study"]
