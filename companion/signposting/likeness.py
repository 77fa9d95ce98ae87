"""What the texts most like this one ask for: for needs that are told in words no list foresaw.

"The recycling bin is embarrassing me" has no word of drink in it. `content/topic_examples.yaml` holds texts by their
topic, and texts in which nothing is asked; what they have in common with a text decides where the words of the topics
do not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import yaml

from companion.content.examples import NONE, topic_examples
from companion.likeness import Likeness
from companion.once import once
from companion.signposting.errors import DirectoryError

# Chosen on texts that are not among the examples; shares from 0 to 1.
_UNSEEN, _PRIOR = 0.2, 0.5
_PAIR, _OWN, _LENGTH = 0.7, 0.5, 0.5  # how much two words together, an "I" and the length count beside one word
_SPEAKERS = frozenset({"i", "me", "my", "we", "us"})

Words = tuple[str, ...]


class TopicExamples:
    """The examples of one file, counted for the topics that there are."""

    def __init__(self, path: Path, topics: Collection[str], compared: Callable[[str], Words]) -> None:
        """Read them. Raises DirectoryError that names the file when it cannot be read or a topic does not exist."""
        try:
            self._texts = tuple(topic_examples(path))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise DirectoryError(f"{path}: cannot be read: {error}") from None
        if unknown := {topic for topic, _ in self._texts} - {NONE, *topics}:
            raise DirectoryError(f"{path}: no such topic: {', '.join(map(repr, sorted(unknown)))}")
        self._compared = compared
        self._likeness = once(self._counted)

    def _counted(self) -> Likeness:
        """What is counted in them, when it is first asked for: half a second's work."""
        return Likeness(((topic, _features(self._compared(text))) for topic, text in self._texts), _UNSEEN, _PRIOR)

    def shares(self, words: Words) -> Mapping[str, float]:
        """Return how likely each topic, and NONE, is for a text of these words as they are compared, together 1."""
        return self._likeness().shares(_features(words))


def _features(words: Words) -> dict[str, float]:
    seen = dict.fromkeys(words, 1.0)
    seen |= {f"{first} {second}": _PAIR for first, second in zip(("^", *words), (*words, "$"), strict=True)}
    seen[f"length {min(5, len(words) // 2)}"] = _LENGTH
    if _SPEAKERS.intersection(words):
        seen["speaks"] = _OWN
    return seen
