"""The attrition table: from the rows delivered to the persons selected, nobody lost unseen. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import rfc8785

__all__ = ["ATTRITION", "Attrition"]

ATTRITION = pa.schema(
    [
        pa.field("step", pa.int32(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),
        pa.field("n_records", pa.int64()),
        pa.field("n_persons", pa.int64()),
        pa.field("n_dose_events", pa.int64()),
        pa.field("excluded_records", pa.int64()),
        pa.field("excluded_persons", pa.int64()),
    ]
)


@dataclass(slots=True)
class Attrition:
    """
    Collects the steps.

    `unit` says what a record of the step is (rows, stays, examinations). What is excluded is counted
    against the step before, where that one counts the same unit; elsewhere it is null, not zero.
    """

    rows: list[dict[str, object]] = field(default_factory=list)
    _before: dict[str, object] | None = None

    def add(
        self,
        reason: str,
        *,
        unit: str,
        n_records: int | None,
        n_persons: int | None,
        n_dose_events: int | None = None,
        aside: bool = False,
    ) -> None:
        """One more step; `reason` says who is left, not who went. A step `aside` informs and excludes nobody."""
        before = None if aside else self._before
        same_unit = before is not None and before["unit"] == unit
        self.rows.append(
            {
                "step": len(self.rows) + 1,
                "reason": reason,
                "unit": unit,
                "n_records": n_records,
                "n_persons": n_persons,
                "n_dose_events": n_dose_events,
                "excluded_records": _less(before, "n_records", n_records) if same_unit else None,
                "excluded_persons": _less(before, "n_persons", n_persons),
            }
        )
        if not aside:
            self._before = self.rows[-1]

    def restart(self) -> None:
        """Count what the next step excludes against the step just added, though it was aside."""
        self._before = self.rows[-1]

    def add_exams(self, reason: str, exams: pd.DataFrame, events: pd.DataFrame) -> None:
        """A step that leaves these examinations, their persons and those persons' dose events."""
        persons = set(exams["person_id"])
        self.add(
            reason,
            unit="examinations",
            n_records=len(exams),
            n_persons=len(persons),
            n_dose_events=int(events["person_id"].isin(persons).sum()),
        )

    def table(self) -> pa.Table:
        """The steps, with the columns of `ATTRITION`."""
        return pa.Table.from_pylist(self.rows, schema=ATTRITION)

    def to_json(self) -> str:
        """The steps as canonical JSON."""
        raw: bytes = rfc8785.dumps(self.rows)
        return raw.decode()


def _less(before: dict[str, object] | None, name: str, now: int | None) -> int | None:
    earlier = None if before is None else before[name]
    return earlier - now if isinstance(earlier, int) and now is not None else None
