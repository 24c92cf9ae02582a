"""What is kept of a run to compare it with another: pairs, records, model, settings. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray, Int8Array, IntArray
from linkage.decision.cardinality import Cardinality
from linkage.incremental.records import places, record_names
from linkage.model.model import Model
from linkage.model.weights import PatternWeights, prior_bits

__all__ = ["Run", "RunsNotComparable"]

_PERSONS = ("constraint_must", "constraint_cannot", "reviewer")
_TOGETHER = "\x1d"


class RunsNotComparable(UserError):
    """A run was not kept with what a comparison needs."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class Run:
    """
    What is kept of a run.

    Attributes:
        pairs: All pairs from `possible` on: source_dataset_l and _r (where there are several tables), unique_id_l and
            _r, match_weight (bits, prior included), gamma_<comparison>, mw_tf_adj_<comparison> where there is one,
            judgement, reason_code.
        records: source, id, digest of every record.
        model: The model that weighed them.
        threshold: Probability at or above which a pair is linked.
        possible: Probability from which a pair is kept.
        cardinality: How many partners a record may have.
        rules: What proposes pairs, in words: the blocking rules.
        policy: What holds between pairs of sources, in words or as a digest.

    Raises:
        RunsNotComparable: If `pairs` lacks a column.
    """

    pairs: pa.Table
    records: pa.Table
    model: Model
    threshold: float
    possible: float
    cardinality: Cardinality
    rules: tuple[str, ...]
    policy: str = ""

    def __post_init__(self) -> None:
        wanted = ["unique_id_l", "unique_id_r", "match_weight", "judgement", "reason_code"]
        wanted += [f"gamma_{part.name}" for part in self.model.comparisons]
        lacking = [name for name in wanted if name not in self.pairs.column_names]
        if lacking:
            raise RunsNotComparable(f"pairs of a run: expected the columns {', '.join(lacking)} too")

    @property
    def link(self) -> BoolArray:
        """`(n_pairs,)` the links."""
        return _mask(pc.equal(self.pairs.column("judgement"), "link"))

    @property
    def by_person(self) -> BoolArray:
        """`(n_pairs,)` pairs a constraint or a reviewer decided."""
        return _mask(pc.is_in(self.pairs.column("reason_code"), value_set=pa.array(_PERSONS)))

    @property
    def weight(self) -> FloatArray:
        """`(n_pairs,)` match weights (bits)."""
        return np.asarray(self.pairs.column("match_weight").to_numpy(), dtype=np.float64)

    @property
    def gammas(self) -> Int8Array:
        """`(n_pairs, n_comparisons)` levels."""
        columns = [self.pairs.column(f"gamma_{part.name}").to_numpy() for part in self.model.comparisons]
        return np.stack(columns, axis=1).astype(np.int8) if columns else np.zeros((len(self.link), 0), np.int8)

    @property
    def term_bits(self) -> FloatArray:
        """`(n_pairs,)` summed term-frequency adjustments (bits)."""
        out = np.zeros(self.pairs.num_rows)
        for name in self.pairs.column_names:
            if name.startswith("mw_tf_adj_"):
                out += self.pairs.column(name).to_numpy()
        return out

    def ends(self) -> tuple[pa.Array, pa.Array]:
        """Names of the left and right records of the pairs."""
        return record_names(self.pairs, side="_l"), record_names(self.pairs, side="_r")

    def keys(self) -> pa.Array:
        """A name of each pair that does not depend on which record stands left."""
        left, right = self.ends()
        first = pc.less_equal(left, right)
        low, high = pc.if_else(first, left, right), pc.if_else(first, right, left)
        return pc.binary_join_element_wise(low, high, _TOGETHER)

    def reweighed(self, gammas: Int8Array, terms: FloatArray, *, prior: float | None = None) -> FloatArray:
        """`(n,)` what this run's model makes of these levels and adjustments (bits), with its prior or another."""
        own = prior_bits(self.model.prior if prior is None else prior)
        return PatternWeights(self.model).bits(gammas) + own + terms

    def holder_of(self, names: pa.Array) -> IntArray:
        """`(n,)` the heaviest link at each record, -1 without one. Args: names: of records."""
        links = np.flatnonzero(self.link)
        links = links[np.argsort(-self.weight[links], kind="stable")]
        left, right = (end.take(pa.array(links)) for end in self.ends())
        first, second = places(names, among=left), places(names, among=right)
        place = np.where(first < 0, second, np.where(second < 0, first, np.minimum(first, second)))
        return np.where(place >= 0, np.append(links, -1)[place], -1).astype(np.int64)


def _mask(column: pa.Array | pa.ChunkedArray) -> BoolArray:
    return np.asarray(pc.fill_null(column, fill_value=False).to_numpy(zero_copy_only=False), dtype=bool)
