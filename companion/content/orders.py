"""The words of `orders.yaml`: how those who are paged take an item, pass it on, or say what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

from companion.content.reader import ContentError, error_at, pairs_of, root_of

HERE = Path(__file__).parent

Verb = Literal["take", "pass", "help", "say", "reached", "tried", "close", "ask"]
_SETS = ("not_by_name", "every", "in_vain", "about_them", "how_they_are", "settled", "small")
_PHRASE = re.compile(r"[a-z]+(?: [a-z]+)*")


@dataclass(frozen=True)
class OrderWords:
    """What the lists hold. `sure` and `perhaps` lead from a phrase, as words, to what it means."""

    sure: Mapping[tuple[str, ...], Verb]
    perhaps: Mapping[tuple[str, ...], Verb]
    pass_to: tuple[str, ...]
    not_by_name: frozenset[str]
    every: frozenset[str]
    in_vain: frozenset[str]
    about_them: frozenset[str]
    how_they_are: frozenset[str]
    settled: frozenset[str]
    small: frozenset[str]


def read_orders(folder: Path = HERE) -> OrderWords:
    """Read the lists. Raises ContentError naming file and line of what does not fit."""
    path = folder / "orders.yaml"
    lists = {key.value: (key, node) for key, node in pairs_of(root_of(path), path)}
    for name in ("perhaps", "pass_to", *_SETS):
        if name not in lists:
            raise ContentError(f"{path}:1: the list {name!r} is missing")
    sets = {name: frozenset(_phrases(lists.pop(name)[1], path)) for name in _SETS}
    pass_to = tuple(_phrases(lists.pop("pass_to")[1], path))
    perhaps = _meanings(pairs_of(lists.pop("perhaps")[1], path), path)
    return OrderWords(_meanings(lists.values(), path), perhaps, pass_to, **sets)


def _meanings(lists: Iterable[tuple[yaml.ScalarNode, yaml.Node]], path: Path) -> dict[tuple[str, ...], Verb]:
    meanings: dict[tuple[str, ...], Verb] = {}
    for key, listed in lists:
        if key.value not in get_args(Verb):
            raise error_at(path, key, f"{key.value!r} is none of {', '.join(get_args(Verb))}")
        meanings |= {tuple(phrase.split()): cast(Verb, key.value) for phrase in _phrases(listed, path)}
    return meanings


def _phrases(node: yaml.Node, path: Path) -> list[str]:
    if not isinstance(node, yaml.SequenceNode):
        raise error_at(path, node, "a list of phrases is expected here")
    for each in node.value:
        words = isinstance(each, yaml.ScalarNode) and each.tag == "tag:yaml.org,2002:str"
        if not words or not _PHRASE.fullmatch(each.value):
            raise error_at(path, each, "words in small letters are expected here, without marks; yes and no in quotes")
    return [each.value for each in node.value]
