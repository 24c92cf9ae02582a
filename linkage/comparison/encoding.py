"""Moved to `linkage.columns.encoding`."""

from linkage.columns.encoding import Codes, distinct_pairs, encode, text_of

__all__ = ["Codes", "distinct_pairs", "encode", "text_of"]
