"""
Whose stay, procedure and dose it is: the one place where that is worked out from the ledger.

A dose event belongs to the person of the examination or stay it was linked to by an accepted decision,
and to the person whose patient number it carried. Where the two name different persons the event is
*disputed* and belongs to nobody: a dose on the wrong child is worse than a dose that is missing.
"""

from __future__ import annotations

import pandas as pd

from provenance.study.snapshot import Snapshot

__all__ = ["accepted_links", "event_owners", "person_of_records", "procedure_places", "stay_places"]


def person_of_records(snapshot: Snapshot) -> pd.DataFrame:
    """`record_id`, `person_id`: the person each current PersonRecord is a member of."""
    return snapshot.ends("HAD_MEMBER", "Person", "PersonRecord", ("person_id", "record_id"))[["record_id", "person_id"]]


def accepted_links(snapshot: Snapshot, pair_type: str) -> pd.DataFrame:
    """
    Accepted decisions about pairs of one type.

    Returns:
        `decision_id`, `pair_id`, `left_id`, `right_id`, `right_label`, `match_probability`, `reason_code`; one
        row a decision.
    """
    decisions = snapshot.nodes("LinkDecision")
    decisions = decisions.loc[decisions["judgement"] == "link", ["id", "match_probability", "reason_code"]]
    decisions = decisions.rename(columns={"id": "decision_id"})
    pairs = snapshot.nodes("CandidatePair")
    pairs = pairs.loc[pairs["pair_type"] == pair_type, ["id"]].rename(columns={"id": "pair_id"})
    evidence = snapshot.ends("WAS_DERIVED_FROM", "LinkDecision", "CandidatePair", ("decision_id", "pair_id"))
    links = decisions.merge(evidence, on="decision_id").merge(pairs, on="pair_id")
    links = links.merge(_side(snapshot, "LEFT")[["pair_id", "left_id"]], on="pair_id")
    return links.merge(_side(snapshot, "RIGHT"), on="pair_id")


def _side(snapshot: Snapshot, side: str) -> pd.DataFrame:
    name = side.lower()
    frames = []
    for label in ("PersonRecord", "Stay", "Procedure", "DoseEvent"):
        ends = snapshot.ends(side, "CandidatePair", label, ("pair_id", f"{name}_id"))
        frames.append(ends.assign(**{f"{name}_label": label}))
    return pd.concat(frames, ignore_index=True)


def stay_places(snapshot: Snapshot) -> pd.DataFrame:
    """`stay_id`, `record_id`, `person_id`, `side`, `hospital`; one row a current stay whose record is known."""
    subjects = snapshot.ends("HAD_SUBJECT", "Stay", "PersonRecord", ("stay_id", "record_id"))
    stays = snapshot.nodes("Stay")[["id", "side", "hospital"]].rename(columns={"id": "stay_id"})
    return subjects.merge(person_of_records(snapshot), on="record_id", how="left").merge(stays, on="stay_id")


def procedure_places(snapshot: Snapshot, *, least_probability: float | None = None) -> pd.DataFrame:
    """
    Where a procedure belongs: directly, or through its stay.

    An examination delivered without its case belongs to the stay an accepted decision found for it.

    Args:
        snapshot: The ledger's current state.
        least_probability: Such decisions below it do not count (1); None takes all accepted ones.

    Returns:
        `procedure_id`, `stay_id` (None where it has none), `person_id` (None where nobody is known); one row a
        current procedure. A procedure whose own person is not that of its stay has no person.
    """
    direct = snapshot.ends("HAD_SUBJECT", "Procedure", "PersonRecord", ("procedure_id", "record_id"))
    direct = direct.merge(person_of_records(snapshot), on="record_id", how="left")[["procedure_id", "person_id"]]
    encounters = _encounters(snapshot, least_probability)
    through = encounters.merge(stay_places(snapshot)[["stay_id", "person_id"]], on="stay_id", how="left")
    named = pd.concat([direct, through[["procedure_id", "person_id"]]], ignore_index=True)
    places = snapshot.nodes("Procedure")[["id"]].rename(columns={"id": "procedure_id"})
    places = places.merge(encounters.drop_duplicates("procedure_id"), on="procedure_id", how="left")
    return places.merge(_agreed(named, "procedure_id")[["procedure_id", "person_id"]], on="procedure_id", how="left")


def _encounters(snapshot: Snapshot, least_probability: float | None) -> pd.DataFrame:
    """`procedure_id`, `stay_id`: as delivered, else as linked."""
    delivered = snapshot.ends("HAD_ENCOUNTER", "Procedure", "Stay", ("procedure_id", "stay_id"))
    found = accepted_links(snapshot, "exam")
    if least_probability is not None:
        found = found[found["match_probability"] >= least_probability]
    found = found.rename(columns={"left_id": "procedure_id", "right_id": "stay_id"})
    found = found.loc[~found["procedure_id"].isin(delivered["procedure_id"]), ["procedure_id", "stay_id"]]
    return pd.concat([delivered, found], ignore_index=True)


def event_owners(snapshot: Snapshot, *, least_probability: float | None = None) -> pd.DataFrame:
    """
    Whose dose event it is.

    Args:
        snapshot: The ledger's current state.
        least_probability: Decisions below it are not counted as links (1); None takes all accepted ones.

    Returns:
        `event_id`, `person_id` (None: nobody known, or disputed), `disputed` (more than one person named),
        `decision_id` and `match_probability` (of the decision, where one names the person); one row a current
        dose event.
    """
    links = accepted_links(snapshot, "dose")
    if least_probability is not None:
        links = links[links["match_probability"] >= least_probability]
    linked = _persons_of_targets(snapshot, links, least_probability)
    direct = snapshot.ends("HAD_SUBJECT", "DoseEvent", "PersonRecord", ("event_id", "record_id"))
    direct = direct.merge(person_of_records(snapshot), on="record_id", how="left")
    named = pd.concat([linked[["event_id", "person_id"]], direct[["event_id", "person_id"]]], ignore_index=True)
    owners = snapshot.nodes("DoseEvent")[["id"]].rename(columns={"id": "event_id"})
    owners = owners.merge(_agreed(named, "event_id"), on="event_id", how="left")
    best = linked.sort_values(["match_probability", "decision_id"], ascending=[False, True]).drop_duplicates("event_id")
    owners = owners.merge(best[["event_id", "decision_id", "match_probability"]], on="event_id", how="left")
    owners["disputed"] = owners["disputed"].eq(other=True)
    return owners[["event_id", "person_id", "disputed", "decision_id", "match_probability"]]


def _persons_of_targets(snapshot: Snapshot, links: pd.DataFrame, least_probability: float | None) -> pd.DataFrame:
    procedures = procedure_places(snapshot, least_probability=least_probability).rename(
        columns={"procedure_id": "right_id"}
    )[["right_id", "person_id"]]
    stays = stay_places(snapshot).rename(columns={"stay_id": "right_id"})[["right_id", "person_id"]]
    persons = pd.concat([procedures, stays], ignore_index=True)
    return links.rename(columns={"left_id": "event_id"}).merge(persons, on="right_id", how="left")


def _agreed(named: pd.DataFrame, what: str) -> pd.DataFrame:
    """The one person all sources name; None and `disputed` where they name several."""
    known = named.dropna(subset=["person_id"]).drop_duplicates([what, "person_id"])
    n_named = known.groupby(what, sort=False)["person_id"].transform("size")
    one = known.assign(disputed=n_named > 1).drop_duplicates(what)
    return one.assign(person_id=one["person_id"].where(~one["disputed"], None))
