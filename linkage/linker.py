"""
The front door: link any two tables, or find the duplicates of one. Opens nothing.

    settings = propose(left, right)
    linkage = Linker(left, right, settings=settings).link()
    linkage.links          # one row a link

Plan (counted, refused over budget), compare, train without truth, weigh, decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.chance import stream
from linkage.arrays import BoolArray, Int8Array, IntArray
from linkage.blocking.candidates import Candidates, Plan
from linkage.decision.by_settings import cluster_by_settings, decide_by_settings
from linkage.decision.decide import Decided
from linkage.decision.scored import ScoredPairs
from linkage.model.em import Fit
from linkage.model.model import BadModel, Model
from linkage.model.patterns import PatternCounts, count_patterns, merge_patterns
from linkage.model.terms import TermWeights
from linkage.model.weights import bits_for_probability, bits_table, level_bits, pair_bits, prior_bits
from linkage.settings import LinkSettings, LinkType
from linkage.training import Trainer, without_pairs

__all__ = ["Linkage", "Linker"]

_SECOND_THOUGHTS = 3  # trainings without the pairs that lost
_LIKELY = 0.5  # probability of a losing pair from which it is left out of training


OnPairs = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Linkage:
    """
    What came out.

    Attributes:
        pairs: One row a pair that could be a match: left_row, right_row, levels, level_bits, match_weight (bits,
            prior included), match_probability, match_key, judgement, reason_code.
        model: The model that weighed them.
        fit: How it was trained; None if it was given.
        patterns: Counts of the agreement patterns of the compared pairs, or of a sample of them.
        pattern_share: Share of the left records that the sample is of.
        plan: What blocking proposed.
        n_compared: Pairs that were compared, each counted once.
        decided: Counts of the decisions.
        cluster: `(n_left,)` cluster of every record when duplicates were sought; else None.
    """

    pairs: pa.Table
    model: Model
    fit: Fit | None
    patterns: PatternCounts
    pattern_share: float
    plan: Plan
    n_compared: int
    decided: Decided
    cluster: IntArray | None

    @property
    def links(self) -> pa.Table:
        """The pairs that were linked."""
        return self.pairs.filter(pc.equal(self.pairs.column("judgement"), "link"))


class Linker:
    """
    Links two tables, or finds duplicates in one.

    Args:
        left: The left table, or the only one.
        right: The right table; None for duplicates within `left`.
        settings: What is compared and how.

    Raises:
        ColumnMissing: If a setting names a column a table lacks.
    """

    def __init__(self, left: pa.Table, right: pa.Table | None = None, *, settings: LinkSettings) -> None:
        self.settings = settings
        self.within = right is None
        self._other = left if right is None else right
        self._n = (left.num_rows, self._other.num_rows)
        self._prepared = tuple(comparison.prepare(left, self._other) for comparison in settings.comparisons)
        self._candidates = Candidates(left, right, rules=settings.blocking)
        self._named = [(comparison.name, comparison.level_names) for comparison in settings.comparisons]

    def plan(self) -> Plan:
        """
        Count the work.

        Raises:
            BudgetExceeded: If it is more than the settings allow.
        """
        plan = self._candidates.plan()
        plan.check(max_pairs=self.settings.max_pairs)
        return plan

    def gammas(self, left_rows: IntArray, right_rows: IntArray) -> Int8Array:
        """`(n_pairs, n_comparisons)` levels of given pairs of rows."""
        out = np.empty((len(left_rows), len(self._prepared)), dtype=np.int8, order="F")
        for column, prepared in enumerate(self._prepared):
            out[:, column] = prepared.gammas(left_rows, right_rows)
        return out

    def link(self, *, model: Model | None = None, on_pairs: OnPairs | None = None) -> Linkage:
        """
        Compare, train unless a model is given, weigh and decide.

        Args:
            model: A trained model with the settings' comparisons; it is used as it is.
            on_pairs: Told how many more pairs have been compared.

        Raises:
            BudgetExceeded: If the settings propose too many pairs.
            BadModel: If the model does not fit the settings.
        """
        if model is not None:
            self._check_model(model)
        plan = self.plan()
        held, patterns, share = self._compare_for_training(plan, on_pairs or _nobody)
        trained = None if model is not None else self._train(held, patterns, n_possible=plan.n_possible * share)
        chosen = model or trained.model  # type: ignore[union-attr]
        if share == 1.0:
            scored, n_compared = self._score(held, chosen), patterns.n_pairs
        else:
            scored, n_compared = self._stream(chosen, on_pairs or _nobody)
        decided = decide_by_settings(scored, settings=self.settings)
        return Linkage(
            pairs=scored.table(self._named, rules=self._candidates.names, decided=decided),
            model=chosen,
            fit=trained,
            patterns=patterns,
            pattern_share=share,
            plan=plan,
            n_compared=n_compared,
            decided=decided,
            cluster=cluster_by_settings(scored, decided, settings=self.settings, n_records=self._n[0]),
        )

    def _check_model(self, model: Model) -> None:
        got = [(part.name, part.level_names) for part in model.comparisons]
        if got != self._named:
            wanted = ", ".join(name for name, _ in self._named)
            raise BadModel(f"the model does not fit the settings: expected the comparisons {wanted}, with their levels")

    def _compare_for_training(self, plan: Plan, on_pairs: OnPairs) -> tuple[ScoredPairs, PatternCounts, float]:
        """Levels of all candidates, or of those of a share of the left records where there are too many."""
        every = max(1, -(-plan.n_pairs // self.settings.training_pairs))
        draw = stream("training-records", seed=self.settings.seed)
        only = None if every == 1 else draw.random(self._n[0]) < 1 / every
        held = ScoredPairs.builder()
        counted = []
        for batch in self._candidates.batches(only=only):
            gammas = self.gammas(batch.left, batch.right)
            counted.append(count_patterns(gammas))
            held.append(batch.rule, batch.left, batch.right, gammas)
            if only is None:
                on_pairs(len(batch.left))
        patterns = merge_patterns(counted, n_comparisons=len(self._prepared))
        return held.build(len(self._prepared)), patterns, 1.0 if only is None else float(only.mean())

    def _train(self, held: ScoredPairs, patterns: PatternCounts, *, n_possible: float) -> Fit:
        """
        Train; where a record has one partner, train again without the pairs that lost theirs to a better one.

        Those are no matches whatever they look like: brothers and sisters, neighbours. Left in, they would teach
        that matches often have another given name and another birth date.
        """
        trainer = Trainer(
            self.settings,
            named=self._named,
            prepared=self._prepared,
            gammas=self.gammas,
            n_records=self._n,
            within=self.within,
        )
        trained = trainer.train(patterns, n_possible=n_possible)
        if self.settings.link_type not in {LinkType.ONE_TO_ONE, LinkType.ONE_TO_MANY}:
            return trained
        for _ in range(_SECOND_THOUGHTS):
            scored = self._score(held, trained.model)
            lost = decide_by_settings(scored, settings=self.settings).lost
            lost &= scored.probability >= _LIKELY
            if not lost.any():
                break
            trained = trainer.train(without_pairs(patterns, scored.gammas[lost]), n_possible=n_possible)
        return trained

    def _terms(self, model: Model) -> list[TermWeights]:
        out = []
        for column, (comparison, prepared) in enumerate(zip(self.settings.comparisons, self._prepared, strict=True)):
            if comparison.term_frequency and prepared.codes is not None:
                part = model.comparisons[column]
                out.append(
                    TermWeights.of(
                        prepared.codes,
                        column=column,
                        level=len(part.level_names) - 1,
                        u=part.u[-1],
                        least_count=self.settings.rare_value_count,
                    )
                )
        return out

    def _score(self, held: ScoredPairs, model: Model) -> ScoredPairs:
        """Of compared pairs those that could be a match, with their weights."""
        terms = self._terms(model)
        likely = pair_bits(held.gammas, model) + sum(term.largest for term in terms) >= self._floor(model)
        return self._weigh(held.take(likely), model, terms)

    def _floor(self, model: Model) -> float:
        return bits_for_probability(self.settings.possible, model.prior)

    def _weigh(self, pairs: ScoredPairs, model: Model, terms: list[TermWeights]) -> ScoredPairs:
        bits = bits_table(pairs.gammas, model)
        for term in terms:
            term.add_to(bits, gammas=pairs.gammas, left_rows=pairs.left)
        kept = bits.sum(axis=1) >= self._floor(model)
        return pairs.take(kept).with_bits(bits[kept], prior_bits=prior_bits(model.prior))

    def _stream(self, model: Model, on_pairs: OnPairs) -> tuple[ScoredPairs, int]:
        """Compare all candidates in batches, cheap comparisons first, leaving out early what cannot be a match."""
        terms, held, n_compared = self._terms(model), ScoredPairs.builder(), 0
        for batch in self._candidates.batches():
            kept, gammas = self._pruned(batch.left, batch.right, model, terms)
            if kept.any():
                held.append(batch.rule, batch.left[kept], batch.right[kept], gammas)
            n_compared += len(batch.left)
            on_pairs(len(batch.left))
        return self._weigh(held.build(len(self._prepared)), model, terms), n_compared

    def _pruned(
        self, left: IntArray, right: IntArray, model: Model, terms: list[TermWeights]
    ) -> tuple[BoolArray, Int8Array]:
        """Which pairs can reach the floor, and their levels."""
        tables = level_bits(model)
        extra = {term.column: term.largest for term in terms}
        best = [max(float(bits.max()), float(bits[-1]) + extra.get(i, 0.0), 0.0) for i, bits in enumerate(tables)]
        possible = np.full(len(left), sum(best))
        gammas = np.full((len(left), len(tables)), -1, dtype=np.int8, order="F")
        alive = np.arange(len(left))
        for column in sorted(range(len(tables)), key=lambda i: self.settings.comparisons[i].cost):
            gammas[alive, column] = self._prepared[column].gammas(left[alive], right[alive])
            reached = np.append(tables[column], 0.0)[gammas[alive, column]]
            top = gammas[alive, column] == len(tables[column]) - 1
            possible[alive] += reached + np.where(top, extra.get(column, 0.0), 0.0) - best[column]
            alive = alive[possible[alive] >= self._floor(model) - 1e-9]
        kept = np.zeros(len(left), dtype=bool)
        kept[alive] = True
        return kept, gammas[alive]


def _nobody(_: int) -> None:
    """Nobody listens."""
