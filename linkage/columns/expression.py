"""An expression over the columns of one table: a column and what is made of it, or SQL. Opens nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linkage.columns.sql import columns_of
from linkage.columns.transforms import Kind, Transform

__all__ = ["Expression"]


class Expression(BaseModel):
    """
    What is read of a record. Missing and empty values are missing.

    Either a column or SQL over the columns of one table, and transforms, applied in order to its distinct values.

    >>> Expression(column="surname").lower().substr(1, 3).text
    'substr(lower(surname), 1, 3)'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = Field(None, min_length=1, description="Column of the left table, and of the right.")
    right_column: str | None = Field(None, min_length=1, description="Column of the right table where it is another.")
    transforms: tuple[Transform, ...] = Field((), description="What is made of the value, first step first.")
    sql: str | None = Field(None, min_length=1, description="Instead of a column: a scalar SQL expression (DuckDB).")
    right_sql: str | None = Field(None, min_length=1, description="The same for the right table where it is another.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Expression:
        if (self.column is None) == (self.sql is None):
            raise ValueError("expected a column or an SQL expression, one of both")
        if self.right_column is not None and self.column is None:
            raise ValueError("right_column: expected a column too")
        if self.right_sql is not None and self.sql is None:
            raise ValueError("right_sql: expected sql too")
        if self.sql is not None and any(step.kind == "access_extreme_array_element" for step in self.transforms):
            raise ValueError("access_extreme_array_element: expected a column, not SQL; write it in SQL, as x[1]")
        for text in (self.sql, self.right_sql):
            if text is not None:
                columns_of(text)
        return self

    @property
    def text(self) -> str:
        """Its canonical name; another right column stands behind `~`."""
        left, right = self.sql or self.column, self.right_sql or self.right_column
        between = " ~ " if self.sql is not None else "~"
        out = str(left) if self.symmetric else f"{left}{between}{right}"
        for step in self.transforms:
            out = step.around(out)
        return out

    @property
    def symmetric(self) -> bool:
        """Whether it reads the same of both tables."""
        return self.right_column in {None, self.column} and self.right_sql in {None, self.sql}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the left table that it reads."""
        return columns_of(self.sql) if self.sql is not None else (str(self.column),)

    @property
    def right_columns(self) -> tuple[str, ...]:
        """Columns of the right table that it reads."""
        if self.sql is not None:
            return columns_of(self.right_sql or self.sql)
        return (self.right_column or str(self.column),)

    def then(self, kind: Kind, *arguments: int | str) -> Expression:
        """This expression with one more transform."""
        return self.model_copy(update={"transforms": (*self.transforms, Transform(kind=kind, arguments=arguments))})

    def lower(self) -> Expression:
        """In lower case."""
        return self.then("lower")

    def substr(self, start: int, length: int) -> Expression:
        """`length` characters from place `start`, from 1."""
        return self.then("substr", start, length)

    def nullif(self, null_value: str) -> Expression:
        """Missing where it is `null_value`."""
        return self.then("nullif", null_value)

    def regex_extract(self, pattern: str, capture_group: int = 0) -> Expression:
        """What a pattern matches, or one group of it; missing where it does not match."""
        return self.then("regex_extract", pattern, capture_group)

    def cast_to_string(self) -> Expression:
        """As text: what all expressions are here already."""
        return self.then("cast_to_string")

    def try_parse_date(self, date_format: str | None = None) -> Expression:
        """As an ISO date; missing where it cannot be parsed."""
        return self.then("try_parse_date", date_format or "")

    def try_parse_timestamp(self, timestamp_format: str | None = None) -> Expression:
        """As an ISO date and time; missing where it cannot be parsed."""
        return self.then("try_parse_timestamp", timestamp_format or "")

    def access_extreme_array_element(self, first_or_last: Literal["first", "last"]) -> Expression:
        """The first or last element of an array."""
        return self.then("access_extreme_array_element", first_or_last)
