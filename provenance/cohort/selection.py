"""Who is in the cohort: the definition applied step by step, each step counted. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from provenance.cohort.attrition import Attrition
from provenance.cohort.definition import CohortDefinition
from provenance.cohort.exposures import dose_events, examinations, persons
from provenance.lineage.ownership import accepted_links, stay_places
from provenance.study.snapshot import Snapshot

__all__ = ["Selection", "select"]


@dataclass(frozen=True, slots=True)
class Selection:
    """
    What a definition selects.

    Attributes:
        persons: Those selected, as `exposures.persons`; sorted by key.
        selected_exams: The examinations for which they were selected.
        all_exams: All their examinations with a procedure asked for, whenever and wherever.
        events: All their dose events.
        attrition: From the deliveries to them.
        last_day: The last day on which the ledger knows of an examination or dose event; None if of none.
    """

    persons: pd.DataFrame
    selected_exams: pd.DataFrame
    all_exams: pd.DataFrame
    events: pd.DataFrame
    attrition: Attrition
    last_day: date | None


def select(snapshot: Snapshot, definition: CohortDefinition) -> Selection:
    """Apply the definition to the ledger's current state."""
    people = persons(snapshot)
    events = dose_events(snapshot, least_probability=definition.link_probability)
    attrition = Attrition()
    _deliveries(snapshot, attrition)
    people = _linked(people, definition, attrition, events)
    all_exams = examinations(snapshot, definition.ops)
    all_exams = all_exams[all_exams["person_id"].isin(people["person_id"])]
    attrition.add_exams("with a procedure asked for", all_exams, events)
    exams = _exam_criteria(all_exams, people, definition, attrition, events)
    chosen = people[people["person_id"].isin(exams["person_id"])].reset_index(drop=True)
    mine = [frame[frame["person_id"].isin(chosen["person_id"])] for frame in (all_exams, events)]
    days = pd.concat([all_exams["performed_on"], events["performed_on"]]).dropna()
    last_day = None if days.empty else pd.Timestamp(days.max()).date()
    attrition.add_exams("selected", exams, events)
    return Selection(chosen, exams, mine[0], mine[1], attrition, last_day)


def _deliveries(snapshot: Snapshot, attrition: Attrition) -> None:
    files = snapshot.nodes("SourceFile")
    delivered, rejected = int(files["n_rows"].sum()), int(files["n_rejected"].sum())
    attrition.add("rows delivered", unit="rows", n_records=delivered, n_persons=None)
    attrition.add("rows not rejected", unit="rows", n_records=delivered - rejected, n_persons=None)
    stays = stay_places(snapshot)
    n_events = len(snapshot.nodes("DoseEvent"))
    attrition.add(
        "stays in the ledger",
        unit="stays",
        n_records=len(stays),
        n_persons=int(stays["person_id"].nunique()),
        n_dose_events=n_events,
    )
    links = accepted_links(snapshot, "stay")
    linked = stays[stays["stay_id"].isin(pd.concat([links["left_id"], links["right_id"]]))]
    attrition.add(
        "of these, linked claims to hospital",
        unit="stays",
        n_records=len(linked),
        n_persons=int(linked["person_id"].nunique()),
        aside=True,
    )
    # Children without a stay (a dose report alone) are persons too: the chain of persons starts here.
    everybody = len(snapshot.nodes("Person"))
    attrition.add("persons", unit="persons", n_records=None, n_persons=everybody, n_dose_events=n_events, aside=True)
    attrition.restart()


def _linked(
    people: pd.DataFrame, definition: CohortDefinition, attrition: Attrition, events: pd.DataFrame
) -> pd.DataFrame:
    if definition.link_probability is None:
        return people
    both = (people["n_claims_records"] > 0) & (people["n_hospital_records"] > 0)
    kept = people[both & (people["link_probability"] >= definition.link_probability)]
    attrition.add(
        f"linked claims to hospital with probability {definition.link_probability:g} or more",
        unit="persons",
        n_records=None,
        n_persons=len(kept),
        n_dose_events=int(events["person_id"].isin(kept["person_id"]).sum()),
    )
    return kept


def _exam_criteria(
    exams: pd.DataFrame,
    people: pd.DataFrame,
    definition: CohortDefinition,
    attrition: Attrition,
    events: pd.DataFrame,
) -> pd.DataFrame:
    if definition.performed_between is not None:
        first, end = definition.performed_between
        days = exams["performed_on"]
        exams = exams[(days >= pd.Timestamp(first)) & (days < pd.Timestamp(end))]
        attrition.add_exams(f"performed from {first} to before {end}", exams, events)
    if definition.hospitals is not None:
        exams = exams[exams["hospital"].isin(definition.hospitals)]
        attrition.add_exams(f"in {', '.join(definition.hospitals)}", exams, events)
    if definition.age_under_years is not None:
        born = exams["person_id"].map(people.set_index("person_id")["birth_year"])
        exams = exams[exams["performed_on"].dt.year - born < definition.age_under_years]
        attrition.add_exams(f"under {definition.age_under_years} years", exams, events)
    if definition.sex is not None:
        of_sex = people.loc[people["sex"] == definition.sex, "person_id"]
        exams = exams[exams["person_id"].isin(of_sex)]
        attrition.add_exams(definition.sex, exams, events)
    return exams.reset_index(drop=True)
