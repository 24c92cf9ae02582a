"""
The front door: link two tables, many, or find the duplicates of one.

    linker = Linker([claims, clinic], settings)
    linker.training.train()
    pairs = linker.inference.predict(threshold_match_probability=0.1)
    links = linker.clustering.decide(pairs).links

or `linker.link()` for all three. Groups of commands carry Splink's names. Reads the files it is given, writes none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from linkage.comparison.frequencies import ScalarTerms
from linkage.inputs import TableLike, read_inputs
from linkage.linker.engine import Engine, OnPairs
from linkage.linker.facts import table_digest, versions
from linkage.linker.parameters import Parameters, given_u_of
from linkage.linker.settings import BadSettings, LinkSettings
from linkage.model import BadModel, Model, ModelFacts

if TYPE_CHECKING:  # imported where they are asked for: charts and statistics load longer than small tables link
    from linkage.decision.constraints import Constraint
    from linkage.explain import Absence, Explanation
    from linkage.linker.blocking_analysis import BlockingAnalysis
    from linkage.linker.clustering import Clustering
    from linkage.linker.decisions import Decisions
    from linkage.linker.evaluation import Evaluation
    from linkage.linker.incremental import Incremental
    from linkage.linker.inference import Inference
    from linkage.linker.linkage import Linkage
    from linkage.linker.misc import Misc
    from linkage.linker.table_management import TableManagement
    from linkage.linker.training import Training
    from linkage.linker.visualisations import Visualisations

__all__ = ["Linker"]

SettingsLike = LinkSettings | Mapping[str, Any] | str | Path


class Linker:
    """
    Links tables by what their records have in common.

    Args:
        input_table_or_tables: One table, several, or several by name: pandas or Polars frames, Arrow tables, DuckDB
            relations, paths of CSV or Parquet files.
        settings: `LinkSettings`, the same as a dictionary or JSON file, or a model or settings JSON of Splink 4 or 5.
        input_table_aliases: Names of the tables.
        model: A trained model.

    Raises:
        BadInput: If a table is not what it should be, or ids repeat.
        BadSettings: If the settings are wrong or do not fit the tables.
        ColumnMissing: If a setting names a column a table lacks.
        BadModel: If the model does not fit the settings.
    """

    def __init__(
        self,
        input_table_or_tables: TableLike | Sequence[TableLike] | Mapping[str, TableLike],
        settings: SettingsLike,
        *,
        input_table_aliases: Sequence[str] | None = None,
        model: Model | None = None,
    ) -> None:
        self.settings, loaded = read_settings(settings)
        self.inputs = read_inputs(
            input_table_or_tables,
            aliases=input_table_aliases,
            id_column=self.settings.unique_id_column_name,
            renames=self.settings.columns,
        )
        self.lookups: dict[str, dict[str, float]] = {}
        self.engine = Engine(self.inputs, self.settings)
        self._restart()
        self.use_model(model or loaded)

    @cached_property
    def training(self) -> Training:
        """Learn m, u and the prior."""
        from linkage.linker.training import Training

        return Training(self)

    @cached_property
    def inference(self) -> Inference:
        """Weigh pairs."""
        from linkage.linker.inference import Inference

        return Inference(self)

    @cached_property
    def clustering(self) -> Clustering:
        """Decide, and gather records."""
        from linkage.linker.clustering import Clustering

        return Clustering(self)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Measure, with labels and without."""
        from linkage.linker.evaluation import Evaluation

        return Evaluation(self)

    @cached_property
    def visualisations(self) -> Visualisations:
        """Charts."""
        from linkage.linker.visualisations import Visualisations

        return Visualisations(self)

    @cached_property
    def blocking_analysis(self) -> BlockingAnalysis:
        """What blocking proposes and costs."""
        from linkage.linker.blocking_analysis import BlockingAnalysis

        return BlockingAnalysis(self)

    @cached_property
    def table_management(self) -> TableManagement:
        """Term frequencies from elsewhere."""
        from linkage.linker.table_management import TableManagement

        return TableManagement(self)

    @cached_property
    def incremental(self) -> Incremental:
        """Build on an earlier run."""
        from linkage.linker.incremental import Incremental

        return Incremental(self)

    @cached_property
    def misc(self) -> Misc:
        """Save the model."""
        from linkage.linker.misc import Misc

        return Misc(self)

    @property
    def model(self) -> Model:
        """
        The model as it is trained.

        Raises:
            NotTrained: If something is missing.
        """
        return self.parameters.model()

    def use_model(self, model: Model | None) -> None:
        """
        Use a trained model as it is.

        Raises:
            BadModel: If its comparisons or levels are not the settings'.
        """
        if model is None:
            return
        got = [(part.name, part.level_names) for part in model.comparisons]
        if got != self.engine.named:
            wanted = ", ".join(name for name, _ in self.engine.named)
            raise BadModel(f"the model does not fit the settings: expected the comparisons {wanted}, with their levels")
        self.parameters.whole = model

    def link(self, *, constraints: Sequence[Constraint] = (), on_pairs: OnPairs | None = None) -> Linkage:
        """
        Train unless a model is there, weigh, decide, and gather duplicates.

        Args:
            constraints: Pairs that must or cannot be linked.
            on_pairs: Told how many more pairs have been looked at.

        Raises:
            BudgetExceeded: If the rules propose too many pairs.
            NothingToDrawFrom: If no comparison tells records apart.
        """
        from linkage.linker.linkage import link

        return link(self, constraints=constraints, on_pairs=on_pairs)

    def explain(
        self, left: str, right: str, *, decisions: Decisions | None = None, show_values: bool = False
    ) -> Explanation:
        """
        Why a pair weighs what it weighs, and what was decided on it.

        Args:
            left: Unique id, or `table:id`.
            right: The same of the other record.
            decisions: What was decided.
            show_values: Tell the compared values (identifying!).

        Raises:
            RecordNotFound: If a record is not there.
        """
        from linkage.linker import explaining

        return explaining.explain_pair(self, left, right, decisions=decisions, show_values=show_values)

    def explain_absent(
        self, left: str, right: str, *, decisions: Decisions | None = None, show_values: bool = False
    ) -> Absence:
        """
        Why two records are not linked: the first gate that kept them apart, and what would have opened it.

        Args:
            left: Unique id, or `table:id`; it need not be there.
            right: The same of the other record.
            decisions: What was decided; decided anew unless given.
            show_values: Tell the compared values (identifying!).
        """
        from linkage.linker import explaining

        return explaining.explain_absence(self, left, right, decisions=decisions, show_values=show_values)

    def frequencies(self) -> dict[str, dict[str, float]]:
        """Term frequencies of the linker's tables and from elsewhere, so that other tables can be weighed alike."""
        held = dict(self.lookups)
        for comparison, prepared in zip(self.settings.comparisons, self.engine.prepared, strict=True):
            for terms in prepared.terms:
                column = comparison.scored[terms.gamma].tf_adjustment_column
                if column is not None and isinstance(terms, ScalarTerms):
                    rarest = self.settings.rare_value_count / terms.n_counted if terms.n_counted else 0.0
                    shares = np.maximum(terms.frequencies[:-1], min(rarest, 1.0)).tolist()  # others cannot count
                    held.setdefault(column.text, dict(zip(terms.codes.values, shares, strict=True)))
        return held

    def model_with_facts(self, *, trained_by: str | None = None, trained_at: str | None = None) -> Model:
        """The model with digests of tables and settings, versions and thresholds."""
        model = self.model
        facts = (model.facts or ModelFacts()).model_copy(
            update={
                "data": {source.name: table_digest(source.table) for source in self.inputs.sources},
                "settings": self.settings.digest,
                "versions": versions(),
                "thresholds": {"possible": self.settings.possible, "threshold": self.settings.threshold},
                "trained_by": trained_by,
                "trained_at": trained_at,
            }
        )
        return model.model_copy(update={"facts": facts})

    def register_frequencies(self, column: str, frequencies: Mapping[str, float]) -> None:
        """Term frequencies of a column's values from elsewhere; comparisons are bound anew."""
        self.lookups[column] = dict(frequencies)
        self.engine = Engine(self.inputs, self.settings, lookups=self.lookups)

    def _restart(self) -> None:
        prior = self.settings.probability_two_random_records_match or 1.0 / max(self.inputs.n_records, 2)
        self.parameters = Parameters.of(self.settings.comparisons, prior=prior)
        self.given_u = frozenset(part.name for part in self.settings.comparisons if given_u_of(part) is not None)


def read_settings(given: SettingsLike) -> tuple[LinkSettings, Model | None]:
    """
    Settings in any of their forms, and the model that a Splink JSON may hold.

    Raises:
        BadSettings: If they are none.
    """
    if isinstance(given, LinkSettings):
        return given, None
    if isinstance(given, str | Path):
        try:
            given = json.loads(Path(given).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise BadSettings(f"{given} is not there or is no JSON: expected settings or a Splink model") from None
    if not isinstance(given, Mapping):
        raise BadSettings("settings: expected LinkSettings, a dictionary or a JSON file")
    parts = given.get("comparisons", ())
    if isinstance(parts, list | tuple) and any("comparison_levels" in p for p in parts if isinstance(p, Mapping)):
        from linkage.interchange.splink import from_splink

        return from_splink(given)
    return LinkSettings.read(json.dumps(given, default=_as_json)), None


def _as_json(part: object) -> object:
    """Comparisons and rules as they are written; anything else as text."""
    return part.model_dump(mode="json") if isinstance(part, BaseModel) else str(part)
