"""Weighed pairs as the table a user gets, in Splink's columns, and such a table as rows again. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.arrays import BoolArray, IntArray
from linkage.decision.scored import ScoredPairs
from linkage.inputs import BadInput, Inputs, TableLike, as_table, who
from linkage.linker.engine import Engine, OnPairs
from linkage.linker.result import Result
from linkage.model import Model
from linkage.model.weights import PatternWeights, posterior, prior_bits

__all__ = ["Predictions", "pair_table", "predict", "record_pairs", "retained_columns", "score_rows", "with_rows"]


@dataclass(frozen=True, slots=True)
class Predictions(Result):
    """
    Weighed pairs.

    Attributes:
        table: One row a pair, see `pair_table`.
        pairs: The same as arrays.
        model: What weighed them.
        floor_bits: Weight without the prior that a pair had to reach (bits).
        n_compared: Pairs that blocking proposed, each counted once.
    """

    pairs: ScoredPairs
    model: Model
    floor_bits: float
    n_compared: int


def predict(
    engine: Engine,
    model: Model,
    *,
    probability: float | None = None,
    weight: float | None = None,
    only: BoolArray | None = None,
    on_pairs: OnPairs | None = None,
) -> Predictions:
    """
    Every candidate pair that is likely enough.

    Args:
        engine: The tables and settings.
        model: The trained model.
        probability: From which a pair is kept; None keeps all.
        weight: The same as a weight with the prior (bits).
        only: `(n_left,)` left rows whose pairs are wanted.
        on_pairs: Told how many more pairs have been looked at.
    """
    floor = engine.floor(model, probability) if weight is None else weight - prior_bits(model.prior)
    pairs, n_compared = engine.score(model, floor_bits=floor, only=only, on_pairs=on_pairs)
    return Predictions(pair_table(pairs, engine=engine, model=model), pairs, model, floor, n_compared)


def score_rows(engine: Engine, model: Model, left_rows: IntArray, right_rows: IntArray) -> Predictions:
    """Given pairs of rows in their order, whether or not a blocking rule proposes them; `match_key` is null."""
    pairs = engine.weigh(model, left_rows, right_rows)
    return Predictions(pair_table(pairs, engine=engine, model=model), pairs, model, -np.inf, len(left_rows))


def with_rows(predictions: Predictions, left_rows: IntArray, right_rows: IntArray, *, engine: Engine) -> Predictions:
    """Predictions, and further pairs of rows weighed by the same model, in the order of rows."""
    if not len(left_rows):
        return predictions
    added = engine.weigh(predictions.model, left_rows, right_rows)
    held = predictions.pairs
    names = ("rule", "left", "right", "gammas", "bits", "weight")
    both = {name: np.concatenate([getattr(held, name), getattr(added, name)]) for name in names}
    order = np.lexsort((both["right"], both["left"]))
    pairs = replace(held, **{name: column[order] for name, column in both.items()})
    fresh = pair_table(added, engine=engine, model=predictions.model).select(predictions.table.column_names)
    table = pa.concat_tables([predictions.table, fresh], promote_options="permissive").take(pa.array(order))
    return replace(predictions, table=table, pairs=pairs)


def pair_table(pairs: ScoredPairs, *, engine: Engine, model: Model) -> pa.Table:
    """
    One row a pair: who (`source_dataset_*`, `unique_id_*`, `left_row`, `right_row`), how sure (`match_weight`,
    `match_probability`), why (`gamma_*`, `mw_*`, `mw_tf_adj_*`, `match_key`).

    Rows are those of the engine's sides: of the two tables, or of all tables one below the other. `match_weight` is
    the sum of the prior's bits and of all `mw_*`.
    """
    left, right = engine.records(pairs.left, pairs.right)
    columns = who(left, right, engine.inputs)
    columns |= {"left_row": pa.array(pairs.left), "right_row": pa.array(pairs.right)}
    columns["match_weight"] = pa.array(pairs.weight)
    columns["match_probability"] = pa.array(posterior(pairs.weight, 0.5))
    columns |= {f"gamma_{name}": pa.array(pairs.gammas[:, i]) for i, (name, _) in enumerate(engine.named)}
    if engine.settings.retain_intermediate_calculation_columns:
        columns |= weight_columns(pairs, engine=engine, model=model)
    columns |= _retained(left, right, engine)
    columns["match_key"] = _keys(pairs, engine)
    return pa.table(columns)


def weight_columns(pairs: ScoredPairs, *, engine: Engine, model: Model) -> dict[str, pa.Array]:
    """`mw_*`: bits of every comparison's level, every interaction and every term-frequency adjustment."""
    weights = PatternWeights(model)
    terms = weights.terms(pairs.gammas)
    columns = {f"mw_{name}": pa.array(np.ascontiguousarray(terms[:, i])) for i, name in enumerate(weights.names)}
    for name, bits in engine.term_bits(pairs, model).items():
        columns[f"mw_tf_adj_{name}"] = pa.array(bits)
    return columns


def record_pairs(edges: TableLike, inputs: Inputs) -> tuple[IntArray, IntArray]:
    """
    Records of a table of pairs.

    Args:
        edges: `unique_id_l`, `unique_id_r` and, where there are several tables, `source_dataset_l`,
            `source_dataset_r`; two tables may go without: left, right.
        inputs: The tables.

    Raises:
        BadInput: If a column is missing, or an id is that of no record.
    """
    table = as_table(edges)
    lacking = [name for name in ("unique_id_l", "unique_id_r") if name not in table.column_names]
    if lacking:
        raise BadInput(f"pairs: expected the columns {', '.join(lacking)}; there are: {', '.join(table.column_names)}")
    return _records(table, inputs, "l"), _records(table, inputs, "r")


def _records(table: pa.Table, inputs: Inputs, side: str) -> IntArray:
    ids = table.column(f"unique_id_{side}").cast(pa.string()).combine_chunks()
    if f"source_dataset_{side}" in table.column_names:
        names = table.column(f"source_dataset_{side}").cast(pa.string())
    elif len(inputs.names) <= 2:
        names = pa.array([inputs.names[0 if side == "l" else -1]] * len(ids), pa.string())
    else:
        raise BadInput(f"pairs: expected a column 'source_dataset_{side}', there are {len(inputs.names)} tables")
    return inputs.find(names, ids)


def retained_columns(engine: Engine) -> tuple[str, ...]:
    """
    Columns of the tables that results carry.

    Raises:
        BadInput: If no table has one.
    """
    settings = engine.settings
    wanted = dict.fromkeys(settings.additional_columns_to_retain)
    if settings.retain_matching_columns:
        wanted |= dict.fromkeys(column for part in settings.comparisons for column in sorted(part.columns))
    there = {name for source in engine.inputs.sources for name in source.table.column_names}
    lacking = [name for name in wanted if name not in there]
    if lacking:
        raise BadInput(f"additional_columns_to_retain: no table has {', '.join(lacking)}")
    return tuple(wanted)


def _retained(left: IntArray, right: IntArray, engine: Engine) -> dict[str, pa.Array]:
    wanted = retained_columns(engine)
    if not wanted:
        return {}
    every = engine.inputs.together()
    return {
        f"{name}_{side}": pc.take(every.column(name), pa.array(records))
        for name in wanted
        for side, records in (("l", left), ("r", right))
    }


def _keys(pairs: ScoredPairs, engine: Engine) -> pa.Array:
    rules = pa.array(engine.candidates.names, pa.string())
    number = pa.array(pairs.rule.astype(np.int32), mask=pairs.rule < 0)
    return pa.DictionaryArray.from_arrays(number, rules).cast(pa.string())
