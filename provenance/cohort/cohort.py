"""A cohort: its persons as a typed table, their realisations, its attrition and its node. Opens blocks for reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import rfc8785

from graph_schema.edges import Triple
from graph_schema.ids import content_digest
from graph_schema.ledger import BlockStore, Desired
from provenance.cohort.days import years_before
from provenance.cohort.definition import CohortDefinition
from provenance.cohort.doses import EventDoses, FloatMatrix, event_doses, summed_realisations
from provenance.cohort.exposures import without_event
from provenance.cohort.selection import Selection, select
from provenance.study.errors import DefinitionWrong, NotInStudy
from provenance.study.snapshot import Snapshot

if TYPE_CHECKING:
    from provenance.lineage.story import Explanation

__all__ = ["Cohort", "cohort_key", "evaluate"]

BoolVector = np.ndarray[tuple[int], np.dtype[np.bool_]]


def cohort_key(name: str) -> str:
    """The key of the cohort of this name: a new definition under the same name is its next revision."""
    return "coh_" + content_digest(f"coh\x00{name}".encode())[:24]


def evaluate(snapshot: Snapshot, blocks: BlockStore, definition: CohortDefinition) -> Cohort:
    """The cohort a definition selects from the ledger's current state."""
    return Cohort(snapshot, blocks, definition, select(snapshot, definition))


@dataclass(frozen=True, slots=True)
class _Window:
    """What counts at one day under one lag: events with a dose, by row of the table, and who has gaps."""

    counted: pd.DataFrame
    incomplete: BoolVector


