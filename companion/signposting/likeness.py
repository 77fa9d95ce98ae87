"""What the texts most like this one ask for: for needs that are told in words no list foresaw.

"The recycling bin is embarrassing me" has no word of drink in it. `content/topic_examples.yaml` holds texts by their
topic, and texts in which nothing is asked; what they have in common with a text decides where the words of the topics
do not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from companion.likeness import Likeness
from companion.signposting.errors import DirectoryError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NONE = "none"  # the kind of the texts in which nothing is asked
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
            data = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            raise DirectoryError(f"{path}: cannot be read: {error}") from None
        if not isinstance(data, dict) or not all(isinstance(texts, str) for texts in data.values()):
            raise DirectoryError(f"{path}: must be topics, each with its texts, one a line")
        if unknown := data.keys() - {NONE, *topics}:
            raise DirectoryError(f"{path}: no such topic: {', '.join(map(repr, sorted(map(str, unknown))))}")
        self._texts: Mapping[str, str] = data
        self._compared = compared

    @cached_property
    def _likeness(self) -> Likeness:
        """What is counted in them, when it is first asked for: half a second's work."""
        every = ((topic, text) for topic, texts in self._texts.items() for text in texts.splitlines())
        return Likeness(((topic, _features(self._compared(text))) for topic, text in every), _UNSEEN, _PRIOR)

    def shares(self, words: Words) -> Mapping[str, float]:
        """Return how likely each topic, and NONE, is for a text of these words as they are compared, together 1."""
        return self._likeness.shares(_features(words))


def _features(words: Words) -> dict[str, float]:
    seen = dict.fromkeys(words, 1.0)
    seen |= {f"{first} {second}": _PAIR for first, second in zip(("^", *words), (*words, "$"), strict=True)}
    seen[f"length {min(5, len(words) // 2)}"] = _LENGTH
    if _SPEAKERS.intersection(words):
        seen["speaks"] = _OWN
    return seen
