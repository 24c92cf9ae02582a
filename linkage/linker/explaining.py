"""Facts of one pair for its explanation, gathered from the engine and the decision. Opens nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import IntArray
from linkage.columns import Expression
from linkage.decision.constraints import Constraint, ConstraintKind
from linkage.explain import (
    Absence,
    AbsentFacts,
    ConstraintFact,
    Explanation,
    PairFacts,
    RecordState,
    ReviewFact,
    Rival,
    RuleState,
    explain,
    explain_absent,
    key_state,
)
from linkage.linker.decisions import Decisions
from linkage.linker.engine import Engine
from linkage.linker.predictions import predict, score_rows

if TYPE_CHECKING:
    from linkage.linker.linker import Linker

__all__ = ["NeverPaired", "RecordNotFound", "explain_absence", "explain_pair"]


class RecordNotFound(UserError):
    """A record that was asked for is not in the tables."""

    exit_code = ExitCode.NOT_FOUND


class NeverPaired(UserError):
    """Two records that no setting of this linkage pairs have no weight to be explained."""

    exit_code = ExitCode.NOT_FOUND


def explain_pair(
    linker: Linker, left: str, right: str, *, decisions: Decisions | None, show_values: bool
) -> Explanation:
    """See `Linker.explain`."""
    records = [_record(linker, text, side) for side, text in enumerate((left, right))]
    for text, record in zip((left, right), records, strict=True):
        if record is None:
            raise RecordNotFound(f"no record {text!r} in {' or '.join(linker.inputs.names)}")
    one = _of_one_side(linker, records)
    if one is not None:
        raise NeverPaired(f"{left} and {right}: expected a record of each table, {one}: see explain_absent")
    rows = _rows(linker.engine, records)
    facts = _pair_facts(linker, rows, decisions, names=_in_order((left, right), records))
    threshold, possible = _limits(linker, decisions)
    return explain(facts, model=linker.model, threshold=threshold, possible=possible, show_values=show_values)


def explain_absence(
    linker: Linker, left: str, right: str, *, decisions: Decisions | None, show_values: bool
) -> Absence:
    """See `Linker.explain_absent`."""
    records = [_record(linker, text, side) for side, text in enumerate((left, right))]
    settings, engine = linker.settings, linker.engine
    if any(record is None for record in records):
        states = [_state(linker, text, record) for text, record in zip((left, right), records, strict=True)]
        facts = AbsentFacts(left=states[0], right=states[1])
    elif (one := _of_one_side(linker, records)) is not None:
        facts = AbsentFacts(left=_state(linker, left, 0), right=_state(linker, right, 0), apart=one)
    else:
        if decisions is None:
            decisions = linker.clustering.decide(predict(engine, linker.model, probability=settings.possible))
        names = _in_order((left, right), records)
        rows = _rows(engine, records)
        said = _said(decisions, rows)
        facts = AbsentFacts(
            left=_state(linker, names[0], 0),
            right=_state(linker, names[1], 0),
            rules=_rules(engine, rows),
            pair=_pair_facts(linker, rows, decisions, names=names),
            apart=_apart(linker, rows),
            constraint=_constraint(said),
            review=_review(said),
        )
    threshold, possible = _limits(linker, decisions)
    return explain_absent(facts, model=linker.model, threshold=threshold, possible=possible, show_values=show_values)


def _limits(linker: Linker, decisions: Decisions | None) -> tuple[float, float]:
    """Probabilities from which a pair was linked, and from which it competed."""
    held = linker.settings if decisions is None else decisions
    return held.threshold, held.possible


def _record(linker: Linker, text: str, side: int) -> int | None:
    """The record a text names: `table:id`, or the id alone: of the table of that side first, then of any."""
    inputs = linker.inputs
    table, _, rest = text.partition(":")
    if rest and table in inputs.names:
        tried = [(table, rest)]
    else:
        usual = inputs.names[min(side, len(inputs.names) - 1)]
        tried = [(usual, text), *((name, text) for name in inputs.names if name != usual)]
    for name, record_id in tried:
        found = inputs.look_up(name, record_id)
        if found is not None:
            return found
    return None


def _rows(engine: Engine, records: list[int | None]) -> tuple[IntArray, IntArray]:
    left, right = (np.array([record], dtype=np.int64) for record in records)
    return engine.rows(left, right)


def _in_order(texts: tuple[str, str], records: list[int | None]) -> tuple[str, str]:
    """The names in the order of the rows: the lower record is the left one."""
    return texts if (records[0] or 0) <= (records[1] or 0) else (texts[1], texts[0])


def _state(linker: Linker, text: str, record: int | None) -> RecordState:
    return RecordState(text, " or ".join(linker.inputs.names), delivered=record is not None)


def _pair_facts(
    linker: Linker, rows: tuple[IntArray, IntArray], decisions: Decisions | None, *, names: tuple[str, str]
) -> PairFacts:
    engine = linker.engine
    scored = score_rows(engine, linker.model, *rows)
    term_bits = [
        float(scored.table.column(f"mw_tf_adj_{name}")[0].as_py()) if f"mw_tf_adj_{name}" in scored.columns else 0.0
        for name, _ in engine.named
    ]
    place = _place(decisions, rows) if decisions is not None else None
    decided: dict[str, object] = {}
    if decisions is not None and place is not None:
        row = decisions.table.slice(place, 1).to_pylist()[0]
        decided = {
            "match_weight": row["match_weight"],
            "match_key": row["match_key"],
            "judgement": row["judgement"],
            "reason": row["reason_code"],
            "probability_assigned": row["probability_assigned"],
            "near_tie": row["near_tie"],
            "margin_bits": row["margin_bits"],
        }
    decided.setdefault("match_key", _proposed_by(engine, rows))
    values = [engine.shown(comparison, *rows) for comparison in engine.settings.comparisons]
    return PairFacts(
        *names,
        gammas=scored.pairs.gammas[0].tolist(),
        term_bits=term_bits,
        left_values=[left for left, _ in values],
        right_values=[right for _, right in values],
        rivals=_rivals(decisions, rows, place) if decisions is not None else (),
        **decided,  # type: ignore[arg-type]
    )


def _place(decisions: Decisions, rows: tuple[IntArray, IntArray]) -> int | None:
    pairs = decisions.predictions.pairs
    found = np.flatnonzero((pairs.left == rows[0][0]) & (pairs.right == rows[1][0]))
    return int(found[0]) if len(found) else None


def _rivals(decisions: Decisions, rows: tuple[IntArray, IntArray], place: int | None) -> tuple[Rival, ...]:
    """Other pairs that want one of the two records."""
    pairs, within = decisions.predictions.pairs, decisions.within
    wants = (pairs.left == rows[0][0]) | (pairs.right == rows[1][0])
    if within:
        wants |= (pairs.left == rows[1][0]) | (pairs.right == rows[0][0])
    if place is not None:
        wants[place] = False
    held = decisions.table.filter(pa.array(wants)).to_pylist()
    return tuple(
        Rival(
            left_id=str(row["unique_id_l"]),
            right_id=str(row["unique_id_r"]),
            match_weight=float(row["match_weight"]),
            judgement=str(row["judgement"]),
        )
        for row in held
    )


def _rules(engine: Engine, rows: tuple[IntArray, IntArray]) -> tuple[RuleState, ...]:
    rules = engine.settings.blocking_rules_to_generate_predictions
    out = []
    for rule, bound in zip(rules, engine.candidates.rules, strict=True):
        keys = tuple(
            key_state(expression.text, *_key_values(engine, expression, rows, exploded=rule.explode))
            for expression in rule.keys
        )
        holds = None if bound.filter is None else bool(bound.filter.holds(*rows)[0])
        out.append(RuleState(rule=rule.name, keys=keys, condition=rule.filter, condition_holds=holds))
    return tuple(out)


def _key_values(
    engine: Engine, expression: Expression, rows: tuple[IntArray, IntArray], *, exploded: tuple[str, ...]
) -> list[str | list[str] | None]:
    """The expression's value on both sides; all elements of an array that is exploded."""
    user = f"blocking rule on {expression.text}"
    if set(expression.columns) & set(exploded):
        typed = engine.columns.raw(expression, user=user)
        held = [side[int(row[0])].as_py() for side, row in zip(typed, rows, strict=True)]
        return [None if value is None else [str(element) for element in value] for value in held]
    codes = engine.columns.codes(expression, user=user)
    places = int(codes.left[rows[0][0]]), int(codes.right[rows[1][0]])
    return [codes.values[place] if place >= 0 else None for place in places]


