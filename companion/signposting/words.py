"""A text as words that can be compared: lower case, no apostrophes, one spelling, no endings."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

_TOKEN = re.compile(r"[a-z0-9]+")
_JOINED = str.maketrans({"'": "", "\u2019": "", "\u2018": "", "`": "", "\u00b4": ""})
_AANDE = re.compile(r"\ba ?& ?e\b")
# "I'll" without its apostrophe is no illness.
_I_WILL = re.compile(
    r"\b(i|we|you|he|she|they|it)[\u2019'`]ll\b|\b(i)ll (?=(?:ask|let|be|come|get|see|try|check|do|have|call|text|"
    r"bring|send|need|take|go|join|book|pop|phone|ring|leave|make|find|think|give|look|start|wait|tell|sort|speak|email|"
    r"never|also|just)\b)"
)
_MANY_LETTERS = re.compile(r"([a-z])\1{2,}")
# Longer than any text a phone sends in one go; what comes after is not read.
MAX_CHARACTERS = 2000
_SHORTEST_MENDED = 5
_ONE_LETTER_FROM = 6
_TWO_LETTERS_FROM = 10


class _Stemmer(threading.local):
    """The library's stemmer, one for each thread: it keeps the word that it is at in itself."""

    def __init__(self) -> None:
        from snowballstemmer.english_stemmer import EnglishStemmer  # noqa: PLC0415 - the package loads every language

        self.of: Any = EnglishStemmer().stemWord


@lru_cache(maxsize=1)
def _stemmer() -> _Stemmer:
    return _Stemmer()


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the word without its ending ("sleeping" and "sleeps" are "sleep")."""
    if len(word) < 4 or not word.isalpha():
        return word
    return str(_stemmer().of(word))


def split(text: str) -> list[str]:
    """Return the words of a text in lower case, without apostrophes, accents, emoji and marks."""
    text = _I_WILL.sub(r"\1\2 will ", text[:MAX_CHARACTERS].lower())
    text = unicodedata.normalize("NFKD", text.translate(_JOINED))
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = _AANDE.sub("aande", text).replace("&", " and ").replace("%", " percent").replace("owing to", "because of")
    return _TOKEN.findall(_MANY_LETTERS.sub(r"\1\1", text))


class Speller:
    """Puts other spellings and slips of the thumb right, within the words that the topics know.

    `spellings` maps one word to one or more; `ordinary` are right words that look like a slip of a known one.
    A word that is in neither list is read as the known word that starts with the same letter and is one letter off, two
    from ten letters on; in a word of five letters only two that changed places are put right.
    """

    def __init__(self, known: Iterable[str], spellings: Mapping[str, str], ordinary: Iterable[str]) -> None:
        self._spellings = {word: tuple(split(right)) for word, right in spellings.items()}
        self._right = frozenset(known) | frozenset(ordinary)
        self._by_letter: dict[str, list[str]] = {}
        for word in sorted(set(known)):
            if len(word) >= _SHORTEST_MENDED and word.isalpha():
                self._by_letter.setdefault(word[0], []).append(word)
        self._by_head: dict[str, list[str]] = {}
        for word in self._right:
            self._by_head.setdefault(word[:3], []).append(word)

    def right(self, words: Iterable[str]) -> list[str]:
        """Return the words as they were meant."""
        return [meant for word in words for meant in self._one(word)]

    def _one(self, word: str) -> tuple[str, ...]:
        if word in self._spellings:
            return self._spellings[word]
        if len(word) < _SHORTEST_MENDED or not word.isalpha() or self._known(word):
            return (word,)
        allowed = 2 if len(word) >= _TWO_LETTERS_FROM else 1
        best: tuple[int, str] | None = None
        for known in self._by_letter.get(word[0], ()):
            if abs(len(known) - len(word)) > allowed or not _alike(word, known):
                continue
            distance = OSA.distance(word, known, score_cutoff=allowed)
            if distance <= allowed and (best is None or (distance, known) < best):
                best = (distance, known)
        return (best[1],) if best else (word,)

    def _known(self, word: str) -> bool:
        """Whether it is a right word but for its ending. Stems are slow to make, so only alike words are tried."""
        return word in self._right or any(stem(other) == stem(word) for other in self._by_head.get(word[:3], ()))


def _alike(word: str, known: str) -> bool:
    """Short words are only mended when two letters changed places: too many of them are one letter apart."""
    return min(len(word), len(known)) >= _ONE_LETTER_FROM or sorted(word) == sorted(known)
