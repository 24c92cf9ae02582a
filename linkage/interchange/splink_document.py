"""A Splink settings or model JSON (versions 4 and 5) as data, with what Splink takes by default. Opens nothing."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from graph_schema.errors import ExitCode, UserError
from linkage.arrays import BoolArray, FloatArray
from linkage.model.sessions import default_bits, default_m

__all__ = [
    "BadSplinkDocument",
    "SplinkBlockingRule",
    "SplinkComparison",
    "SplinkDocument",
    "SplinkLevel",
    "as_distributions",
    "default_u",
    "parse_document",
]

_LEAST = 1e-300  # Splink takes m and u below this for this
_UNSEEN = 1e-6  # ... and this for a level it says it never saw in training
_TOLERANCE = 1e-6


class BadSplinkDocument(UserError):
    """What was given is no Splink settings or model JSON, or one that cannot be taken over."""

    exit_code = ExitCode.SETTINGS


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SplinkLevel(_Part):
    """One level of a comparison."""

    sql_condition: str = Field(description="SQL over columns ending in _l and _r, or ELSE.")
    label_for_charts: str | None = Field(None, description="What charts call it.")
    is_null_level: bool = Field(False, description="Whether it says that a value is missing: weight 0.")
    m_probability: float | None = Field(None, description="Probability of the level among matches; None = untrained.")
    u_probability: float | None = Field(None, description="Probability of the level among the rest; None = untrained.")
    tf_adjustment_column: str | None = Field(None, description="Column whose frequent values count less.")
    tf_adjustment_weight: float | None = Field(None, description="How much of the adjustment is made; None = 1.")
    tf_minimum_u_value: float | None = Field(None, description="Least frequency a value is taken to have; None = 0.")
    disable_tf_exact_match_detection: bool = Field(
        False, description="Adjust by the u of this level, not by that of the exact level of the column."
    )
    fix_m_probability: bool = Field(False, description="Whether training leaves m alone.")
    fix_u_probability: bool = Field(False, description="Whether training leaves u alone.")

    @field_validator("m_probability", "u_probability", mode="before")
    @classmethod
    def _unseen(cls, given: Any) -> Any:
        return _UNSEEN if isinstance(given, str) and "not observed" in given else given

    @property
    def is_else(self) -> bool:
        """Whether it takes what no other level takes."""
        return self.sql_condition.strip().upper() == "ELSE"


class SplinkComparison(_Part):
    """One comparison: its levels, strongest first, the null level usually before them."""

    output_column_name: str | None = Field(None, description="Its name; None = that of its columns.")
    comparison_description: str | None = Field(None, description="What it is, for people.")
    comparison_levels: tuple[SplinkLevel, ...] = Field(min_length=2, description="Strongest first.")

    @property
    def scored(self) -> tuple[SplinkLevel, ...]:
        """The levels that have m and u, weakest first: index = gamma."""
        return tuple(level for level in reversed(self.comparison_levels) if not level.is_null_level)


class SplinkBlockingRule(_Part):
    """Pairs for which this holds are compared."""

    blocking_rule: str = Field(description="SQL over l.column and r.column.")
    sql_dialect: str | None = Field(None, description="Its dialect; None = that of the document.")
    arrays_to_explode: tuple[str, ...] | None = Field(None, description="Array columns of which any element counts.")
    salting_partitions: int | None = Field(None, description="Pieces the join was cut into.")


class SplinkDocument(_Part):
    """Settings of Splink, with m, u and prior where they are trained."""

    link_type: Literal["link_only", "dedupe_only", "link_and_dedupe"] = Field(description="What is compared with what.")
    comparisons: tuple[SplinkComparison, ...] = Field(min_length=1, description="What is compared.")
    blocking_rules_to_generate_predictions: tuple[SplinkBlockingRule, ...] = Field((), description="Which pairs.")
    probability_two_random_records_match: float = Field(0.0001, gt=0, lt=1, description="The prior.")
    unique_id_column_name: str = Field("unique_id", description="Column that names a record.")
    source_dataset_column_name: str = Field("source_dataset", description="Column that names its table.")
    additional_columns_to_retain: tuple[str, ...] = Field((), description="Columns to carry along.")
    retain_matching_columns: bool = Field(True, description="Whether predictions carry the compared values.")
    retain_intermediate_calculation_columns: bool = Field(False, description="Whether they carry the weights.")
    sql_dialect: str = Field("duckdb", description="Dialect of conditions and rules.")
    em_convergence: float = Field(0.0001, gt=0, description="Largest change of a parameter at which EM ends.")
    max_iterations: int = Field(25, ge=1, description="Steps after which EM ends whatever happens.")

    @field_validator("blocking_rules_to_generate_predictions", mode="before")
    @classmethod
    def _rules_may_be_text(cls, given: Any) -> Any:
        if not isinstance(given, (list, tuple)):
            return given
        return tuple({"blocking_rule": rule} if isinstance(rule, str) else rule for rule in given)


def parse_document(text: str | bytes, *, where: str = "Splink model") -> SplinkDocument:
    """
    Read the JSON that Splink's `save_model_to_json` wrote.

    Args:
        text: The JSON.
        where: What messages call it, the file's name for instance.

    Raises:
        BadSplinkDocument: If it is none; the message names the first key that is wrong.
    """
    try:
        return SplinkDocument.model_validate(json.loads(text))
    except ValueError as error:
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise BadSplinkDocument(f"{where}, {key}: {first['msg']}; expected a JSON saved by Splink 4 or 5") from None
        raise BadSplinkDocument(f"{where}: expected a JSON saved by Splink 4 or 5") from None


def default_u(n_levels: int) -> FloatArray:
    """
    What Splink takes for untrained u, weakest first; they need not sum to 1.

    >>> default_u(2).round(6).tolist()
    [1.6, 0.000928]
    """
    return np.asarray(default_m(n_levels) / np.exp2(default_bits(n_levels)), dtype=np.float64)


def as_distributions(
    m: FloatArray, u: FloatArray, *, held: BoolArray | None = None
) -> tuple[FloatArray, FloatArray] | None:
    """
    m and u that sum to 1 and have the ratios m / u that were given.

    A Splink model need not hold distributions: a level that was never seen in training is given a made-up value.
    Weights are log2(m / u), so the ratios are kept and u is moved as little as may be (in likelihood):
    u / (1 + t (m / u - r)), with the t for which both sum to what is left of 1; r is the ratio of what is left.

    Args:
        m: `(n_levels,)`.
        u: `(n_levels,)`.
        held: `(n_levels,)` levels whose m and u must stay, because term frequencies replace their u.

    Returns:
        Both, or None where there are none: all other ratios are above r, or all below.

    Source: Owen (1988), https://doi.org/10.1093/biomet/75.2.237 (empirical likelihood under one mean).
    """
    m, u = np.maximum(m, _LEAST), np.maximum(u, _LEAST)
    if abs(math.fsum(m) - 1) <= _TOLERANCE and abs(math.fsum(u) - 1) <= _TOLERANCE:
        return m, u
    free = np.ones(len(m), dtype=bool) if held is None else ~held
    left_m, left_u = 1 - math.fsum(m[~free]), 1 - math.fsum(u[~free])
    if not free.any() or left_m <= 0 or left_u <= 0:
        return None
    moved = _tilted(u[free], m[free] / u[free] * left_u / left_m)
    if moved is None:
        return None
    out = u.copy()
    out[free] = moved * left_u
    return m / u * out, out


def _tilted(u: FloatArray, ratio: FloatArray) -> FloatArray | None:
    """Shares nearest to `u` under which the mean of `ratio` is 1."""
    share = u / math.fsum(u)
    if not (ratio.min() < 1 < ratio.max()):
        return None
    low, high = -1 / (ratio.max() - 1), 1 / (1 - ratio.min())
    for _ in range(200):
        middle = (low + high) / 2
        if float((share * (ratio - 1) / (1 + middle * (ratio - 1))).sum()) > 0:
            low = middle
        else:
            high = middle
    moved = share / (1 + (low + high) / 2 * (ratio - 1))
    return np.asarray(moved / math.fsum(moved), dtype=np.float64)
