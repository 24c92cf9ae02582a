"""
Tables, comparisons and blocking rules bound together: what can be planned, compared and weighed. Opens nothing.

A *record* is a row of all tables one below the other. Two tables that are only linked with each other keep a side
each; everything else is one table within which pairs are sought, `apart` telling which records never meet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.blocking.candidates import Candidates, Plan
from linkage.blocking.rules import BlockingRule
from linkage.columns import Columns
from linkage.comparison.base import Prepared
from linkage.comparison.comparison import Comparison
from linkage.decision.scored import ScoredPairs
from linkage.inputs import Inputs, who
from linkage.kernel.stream import count, stream
from linkage.kernel.weigh import term_bits, weight_bits
from linkage.linker.settings import BadSettings, LinkSettings, LinkType
from linkage.model import Model, PatternCounts
from linkage.model.terms import TermWeights, term_weights
from linkage.model.weights import PatternWeights, bits_for_probability, prior_bits

__all__ = ["Engine", "OnPairs"]

OnPairs = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Sides:
    """
    How records become rows of a left and a right table.

    Attributes:
        left: The left table, or the only one.
        right: The right table; None where pairs are sought within one.
        apart: `(n_left,)` rows with equal codes are never paired; None where all may meet.
    """

    left: pa.Table
    right: pa.Table | None
    apart: IntArray | None


class Engine:
    """
    One linkage, bound to its tables.

    Args:
        inputs: The tables.
        settings: What is compared and how.
        lookups: External term frequencies: column to (value to frequency).

    Raises:
        BadSettings: If the link type does not fit the number of tables.
        ColumnMissing: If a setting names a column a table lacks.
    """

    def __init__(
        self, inputs: Inputs, settings: LinkSettings, *, lookups: dict[str, dict[str, float]] | None = None
    ) -> None:
        self.inputs, self.settings = inputs, settings
        sides = _sides(inputs, settings)
        self.within, self.apart = sides.right is None, sides.apart
        self.columns = Columns(sides.left, sides.right)
        self.prepared: tuple[Prepared, ...] = tuple(
            comparison.prepare(self.columns, lookups=lookups or {}) for comparison in settings.comparisons
        )
        self.named = [(comparison.name, comparison.level_names) for comparison in settings.comparisons]
        self._bound: tuple[tuple[BlockingRule, ...], Candidates] | None = None
        rules = settings.blocking_rules_to_generate_predictions
        self.candidates = Candidates(self.columns, rules=rules, apart=self.apart)
        self.n_rows = (sides.left.num_rows, (sides.left if sides.right is None else sides.right).num_rows)

    @property
    def n_possible(self) -> int:
        """Pairs that may be linked at all."""
        return self.candidates.n_possible

    def candidates_of(self, rules: Sequence[BlockingRule]) -> Candidates:
        """The pairs of other rules than the settings'; those asked for last are kept, to be counted and then formed."""
        if self._bound is None or self._bound[0] != tuple(rules):
            self._bound = (tuple(rules), Candidates(self.columns, rules=rules, apart=self.apart))
        return self._bound[1]

    def plan(self, rules: Sequence[BlockingRule] | None = None) -> Plan:
        """
        Count the work.

        Raises:
            BudgetExceeded: If it is more than the settings allow.
        """
        plan = (self.candidates if rules is None else self.candidates_of(rules)).plan()
        plan.check(max_pairs=self.settings.max_pairs)
        return plan

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """`(n_pairs, n_comparisons)` levels of given pairs of rows."""
        out = np.empty((len(left_rows), len(self.prepared)), dtype=np.int8, order="F")
        for column, prepared in enumerate(self.prepared):
            out[:, column] = prepared.gammas(left_rows, right_rows)
        return out

    def terms(self, model: Model) -> list[TermWeights]:
        """Term-frequency weights of all comparisons that have them."""
        return term_weights(self.prepared, model, least_count=self.settings.rare_value_count)

    def count(self, rules: Sequence[BlockingRule] | None = None) -> PatternCounts:
        """Agreement patterns of all candidates of the settings' rules, or of others."""
        return count(self.candidates if rules is None else self.candidates_of(rules), self.prepared)

    def score(
        self, model: Model, *, floor_bits: float, only: BoolArray | None = None, on_pairs: OnPairs | None = None
    ) -> tuple[ScoredPairs, int]:
        """
        Every candidate pair that reaches a weight, and how many pairs were looked at.

        Args:
            model: The model.
            floor_bits: Weight without the prior that a pair must reach (bits); minus infinity for all pairs.
            only: `(n_left,)` left rows whose pairs are wanted.
            on_pairs: Told how many more pairs have been looked at.
        """
        return stream(
            self.candidates,
            self.prepared,
            weights=PatternWeights(model),
            terms=self.terms(model),
            floor_bits=floor_bits,
            prior_bits=prior_bits(model.prior),
            only=only,
            on_pairs=on_pairs,
        )

    def weigh(self, model: Model, left_rows: IntArray, right_rows: IntArray) -> ScoredPairs:
        """Given pairs of rows, in their order, as if a rule had proposed them."""
        gammas, weights = self.gammas(left_rows, right_rows), PatternWeights(model)
        bits = weight_bits(self.terms(model), weights, gammas, left_rows=left_rows, right_rows=right_rows)
        nobody = np.full(len(left_rows), -1, dtype=np.int8)
        return ScoredPairs(nobody, left_rows, right_rows, gammas, weights.terms(gammas), bits + prior_bits(model.prior))

    def term_bits(self, pairs: ScoredPairs, model: Model) -> dict[str, FloatArray]:
        """By comparison: `(n_pairs,)` what term frequencies add (bits)."""
        terms = self.terms(model)
        found = term_bits(terms, PatternWeights(model), pairs.gammas, left_rows=pairs.left, right_rows=pairs.right)
        out: dict[str, FloatArray] = {}
        for place, term in enumerate(terms):
            name = self.named[term.column][0]
            out[name] = out[name] + found[:, place] if name in out else np.ascontiguousarray(found[:, place])
        return out

    def shown(self, comparison: Comparison, left_row: IntArray, right_row: IntArray) -> tuple[str | None, str | None]:
        """What a comparison reads of both records of one pair, as the tables have it (identifying!)."""
        out = []
        read = {part for level in comparison.levels for part in level.expressions}
        left = sorted({name for part in read for name in part.columns})
        right = sorted({name for part in read for name in part.right_columns})
        for table, row, names in ((self.columns.left, left_row, left), (self.columns.right, right_row, right)):
            held = [table.column(name)[int(row[0])].as_py() for name in names]
            told = [str(value) for value in held if value is not None]
            out.append(" | ".join(told) or None)
        return out[0], out[1]

    def who(self, left_rows: IntArray, right_rows: IntArray) -> dict[str, pa.Array]:
        """Table and id of both records of pairs of rows."""
        return who(*self.records(left_rows, right_rows), self.inputs)

    def floor(self, model: Model, probability: float | None) -> float:
        """The weight without the prior at which a probability is reached (bits)."""
        return -np.inf if probability is None else bits_for_probability(probability, model.prior)

    def records(self, left_rows: IntArray, right_rows: IntArray) -> tuple[IntArray, IntArray]:
        """Records of rows of the two sides."""
        return left_rows, right_rows if self.within else right_rows + self.n_rows[0]

    def rows(self, left_records: IntArray, right_records: IntArray) -> tuple[IntArray, IntArray]:
        """Rows of the two sides of pairs of records, the left side first."""
        low, high = np.minimum(left_records, right_records), np.maximum(left_records, right_records)
        return low, high if self.within else high - self.n_rows[0]


