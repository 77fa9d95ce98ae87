"""Which nation a text places its sender in ("up in aberdeen", "line for wales")."""

from __future__ import annotations

from collections.abc import Sequence

from companion.signposting.phrases import Index

NATIONS = ("england", "wales", "scotland", "ni")


class Places:
    """The places that give a nation away.

    A place right after a word of `elsewhere` ("moved from glasgow") is where somebody was. A place after a word of
    `wanted` ("is there a number for wales") is asked for, whatever is known of the sender.
    """

    def __init__(self, places: Index[str], elsewhere: frozenset[str], wanted: frozenset[str]) -> None:
        self._places = places
        self._elsewhere = elsewhere
        self._wanted = wanted

    def said(self, words: Sequence[str]) -> tuple[str | None, bool]:
        """Return the nation, if a place was said, and whether help in that nation was asked for."""
        found = [
            (max(places), nation)
            for _, nation, places in self._places.find(words)
            if min(places) == 0 or words[min(places) - 1] not in self._elsewhere
        ]
        if not found:
            return None, False
        last, nation = max(found)
        return nation, any(word in self._wanted for word in words[:last])
