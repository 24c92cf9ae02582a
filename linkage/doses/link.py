"""`link_doses`: dose events with examinations, and both with hospital stays. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.doses.block import EXAM_KEYS, STAY_KEYS, Proposed, exam_candidates, shifted, stay_candidates
from linkage.doses.clocks import corrected, room_clocks
from linkage.doses.compare import EXAM_COMPARISONS, STAY_COMPARISONS, exam_gammas, named_days, stay_gammas
from linkage.doses.decide import Decision, decide, shared_prior, table_of
from linkage.doses.model import DoseModel, RoomClock, train
from linkage.doses.records import NO_TIME, Codes, Dated, StayRows, dated, stay_rows
from linkage.doses.settings import DoseLinkSettings
from linkage.doses.starts import EXAM_M, EXAM_U, STAY_M, STAY_U
from linkage.model import Model, pair_bits
from linkage.model.model import rounded

__all__ = ["CHAINS", "DoseLinkage", "link_doses"]

GammaArray = npt.NDArray[np.int8]

CHAINS = pa.schema(
    [
        ("event_key", pa.string()),
        ("procedure_key", pa.string()),
        ("stay_key", pa.string()),
        ("probability", pa.float64()),
    ]
)

_EXAM_DECOY_WEEKS = (-3, -2, 2, 3)
_NAMED = 3
_NO_STAY = (0.01, 0.9)
_NO_STAY_START = 0.1
_IMAGINED = 10.0
_ROUNDS = 20
_STAY_DECOY_WEEKS = (-104, -52, 52, 104)


@dataclass(frozen=True, slots=True)
class DoseLinkage:
    """
    Where every dose belongs.

    Attributes:
        pairs: Dose event with examination (`right_label` Procedure); for events that no examination was linked to,
            also with hospital stays (Stay).
        exam_pairs: Examination (left) with hospital stay (right).
        chains: Each dose event's stay, over its examination or directly, with the product of the probabilities; only
            links, so that a dose is never counted at two stays.
        model: What was learned; give it to the next call to keep earlier links where they are.
        counts: What went in, what was compared, what came out.
        notes: What the user should know, in sentences.
    """

    pairs: pa.Table
    exam_pairs: pa.Table
    chains: pa.Table
    model: DoseModel
    counts: dict[str, int]
    notes: tuple[str, ...]


def link_doses(
    events: pa.Table,
    exams: pa.Table,
    stays: pa.Table,
    *,
    settings: DoseLinkSettings | None = None,
    model: DoseModel | None = None,
) -> DoseLinkage:
    """
    Link dose events with cath-lab examinations, and both with hospital stays.

    Equal study, accession and examination numbers weigh most but prove nothing alone: sex, year of birth and
    date are checked, and a contradiction makes a possible link with a `conflict_` reason. Without an identifier,
    place, time, weight, kerma-area product, fluoroscopy time and frames decide, one dose an examination.

    Args:
        events: The `dose_events` table (docs/architecture.md).
        exams: The `exams` table.
        stays: The `stays` table; claims stays in it are left out.
        settings: How to link.
        model: A model learned before; it is used as it is.

    Raises:
        TooManyDosePairs: If the rules propose more pairs than the settings allow.
    """
    chosen = settings or DoseLinkSettings()
    codes = Codes()
    case = stay_rows(stays, codes)
    exam = dated(exams, codes, key="procedure_key", stays=case)
    raw = dated(events, codes, key="event_key")
    rooms = codes.texts("room")
    found = exam_candidates(raw, exam, chosen)
    clocks = model.clocks if model else room_clocks(raw, exam, found, rooms=rooms, fewest=chosen.clock_pairs)
    event = corrected(raw, clocks, rooms=rooms)
    learned = model or _learned(event, exam, case, clocks=clocks, settings=chosen)
    to_exam = _to_exams(event, exam, learned, chosen)
    exam_stay = _to_stays(exam, case, learned, chosen)
    event_stay = _to_stays(event, case, learned, chosen)
    direct = np.ones(event.n, dtype=bool)
    direct[to_exam.pairs.left[to_exam.linked]] = False
    own, listed, cases = (event.keys, event.person_keys), (exam.keys, exam.person_keys), (case.keys, case.person_keys)
    by_exam = table_of(
        to_exam, left=own, right=listed, label="Procedure", keys=EXAM_KEYS, model=learned.exams, settings=chosen
    )
    by_stay = table_of(
        event_stay,
        left=own,
        right=cases,
        label="Stay",
        keys=STAY_KEYS,
        model=learned.stays,
        settings=chosen,
        only=direct,
    )
    exam_pairs = table_of(
        exam_stay, left=listed, right=cases, label="Stay", keys=STAY_KEYS, model=learned.stays, settings=chosen
    )
    chains = _chains(event, exam, case, to_exam=to_exam, exam_stay=exam_stay, event_stay=event_stay, direct=direct)
    return DoseLinkage(
        pairs=pa.concat_tables([by_exam, by_stay]),
        exam_pairs=exam_pairs,
        chains=chains,
        model=learned,
        counts=_counts(event, exam, case, to_exam, event_stay, exam_stay, direct=direct, chains=chains),
        notes=tuple(_clock_note(clock) for clock in clocks),
    )


def _clock_note(clock: RoomClock) -> str:
    return (
        f"room {clock.room}, {clock.year}: the clock of its reports ran {clock.ahead_s} s ahead of the list "
        f"({clock.n_pairs} identified pairs); times were corrected by it"
    )


def _learned(
    events: Dated, exams: Dated, stays: StayRows, *, clocks: tuple[RoomClock, ...], settings: DoseLinkSettings
) -> DoseModel:
    to_stays = _stay_model(exams, events, stays, settings)
    named, unnamed = _without_stay(exams, stays, to_stays, settings)
    return DoseModel(
        exams=_exam_model(events, exams, settings),
        stays=to_stays,
        no_stay=named,
        no_stay_unnamed=unnamed,
        clocks=clocks,
        settings_digest=settings.digest,
    )


def _exam_model(events: Dated, exams: Dated, settings: DoseLinkSettings) -> Model:
    pairs = exam_candidates(events, exams, settings)
    decoys = []
    for weeks in _EXAM_DECOY_WEEKS:
        moved = shifted(events, weeks=weeks)
        chance = exam_candidates(moved, exams, settings, by_number=False)
        gammas = exam_gammas(moved, exams, chance.left, chance.right)
        decoys.append(gammas[gammas[:, 0] < _NAMED])  # equal numbers are the true examination, moved
    return train(
        exam_gammas(events, exams, pairs.left, pairs.right),
        np.concatenate(decoys),
        levels=EXAM_COMPARISONS,
        start_m=EXAM_M,
        start_u=EXAM_U,
        most_matches=min(events.n, exams.n),
    )


def _stay_model(exams: Dated, events: Dated, stays: StayRows, settings: DoseLinkSettings) -> Model:
    real, decoys = [], []
    for left in (exams, events):
        pairs = stay_candidates(left, stays, settings)
        real.append(stay_gammas(left, stays, pairs.left, pairs.right))
        held = named_days(left, stays, pairs.left, pairs.right)
        for weeks in _STAY_DECOY_WEEKS:
            moved = shifted(left, weeks=weeks)
            chance = stay_candidates(moved, stays, settings, by_number=False)
            gammas = stay_gammas(moved, stays, chance.left, chance.right, held=held)
            decoys.append(gammas[gammas[:, 0] < _NAMED])
    return train(
        np.concatenate(real),
        np.concatenate(decoys),
        levels=STAY_COMPARISONS,
        start_m=STAY_M,
        start_u=STAY_U,
        most_matches=exams.n + events.n,
    )


def _without_stay(exams: Dated, stays: StayRows, model: Model, settings: DoseLinkSettings) -> tuple[float, float]:
    """Share of examinations that belong to none of their candidate stays: those that name case or patient, others."""
    pairs = stay_candidates(exams, stays, settings)
    gammas = stay_gammas(exams, stays, pairs.left, pairs.right)
    unnamed = _unnamed(gammas, pairs)
    bits = pair_bits(gammas, model)
    shares = []
    for group in (~unnamed, unnamed):
        own = Proposed(pairs.left[group], pairs.right[group], pairs.rule[group])
        _, index = np.unique(own.left, return_inverse=True)
        n = int(index.max(initial=-1)) + 1
        share = _NO_STAY_START
        for _ in range(_ROUNDS if n else 0):
            odds = np.exp2(np.clip(bits[group] + shared_prior(own, np.full(own.left.size, share)), -60, 60))
            nothing = float((1 / (1 + np.bincount(index, weights=odds, minlength=n))).sum())
            share = (nothing + _NO_STAY_START * _IMAGINED) / (n + _IMAGINED)
        shares.append(rounded(float(np.clip(share, *_NO_STAY))))
    return shares[0], shares[1]


def _unnamed(gammas: GammaArray, pairs: Proposed) -> npt.NDArray[np.bool_]:
    """Pairs of records that no candidate agrees with in case or patient."""
    n = int(pairs.left.max(initial=0)) + 1
    named = np.bincount(pairs.left[gammas[:, 0] >= _NAMED - 1], minlength=n) > 0
    return ~named[pairs.left]


def _to_exams(events: Dated, exams: Dated, model: DoseModel, settings: DoseLinkSettings) -> Decision:
    pairs = exam_candidates(events, exams, settings)
    gammas = exam_gammas(events, exams, pairs.left, pairs.right)
    apart = np.abs(events.started[pairs.left] - exams.started[pairs.right])
    timed = (events.started[pairs.left] > NO_TIME) & (exams.started[pairs.right] > NO_TIME)
    dates = timed & (apart > settings.conflict_hours * 3600)
    conflict = _conflicts(gammas, tuple(EXAM_COMPARISONS), dates=dates)
    return decide(pairs, gammas, model=model.exams, conflict=conflict, right_once=True, settings=settings)


def _to_stays(left: Dated, stays: StayRows, model: DoseModel, settings: DoseLinkSettings) -> Decision:
    pairs = stay_candidates(left, stays, settings)
    gammas = stay_gammas(left, stays, pairs.left, pairs.right)
    conflict = _conflicts(gammas, tuple(STAY_COMPARISONS), dates=_far_from(left, stays, pairs))
    unmatched = np.where(_unnamed(gammas, pairs), model.no_stay_unnamed, model.no_stay)
    return decide(
        pairs, gammas, model=model.stays, conflict=conflict, right_once=False, settings=settings, unmatched=unmatched
    )


def _far_from(left: Dated, stays: StayRows, pairs: Proposed) -> npt.NDArray[np.bool_]:
    """A case that is named, but lies more than a day away from the examination."""
    day = left.day[pairs.left]
    outside = (day < stays.first[pairs.right] - 1) | (day > stays.last[pairs.right] + 1)
    return np.asarray(outside & (left.started[pairs.left] > NO_TIME))


def _conflicts(gammas: GammaArray, names: tuple[str, ...], *, dates: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    out = np.full(len(gammas), None, dtype=object)
    out[dates] = "conflict_date"
    out[gammas[:, names.index("birth")] == 0] = "conflict_birth_year"
    out[gammas[:, names.index("sex")] == 0] = "conflict_sex"
    return out


def _chains(
    events: Dated, exams: Dated, stays: StayRows, *, to_exam: Decision, exam_stay: Decision, event_stay: Decision,
    direct: npt.NDArray[np.bool_],
) -> pa.Table:  # fmt: skip
    """The stay of each event: its examination's, else its own."""
    case_of = {int(a): (int(b), float(p)) for a, b, p in _links(exam_stay)}
    rows = []
    for event, exam, p in _links(to_exam):
        case, q = case_of.get(int(exam), (-1, 1.0))
        stay = stays.keys[case] if case >= 0 else None
        rows.append((events.keys[event], exams.keys[exam], stay, round(p * q, 9)))
    for event, case, p in _links(event_stay):
        if direct[event]:
            rows.append((events.keys[event], None, stays.keys[case], round(float(p), 9)))
    rows.sort(key=lambda row: row[0])
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table(
        {n: pa.array(c, f.type) for n, c, f in zip(CHAINS.names, columns, CHAINS, strict=True)}, schema=CHAINS
    )


