"""Finding whom somebody means by a name: "dr cole", "Cole", "alex cole"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from rapidfuzz import fuzz

_NO_NAME = frozenset(
    (
        "dr",
        "doctor",
        "prof",
        "professor",
        "mr",
        "mrs",
        "ms",
        "miss",
        "to",
        "with",
        "from",
        "my",
        "duty",
        "duties",
        "please",
    )
)
_CLOSE = 85  # of 100: one letter off in a surname of five or more


class Named(Protocol):
    """Somebody with a name."""

    @property
    def label(self) -> str:
        """The name as it is shown."""
        ...


Somebody = TypeVar("Somebody", bound=Named)


def named(words: str, people: Sequence[Somebody]) -> Somebody | None:
    """Return the one of `people` whose name `words` gives in part or in full; None when it is nobody or several."""
    given, exact = _parts(words), meant(words, people)
    if not given:
        return None
    if len(exact) == 1:
        return exact[0]
    close = [p for p in people if _parts(p.label) and fuzz.ratio(given[-1], _parts(p.label)[-1]) >= _CLOSE]
    return close[0] if not exact and len(close) == 1 else None


def meant(words: str, people: Sequence[Somebody]) -> Sequence[Somebody]:
    """Return those of `people` whose name `words` gives in part or in full; nobody when it holds no name."""
    given = set(_parts(words))
    return [p for p in people if given and given <= set(_parts(p.label))]


def _parts(name: str) -> list[str]:
    return [part for part in re.sub(r"[^\w\s'-]", " ", name.casefold()).split() if part not in _NO_NAME]
