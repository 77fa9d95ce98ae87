"""What someone who was paged means: take, pass, words for the person, or nothing that is sure.

A phrase of `orders.yaml` counts for certain when the whole text is made of such phrases of one kind and of small words.
A text that only begins with one may be an order or a sentence: that is `maybe`, and nothing is done about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import yaml

from companion.escalation.references import apart, find_reference

Verb = Literal["take", "pass", "help", "say", "reached", "tried", "close", "ask"]
_SPOKEN = ("take", "pass", "say", "reached")  # words that are an order when they stand first after a reference
# About the person and not to them, when words stand after a reference: "K7Q9 she is fine".
_ABOUT_THEM = frozenset(("she", "shes", "he", "hes", "they", "theyre", "theyve", "her", "his", "their"))
_MARKS = {"’": "'", "‘": "'", "`": "'"}


@dataclass(frozen=True)
class Order:
    """`reference` is None when none was given; `verb` is what is certain, `maybe` what might be meant.

    `words` is the text without the reference, and for SAY without that word: as it would go to the person. `named` is
    set where it is to be passed to somebody by name, `every` where all are meant that there are.
    """

    reference: str | None
    verb: Verb | None
    words: str
    maybe: Verb | None = None
    named: bool = False
    every: bool = False

    @property
    def about_them(self) -> bool:
        """Whether the words speak of the person, as a note does, and not to them."""
        return not _ABOUT_THEM.isdisjoint(_words(self.words)[:1])

    @property
    def in_vain(self) -> bool:
        """Whether they tried and did not reach the person; "rang her, she is with a friend now" may be either."""
        says_so = not _phrases().in_vain.isdisjoint(_words(self.words))
        return self.verb == "tried" or (self.maybe == "tried" and says_so)


@dataclass(frozen=True)
class _Phrases:
    by_words: dict[tuple[str, ...], Verb]
    perhaps: frozenset[tuple[str, ...]]  # of these, those that are never certain
    every: frozenset[str]
    in_vain: frozenset[str]
    small: frozenset[str]
    how_they_are: frozenset[str]
    to_somebody: re.Pattern[str]
    longest: int


@lru_cache(maxsize=1)
def _phrases() -> _Phrases:
    data = yaml.safe_load((Path(__file__).parent.parent / "content" / "orders.yaml").read_text(encoding="utf-8"))
    small, well = frozenset(data.pop("small")), frozenset(data.pop("how_they_are"))
    passes = "|".join(data.pop("pass_to"))
    to = re.compile(rf"(?:^| )(?:{passes})(?! (?:her|him|them|me|you)\b)(?: [a-z]+){{1,2}}(?: (?:please|now))?$")
    every, in_vain, perhaps = (
        frozenset(data.pop("every")),
        frozenset(data.pop("in_vain")),
        _by_words(data.pop("perhaps")),
    )
    pairs = perhaps | _by_words(data)
    return _Phrases(pairs, frozenset(perhaps), every, in_vain, small, well, to, max(map(len, pairs)))


def _by_words(listed: Mapping[str, Sequence[str]]) -> dict[tuple[str, ...], Verb]:
    return {tuple(phrase.split()): cast(Verb, verb) for verb, phrases in listed.items() for phrase in phrases}


def without_reference(order: Order, text: str) -> Order | None:
    """Return the order that `text` is if what looks like its reference is none, as in "rang ext 4473, no answer".

    None when that cannot be: it stands first, or an order stands beside it that would then be about something else.
    """
    if order.reference is None or find_reference(text.split(maxsplit=1)[0]) is not None:
        return None
    sure, maybe = _read(text)
    return Order(None, None, text.strip()) if sure is None and maybe is None and order.verb is None else None


def read_order(text: str) -> Order:
    """Read a text from someone who runs the programme. Never raises."""
    text = apart(text, ("take", "pass", "reached"))
    reference = find_reference(text)
    rest = re.sub(reference, " ", text, count=1, flags=re.IGNORECASE) if reference else text
    rest = rest.strip(" \t\r\n:,-.")
    first, _, after = rest.partition(" ")
    spoken = first.strip(".,:!").lower()
    named = _names_somebody(rest)
    if named or (reference and spoken in _SPOKEN):
        verb: Verb = "pass" if named else cast(Verb, spoken)
        return Order(reference, verb, after.strip() if verb == "say" else rest, named=named)
    sure, maybe = _read(rest)
    every = sure is not None and not _phrases().every.isdisjoint(_words(rest))
    return Order(reference, sure, rest, maybe, every=every)


def _names_somebody(text: str) -> bool:
    """Whether it is passed to somebody by name, and nothing else is said: "can't, passing to sam"."""
    phrases, words = _phrases(), " ".join(_words(text))
    found = phrases.to_somebody.search(words)
    if found is None:
        return False
    before = words[: found.start()]
    return phrases.small.issuperset(before.split()) or _read(before)[0] == "pass"


def _read(text: str) -> tuple[Verb | None, Verb | None]:
    """Return the verb that is certain, and the one that may be meant."""
    phrases = _phrases()
    words = _words(text)
    found: list[Verb] = []
    left_over, begins = 0, True
    at = 0
    while at < len(words):
        for length in range(min(phrases.longest, len(words) - at), 0, -1):
            if verb := phrases.by_words.get(tuple(words[at : at + length])):
                begins = begins and not (left_over and not found)
                found.append(verb)
                left_over += tuple(words[at : at + length]) in phrases.perhaps
                at += length
                break
        else:
            told = phrases.how_they_are if found[-1:] == ["reached"] else phrases.small
            left_over += words[at] not in told | phrases.small | phrases.every
            at += 1
    kinds = set(found)
    if len(kinds) == 1 and not left_over:
        return found[0], found[0]
    return None, (found[0] if found and begins else None)


def _words(text: str) -> list[str]:
    for odd, plain in _MARKS.items():
        text = text.replace(odd, plain)
    return re.sub(r"[^a-z ]", "", re.sub(r"[^a-z']+", " ", text.lower())).split()
