"""What someone who was paged means: take, pass, words for the person, or nothing that is sure.

A phrase of `orders.yaml` counts for certain when the whole text is made of such phrases of one kind and of small words.
A text that only begins with one may be an order or a sentence: that is `maybe`, and nothing is done about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import yaml

from companion.escalation.references import find_reference

Verb = Literal["take", "pass", "help", "say", "reached"]
_SPOKEN = ("take", "pass", "say", "reached")  # words that are an order when they stand first after a reference
_MARKS = {"’": "'", "‘": "'", "`": "'"}


@dataclass(frozen=True)
class Order:
    """`reference` is None when none was given; `verb` is what is certain, `maybe` what might be meant.

    `words` is the text without the reference, and for SAY without that word: as it would go to the person.
    """

    reference: str | None
    verb: Verb | None
    words: str
    maybe: Verb | None = None


@dataclass(frozen=True)
class _Phrases:
    by_words: dict[tuple[str, ...], Verb]
    small: frozenset[str]
    longest: int


@lru_cache(maxsize=1)
def _phrases() -> _Phrases:
    data = yaml.safe_load((Path(__file__).parent.parent / "content" / "orders.yaml").read_text(encoding="utf-8"))
    small = frozenset(data.pop("small"))
    pairs = {tuple(phrase.split()): cast(Verb, verb) for verb, phrases in data.items() for phrase in phrases}
    return _Phrases(pairs, small, max(map(len, pairs)))


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
    reference = find_reference(text)
    rest = re.sub(reference, " ", text, count=1, flags=re.IGNORECASE) if reference else text
    rest = rest.strip(" \t\r\n:,-.")
    first, _, after = rest.partition(" ")
    spoken = first.strip(".,:!").lower()
    if reference and spoken in _SPOKEN:
        return Order(reference, cast(Verb, spoken), after.strip() if spoken == "say" else rest)
    sure, maybe = _read(rest)
    return Order(reference, sure, rest, maybe)


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
                at += length
                break
        else:
            left_over += words[at] not in phrases.small
            at += 1
    kinds = set(found)
    if len(kinds) == 1 and not left_over:
        return found[0], found[0]
    return None, (found[0] if found and begins else None)


def _words(text: str) -> list[str]:
    for odd, plain in _MARKS.items():
        text = text.replace(odd, plain)
    return re.sub(r"[^a-z ]", "", re.sub(r"[^a-z']+", " ", text.lower())).split()
