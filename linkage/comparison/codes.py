"""Clinical codes (diagnoses, ICD-10-GM; procedures, OPS) recognised by their form. Opens nothing."""

from __future__ import annotations

import re

__all__ = ["looks_like_codes"]

_SPLIT = re.compile(r"[;|,\s]+")
_CODE = re.compile(r"[A-Z]\d{2}(\.?[\dA-Z-]{1,3})?[+*!]?|\d-\d{2}[\da-z](\.[\da-z]{1,2})?", re.IGNORECASE)


def looks_like_codes(text: str) -> bool:
    """Whether a text is nothing but ICD-10 or OPS codes (one or several)."""
    parts = [part for part in _SPLIT.split(text.strip()) if part]
    return bool(parts) and all(_CODE.fullmatch(part) for part in parts)
