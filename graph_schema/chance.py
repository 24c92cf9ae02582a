"""Named random streams: the same name and seed give the same numbers, whatever ran before. Opens nothing."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["stream"]


def stream(name: str, *, seed: int) -> np.random.Generator:
    """
    An independent generator for one named purpose.

    The name and the seed are hashed together, so that adding a stream, or calling two of them in
    another order, changes none of the others (vivarium's rule).

    Args:
        name: What the numbers are for, for example `"u-sample"`; part of the hash.
        seed: The study's seed.

    >>> int(stream("u-sample", seed=1).integers(1000)) == int(stream("u-sample", seed=1).integers(1000))
    True
    """
    digest = hashlib.sha256(f"{seed}\x00{name}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
