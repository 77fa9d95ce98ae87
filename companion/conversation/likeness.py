"""When no phrase is found: the intent whose example texts are most like this one, if it stands out.

A naive Bayes reading over words and neighbouring words, counted in `content/intent_examples.yaml`. Grave intents
(a stop, a consent, an erasure, a way back after a stop) are never guessed from likeness: they need a phrase.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log
from pathlib import Path
from typing import Any

import yaml

from companion.conversation.normalise import Said, read
from companion.conversation.phrases import is_number, words_of
from companion.conversation.wordlist import word_list

EXAMPLES_FILE = Path(__file__).resolve().parent.parent / "content" / "intent_examples.yaml"
# How far the best must be ahead of the next, as a natural logarithm: chosen on texts that are not among the examples.
MARGIN = 2.5
NEVER_GUESSED = frozenset(
    {"stop", "consent_yes", "consent_no", "delete_my_data", "start_again", "checkin_score", "join"}
)
_UNSEEN_WORD, _UNSEEN_STATE = 0.1, 0.3
_DAYS = words_of("monday tuesday wednesday thursday friday saturday sunday thurs tues weds")


@dataclass(frozen=True, slots=True)
class Example:
    """One text with its meaning; `accept` are other intents that count as right."""

    text: str
    state: str
    intent: str
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Counts:
    words: Mapping[str, Mapping[str, int]]
    texts: Mapping[str, int]
    by_state: Mapping[str, Mapping[str, int]]


def examples(file: Path = EXAMPLES_FILE) -> Iterator[Example]:
    """The examples: state, intent, texts one a line; after "|" intents that are right too."""
    with file.open(encoding="utf-8") as lines:
        data: dict[str, dict[str, Any]] = yaml.safe_load(lines)
    for state, intents in data.items():
        for intent, texts in intents.items():
            for line in filter(None, map(str.strip, texts.splitlines())):
                text, _, accept = line.partition("|")
                yield Example(text, state, intent, tuple(filter(None, accept.split(","))))


def most_like(said: Said, state: str) -> str | None:
    """The intent of the most similar examples, or None when none stands out."""
    seen = _features(said)
    counts = _counts()
    known = [feature for feature in seen if feature in counts.words]
    if len(known) < 2 or all(word[:1].isdigit() for word in said.words):
        return None
    points = sorted(((_points(intent, state, known, counts), intent) for intent in counts.texts), reverse=True)
    (best, intent), (second, _) = points[:2]
    return intent if best - second > MARGIN and intent not in NEVER_GUESSED | {"unknown"} else None


def _points(intent: str, state: str, known: list[str], counts: _Counts) -> float:
    texts = counts.texts[intent]
    points = log(counts.by_state[state].get(intent, 0) + _UNSEEN_STATE)
    return points + sum(log((counts.words[feature].get(intent, 0) + _UNSEEN_WORD) / (texts + 0.5)) for feature in known)


def _features(said: Said) -> set[str]:
    words = ["<day>" if word.rstrip("s") in _DAYS else "<n>" if is_number(word) else word for word in said.words]
    return set(words) | {f"{first} {second}" for first, second in zip(["^", *words], [*words, "$"], strict=True)}


@lru_cache(maxsize=1)
def _counts() -> _Counts:
    spelling = word_list().spelling
    words: dict[str, Counter[str]] = defaultdict(Counter)
    texts: Counter[str] = Counter()
    by_state: dict[str, Counter[str]] = defaultdict(Counter)
    for example in examples():
        texts[example.intent] += 1
        by_state[example.state][example.intent] += 1
        for feature in _features(read(example.text, spelling)):
            words[feature][example.intent] += 1
    return _Counts(dict(words), texts, by_state)
