"""A wish for the texts to end in words that no phrase foresaw: "could this phone come off whatever list it is on".

Nobody can list every way of saying STOP. What they share is a word of ending (stop, remove, no longer want) and a word
for what is to end (the texts, the list, my number) in one clause, and none of the words that make it a wish about
something else: nights, a person, a day, a place in Thursday's group. Where that is so, and the examples agree, it is a
STOP; where only the first is so, the examples must leave no doubt. The words: `ending` in `content/intents.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise

from companion.conversation.normalise import Said
from companion.conversation.phrases import words_of

# How likely a stop must be by the examples: low where the words say most of it, near certain where they only could.
LIKELY, CERTAIN, BEYOND_DOUBT = 0.5, 0.99, 0.999
# So many words on: "dont really want", "no longer need any of the texts".
_NEAR, _FURTHER = 3, 5


@dataclass(frozen=True, slots=True)
class Ending:
    """The words of a wish to end texts. `kept` takes an end back ("dont stop"), `other` is about something else."""

    end: frozenset[str]
    plain: frozenset[str]
    remove: frozenset[str]
    alone: frozenset[str]
    refuse: frozenset[str]
    want: frozenset[str]
    thing: frozenset[str]
    vague: frozenset[str]
    me: frozenset[str]
    entry: frozenset[str]
    kept: frozenset[str]
    other: frozenset[str]

    @classmethod
    def of(cls, listed: Mapping[str, str]) -> Ending:
        """From the lists of words of the file. Raises KeyError for one that is missing."""
        return cls(**{field.name: words_of(listed[field.name]) for field in fields(cls)})

    def asks(self, said: Said) -> float | None:
        """How likely a stop must be by the examples for this to be one, or None where it is about something else."""
        if not (self.end | self.remove | self.alone | self.refuse).intersection(said.words):
            return None
        if any(word in self.other or word[0].isdigit() for word in said.words):
            return None
        if any(self._taken_back(said.words, at) for at in range(len(said.words))):
            return None
        if not self.speaks_of_texts(said):
            # "would like it to cease", but "fed up with this", "i want it to end"
            return BEYOND_DOUBT if self.plain.intersection(said.words) else None
        clauses = [said.words[start:end] for start, end in pairwise(said.starts)]
        return LIKELY if any(self._ends(clause) for clause in [*clauses, said.words]) else CERTAIN

    def speaks_of_texts(self, said: Said) -> bool:
        """Whether texts are spoken of, the list that somebody is on, or their number."""
        return bool((self.thing | self.entry | self.alone).intersection(said.words))

    def _taken_back(self, words: tuple[str, ...], at: int) -> bool:
        ends = words[at] in self.end or words[at] in self.alone
        return ends and bool(self.kept.intersection(words[max(0, at - _NEAR) : at]))

    def _ends(self, words: tuple[str, ...]) -> bool:
        things = self.thing | self.vague
        if self.alone.intersection(words):
            return True
        if self.end.intersection(words) and things.intersection(words):
            return True
        if self.remove.intersection(words) and (things | self.me | self.entry).intersection(words):
            return True
        return any(self._refused(words[at + 1 :]) for at, word in enumerate(words) if word in self.refuse)

    def _refused(self, after: tuple[str, ...]) -> bool:
        things = self.thing | self.vague
        wanted = self.want.intersection(after[:_NEAR]) and things.intersection(after)
        return bool(wanted or things.intersection(after[:_FURTHER]))
