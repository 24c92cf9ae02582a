"""`linker.inference`: weigh pairs with the trained model. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from linkage.blocking.rules import BlockingRule
from linkage.inputs import TableLike, as_table, read_inputs
from linkage.linker.candidate_links import candidate_rows, candidates_out, features_out
from linkage.linker.engine import Engine, OnPairs
from linkage.linker.predictions import Predictions, predict, record_pairs, score_rows
from linkage.linker.result import Result
from linkage.linker.settings import BadSettings, LinkSettings, LinkType
from linkage.model.weights import prior_bits

if TYPE_CHECKING:
    import pandas as pd

    from linkage.linker.linker import Linker

__all__ = ["Inference", "weight_of"]

_SUREST = 1 - 2.0**-53  # the last number below 1


class Inference:
    """Predictions of a linker's model."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def predict(
        self,
        threshold_match_probability: float | None = None,
        threshold_match_weight: float | None = None,
        *,
        on_pairs: OnPairs | None = None,
    ) -> Predictions:
        """
        Every pair that a blocking rule proposes and that is likely enough.

        Args:
            threshold_match_probability: From which a pair is kept.
            threshold_match_weight: The same as a weight (bits); with neither, every proposed pair is kept.
            on_pairs: Told how many more pairs have been looked at.

        Raises:
            NotTrained: If a comparison has no m or u yet.
            BudgetExceeded: If the rules propose too many pairs.
        """
        linker = self._linker
        linker.engine.plan()
        weight = weight_of(threshold_match_probability, threshold_match_weight)
        return predict(linker.engine, linker.model, weight=weight, on_pairs=on_pairs)

    def deterministic_link(self) -> Result:
        """Every pair that a blocking rule proposes, without a weight: for rules that are sure by themselves."""
        engine = self._linker.engine
        engine.plan()
        batches = list(engine.candidates.batches())
        none = np.zeros(0, dtype=np.int64)
        left = np.concatenate([none, *(batch.left for batch in batches)])
        right = np.concatenate([none, *(batch.right for batch in batches)])
        rule = np.concatenate([none, *(np.full(len(batch.left), batch.rule) for batch in batches)])
        keys = pa.array([engine.candidates.names[number] for number in rule.tolist()], pa.string())
        return Result(pa.table({**engine.who(left, right), "match_key": keys}))

    def score_pair(self, record_left: Mapping[str, object], record_right: Mapping[str, object]) -> Predictions:
        """
        The weight of two records given as dictionaries; term frequencies are those of the linker's tables.

        Raises:
            NotTrained: If a comparison has no m or u yet.
        """
        return self.score_pairs([record_left], [record_right])

    def score_pairs(
        self, records_left: Sequence[Mapping[str, object]], records_right: Sequence[Mapping[str, object]]
    ) -> Predictions:
        """Each record of the left list with the record of the right list in the same place."""
        if len(records_left) != len(records_right) or not records_left:
            raise BadSettings(
                f"score_pairs: expected lists of one length, of one record or more, got {len(records_left)} and "
                f"{len(records_right)}"
            )
        left, right = pa.Table.from_pylist(list(records_left)), pa.Table.from_pylist(list(records_right))
        engine = self._beside({"left": left, "right": right}, link_type=LinkType.LINK_ONLY)
        places = np.arange(len(records_left), dtype=np.int64)
        return score_rows(engine, self._linker.model, places, places)

    def score_candidate_links(self, candidate_links: pd.MultiIndex | TableLike) -> Predictions:
        """
        Given pairs, whoever proposed them, in their order; `match_key` is null.

        Args:
            candidate_links: A MultiIndex of recordlinkage, its labels the unique ids or, without an id column, row
                numbers from 0; or a table of unique_id_l, unique_id_r (source_dataset_l/_r).

        Raises:
            NotTrained: If a comparison has no m or u yet.
            BadFrame: If a label is not that of a record.
            BadInput: If a column is missing, or an id is that of no record.
        """
        linker = self._linker
        if hasattr(candidate_links, "nlevels"):
            rows = candidate_rows(linker, cast("pd.MultiIndex", candidate_links))
        else:
            rows = linker.engine.rows(*record_pairs(candidate_links, linker.inputs))
        return score_rows(linker.engine, linker.model, *rows)

    def candidate_links(self, df_predict: Predictions) -> pd.MultiIndex:
        """Predicted pairs as recordlinkage's candidate links."""
        return candidates_out(self._linker, df_predict)

    def feature_frame(self, df_predict: Predictions) -> pd.DataFrame:
        """Levels of predicted pairs as recordlinkage's feature frame: 0 else, 1 strongest, NaN null."""
        return features_out(self._linker, df_predict)

    def predict_between(
        self,
        left: TableLike,
        right: TableLike,
        *,
        threshold_match_probability: float | None = None,
        threshold_match_weight: float | None = None,
        blocking_rules_to_generate_predictions: Sequence[BlockingRule] | None = None,
    ) -> Predictions:
        """Pairs of one table with another, neither of which need be the linker's: new records with known ones."""
        engine = self._beside(
            {"left": as_table(left), "right": as_table(right)},
            link_type=LinkType.LINK_ONLY,
            rules=blocking_rules_to_generate_predictions,
        )
        weight = weight_of(threshold_match_probability, threshold_match_weight)
        return predict(engine, self._linker.model, weight=weight)

    def predict_within(
        self,
        table: TableLike,
        *,
        threshold_match_probability: float | None = None,
        threshold_match_weight: float | None = None,
        blocking_rules_to_generate_predictions: Sequence[BlockingRule] | None = None,
    ) -> Predictions:
        """Pairs within a table that need not be the linker's."""
        engine = self._beside(
            {"table": as_table(table)}, link_type=LinkType.DEDUPE_ONLY, rules=blocking_rules_to_generate_predictions
        )
        weight = weight_of(threshold_match_probability, threshold_match_weight)
        return predict(engine, self._linker.model, weight=weight)

    def _beside(
        self,
        tables: dict[str, pa.Table],
        *,
        link_type: LinkType,
        rules: Sequence[BlockingRule] | None = None,
    ) -> Engine:
        """An engine over other tables, whose term frequencies are those of the linker's own."""
        linker = self._linker
        changed: dict[str, object] = {"link_type": link_type, "columns": {}, "policy": ()}
        if rules is not None:
            changed["blocking_rules_to_generate_predictions"] = tuple(rules)
        settings: LinkSettings = linker.settings.model_copy(update=changed)
        known = all(linker.inputs.id_column in table.column_names for table in tables.values())
        inputs = read_inputs(tables, id_column=linker.inputs.id_column if known else None)
        return Engine(inputs, settings, lookups=linker.frequencies())


def weight_of(probability: float | None, weight_bits: float | None) -> float:
    """
    One threshold from two ways to say it, as a weight (bits, prior included); minus infinity: every pair.

    Raises:
        BadSettings: If both are given, or what is given is no probability or no number.
    """
    if probability is not None and weight_bits is not None:
        raise BadSettings("threshold_match_probability, threshold_match_weight: expected one of both")
    if probability is not None:
        if not 0 <= probability <= 1:
            raise BadSettings(f"threshold_match_probability: expected a number from 0 to 1, got {probability:g}")
        return -np.inf if probability == 0 else prior_bits(min(probability, _SUREST))
    if weight_bits is not None and np.isnan(weight_bits):
        raise BadSettings("threshold_match_weight: expected a number of bits")
    return -np.inf if weight_bits is None else float(weight_bits)
