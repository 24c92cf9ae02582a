"""What a cohort is asked to be: one frozen model, its canonical JSON and digest. Opens nothing."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, Self

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from graph_schema.ids import content_digest
from provenance.study.errors import DefinitionWrong

__all__ = ["DEFAULT_LAG_YEARS", "OTHER_LAG_YEARS", "CohortDefinition", "defined", "matches_ops"]

# 2 years for leukaemia and lymphoma, 5 for solid cancers, as in the British and French cohorts.
DEFAULT_LAG_YEARS = {"active_marrow": 2}
OTHER_LAG_YEARS = 5

_OPS = re.compile(r"\d(-[0-9a-z]{1,3}(\.[0-9a-z]{1,2})?)?\*?", re.IGNORECASE)


class CohortDefinition(BaseModel):
    """
    The rules by which persons are selected, and the day at which their doses are summed.

    Intervals are half-open: a procedure on the first day counts, one on the last does not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        description="Name of the cohort; a new definition under an old name is its revision.", min_length=1
    )
    ops: tuple[str, ...] = Field(
        description="OPS codes that expose: `1-275` takes the code and its subcodes, `1-27*` all that begin so."
    )
    age_under_years: int | None = Field(
        None, ge=1, le=120, description="Year of the procedure minus year of birth must be below it (years)."
    )
    performed_between: tuple[date, date] | None = Field(
        None, description="First day (inclusive) and end (exclusive) of the procedures that count."
    )
    link_probability: float | None = Field(
        None, ge=0, le=1,
        description="Persons must be linked claims to hospital, and doses to persons, with at least it (1).",
    )  # fmt: skip
    sex: Literal["female", "male"] | None = Field(None, description="Only persons of this sex.")
    hospitals: tuple[str, ...] | None = Field(None, description="Only procedures in these hospitals, by study name.")
    at: date | None = Field(
        None, description="Day at which doses are summed; the period's end, else the ledger's last day."
    )
    lag_years: dict[str, int] = Field(
        default_factory=dict,
        description="Organ to the years before `at` whose doses do not count yet; 2 for active marrow, 5 for others.",
    )

    @field_validator("ops")
    @classmethod
    def _ops_are_codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        if not codes:
            raise ValueError("expected at least one OPS code, for example `1-27*`")
        wrong = [code for code in codes if not _OPS.fullmatch(code)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no OPS code: expected one like `1-275.0`, `1-275` or `1-27*`")
        return tuple(sorted({code.lower() for code in codes}))

    @field_validator("hospitals")
    @classmethod
    def _hospitals_sorted(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else tuple(sorted(set(names)))

    @field_validator("lag_years")
    @classmethod
    def _lags_not_negative(cls, lags: dict[str, int]) -> dict[str, int]:
        wrong = [organ for organ, years in lags.items() if years < 0]
        if wrong:
            raise ValueError(f"the lag of {wrong[0]} is negative: a dose to come cannot count")
        return dict(sorted(lags.items()))

    @model_validator(mode="after")
    def _period_runs_forward(self) -> Self:
        if self.performed_between is not None and self.performed_between[0] >= self.performed_between[1]:
            raise ValueError("performed_between is empty: its first day must lie before its end")
        return self

    def lag_of(self, organ: str) -> int:
        """Years before `at` whose doses to this organ do not count yet."""
        return self.lag_years.get(organ, DEFAULT_LAG_YEARS.get(organ, OTHER_LAG_YEARS))

    def to_json(self) -> str:
        """The definition as RFC 8785 JSON: the same definition, the same text."""
        raw: bytes = rfc8785.dumps(self.model_dump(mode="json"))
        return raw.decode()

    @classmethod
    def from_json(cls, text: str) -> CohortDefinition:
        """
        The definition that `to_json` wrote.

        Raises:
            DefinitionWrong: If the text is none.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise DefinitionWrong(_sentence(error)) from None

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return content_digest(self.to_json().encode())


def defined(**asked: object) -> CohortDefinition:
    """
    A definition from keyword arguments; the errors are ours.

    Raises:
        DefinitionWrong: If one of them cannot be.
    """
    try:
        return CohortDefinition.model_validate(asked)
    except ValidationError as error:
        raise DefinitionWrong(_sentence(error)) from None


def matches_ops(code: str | None, patterns: tuple[str, ...]) -> bool:
    """
    Whether an OPS code is one of those asked for.

    >>> matches_ops("1-275.0", ("1-275",)), matches_ops("1-275.0", ("1-27*",)), matches_ops("1-276.0", ("1-275",))
    (True, True, False)
    """
    if code is None:
        return False
    low = code.lower()
    return any(
        low.startswith(pattern[:-1]) if pattern.endswith("*") else low == pattern or low.startswith(pattern + ".")
        for pattern in patterns
    )


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "the definition"
    return f"cohort definition, {where}: {first['msg'].removeprefix('Value error, ')}"
