"""`linker.training`: learn m, u and the prior, step by step as Splink does or all at once. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from linkage.blocking.rules import BlockingRule, block_on
from linkage.columns import Expression
from linkage.comparison.comparison import Comparison
from linkage.comparison.levels import And, ExactMatchLevel
from linkage.decision.cardinality import Cardinality
from linkage.inputs import TableLike, as_table
from linkage.linker.parameters import NotTrained, Parameters
from linkage.linker.predictions import record_pairs
from linkage.linker.settings import BadSettings, LinkSettings
from linkage.model.bootstrap import BootstrapSettings, Intervals
from linkage.model.em import EMSettings
from linkage.model.labels import m_from_labels, pairs_of_labels, prior_from_rules, with_prior
from linkage.model.sessions import Session, SessionSettings, combined, run_session, trainable
from linkage.training import Trained, TrainingSettings, estimate_u, train

if TYPE_CHECKING:
    from linkage.linker.engine import Engine
    from linkage.linker.linker import Linker

__all__ = ["Training", "largest_prior"]

_PARTNERS = 10  # of a record on average, where any number is allowed: more is no match


class Training:
    """Training of a linker's model."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker

    def train(self) -> Trained:
        """
        Everything at once: u, m, the prior, and which comparisons depend on each other.

        It learns from pairs that stand for all pairs, not from those that blocking lets through. What
        the settings or labels fix stays as it is.

        Raises:
            BadSettings: If no two records can be paired.
            NothingToDrawFrom: If no comparison tells records apart.
        """
        linker, parameters = self._linker, self._linker.parameters
        settings = linker.settings
        if linker.engine.n_possible == 0:
            raise BadSettings("training: no two records can be paired, expected a record in each table; give a model")
        known = float(parameters.prior_is_known)
        chosen = TrainingSettings(
            em=_with_prior(settings, parameters),
            training_pairs=settings.training_pairs,
            random_pairs=settings.random_pairs,
            largest_prior=max(largest_prior(settings.cardinality, linker.engine), parameters.prior * known),
            seed=settings.seed,
        )
        fixed_u = {name: parameters.u[i] for i, (name, _) in enumerate(parameters.named) if name in linker.given_u}
        trained = train(linker.engine, settings=chosen, fixed_m=parameters.fixed_m, fixed_u=fixed_u)
        parameters.trained, parameters.whole = trained, trained.model
        return trained

    def estimate_probability_two_random_records_match(
        self, deterministic_matching_rules: Sequence[BlockingRule | str], recall: float
    ) -> float:
        """
        The prior from rules that find only matches, and the share of all matches they find.

        Raises:
            ImpossibleRecall: If the rules find more pairs than the recall allows.
        """
        linker = self._linker
        rules = [block_on(rule) if isinstance(rule, str) else rule for rule in deterministic_matching_rules]
        linker.engine.plan(rules)
        n_pairs = sum(len(batch.left) for batch in linker.engine.candidates_of(rules).batches())
        prior = prior_from_rules(n_pairs, recall=recall, n_possible=linker.engine.n_possible)
        linker.parameters.prior, linker.parameters.prior_is_known = prior, True
        if linker.parameters.whole is not None:
            linker.parameters.whole = with_prior(linker.parameters.whole, prior)
        linker.parameters.steps.append(f"prior from {len(rules)} deterministic rules at recall {recall:g}")
        return prior

    def estimate_u_using_random_sampling(self, max_pairs: float = 1e6, seed: int | None = None) -> None:
        """
        u from independent random pairs; of levels that mean equality exactly, from the values' frequencies.

        Args:
            max_pairs: Random pairs.
            seed: Of the sample; the settings' unless given.
        """
        linker = self._linker
        engine = linker.engine
        chosen = linker.settings.seed if seed is None else seed
        u = estimate_u(engine, n_pairs=int(max_pairs), seed=chosen)
        parameters = linker.parameters
        for column, (name, _) in enumerate(engine.named):
            if name not in linker.given_u:
                parameters.u[column] = u[column]
                parameters.known_u.add(name)
        parameters.whole = None
        parameters.steps.append(f"u from {int(max_pairs):,} random pairs and from frequencies")

    def estimate_parameters_using_expectation_maximisation(
        self,
        blocking_rule: BlockingRule | str,
        *,
        fix_probability_two_random_records_match: bool = False,
        fix_m_probabilities: bool = False,
        fix_u_probabilities: bool = True,
        populate_probability_two_random_records_match_from_trained_values: bool = False,
    ) -> Session:
        """
        EM on the pairs of one rule; the comparisons that read its columns are trained by another session.

        Returns:
            The session: its m, history, and whether it converged.

        Raises:
            BadSettings: If the rule leaves no comparison to train, or proposes no pair.
            BudgetExceeded: If the rule proposes too many pairs.
        """
        linker, parameters = self._linker, self._linker.parameters
        rule = block_on(blocking_rule) if isinstance(blocking_rule, str) else blocking_rule
        free, guaranteed = self._trainable(rule)
        if not free:
            raise BadSettings(f"rule {rule.name!r}: every comparison reads its columns, nothing is left to train")
        linker.engine.plan([rule])
        patterns = linker.engine.count([rule])
        if patterns.n_pairs == 0:
            raise BadSettings(f"rule {rule.name!r} proposes no pair: nothing to train on")
        session = run_session(
            patterns,
            rule=rule.name,
            trained=free,
            guaranteed=guaranteed,
            m=parameters.m,
            u=parameters.u,
            prior=parameters.prior,
            settings=SessionSettings(
                max_iterations=linker.settings.em.max_iterations,
                em_convergence=linker.settings.em.tolerance,
                fix_u_probabilities=fix_u_probabilities,
                fix_m_probabilities=fix_m_probabilities,
                fix_probability_two_random_records_match=fix_probability_two_random_records_match,
            ),
        )
        parameters.whole = None
        parameters.sessions.append(session)
        ended = "converged" if session.converged else "did not converge"
        parameters.steps.append(f"EM on {rule.name}: {patterns.n_pairs:,} pairs, {ended}")
        if populate_probability_two_random_records_match_from_trained_values:
            parameters.prior = combined(
                parameters.sessions,
                comparisons=parameters.named,
                m=parameters.m,
                u=parameters.u,
                prior=parameters.prior,
                deduce_prior=True,
            )[0].prior
        return session

    def estimate_m_from_label_column(self, label_colname: str) -> None:
        """
        m from all pairs of records that a column says are one person.

        Raises:
            ColumnMissing: If a table lacks the column.
            ImpossibleRecall: If the column makes so many pairs that it is no label of persons.
        """
        engine = self._linker.engine
        codes = engine.columns.codes(Expression(column=label_colname), user="label column")
        self._take_m(*pairs_of_labels(codes, within=engine.within, apart=engine.apart), source=label_colname)

    def estimate_m_from_pairwise_labels(self, labels: TableLike) -> None:
        """
        m from labelled pairs: unique_id_l, unique_id_r (source_dataset_l/_r), clerical_match_score where it varies.

        A score counts as how much a pair is a match; without scores every row is one.
        """
        table = as_table(labels)
        weights = None
        if "clerical_match_score" in table.column_names:
            weights = table.column("clerical_match_score").to_numpy().astype(np.float64)
        engine = self._linker.engine
        self._take_m(*engine.rows(*record_pairs(table, self._linker.inputs)), weights=weights, source="labelled pairs")

    def fix_m(self, m: Mapping[str, Sequence[float]]) -> None:
        """m of some comparisons by name, weakest level first; no training changes it."""
        self._linker.parameters.set_m({name: np.asarray(values, dtype=np.float64) for name, values in m.items()})

    def bootstrap(self, *, n: int = 200) -> Intervals:
        """
        95 % intervals of m, u and the prior: training repeated on pattern counts drawn anew `n` times.

        Raises:
            NotTrained: If the model was not trained by `train`.
        """
        trained = self._linker.parameters.trained
        if trained is None:
            raise NotTrained("bootstrap: expected a model trained by linker.training.train()")
        return trained.intervals(self._linker.engine, BootstrapSettings(n_draws=n))

    def _take_m(
        self,
        left: np.ndarray[tuple[int], np.dtype[np.int64]],
        right: np.ndarray[tuple[int], np.dtype[np.int64]],
        *,
        source: str,
        weights: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None,
    ) -> None:
        engine = self._linker.engine
        counts = [len(levels) for _, levels in engine.named]
        found = m_from_labels(engine.gammas(left, right), level_counts=counts, weights=weights, pseudo_count=1.0)
        self._linker.parameters.set_m({name: m for (name, _), m in zip(engine.named, found, strict=True)})
        self._linker.parameters.steps.append(f"m from {len(left):,} known pairs ({source})")

    def _trainable(self, rule: BlockingRule) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        comparisons = self._linker.settings.comparisons
        return trainable(
            frozenset(name for expression in rule.keys for name in expression.columns),
            columns=[part.columns for part in comparisons],
            exact_columns=[_exact_columns(part) for part in comparisons],
            level_counts=[len(part.level_names) for part in comparisons],
        )


