"""Levels: the conditions a comparison is made of. `AnyLevel` is what settings may hold."""

from typing import Annotated, TypeAlias

from pydantic import Field

from linkage.comparison.levels.arrays import ArrayLevel, PairwiseSimilarityLevel
from linkage.comparison.levels.base import Bound, ColumnField, Level
from linkage.comparison.levels.custom import CustomLevel, FunctionFailed, FunctionLevel
from linkage.comparison.levels.logic import And, Not, Or
from linkage.comparison.levels.moments import DefaultDateLevel, KeyingErrorLevel, TimeDifferenceLevel
from linkage.comparison.levels.numbers import CosineSimilarityLevel, DifferenceLevel, DistanceInKMLevel
from linkage.comparison.levels.plain import (
    ColumnsReversedLevel,
    ElseLevel,
    ExactMatchLevel,
    LiteralMatchLevel,
    MissingLevel,
    NullLevel,
)
from linkage.comparison.levels.texts import NameVariantLevel, OverlapLevel, SimilarityLevel

__all__ = [
    "And",
    "AnyLevel",
    "ArrayLevel",
    "Bound",
    "ColumnField",
    "ColumnsReversedLevel",
    "CosineSimilarityLevel",
    "CustomLevel",
    "DefaultDateLevel",
    "DifferenceLevel",
    "DistanceInKMLevel",
    "ElseLevel",
    "ExactMatchLevel",
    "FunctionFailed",
    "FunctionLevel",
    "KeyingErrorLevel",
    "Level",
    "LiteralMatchLevel",
    "MissingLevel",
    "NameVariantLevel",
    "Not",
    "NullLevel",
    "Or",
    "OverlapLevel",
    "PairwiseSimilarityLevel",
    "SimilarityLevel",
    "TimeDifferenceLevel",
]

AnyLevel: TypeAlias = Annotated[
    NullLevel
    | MissingLevel
    | ElseLevel
    | ExactMatchLevel
    | LiteralMatchLevel
    | ColumnsReversedLevel
    | SimilarityLevel
    | OverlapLevel
    | NameVariantLevel
    | TimeDifferenceLevel
    | KeyingErrorLevel
    | DefaultDateLevel
    | DifferenceLevel
    | DistanceInKMLevel
    | CosineSimilarityLevel
    | ArrayLevel
    | PairwiseSimilarityLevel
    | CustomLevel
    | FunctionLevel
    | And
    | Or
    | Not,
    Field(discriminator="kind"),
]

for _merged in (And, Or, Not):
    _merged.model_rebuild(_types_namespace={"AnyLevel": AnyLevel})
