"""Making something dear once: like `functools.cache`, but while one thread makes it the others wait for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def once(make: Callable[P, T]) -> Callable[P, T]:
    """Return `make`, called once for the same arguments (hashable, few) and kept for good; an error is not kept.

    `functools.cache` lets every thread that comes in the meantime make it as well: eight at a start took eight times as
    long, and the memory of all.
    """
    lock, made = RLock(), dict[object, T]()

    @wraps(make)
    def kept(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (args, tuple(sorted(kwargs.items())))
        if key not in made:
            with lock:
                if key not in made:
                    made[key] = make(*args, **kwargs)
        return made[key]

    return kept