def _links(decision: Decision) -> list[tuple[int, int, float]]:
    on, pairs = np.flatnonzero(decision.linked), decision.pairs
    return list(zip(pairs.left[on].tolist(), pairs.right[on].tolist(), decision.probability[on].tolist(), strict=True))


def _counts(
    events: Dated, exams: Dated, stays: StayRows, to_exam: Decision, event_stay: Decision, exam_stay: Decision, *,
    direct: npt.NDArray[np.bool_], chains: pa.Table,
) -> dict[str, int]:  # fmt: skip
    return {
        "events": events.n,
        "exams": exams.n,
        "stays": stays.n,
        "candidate_event_exam_pairs": int(to_exam.linked.size),
        "linked_events_to_exams": int(to_exam.linked.sum()),
        "possible_event_exam_pairs": int(to_exam.possible.sum()),
        "conflicting_event_exam_pairs": sum(str(r).startswith("conflict_") for r in to_exam.reason[to_exam.possible]),
        "linked_events_to_stays_directly": int((event_stay.linked & direct[event_stay.pairs.left]).sum()),
        "linked_exams_to_stays": int(exam_stay.linked.sum()),
        "events_with_stay": chains.num_rows - chains["stay_key"].null_count,
        "events_without_any_link": events.n - chains.num_rows,
    }
