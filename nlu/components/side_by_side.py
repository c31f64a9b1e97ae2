"""Side by side: pieces of work on all cores, each in a process that inherits what is in memory.

Threads would not help: most of training is Python's own work, which one thread does at a time.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")
_work: list[Callable[[], object]] = []


def _inherit(work: list[Callable[[], object]]) -> None:
    _work[:] = work


def _do(number: int) -> object:
    return _work[number]()


def side_by_side(work: Sequence[Callable[[], T]]) -> list[T]:
    """Return what each piece returns, in their order; raises what a piece raises.

    Only results travel between processes, so they should be small; what is changed in memory stays there.
    """
    if len(work) < 2:
        return [piece() for piece in work]
    cores = min(len(work), os.cpu_count() or 1)
    pool = ProcessPoolExecutor(cores, get_context("fork"), initializer=_inherit, initargs=(list(work),))
    with pool:
        return list(pool.map(_do, range(len(work))))
