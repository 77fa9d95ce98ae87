"""What the texts most like this one mean, for a text in which no phrase settles it.

A naive Bayes reading over words, their beginnings, neighbours, the phrases found and the state, counted in
`content/intent_examples.yaml`; of a word that no example holds its runs of three letters count ("facilitater").
Nothing is learnt elsewhere and nothing is stored: to teach a way of saying something is to write an example. Grave
intents (a stop, a consent, an erasure, a way back after a stop) are never taken from likeness alone: they need the very
words of an example, a phrase, or for a stop what `ending` asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from companion.content.examples import NONE, topic_examples
from companion.conversation.normalise import Said, read
from companion.conversation.phrases import is_number, words_of
from companion.conversation.wordlist import word_list
from companion.likeness import Likeness, Weighed
from companion.once import once

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
EXAMPLES_FILE = Path(__file__).resolve().parent.parent / "content" / "intent_examples.yaml"
# How sure the reading must be, from 0 to 1: chosen on texts that are not among the examples.
SURE = 0.75
NEVER_GUESSED = frozenset(
    {"stop", "consent_yes", "delete_my_data", "start_again", "pause", "checkin_score", "join", "unknown"}
)
# The kind of the texts that ask for help with a topic: it is no intent, and counts as "signpost" where they do.
_NEED = "need"
# What a feature that an intent's examples do not hold counts for, as if seen so often.
_UNSEEN = 0.04
_DAYS = words_of("monday tuesday wednesday thursday friday saturday sunday thurs tues weds")
# Fewer known words say nothing.
_FEWEST = 2
# How much a feature of each kind counts: neighbours say more together than one by one, beginnings repeat the word.
# A phrase counts as much as a word, and not more: it may stand where it means nothing.
_BEGINNING, _ONE_BETWEEN, _LENGTH, _STATE, _PHRASE = 0.5, 0.7, 0.5, 3.0, 1.0
_LETTERS = 5
_RUN, _RUN_COUNTS, _SHORTEST = 3, 0.2, 4  # letters, and how much each run of them counts in words of so many at least
_GAP = " _ "
_SHORT = 3  # in a text of so few words, each is also counted with what was asked


@dataclass(frozen=True, slots=True)
class Example:
    """One text with its meaning; `accept` are other intents that count as right."""

    text: str
    state: str
    intent: str
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Counts:
    """`same`: the intent of each example, by the hash of its state and words; they would take ten times as much."""

    likeness: Likeness
    same: Mapping[int, str]


def examples(file: Path = EXAMPLES_FILE) -> Iterator[Example]:
    """The examples: state, intent, texts one a line; after "|" intents that are right too."""
    with file.open(encoding="utf-8") as lines:
        data: dict[str, dict[str, Any]] = yaml.load(lines, _Loader)  # noqa: S506 (a safe loader)
    for state, intents in data.items():
        for intent, texts in intents.items():
            for line in filter(None, map(str.strip, texts.splitlines())):
                text, _, accept = line.partition("|")
                yield Example(text, state, intent, tuple(filter(None, accept.split(","))))


class Likely:
    """How likely each intent is for one text, by the examples; its features are weighed once for each state.

    `signals` are the phrases found in it, as the finder names them.
    """

    def __init__(self, said: Said, signals: Collection[str]) -> None:
        self.said = said
        self.signals = frozenset(signals)
        self._weighed: dict[str, Weighed] = {}

    def shares(self, state: str) -> dict[str, float]:
        """By the examples of intents; together 1. Empty when too little of the text is known."""
        return self._shares(state, _NEED)

    def beside_needs(self, state: str) -> dict[str, float]:
        """The same, where all that people ask help for counts as a wish for it: "signpost".

        "The recycling bin is embarrassing me" has words of ending, and is no wish for the texts to end.
        """
        likely = self._shares(state, "")
        if likely:
            likely["signpost"] += likely.pop(_NEED)
        return likely

    def all_known(self) -> bool:
        """Whether every word stands in some example, so that none that was never seen can turn the meaning."""
        return all(_counts().likeness.knows(word, _NEED) for word in _words(self.said))

    def the_same(self, state: str) -> str | None:
        """The intent of an example in these very words, or None when there is none."""
        return _counts().same.get(hash((state, self.said.words)))

    def most(self, state: str, *, cohort: bool = False) -> str | None:
        """The intent of the same example, else of the most similar ones, or None when none stands out.

        A wish to join is only taken from likeness where a `cohort` is named; it is asked about before it counts.
        """
        same = self.the_same(state)
        if same is not None:
            return same if same != "unknown" else None
        if all(word[:1].isdigit() for word in self.said.words):
            return None
        likely = self.shares(state)
        if not likely:
            return None
        best = max(likely, key=likely.__getitem__)
        may_be = best not in NEVER_GUESSED or (best == "join" and cohort and state == "none")
        return best if likely[best] > SURE and may_be else None

    def _shares(self, state: str, besides: str) -> dict[str, float]:
        likeness, words = _counts().likeness, set(_words(self.said))
        if sum(likeness.knows(word, besides) for word in words) < _FEWEST:
            return {}
        weighed = self._weighed.get(state)
        if weighed is None:
            features = _features(self.said, state, self.signals, likeness.knows)
            weighed = self._weighed[state] = likeness.weigh(features, _NEED)
        return likeness.shares_of(weighed, besides)


def _words(said: Said) -> list[str]:
    return ["<day>" if word.rstrip("s") in _DAYS else "<n>" if is_number(word) else word for word in said.words]


def _of_a_need(said: Said, signals: Collection[str]) -> dict[str, float]:
    """The features of a text that asks for help. Two words with one between them tell nothing more of it."""
    return {name: weight for name, weight in _features(said, "none", signals).items() if _GAP not in name}


def _features(
    said: Said, state: str, signals: Collection[str], knows: Callable[[str], bool] | None = None
) -> dict[str, float]:
    """What counts in a text, and how much. `knows`: whether a word is known; where all are counted it is left out."""
    words = _words(said)
    seen = dict.fromkeys(words, 1.0)
    seen |= dict.fromkeys((f"{word[:_LETTERS]}-" for word in words if len(word) >= _LETTERS), _BEGINNING)
    seen |= {f"{first} {second}": 1.0 for first, second in zip(["^", *words], [*words, "$"], strict=True)}
    seen |= {f"{first}{_GAP}{second}": _ONE_BETWEEN for first, second in zip(words, words[2:], strict=False)}
    if len(words) <= _SHORT:
        seen |= {f"{state}: {word}": 1.0 for word in words}
    seen[f"state {state}"] = _STATE
    seen[f"length {min(6, len(words) // 2)}"] = _LENGTH
    if said.asks:
        seen["?"] = 1.0
    for word in words:
        if len(word) >= _SHORTEST and word.isalpha() and not (knows and knows(word)):
            whole = f"<{word}>"
            seen |= dict.fromkeys((f"#{whole[at : at + _RUN]}" for at in range(len(whole) - _RUN + 1)), _RUN_COUNTS)
    seen |= dict.fromkeys((f"@{signal}" for signal in signals), _PHRASE)
    return seen


@once
def _counts() -> _Counts:
    """All examples, counted once: those of intents, and as a kind of their own what people ask help for."""
    spelling, find = word_list().spelling, word_list().finder.find
    same: dict[int, str] = {}

    def ours() -> Iterator[tuple[str, dict[str, float]]]:
        for example in examples():
            said = read(example.text, spelling)
            same[hash((example.state, said.words))] = example.intent
            yield example.intent, _features(said, example.state, find(said))

    asked = (read(text, spelling) for topic, text in topic_examples() if topic != NONE)
    needs = ((_NEED, _of_a_need(said, find(said))) for said in asked)
    return _Counts(Likeness(chain(ours(), needs), _UNSEEN), same)
