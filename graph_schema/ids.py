"""
Identifiers: HMAC-SHA-256 with the study key over the natural key. Pure, but for `StudyKey.read` and `.create`.

No natural key (insurance pseudonym, case number, patient id, accession number, DICOM UID) is ever
stored; what is stored cannot be computed without the key, and the key lies outside ledger and backups.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from pathlib import Path

from graph_schema.errors import ExitCode, UserError

__all__ = ["KeyMissing", "Keyring", "content_digest", "derivation_key"]

KEY_BYTES = 32
_ID_HEX = 24


class KeyMissing(UserError):
    """The study key is not there, or is not a key."""

    exit_code = ExitCode.KEY


class Keyring:
    """
    Makes the study's identifiers.

    An identifier is `<prefix>_<24 hex digits>`: 96 bits, so that among 100 million records of one
    kind the chance of any collision is below 1e-12.

    >>> ring = Keyring(bytes(32))
    >>> ring.key("cst", "claims", "case-1") == ring.key("cst", "claims", "case-1")
    True
    >>> ring.key("cst", "claims", "case-1") == ring.key("cst", "claims", "case-2")
    False
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < KEY_BYTES:
            raise KeyMissing(f"the study key has {len(secret)} bytes: expected at least {KEY_BYTES}")
        self._inner = hmac.new(secret, digestmod=hashlib.sha256)

    @classmethod
    def read(cls, path: Path) -> Keyring:
        """
        The keyring of the key file at `path` (hexadecimal text).

        Raises:
            KeyMissing: If there is no such file, or it does not hold a key.
        """
        if not path.is_file():
            raise KeyMissing(f"no study key at {path}: restore it from your safe copy, or run the study to make one")
        try:
            return cls(bytes.fromhex(path.read_text(encoding="ascii").strip()))
        except ValueError:
            raise KeyMissing(f"{path} holds no study key: expected {2 * KEY_BYTES} hexadecimal digits") from None

    @classmethod
    def create(cls, path: Path) -> Keyring:
        """Make a new random key at `path`, readable by its owner only. An existing key is never replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        with path.open("x", encoding="ascii") as stream:
            path.chmod(0o600)
            stream.write(secrets.token_hex(KEY_BYTES) + "\n")
        return cls.read(path)

    @property
    def fingerprint(self) -> str:
        """Says which key this is without telling the key; goes into every manifest."""
        return self.digest("key-fingerprint")[:16]

    def digest(self, *parts: str) -> str:
        """64 hexadecimal digits over the parts; parts are length-prefixed, so that ab|c is not a|bc."""
        mac = self._inner.copy()
        for part in parts:
            raw = part.encode()
            mac.update(len(raw).to_bytes(4, "big"))
            mac.update(raw)
        return mac.hexdigest()

    def key(self, prefix: str, *natural: str) -> str:
        """
        The identifier of the thing with this natural key.

        Args:
            prefix: Three-letter kind from `graph_schema.nodes` (`Stay.prefix`, say); part of the hash.
            natural: The natural key with its scope first, for example `(hospital, case number)`.
        """
        return f"{prefix}_{self.digest(prefix, *natural)[:_ID_HEX]}"

    def keys(self, prefix: str, scope: str, values: Iterable[str | None]) -> list[str | None]:
        """`key(prefix, scope, value)` for each value; None stays None. Equal values are hashed once."""
        seen: dict[str, str] = {}
        out: list[str | None] = []
        for value in values:
            if value is None:
                out.append(None)
                continue
            found = seen.get(value)
            if found is None:
                found = seen[value] = self.key(prefix, scope, value)
            out.append(found)
        return out


def content_digest(raw: bytes) -> str:
    """SHA-256 of bytes as 64 hexadecimal digits: how files, segments, tables and settings are addressed."""
    return hashlib.sha256(raw).hexdigest()


def derivation_key(activity: str, version: int, inputs: Iterable[str], parameters: str) -> str:
    """
    What a result was computed from: equal keys promise equal results, so the work need not be done again.

    Args:
        activity: The step, for example `"link-stays"`.
        version: The step's calculation version, raised by hand when its results change.
        inputs: Content digests of everything read; order does not matter.
        parameters: Digest of the settings used.
    """
    text = "\x00".join([activity, str(version), *sorted(inputs), parameters])
    return hashlib.sha256(text.encode()).hexdigest()
