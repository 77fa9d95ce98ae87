"""The word lists of `content/intents.yaml`, read once and made ready for finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from companion.conversation.ending import Ending
from companion.conversation.finder import Finder
from companion.conversation.normalise import Spelling, near_misses
from companion.conversation.phrases import PLACES, Phrase, PhraseError, parse
from companion.once import once

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEFAULT_FILE = Path(__file__).resolve().parent.parent / "content" / "intents.yaml"


@dataclass(frozen=True, slots=True)
class WordList:
    """Everything the lists say: how words are respelt, which phrases there are, names of cohorts and topics.

    `commands` maps a one-word message, slips of the thumb included, to its intent. `cohorts` and `topics` map
    what people write, as a run of words, to the code or the topic's name. `ending` finds a wish for the texts to end.
    """

    spelling: Spelling
    groups: Mapping[str, frozenset[str]]
    finder: Finder
    commands: Mapping[str, str]
    cohorts: Mapping[tuple[str, ...], str]
    topics: Mapping[tuple[str, ...], str]
    ending: Ending


@once
def word_list(file: Path = DEFAULT_FILE) -> WordList:
    """Read the lists. Raises PhraseError naming the place in the file that cannot be read."""
    with file.open(encoding="utf-8") as lines:
        data: dict[str, Any] = yaml.load(lines, _Loader)  # noqa: S506 (a safe loader)
    safe = frozenset(data["not_slips"].split())
    spelling = _spelling(data, safe)
    groups = {name: frozenset(words.split()) for name, words in data["groups"].items()}
    phrases = phrases_of(data["signals"], groups, spelling)
    spelling = replace(spelling, known=_words_of_phrases(phrases))
    return WordList(
        spelling=spelling,
        groups=groups,
        finder=Finder(phrases, frozenset(data["courtesy"].split()), frozenset(data["small_words"].split())),
        commands=_commands(data["commands"], safe),
        cohorts=_with_slips(_names(data["cohorts"], spelling), safe),
        topics=_names(data["topics"], spelling),
        ending=Ending.of(data["ending"]),
    )


def phrases_of(signals: Mapping[str, Any], groups: Mapping[str, frozenset[str]], spelling: Spelling) -> list[Phrase]:
    """Return all ways of writing the phrases of lists by signal and place. Raises PhraseError."""
    return _once(
        [
            phrase
            for signal, places in signals.items()
            for place, lines in places.items()
            for line in _lines(lines, signal, place)
            for phrase in parse(line, signal, place, groups, spelling)
        ]
    )


def _words_of_phrases(phrases: list[Phrase]) -> frozenset[str]:
    elements = (element for phrase in phrases for element in phrase.elements)
    return frozenset(word for element in elements if isinstance(element, frozenset) for word in element)


def _lines(lines: Any, signal: str, place: str) -> Iterable[str]:
    if not isinstance(signal, str) or place not in PLACES or not isinstance(lines, str):
        raise PhraseError(f"{signal}: {place!r} is none of {', '.join(PLACES)}, or holds no lines of text")
    return (line.strip() for line in lines.splitlines() if line.strip())


def _once(phrases: list[Phrase]) -> list[Phrase]:
    """Without repeats of the same words for the same signal: optional words make many."""
    return list({(phrase.signal, phrase.place, phrase.elements): phrase for phrase in phrases}.values())


def _spelling(data: Mapping[str, Any], safe: frozenset[str]) -> Spelling:
    one: dict[str, str] = {}
    pairs: list[tuple[list[str], str]] = []
    for meant, written in data["respell"].items():
        for form in (form.split() for form in written.split(",")):
            if len(form) == 1:
                one[form[0]] = meant
            elif len(form) == 2:
                pairs.append((form, meant))
            else:
                raise PhraseError(f"respell, {meant}: {' '.join(form)!r} is not one word or two")
    two = {(one.get(first, first), one.get(second, second)): meant for (first, second), meant in pairs}
    two |= {(first, second): meant for (first, second), meant in pairs}
    signs = {sign: meant for meant, written in data["stickers"].items() for sign in written.split()}
    long_words = frozenset(data["long_words"].split())
    return Spelling(one=one, two=two, signs=signs, near=near_misses(long_words, safe | one.keys()))


def _commands(listed: Mapping[str, str], safe: frozenset[str]) -> dict[str, str]:
    exact = {word: intent for intent, words in listed.items() for word in words.split()}
    near = near_misses(frozenset(word for word in exact if len(word) > 3), safe, first=True)
    return {slip: exact[word] for slip, word in near.items()} | exact


def _with_slips(names: dict[tuple[str, ...], str], safe: frozenset[str]) -> dict[tuple[str, ...], str]:
    """Names of one long word are also known with one slip of the thumb."""
    single = frozenset(form[0] for form in names if len(form) == 1 and len(form[0]) > 5)
    return {(slip,): names[(word,)] for slip, word in near_misses(single, safe).items()} | names


def _names(listed: Mapping[str, str], spelling: Spelling) -> dict[tuple[str, ...], str]:
    return {
        tuple(spelling.one.get(word, word) for word in form.split()): name
        for name, forms in listed.items()
        for form in forms.split(",")
    }