def largest_prior(cardinality: Cardinality, engine: Engine) -> float:
    """
    What the prior cannot be above: each record has at most so many partners, ten on average where any number.

    Within several tables it has them in each of the others, as the decision counts them too.
    """
    of_left, of_right = cardinality.of_left or _PARTNERS, cardinality.of_right or _PARTNERS
    if not engine.within:
        most = float(min(engine.n_rows[0] * of_left, engine.n_rows[1] * of_right))
    else:
        sizes = np.bincount(engine.inputs.codes).tolist()
        most = sum(min(a * of_left, b * of_right) for a, b in combinations(sizes, 2))
        if engine.apart is None or len(sizes) == 1:
            most += sum(sizes) * min(of_left, of_right) / 2
    return min(1.0, most / max(engine.n_possible, 1))


def _exact_columns(comparison: Comparison) -> frozenset[str] | None:
    """Columns whose equality is the strongest level, where it is that."""
    top = comparison.scored[-1]
    parts = top.levels if isinstance(top, And) else (top,)
    if not all(isinstance(part, ExactMatchLevel) for part in parts):
        return None
    return frozenset(name for part in parts for expression in part.expressions for name in expression.columns)


def _with_prior(settings: LinkSettings, parameters: Parameters) -> EMSettings:
    """EM from the prior that the settings give; held at the one that deterministic rules gave."""
    if parameters.prior_is_known:
        return settings.em.model_copy(update={"prior_start": parameters.prior, "fix_prior": True})
    if settings.probability_two_random_records_match is not None:
        return settings.em.model_copy(update={"prior_start": settings.probability_two_random_records_match})
    return settings.em
