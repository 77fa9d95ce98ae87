"""The watch list: certain words are brought to a facilitator's attention sooner. It assesses nobody.

The list is plain data (companion/content/watchlist/*.yaml): phrase families, each with a route. ``page`` starts the
chain of people at once, ``notice`` asks for a reading by the next working day. A text either contains a phrase or it
does not: there is no score, and nothing in a text can stop a phrase from counting. No match never means "safe".
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from companion.escalation.matcher import Matcher
from companion.escalation.normalise import REACHES_OVER_SPACE, SENTENCE_END, TOKEN, Folded, Speller, fold
from companion.escalation.phrases import PhraseError
from companion.escalation.plan import BREAK, UNKNOWN, Plan, make_plan
from companion.escalation.store import stored_plan
from companion.escalation.watchlist_data import ROUTES, Family, Route, files_of, read_files

__all__ = ["Family", "Match", "PhraseError", "Route", "Verdict", "WatchList", "load_watchlist"]

DEFAULT_DIRECTORY = Path(__file__).parent.parent / "content" / "watchlist"
_ORDINARY = 480  # characters; longer texts are read closely at once
_CHUNKS_KEPT = 4096  # of what was typed between two spaces, how each reads
_REACHES = "\x03"  # in place of symbols: what stands beside this may belong to it


@dataclass(frozen=True)
class Match:
    """One phrase found; ``start`` and ``end`` are places in the original text, of the first that was complete."""

    phrase: str
    family: str
    route: Route
    start: int
    end: int


@dataclass(frozen=True)
class Verdict:
    """What was found in one text: (route, family, phrase) of each phrase, page families first."""

    found: tuple[tuple[Route, str, str], ...]

    @property
    def route(self) -> Route | None:
        """``page`` if any family found is a page family, else ``notice`` if any was found."""
        return self.found[0][0] if self.found else None

    @property
    def families(self) -> tuple[str, ...]:
        """Families found, page families first, each once."""
        return tuple(dict.fromkeys(family for _, family, _ in self.found))

    @property
    def phrases(self) -> tuple[str, ...]:
        """Ids of the phrases found, page families first, each once."""
        return tuple(phrase for _, _, phrase in self.found)


_NOTHING = Verdict(())


class WatchList:
    """A loaded list. Nothing about it changes after loading; threads may share it."""

    def __init__(self, plan: Plan, routes: Mapping[str, Route] | None = None) -> None:
        """``routes`` overrides what finding a family does; PhraseError if the list has no such family."""
        routes = routes or {}
        self.version = plan.version
        self.date = dt.date.fromisoformat(plan.date)
        self.families = tuple(Family(name, routes.get(name, route), title) for name, route, title in plan.families)
        unknown = set(routes) - {family.name for family in self.families}
        if unknown:
            raise PhraseError(f"a route is set for families that the list does not have: {', '.join(sorted(unknown))}")
        found = [(self.families[family], phrase) for phrase, family, _ in plan.phrases]
        self._phrases = [(family.route, family.name, phrase) for family, phrase in found]
        # Why a phrase is on the list, where its entry says so.
        self.whys = {phrase: why for phrase, _, why in plan.phrases if why}
        self._signs = plan.signs
        self._table = plan.table
        self._speller = Speller(plan.table)
        self._chunks = _Chunks(self._read_chunk)
        self._matcher = Matcher(plan)

    def read(self, text: str) -> Verdict:
        """Every phrase of the list that the text contains. Takes any string; time linear in its length."""
        folded = fold(text, self._signs)
        line = _REACHES
        if len(text) <= _ORDINARY and "\n" not in folded.text:
            # The quick way for ordinary texts: chunk by chunk, most of them known.
            line = "".join(map(self._chunks.__getitem__, folded.text.split()))
        if _REACHES in line:
            line = self._read_chunk(folded.text)
        found = [self._phrases[phrase] for phrase, _, _ in self._matcher.search(line)]
        if not found:
            return _NOTHING
        return Verdict(tuple(sorted(found, key=lambda each: ROUTES.index(each[0]))))

    def find(self, text: str) -> tuple[Match, ...]:
        """What ``read`` finds, with the place of each phrase in the text: for people who ask why."""
        folded = fold(text, self._signs)
        parts = [self._table.get(word) or self._repair(word) for word in TOKEN.findall(folded.text)]
        places = _places(folded, parts)
        line = "".join(parts)
        matches: list[Match] = []
        for number, part, read in self._matcher.search(line):
            first, last = read.first(part)
            while first < last and line[first] == BREAK:
                first += 1
            while first < last and line[last] == BREAK:
                last -= 1
            route, family, phrase = self._phrases[number]
            matches.append(Match(phrase, family, route, places[first][0], places[last][1]))
        return tuple(sorted(matches, key=lambda match: ROUTES.index(match.route)))

    def _read_chunk(self, chunk: str) -> str:
        """The symbols of a text, or of what stands between two spaces."""
        table = self._table
        return "".join([table.get(word) or self._repair(word) for word in TOKEN.findall(chunk)])

    def _repair(self, word: str) -> str:
        return BREAK if word[0] in SENTENCE_END else self._speller.repair(word) or UNKNOWN


class _Chunks(dict[str, str]):
    """The symbols of what stands between two spaces, of which most come again and again."""

    def __init__(self, read: Callable[[str], str]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, chunk: str) -> str:
        if len(self) >= _CHUNKS_KEPT:
            self.clear()
        symbols = self[chunk] = _REACHES if REACHES_OVER_SPACE.search(chunk) else self._read(chunk)
        return symbols


def _places(folded: Folded, parts: Sequence[str]) -> list[tuple[int, int]]:
    """Where in the original text each symbol comes from."""
    spans = [folded.place(*found.span()) for found in TOKEN.finditer(folded.text)]
    return [span for span, part in zip(spans, parts, strict=True) for _ in part]


@lru_cache(maxsize=1)
def _default() -> WatchList:
    return _load(DEFAULT_DIRECTORY, None)


def _load(source: Path, routes: Mapping[str, Route] | None) -> WatchList:
    return WatchList(stored_plan(files_of(source), lambda: make_plan(*read_files(source))), routes)


def load_watchlist(source: Path | None = None, routes: Mapping[str, Route] | None = None) -> WatchList:
    """Load the list: the one that comes with the project (kept in memory), or a folder or file of your own.

    ``routes`` overrides what finding a family does, family by family (a setting of the deployment).
    Raises PhraseError if the list cannot be read as written, OSError if the files cannot be opened.
    """
    if source is None and not routes:
        return _default()
    return _load(source or DEFAULT_DIRECTORY, routes)
