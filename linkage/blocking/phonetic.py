"""Moved to `linkage.columns.phonetic`."""

from linkage.columns.phonetic import cologne

__all__ = ["cologne"]