def _sides(inputs: Inputs, settings: LinkSettings) -> Sides:
    n, kind = len(inputs.sources), settings.link_type
    if kind is LinkType.DEDUPE_ONLY:
        if n > 1:
            raise BadSettings(f"link_type: expected one table with dedupe_only, got {n}: say link_and_dedupe")
        return Sides(inputs.sources[0].table, None, None)
    if n == 1:
        return Sides(inputs.together(), None, _by_column(inputs, settings) if kind is LinkType.LINK_ONLY else None)
    if n == 2 and kind is LinkType.LINK_ONLY:
        return Sides(inputs.sources[0].table, inputs.sources[1].table, None)
    return Sides(inputs.together(), None, inputs.codes if kind is LinkType.LINK_ONLY else None)


def _by_column(inputs: Inputs, settings: LinkSettings) -> IntArray:
    """One table that holds several: the column that names them tells which records never meet."""
    table, column = inputs.sources[0].table, settings.source_dataset_column_name
    if column not in table.column_names:
        raise BadSettings(
            f"link_type: link_only with one table needs a column {column!r} that names the table of each record; "
            f"say dedupe_only for duplicates within it"
        )
    codes = table.column(column).cast(pa.string()).combine_chunks().dictionary_encode().indices
    return np.asarray(codes.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
