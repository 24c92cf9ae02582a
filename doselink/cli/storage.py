"""What the disk refuses, said as something to put right: permissions, space, a file in the way. Opens nothing."""

from __future__ import annotations

import errno

__all__ = ["describe_storage"]

_REFUSALS = {
    errno.EACCES: "may not be written or read: ask for permission, or name another place with --workspace or --out",
    errno.EPERM: "may not be changed: ask for permission, or name another place with --workspace or --out",
    errno.EROFS: "lies on a disk that cannot be written: name another place with --workspace or --out",
    errno.ENOSPC: "the disk is full: make room and run the same command again",
    errno.EDQUOT: "your share of the disk is used up: make room and run the same command again",
    errno.EEXIST: "is already there and is something else: name another place",
    errno.ENOTDIR: "is a file where a folder is needed: name another place",
    errno.EISDIR: "is a folder where a file is needed: name another place",
    errno.ENAMETOOLONG: "has a name that is too long for this disk: name another place",
}


def describe_storage(error: OSError) -> str | None:
    """
    One sentence for the user; None where the error is none that a user can put right.

    Deliveries are looked at for permission before anything is read, so the path is one of the results.

    >>> describe_storage(PermissionError(13, "Permission denied", "results"))[:34]
    'results may not be written or read'
    """
    if error.errno is None or error.errno not in _REFUSALS:
        return None
    refusal = _REFUSALS[error.errno]
    place = error.filename2 or error.filename
    return refusal if place is None or error.errno in {errno.ENOSPC, errno.EDQUOT} else f"{place} {refusal}"
