"""Columns: what is read of the records, encoded once as integers, shared by blocking and comparisons."""

from linkage.columns.encoding import Codes, code_pairs, distinct_pairs, encode, text_of
from linkage.columns.expression import Expression
from linkage.columns.missing import ColumnMissing, WrongColumn, column_of
from linkage.columns.sql import BadExpression
from linkage.columns.tables import Columns
from linkage.columns.transforms import Transform

__all__ = [
    "BadExpression",
    "Codes",
    "ColumnMissing",
    "Columns",
    "Expression",
    "Transform",
    "WrongColumn",
    "code_pairs",
    "column_of",
    "distinct_pairs",
    "encode",
    "text_of",
]