class Cohort:
    """
    The persons a definition selects, in the order of their keys. Made by `Study.children`.

    Row i of `table` and row i of every realisation matrix are the same person.
    """

    def __init__(
        self, snapshot: Snapshot, blocks: BlockStore, definition: CohortDefinition, selection: Selection
    ) -> None:
        self.definition = definition
        self._snapshot = snapshot
        self._blocks = blocks
        self._selection = selection
        self._places = {person: row for row, person in enumerate(selection.persons["person_id"])}

    def __len__(self) -> int:
        return len(self._selection.persons)

    @property
    def digest(self) -> str:
        """Digest of the definition."""
        return self.definition.digest

    @property
    def persons(self) -> tuple[str, ...]:
        """Keys of the persons, ascending."""
        return tuple(self._selection.persons["person"])

    @property
    def member_ids(self) -> dict[str, str]:
        """Key to id (revision) of the persons as they were selected."""
        people = self._selection.persons
        return dict(zip(people["person"], people["person_id"], strict=True))

    @property
    def at(self) -> date | None:
        """The day at which doses are summed: the definition's, else the period's end, else the ledger's last day."""
        if self.definition.at is not None:
            return self.definition.at
        period = self.definition.performed_between
        return period[1] if period is not None else self._selection.last_day

    @property
    def organs(self) -> tuple[str, ...]:
        """Organs for which a dose was estimated."""
        return self._doses.organs

    @cached_property
    def attrition(self) -> pa.Table:
        """Steps from the rows delivered to the persons selected; the last row's `n_persons` is `len(cohort)`."""
        return self._selection.attrition.table()

    @cached_property
    def table(self) -> pa.Table:
        """
        One row a person.

        Columns: `person`, `sex`, `birth_year`, `link_probability`, `first_exposure_on`, `first_exposure_age_years`
        (year of the procedure minus year of birth: the day of birth is not delivered), `n_procedures`
        (examinations that selected the person), `n_dose_events`, `n_missing_doses` (examinations without dose
        event, and dose events without a dose), `records_differ` (in sex or year of birth). Then by organ, at
        `at` and the organ's lag: `<organ>_mgy`, the cumulative dose, null where any dose that should count is
        missing; `<organ>_observed_mgy`, what is known of it, too small where doses are missing;
        `<organ>_complete`.
        """
        columns = self._facts()
        for organ in self.organs:
            observed, incomplete = self._observed(organ)
            columns[f"{organ}_mgy"] = pa.array(observed, pa.float64(), mask=incomplete)
            columns[f"{organ}_observed_mgy"] = pa.array(observed, pa.float64())
            columns[f"{organ}_complete"] = pa.array(~incomplete, pa.bool_())
        return pa.table(columns)

    def realisations(self, organ: str, *, lag_years: int | None = None, at: date | None = None) -> FloatMatrix:
        """
        Cumulative organ dose of every person in every realisation.

        Args:
            organ: One of `organs`.
            lag_years: Years before `at` whose doses do not count yet; the definition's unless told.
            at: Doses of days up to and including `at` minus the lag are summed; the cohort's own unless told.

        Returns:
            `(n_persons, n_realisations)`, mGy. Column k is the same shared draw for every person and every
            organ. The whole row is NaN where a dose that should count is missing: missing is never zero. A
            person without exposure in the window has zeros.

        Raises:
            DefinitionWrong: If no dose was estimated for the organ.
            DrawsDiffer: If the doses were not all derived with the same number of realisations.
        """
        self._doses.check_organ(organ)
        window = self._window(organ, at=at, lag_years=lag_years)
        total = summed_realisations(self._doses, self._blocks, organ=organ, rows=window.counted, n_persons=len(self))
        total[window.incomplete, :] = np.nan
        return total

    def explain(self, person: str) -> Explanation:
        """
        Records, stays, links, decisions, doses and files of one person of the cohort.

        Raises:
            NotInStudy: If the person is not in the cohort.
        """
        from provenance.lineage.explain import explain

        if person not in self.persons:
            raise NotInStudy(f"{person} is not in the cohort {self.definition.name!r}: see its `persons`")
        return explain(self._snapshot, person)

    def nodes(self) -> Desired:
        """The Cohort node and its HAD_MEMBER edges, to be settled into the ledger."""
        key = cohort_key(self.definition.name)
        members = self.persons
        row = {
            "key": key,
            "name": self.definition.name,
            "definition_json": self.definition.to_json(),
            "n_persons": len(members),
            "members_sha256": content_digest(rfc8785.dumps(list(members))),
            "attrition_json": self._selection.attrition.to_json(),
        }
        desired = Desired()
        desired.add_nodes("Cohort", pa.Table.from_pylist([row]))
        ends = {"source_key": pa.array([key] * len(members), pa.string()), "target_key": pa.array(members, pa.string())}
        desired.add_edges(Triple("HAD_MEMBER", "Cohort", "Person"), pa.table(ends))
        return desired

    @cached_property
    def _doses(self) -> EventDoses:
        return event_doses(self._snapshot)

    @cached_property
    def _exam_is_missing(self) -> BoolVector:
        return without_event(self._selection.all_exams, self._selection.events)

    def _facts(self) -> dict[str, pa.Array]:
        people, exams, events = self._selection.persons, self._selection.selected_exams, self._selection.events
        ids = people["person_id"]
        by_person = exams.groupby("person_id")["performed_on"]
        first = ids.map(by_person.min()).astype("datetime64[s]")
        missing = pd.concat(
            [
                self._selection.all_exams.loc[self._exam_is_missing, "person_id"],
                events.loc[self._has_no_dose, "person_id"],
            ]
        )
        age = first.dt.year - people["birth_year"]
        return {
            "person": pa.array(people["person"], pa.string()),
            "sex": pa.array(people["sex"], pa.string(), from_pandas=True),
            "birth_year": pa.array(people["birth_year"].astype("Int16"), pa.int16()),
            "link_probability": pa.array(people["link_probability"], pa.float64(), from_pandas=True),
            "first_exposure_on": pa.array(first, from_pandas=True).cast(pa.date32()),
            "first_exposure_age_years": pa.array(age.astype("Int16"), pa.int16()),
            "n_procedures": _counts(ids, exams["person_id"]),
            "n_dose_events": _counts(ids, events["person_id"]),
            "n_missing_doses": _counts(ids, missing),
            "records_differ": pa.array(people["records_differ"], pa.bool_()),
        }

    @property
    def _has_no_dose(self) -> pd.Series[bool]:
        """Dose events that add nothing to a sum: without an estimate, or without a day to place it at."""
        events = self._selection.events
        return events["estimate_id"].isna() | events["performed_on"].isna()

    def _window(self, organ: str, *, at: date | None = None, lag_years: int | None = None) -> _Window:
        day = at if at is not None else self.at
        if day is None:
            return _Window(pd.DataFrame({"estimate_id": [], "place": []}), np.zeros(len(self), dtype=np.bool_))
        lag = self.definition.lag_of(organ) if lag_years is None else lag_years
        if lag < 0:
            raise DefinitionWrong(f"a lag of {lag} years is negative: a dose to come cannot count")
        last = pd.Timestamp(years_before(day, lag))
        events, exams = self._selection.events, self._selection.all_exams
        means = self._doses.means[["estimate_id", organ]].dropna()
        lacking = self._has_no_dose | ~events["estimate_id"].isin(means["estimate_id"])
        # What has no day could lie in any window: it makes the sum incomplete, never larger.
        due = ~(events["performed_on"] > last)
        exam_due = self._exam_is_missing & ~(exams["performed_on"] > last).to_numpy()
        gaps = pd.concat([events.loc[due & lacking, "person_id"], exams.loc[exam_due, "person_id"]])
        counted = events.loc[due & ~lacking, ["person_id", "estimate_id"]]
        counted = counted.assign(place=counted["person_id"].map(self._places).astype(np.int64))
        incomplete = np.zeros(len(self), dtype=np.bool_)
        incomplete[gaps.map(self._places).to_numpy(dtype=np.int64)] = True
        return _Window(counted[["estimate_id", "place"]].reset_index(drop=True), incomplete)

    def _observed(self, organ: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], BoolVector]:
        window = self._window(organ)
        told = window.counted.merge(self._doses.means[["estimate_id", organ]], on="estimate_id")
        observed = np.zeros(len(self), dtype=np.float64)
        np.add.at(observed, told["place"].to_numpy(dtype=np.int64), told[organ].to_numpy(dtype=np.float64))
        return observed, window.incomplete


def _counts(ids: pd.Series[str], found: pd.Series[str]) -> pa.Array:
    return pa.array(ids.map(found.value_counts()).fillna(0).astype("int32"), pa.int32())
