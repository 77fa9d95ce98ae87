"""What someone who was paged means: take, pass, words for the person, or nothing that is sure.

A phrase of `orders.yaml` counts for certain when the whole text is made of such phrases of one kind and of small words.
A text that only begins with one may be an order or a sentence: that is `maybe`, and nothing is done about it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from companion.content.orders import OrderWords, Verb, read_orders
from companion.escalation.references import apart, find_reference

_SPOKEN = ("take", "pass", "say", "reached")  # words that are an order when they stand first after a reference
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
        return not _phrases().words.about_them.isdisjoint(_words(self.words)[:1])

    @property
    def in_vain(self) -> bool:
        """Whether they tried and did not reach the person; "rang her, she is with a friend now" may be either."""
        says_so = not _phrases().words.in_vain.isdisjoint(_words(self.words))
        return self.verb == "tried" or (self.maybe == "tried" and says_so)

    @property
    def settled(self) -> bool:
        """Whether the words sound as if the person is well: "all fine now, safe with mum"."""
        return not _phrases().words.settled.isdisjoint(_words(self.words))


@dataclass(frozen=True)
class _Phrases:
    """The lists, and what is worked out of them: what finds a name after "pass it to", and the words of the longest."""

    words: OrderWords
    by_words: Mapping[tuple[str, ...], Verb]
    to_somebody: re.Pattern[str]
    longest: int


@lru_cache(maxsize=1)
def _phrases() -> _Phrases:
    words = read_orders()
    by_words = {**words.perhaps, **words.sure}
    pass_to, not_by_name = "|".join(words.pass_to), "|".join(sorted(words.not_by_name))
    to = re.compile(rf"(?:^| )(?:{pass_to})(?! (?:{not_by_name})\b)(?: [a-z]+){{1,2}}(?: (?:please|now))?$")
    return _Phrases(words, by_words, to, max(map(len, by_words)))


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
    every = sure is not None and not _phrases().words.every.isdisjoint(_words(rest))
    return Order(reference, sure, rest, maybe, every=every)


def _names_somebody(text: str) -> bool:
    """Whether it is passed to somebody by name, and nothing else is said: "can't, passing to sam"."""
    phrases, words = _phrases(), " ".join(_words(text))
    found = phrases.to_somebody.search(words)
    if found is None:
        return False
    before = words[: found.start()]
    return phrases.words.small.issuperset(before.split()) or _read(before)[0] == "pass"


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
                left_over += tuple(words[at : at + length]) in phrases.words.perhaps
                at += length
                break
        else:
            told = phrases.words.how_they_are if found[-1:] == ["reached"] else phrases.words.small
            left_over += words[at] not in told | phrases.words.small | phrases.words.every
            at += 1
    kinds = set(found)
    if len(kinds) == 1 and not left_over:
        return found[0], found[0]
    return None, (found[0] if found and begins else None)


def _words(text: str) -> list[str]:
    for odd, plain in _MARKS.items():
        text = text.replace(odd, plain)
    return re.sub(r"[^a-z ]", "", re.sub(r"[^a-z']+", " ", text.lower())).split()
