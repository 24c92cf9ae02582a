"""
Dose reports that an earlier run read: keyed, kept by the digest of their file, and not parsed again. Reads files.

Each delivery adds one table with what is new of its source. No raw report is kept: see `provenance.dose.keyed`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pyarrow as pa

from doselink.compute.stages import StageCache, settings_digest
from doselink.study import Source
from graph_schema.ids import Keyring
from provenance.dose.folder import read_reports
from provenance.dose.keyed import VERSION, KeyedReport, keyed, restored, to_keep
from provenance.dose.report import LeftAlone

__all__ = ["read_keyed"]

_ACTIVITY = "read-dose-reports"
_PART = 5000
_SCHEMA = pa.schema([("file_sha256", pa.string()), ("found", pa.string())])


def read_keyed(
    paths: Sequence[Path],
    *,
    source: Source,
    keyring: Keyring,
    cache: StageCache | None,
    named_rooms: frozenset[str] | None = None,
) -> Iterator[KeyedReport | LeftAlone]:
    """
    What each file of a source says about dose, keyed, in the order of `paths`.

    Args:
        paths: Files of any kind.
        source: Whose they are.
        keyring: Makes the keys.
        cache: Remembers files that were read; None: every file is read, nothing is kept.
        named_rooms: `hospital/room` of rooms that keep their name; None: all.
    """
    hospital = source.hospital or ""
    rooms = None if named_rooms is None else sorted(named_rooms)
    own = partial(keyed, keyring=keyring, hospital=hospital, named_rooms=named_rooms)
    shelf = _Shelf(cache, settings_digest({"hospital": hospital, "key": keyring.fingerprint, "rooms": rooms}))
    kept = shelf.kept()
    places = [kept.get(_digest(path) or "") for path in paths] if kept else [None] * len(paths)
    new = read_reports([path for path, found in zip(paths, places, strict=True) if found is None])
    for found in places:
        if found is None:
            read = next(new)
            told = read if isinstance(read, LeftAlone) else own(read)
            shelf.put(told)
            yield told
        else:
            yield found
    shelf.flush()


@dataclass(slots=True)
class _Shelf:
    """What is kept for one hospital under one key."""

    cache: StageCache | None
    settings: str
    fresh: dict[str, str] = field(default_factory=dict)

    def kept(self) -> dict[str, KeyedReport | LeftAlone]:
        """File digest to what was read from the file; what cannot be understood is left out."""
        if self.cache is None:
            return {}
        found: dict[str, KeyedReport | LeftAlone] = {}
        for part in self.cache.parts(_ACTIVITY, version=VERSION, parameters=self.settings):
            if part.schema.equals(_SCHEMA):
                for sha256, text in zip(*(part[name].to_pylist() for name in _SCHEMA.names), strict=True):
                    with contextlib.suppress(ValueError):
                        found[sha256] = restored(text)
        return found

    def put(self, found: KeyedReport | LeftAlone) -> None:
        """Keep what a file says, where that may be kept; a full part is written, so that a kill costs one at most."""
        sha256 = found.sha256 if isinstance(found, LeftAlone) else found.told.sha256
        text = to_keep(found)
        if sha256 is not None and text is not None:
            self.fresh[sha256] = text
        if len(self.fresh) >= _PART:
            self.flush()

    def flush(self) -> None:
        """Write what is not written yet."""
        if self.cache is not None and self.fresh:
            names = sorted(self.fresh)
            part = pa.table([names, [self.fresh[name] for name in names]], schema=_SCHEMA)
            self.cache.add_part(_ACTIVITY, version=VERSION, parameters=self.settings, part=part)
        self.fresh.clear()


def _digest(path: Path) -> str | None:
    """Digest of a file's bytes; None where it cannot be opened, which the reader tells."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
