"""Work on several threads, results in the order of the work. Opens nothing."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_order", "n_threads"]

Work = TypeVar("Work")
Done = TypeVar("Done")


def n_threads() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(function: Callable[[Work], Done], work: Iterable[Work], *, threads: int) -> Iterator[Done]:
    """
    `function` of every piece of work, in order; no more pieces are under way than are needed to keep threads busy.

    Args:
        function: Called on any thread.
        work: The pieces, drawn on the caller's thread.
        threads: 1 = no thread is started.
    """
    if threads <= 1:
        yield from map(function, work)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="linkage") as pool:
        waiting: deque[Future[Done]] = deque()
        try:
            for piece in work:
                waiting.append(pool.submit(function, piece))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
