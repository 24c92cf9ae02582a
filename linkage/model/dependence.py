"""
How far comparisons are from being independent, given whether a pair is a match. Pure. Opens nothing.

What a dependence chart shows: for every pair of comparisons, among matches and among the rest, what a joint table
gains over independence, tested against chance, and by how many bits agreement on both is miscounted without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from linkage.arrays import FloatArray
from linkage.model.joint_em import Edge, Outside, Structure, Tables
from linkage.model.model import rounded
from linkage.model.patterns import PatternCounts

__all__ = ["Among", "Evidence", "PairDependence", "pair_margin"]

Among: TypeAlias = Literal["matches", "non-matches"]

_OUTRIGHT = 2  # fields that disagree outright: what matches seldom do


class PairDependence(NamedTuple):
    """
    How far two comparisons are from being independent, given whether a pair is a match.

    Attributes:
        first: Name of the earlier comparison.
        second: Name of the later one.
        among: Matches or non-matches.
        n_pairs: Expected pairs with a value in both.
        gain: Log-likelihood their joint table has above independence (nats).
        n_parameters: What it costs.
        evidence: `gain - n_parameters / 2 * log(all pairs)`: above 0, more than chance (BIC).
        bits: What agreeing on both is miscounted by when independence is assumed (bits, strongest levels).
        residual_gain: Gain that is left beside the model as it was fitted (nats).
        modelled: Whether the model has this interaction.
    """

    first: str
    second: str
    among: Among
    n_pairs: float
    gain: float
    n_parameters: int
    evidence: float
    bits: float
    residual_gain: float
    modelled: bool

    @property
    def violated(self) -> bool:
        """Whether independence does not hold by more than chance, and matters."""
        return self.evidence > 0 and abs(self.bits) >= 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    The counts in which dependence is sought.

    Attributes:
        patterns: Counts that stand for all pairs, or for all but those outside.
        names: Of the comparisons.
        u: Of the comparisons, one array each.
        outside: Pairs that were not counted.
        known: `(n_patterns,)` further pairs that are known to be no match.
        pairs_a_draw: `(n_patterns,)` pairs that a draw stands for, where the counts are a weighted sample.
    """

    patterns: PatternCounts
    names: tuple[str, ...]
    u: tuple[FloatArray, ...]
    outside: Outside | None = None
    known: FloatArray | None = None
    pairs_a_draw: FloatArray | None = None

    @property
    def n_pairs(self) -> float:
        """All pairs, those outside included."""
        return self.patterns.n_pairs + (self.outside.n_pairs if self.outside is not None else 0.0)

    def price(self, edge: Edge, among: Among, shares: FloatArray) -> float:
        """
        What an interaction must gain (nats): half the logarithm of the number of pairs, a parameter (BIC).

        In a weighted sample each cell's gain is exaggerated by the number of pairs a draw stands for there (Kish).
        """
        n_parameters = (len(self.u[edge[0]]) - 1) * (len(self.u[edge[1]]) - 1)
        half_log = 0.5 * float(np.log(self.n_pairs))
        if self.pairs_a_draw is None:
            return n_parameters * half_log
        weights = self.patterns.counts * (shares if among == "matches" else 1 - shares)
        cells = self._counted(edge, weights)
        a_draw = self._counted(edge, weights * self.pairs_a_draw) / np.maximum(cells, 1e-12)
        inner = np.maximum(a_draw, 1.0) if among == "matches" else np.maximum(a_draw, 1.0)[1:, 1:]
        return half_log * n_parameters * float(inner.mean())

    def score(
        self, edge: Edge, among: Among, shares: FloatArray, tables: Tables, structure: Structure
    ) -> PairDependence:
        observed = self._observed(edge, among, shares)
        n_pairs = max(float(observed.sum()), 1e-12)
        joint = observed / n_pairs
        alone = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        held = tables.m if among == "matches" else tables.u
        units = structure.units(len(self.u))
        together = any(edge[0] in unit and edge[1] in unit for unit in units)
        fitted = pair_margin(units, held, edge) if together else alone
        gain, n_parameters = _divergence(observed, alone), (observed.shape[0] - 1) * (observed.shape[1] - 1)
        smooth = (observed[-1, -1] + 0.5) / (n_pairs * float(alone[-1, -1]) + 0.5)
        return PairDependence(
            first=self.names[edge[0]],
            second=self.names[edge[1]],
            among=among,
            n_pairs=rounded(n_pairs),
            gain=rounded(gain),
            n_parameters=n_parameters,
            evidence=rounded(gain - self.price(edge, among, shares)),
            bits=rounded(float(np.log2(smooth))),
            residual_gain=rounded(_divergence(observed, fitted)),
            modelled=edge in (structure.m_edges if among == "matches" else structure.u_edges),
        )

    def among_strangers(self, edge: Edge, structure: Structure) -> tuple[float, float]:
        """
        Whether two comparisons depend on each other among pairs that surely are no match, and how strongly.

        Such pairs disagree outright on two fields besides, fields that are known to go together counting once. A
        woman who married agrees on given name and birth date without being a stranger: only her surname differs.

        Returns:
            Evidence (nats above the price), and by how many bits agreement is miscounted that speaks most for it.
        """
        others = [tuple(column for column in unit if column not in edge) for unit in structure.units(len(self.u))]
        others = [unit for unit in others if unit]
        differs = [(self.patterns.gammas[:, list(unit)] == 0).any(axis=1) for unit in others]
        strange = (
            np.sum(differs, axis=0) >= min(_OUTRIGHT, len(others)) if others else np.ones(len(self.patterns.counts))
        )
        shares = 1.0 - np.asarray(strange, dtype=np.float64)
        observed = self._observed(edge, "non-matches", shares)
        joint = observed / max(float(observed.sum()), 1e-12)
        alone = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        evidence = _divergence(observed, alone) - self.price(edge, "non-matches", shares)
        both, by_chance = joint[1:, 1:], alone[1:, 1:]
        seen = both > 0
        bits = np.log2(both[seen] / by_chance[seen])
        return evidence, float(bits[np.argmax(both[seen] * bits)]) if seen.any() else 0.0

    def _counted(self, edge: Edge, weights: FloatArray) -> FloatArray:
        """Weighted pairs by the levels of two comparisons, of the pairs with a value in both."""
        a, b = (self.patterns.gammas[:, column].astype(np.int64) for column in edge)
        shape = (len(self.u[edge[0]]), len(self.u[edge[1]]))
        both = (a >= 0) & (b >= 0)
        flat = np.bincount(a[both] * shape[1] + b[both], weights=weights[both], minlength=shape[0] * shape[1])
        return np.asarray(flat.reshape(shape), dtype=np.float64)

    def _observed(self, edge: Edge, among: Among, shares: FloatArray) -> FloatArray:
        """Expected pairs of one kind by two comparisons."""
        counts = self.patterns.counts.astype(np.float64)
        if among == "matches":
            return self._counted(edge, counts * shares)
        rest = counts * (1 - shares) + (0.0 if self.known is None else self.known)
        out = self._counted(edge, rest)
        if self.outside is not None:
            out += self.outside.n_pairs * np.outer(self.outside.u[edge[0]], self.outside.u[edge[1]])
        return out


def pair_margin(units: Sequence[tuple[int, ...]], tables: Sequence[FloatArray], edge: Edge) -> FloatArray:
    """Joint distribution of two comparisons of one unit."""
    for unit, table in zip(units, tables, strict=True):
        if edge[0] in unit:
            kept = (unit.index(edge[0]), unit.index(edge[1]))
            return np.asarray(table.sum(axis=tuple(axis for axis in range(table.ndim) if axis not in kept)))
    raise AssertionError("every comparison belongs to a unit")


def _divergence(observed: FloatArray, expected: FloatArray) -> float:
    """Log-likelihood (nats) by which the observed distribution exceeds an expected one."""
    n_pairs = float(observed.sum())
    seen = observed > 0
    return float((observed[seen] * np.log(observed[seen] / (n_pairs * expected[seen]))).sum()) if n_pairs else 0.0
