"""The cath-lab register as a help to doses: which number belongs to which examination, by exact keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

__all__ = ["KnownExam", "KnownExams"]

_COLUMNS = ("exam_key", "accession_key", "study_key", "person_key", "hospital", "room", "started_at", "weight_kg",
            "file_sha256", "row")  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownExam:
    """One examination of the register; keys only."""

    exam_key: str
    accession_key: str | None
    study_key: str | None
    person_key: str | None
    hospital: str | None
    room: str | None
    started_at: datetime | None
    weight_kg: float | None
    file_sha256: str
    row: int


class KnownExams:
    """
    Finds examinations by key. A key that several examinations have finds none: it says nothing.

    Args:
        exams: The table `exams` of docs/architecture.md, or None.
    """

    def __init__(self, exams: pa.Table | None) -> None:
        rows = [] if exams is None else exams.select(list(_COLUMNS)).to_pylist()
        known = {row["exam_key"]: KnownExam(**row) for row in rows if row["exam_key"] is not None}
        self._by_exam = known
        self._by_accession = _unique((exam.accession_key, exam) for exam in known.values())
        self._by_study = _unique((exam.study_key, exam) for exam in known.values())

    def find(
        self, *, exam_key: str | None = None, study_key: str | None = None, accession_key: str | None = None
    ) -> KnownExam | None:
        """The examination with one of these keys; its own number counts before study and accession number."""
        return (
            self._by_exam.get(exam_key or "")
            or self._by_study.get(study_key or "")
            or self._by_accession.get(accession_key or "")
        )


def _unique(pairs: Iterable[tuple[str | None, KnownExam]]) -> dict[str, KnownExam]:
    found: dict[str, KnownExam] = {}
    twice: set[str] = set()
    for key, exam in pairs:
        if key is None:
            continue
        if key in found:
            twice.add(key)
        found[key] = exam
    return {key: exam for key, exam in found.items() if key not in twice}
