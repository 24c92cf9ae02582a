"""
Examinations and dose events of persons, from the ledger. Opens nothing itself.

An *examination* is one day on which a procedure asked for was performed during one stay. A stay that claims
and hospital both delivered is one stay: of its tellings (hospital, claims, cath-lab list) the one with most
days counts, in this order where they are equal. Two codes of one day are one examination.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd

from provenance.cohort.definition import matches_ops
from provenance.lineage.ownership import accepted_links, event_owners, procedure_places, stay_places
from provenance.study.snapshot import Snapshot

__all__ = ["DATE_TOLERANCE_DAYS", "dose_events", "examinations", "persons", "without_event"]

# A procedure coded on one side of midnight may have its report on the other.
DATE_TOLERANCE_DAYS = 1

_TELLING_ORDER = {"hospital": 0, "claims": 1, "cath_lab": 2}


def persons(snapshot: Snapshot) -> pd.DataFrame:
    """
    The study's persons.

    Returns:
        `person_id`, `person`, `link_probability`, `n_claims_records`, `n_hospital_records`, `sex` (None where
        nothing is known or the records differ), `birth_year` (of the claims record where there is one),
        `records_differ` (in sex or year of birth). One row a person, sorted by key.
    """
    people = snapshot.nodes("Person")[["id", "key", "link_probability", "n_claims_records", "n_hospital_records"]]
    people = people.rename(columns={"id": "person_id", "key": "person"}).sort_values("person", ignore_index=True)
    members = snapshot.ends("HAD_MEMBER", "Person", "PersonRecord", ("person_id", "record_id"))
    records = snapshot.nodes("PersonRecord")[["id", "key", "side", "birth_year", "sex"]]
    told = members.merge(records.rename(columns={"id": "record_id"}), on="record_id").sort_values(["side", "key"])
    sexes = told[told["sex"].isin(("female", "male", "other"))].groupby("person_id")["sex"]
    years = told.dropna(subset=["birth_year"]).groupby("person_id")["birth_year"]
    found = pd.DataFrame({"n_sexes": sexes.nunique(), "sex": sexes.first()}).join(
        pd.DataFrame({"n_years": years.nunique(), "birth_year": years.first()}), how="outer"
    )
    found["records_differ"] = (found["n_sexes"].fillna(0) > 1) | (found["n_years"].fillna(0) > 1)
    found["sex"] = found["sex"].astype(object).where(found["n_sexes"] == 1, None)
    people = people.join(found[["sex", "birth_year", "records_differ"]], on="person_id")
    people["records_differ"] = people["records_differ"].eq(other=True)
    return people


def examinations(snapshot: Snapshot, ops: tuple[str, ...]) -> pd.DataFrame:
    """
    Examinations with one of the procedures asked for.

    Args:
        snapshot: The ledger's current state.
        ops: Patterns of OPS codes, as in `CohortDefinition`.

    Returns:
        `person_id`, `performed_on` (NaT where no telling gives the day), `hospital` (None where not known); one
        row an examination of a known person.
    """
    told = _procedures(snapshot, ops)
    told = told.drop_duplicates(["person_id", "unit", "performed_on", "telling"])
    days = told.groupby(["person_id", "unit", "telling"], as_index=False, dropna=False).size()
    days = days.sort_values(["person_id", "unit", "size", "telling"], ascending=[True, True, False, True])
    chosen = days.drop_duplicates(["person_id", "unit"])[["person_id", "unit", "telling"]]
    exams = told.merge(chosen, on=["person_id", "unit", "telling"])
    exams = exams.sort_values(["person_id", "performed_on", "hospital", "unit"], ignore_index=True)
    # Two stays of one child that no link joined tell of one examination where they name the same day.
    again = exams.duplicated(["person_id", "performed_on"]) & exams["performed_on"].notna()
    return exams.loc[~again, ["person_id", "performed_on", "hospital"]].reset_index(drop=True)


def _procedures(snapshot: Snapshot, ops: tuple[str, ...]) -> pd.DataFrame:
    codes = snapshot.nodes("Procedure")[["id", "side", "ops_code", "performed_on", "room"]]
    wanted = {code for code in codes["ops_code"].dropna().unique() if matches_ops(code, ops)}
    codes = codes[codes["ops_code"].isin(wanted)].rename(columns={"id": "procedure_id"})
    told = codes.merge(procedure_places(snapshot), on="procedure_id").dropna(subset=["person_id"])
    told = told.merge(_stay_units(snapshot), on="stay_id", how="left")
    # A procedure without a stay is a unit of its own day.
    alone = "day " + told["performed_on"].astype(str)
    told["unit"] = told["unit"].where(told["unit"].notna(), alone)
    room_hospital = told["room"].astype(object).str.split("/").str[0] if len(told) else told["room"]
    told["hospital"] = told["hospital"].where(told["hospital"].notna(), room_hospital)
    told["telling"] = told["side"].map(_TELLING_ORDER).fillna(len(_TELLING_ORDER)).astype(np.int64)
    return told


def _stay_units(snapshot: Snapshot) -> pd.DataFrame:
    """`stay_id`, `unit`, `hospital`: stays that are the same stay told by two sides share their unit."""
    stays = stay_places(snapshot)[["stay_id", "hospital"]]
    links = accepted_links(snapshot, "stay")
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(stays["stay_id"])
    graph.add_edges_from(zip(links["left_id"], links["right_id"], strict=True))
    unit = {stay: min(together) for together in nx.connected_components(graph) for stay in together}
    stays = stays.assign(unit=stays["stay_id"].map(unit))
    known = stays.dropna(subset=["hospital"]).sort_values("hospital").drop_duplicates("unit")
    return stays[["stay_id", "unit"]].merge(known[["unit", "hospital"]], on="unit", how="left")


def dose_events(snapshot: Snapshot, *, least_probability: float | None) -> pd.DataFrame:
    """
    Dose events and the estimate each has, if any.

    Returns:
        `event_id`, `event`, `person_id` (None: nobody's, or disputed), `disputed`, `performed_on`, `estimate_id`
        (None where no dose could be estimated); one row a dose event, sorted by key.
    """
    events = snapshot.nodes("DoseEvent")[["id", "key", "performed_on"]].rename(
        columns={"id": "event_id", "key": "event"}
    )
    owners = event_owners(snapshot, least_probability=least_probability)[["event_id", "person_id", "disputed"]]
    estimates = snapshot.ends("WAS_DERIVED_FROM", "DoseEstimate", "DoseEvent", ("estimate_id", "event_id"))
    estimates = estimates.sort_values("estimate_id").drop_duplicates("event_id")
    events = events.merge(owners, on="event_id").merge(estimates, on="event_id", how="left")
    return events.sort_values("event", ignore_index=True)


def without_event(exams: pd.DataFrame, events: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """
    Which examinations have no dose event of the same person.

    An event of the same day is the examination's; one of the day before or after is, where no
    examination of its own day has it. One event serves one examination.

    Args:
        exams: `person_id`, `performed_on`; `(n_exams,)` rows.
        events: `person_id`, `performed_on` of dose events.

    Returns:
        `(n_exams,)`; True where the dose is missing. An examination of an unknown day has none.
    """
    known = events.dropna(subset=["person_id", "performed_on"])
    days = set(zip(known["person_id"], known["performed_on"], strict=True))
    wanted = list(zip(exams["person_id"], exams["performed_on"], strict=True))
    free = days.difference(wanted)
    return np.array([not _served(key, days, free) for key in wanted], dtype=np.bool_)


def _served(
    wanted: tuple[str, pd.Timestamp], days: set[tuple[str, pd.Timestamp]], free: set[tuple[str, pd.Timestamp]]
) -> bool:
    if wanted in days:
        return True
    person, day = wanted
    for shift in range(1, DATE_TOLERANCE_DAYS + 1):
        for near in (day - pd.Timedelta(days=shift), day + pd.Timedelta(days=shift)):
            if (person, near) in free:
                free.remove((person, near))
                return True
    return False