def _proposed_by(engine: Engine, rows: tuple[IntArray, IntArray]) -> str | None:
    """The first rule that proposes the pair."""
    for name, bound in zip(engine.candidates.names, engine.candidates.rules, strict=True):
        if bound.proposes(*rows)[0] or (engine.within and bound.proposes(*rows[::-1])[0]):
            return name
    return None


def _of_one_side(linker: Linker, records: list[int | None]) -> str | None:
    """Why two records have no rows as a pair: of two tables that are linked, both stand in one; None if they have."""
    inputs, engine = linker.inputs, linker.engine
    first, second = (int(inputs.codes[record or 0]) for record in records)
    if engine.within or first != second:
        return None
    return "they are one record" if records[0] == records[1] else f"both are of {inputs.names[first]}"


def _apart(linker: Linker, rows: tuple[IntArray, IntArray]) -> str | None:
    apart = linker.engine.apart
    if rows[0][0] == rows[1][0] and linker.engine.within:
        return "they are one record"
    if apart is None or apart[rows[0][0]] != apart[rows[1][0]]:
        return None
    return f"both are of {linker.inputs.names[int(linker.inputs.codes[rows[0][0]])]}"


def _said(decisions: Decisions, rows: tuple[IntArray, IntArray]) -> Constraint | None:
    """The constraint that keeps the two apart."""
    bound = decisions.constraints
    if bound is None:
        return None
    number = int(bound.judge(*rows).by[0])
    if number < 0:
        return None
    said = bound.said[number]
    return said if said.kind is ConstraintKind.CANNOT else None


def _constraint(said: Constraint | None) -> ConstraintFact | None:
    if said is None or said.reviewed:
        return None
    return ConstraintFact(said.author, said.made_at.isoformat(), said.reason)


def _review(said: Constraint | None) -> ReviewFact | None:
    if said is None or not said.reviewed:
        return None
    return ReviewFact(said.author, said.made_at.isoformat(), "no match", said.reason)
