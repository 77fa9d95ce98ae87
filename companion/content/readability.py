"""How easy a text is to read: the Flesch-Kincaid grade (Kincaid and others, 1975) and the longest sentence.

Syllables are counted by rule, not from a dictionary, so a grade is good to about one step: enough to
catch a text that has become hard, and the same on every machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINK = re.compile(r"(?:https?://|www\.)\S+")
_SENTENCE_END = re.compile(r"(?<=[.?!])[\"')]*\s+|\n+|:\s+(?=https?://)")
_WORD = re.compile(r"[^\W\d_]+(?:['&-][^\W\d_]+)*|\d[\d.,:]*")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_END = re.compile(
    r"(?:[^aeiouylr]|[aeiouy][lr])e$"  # made, care, but not table
    r"|(?<=[^aeiouydt])ed$"  # asked, but not noted
    r"|(?<=[^aeiouysxzcg])(?<!ch)(?<!sh)es$"  # times, but not places
)
_SILENT_INSIDE = re.compile(r"some(?=.)|every(?=.)|people")
_SPLIT_VOWELS = re.compile(r"ia(?![ln]$)|io(?!n)|eo|ea$|oye|yone$|ua(?!r)|ying|being|doing|going")


@dataclass(frozen=True)
class Readability:
    """`grade`: years of schooling in the US (add 5 for a reading age). `longest`: words in one sentence."""

    grade: float
    longest: int


def readability(text: str) -> Readability:
    """Measure `text`. Links count as nothing: nobody reads them aloud. An empty text has grade 0."""
    sentences = [_WORD.findall(sentence) for sentence in _SENTENCE_END.split(_LINK.sub("", text))]
    sentences = [words for words in sentences if words]
    if not sentences:
        return Readability(0.0, 0)
    words = [word for sentence in sentences for word in sentence]
    beats = sum(syllables(word) for word in words)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * beats / len(words) - 15.59
    return Readability(round(grade, 1), max(len(sentence) for sentence in sentences))


def syllables(word: str) -> int:
    """Count the syllables of an English word by rule. Numbers and abbreviations (GMC) count as one."""
    plain = word.lower().replace("'", "")
    if not plain.isalpha() or (word.isupper() and len(word) <= 4):
        return 1
    beats = len(_VOWELS.findall(plain)) + len(_SPLIT_VOWELS.findall(plain)) - len(_SILENT_INSIDE.findall(plain))
    if len(plain) > 3 and _SILENT_END.search(plain):
        beats -= 1
    return max(beats, 1)
