"""Moved to `linkage.columns.folding`."""

from linkage.columns.folding import NAME_PARTICLES, fold, loose, name_parts

__all__ = ["NAME_PARTICLES", "fold", "loose", "name_parts"]
