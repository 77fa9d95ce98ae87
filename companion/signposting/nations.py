"""Which nation a text places its sender in ("up in aberdeen", "line for wales")."""

from __future__ import annotations

from collections.abc import Sequence

from companion.signposting.phrases import Index

NATIONS = ("england", "wales", "scotland", "ni")


class Places:
    """The places that give a nation away.

    A place right after a word of `elsewhere` ("moved from glasgow") is where somebody was. A place after a word of
    `wanted` ("is there a number for wales") is asked for, whatever is known of the sender; so is one that stands right
    after a word of `help_there` and one of `there` ("any help in cardiff").
    """

    def __init__(
        self,
        places: Index[str],
        *,
        elsewhere: frozenset[str],
        wanted: frozenset[str],
        help_there: frozenset[str],
        there: frozenset[str],
    ) -> None:
        self._places = places
        self._elsewhere = elsewhere
        self._wanted = wanted
        self._help_there = help_there
        self._there = there

    def said(self, words: Sequence[str]) -> tuple[str | None, bool]:
        """Return the nation, if a place was said, and whether help in that nation was asked for."""
        found = [
            (max(places), min(places), nation)
            for _, nation, places in self._places.find(words)
            if min(places) == 0 or words[min(places) - 1] not in self._elsewhere
        ]
        if not found:
            return None, False
        last, first, nation = max(found)
        near = first > 1 and words[first - 1] in self._there and words[first - 2] in self._help_there
        return nation, near or any(word in self._wanted for word in words[:last])
