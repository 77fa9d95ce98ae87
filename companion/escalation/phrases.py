"""The phrase language of the watch list: reads a written phrase into a tree.

A phrase is written in plain words with a few marks (docs/watchlist.md shows them on one page)::

    <i> [just] <want> to <die>      words in this order, <...> a synonym class, [...] optional
    (cut | burn) ..3 myself         alternatives; up to three words between
    cut .. myself                   any number of words between, in the same sentence
    <friend> ...9 <worry>           up to nine words between, also in the sentences after; plain ... any number
    blood &4 arms                   both, in either order, up to four words between; plain & any number
    ~kill myself                    kill, kills, killed, killing
    ^ goodbye $                     at the start, at the end of a sentence
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

MAX_GAP = 16

_PIECE = re.compile(r"<[a-z_0-9]+>|\.{2,3}\d*|&\d*|[\[\]()|^$]|~?[a-z0-9:'*]+")
_SPACE = re.compile(r"\s+")
_DOUBLING = re.compile(r"[^aeiou][aeiou][bdgklmnprt]$")
_CLOSES = {")": "(", "]": "["}


class PhraseError(ValueError):
    """A phrase, class or spelling that cannot be read; the message says which and why."""


@dataclass(frozen=True, eq=False, slots=True)
class Words:
    """One word out of a set."""

    words: frozenset[str]


@dataclass(frozen=True, eq=False, slots=True)
class Gap:
    """Up to ``most`` words of any kind (None: any number), in one sentence or (``across``) over its end."""

    most: int | None
    across: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Edge:
    """Start (``^``) or end (``$``) of a sentence."""

    mark: str


@dataclass(frozen=True, eq=False, slots=True)
class Seq:
    """One after the other."""

    items: tuple["Node", ...]


@dataclass(frozen=True, eq=False, slots=True)
class Alt:
    """One of several."""

    items: tuple["Node", ...]


@dataclass(frozen=True, eq=False, slots=True)
class Opt:
    """May be missing."""

    item: "Node"


Node = Words | Gap | Edge | Seq | Alt | Opt
Expand = Callable[[str], Sequence[str]]


def endings(word: str) -> frozenset[str]:
    """The regular forms of a word: -s, -ed, -ing, with a dropped e, a doubled consonant or y to i."""
    forms = {word, word + "s", word + "ing", word + "ed"}
    if word.endswith("e"):
        stem = word[:-1]
        forms |= {stem + "ing", stem + "ed"}
    elif word.endswith("y") and word[-2:-1] not in "aeiou":
        forms |= {word[:-1] + "ies", word[:-1] + "ied"}
    elif word.endswith(("s", "sh", "ch", "x")):
        forms.add(word + "es")
    if _DOUBLING.search(word):
        forms |= {word + word[-1] + "ing", word + word[-1] + "ed"}
    return frozenset(forms)


class _Level:
    """What stands between two brackets while it is read."""

    __slots__ = ("branches", "items", "opened", "orders")

    def __init__(self, opened: str) -> None:
        self.opened = opened
        self.branches: list[Node] = []
        self.items: list[Node] = []
        # Marks of "either order" in the present branch: the place of the item before each, and the gap.
        self.orders: list[tuple[int, Gap]] = []


class Parser:
    """Reads phrases; knows the synonym classes and the spellings. The same words are the same node everywhere."""

    def __init__(self, classes: Mapping[str, Sequence[str]], expand: Expand) -> None:
        self._classes = classes
        self._expand = expand
        self._known: dict[str, Node] = {}
        self._open: list[str] = []
        self._pieces: dict[str, Node] = {}
        self._sets: dict[frozenset[str], Words] = {}

    def parse(self, text: str) -> Node:
        """Read one phrase. Raises PhraseError."""
        pieces = _PIECE.findall(text)
        if "".join(pieces) != _SPACE.sub("", text):
            strange = _SPACE.sub(" ", _PIECE.sub("", text)).strip()
            raise PhraseError(f"cannot read {strange!r} in {text!r}")
        levels = [_Level("")]
        for piece in pieces:
            level = levels[-1]
            if piece in "([":
                levels.append(_Level(piece))
            elif piece == "|":
                self._end_branch(level, text)
            elif piece in ")]":
                levels.pop()
                if not levels or level.opened != _CLOSES[piece]:
                    raise PhraseError(f"a bracket is closed that was never opened in {text!r}")
                node = self._end(level, text)
                levels[-1].items.append(node if piece == ")" else Opt(node))
            elif piece[0] == "&":
                level.orders.append((len(level.items) - 1, _gap(piece[1:], False, text)))
            else:
                level.items.append(self._pieces.get(piece) or self._single(piece, text))
        if len(levels) > 1:
            raise PhraseError(f"a {levels[-1].opened} is not closed in {text!r}")
        return self._end(levels[0], text)

    def _end(self, level: _Level, text: str) -> Node:
        self._end_branch(level, text)
        return level.branches[0] if len(level.branches) == 1 else self._either(level.branches)

    def _end_branch(self, level: _Level, text: str) -> None:
        items = level.items
        if not items:
            raise PhraseError(f"an alternative is empty in {text!r}")
        for at, gap in reversed(level.orders):
            if at < 0 or at + 1 >= len(items):
                raise PhraseError(f"& needs something before and after it in {text!r}")
            first, second = items[at : at + 2]
            items[at : at + 2] = [Alt((Seq((first, gap, second)), Seq((second, gap, first))))]
        level.branches.append(items[0] if len(items) == 1 else Seq(tuple(_flat(items))))
        level.items = []
        level.orders = []

    def _single(self, piece: str, text: str) -> Node:
        if piece[0] == "<":
            return self._class(piece[1:-1], text)
        node: Node
        if piece[0] == ".":
            dots = "..." if piece.startswith("...") else ".."
            node = _gap(piece[len(dots) :], dots == "...", text)
        elif piece in "^$":
            node = Edge(piece)
        elif piece[0] == "~":
            node = self._words(endings(piece[1:]))
        else:
            words: list[Node] = [self._words(frozenset([word])) for word in self._expand(piece)]
            node = words[0] if len(words) == 1 else Seq(tuple(words))
        self._pieces[piece] = node
        return node

    def _class(self, name: str, text: str) -> Node:
        if name in self._known:
            return self._known[name]
        if name not in self._classes:
            raise PhraseError(f"no class is called <{name}> (in {text!r})")
        if name in self._open:
            raise PhraseError(f"class <{name}> contains itself: {' > '.join([*self._open, name])}")
        self._open.append(name)
        node = self._either([self.parse(entry) for entry in self._classes[name]])
        self._open.pop()
        self._known[name] = node
        return node

    def _words(self, words: frozenset[str]) -> Words:
        node = self._sets.get(words)
        if node is None:
            node = self._sets[words] = Words(words)
        return node

    def _either(self, branches: Sequence[Node]) -> Node:
        """Join alternatives. All single words become one set, and so do those in which rows of words differ."""
        nodes = [node for branch in branches for node in (branch.items if isinstance(branch, Alt) else (branch,))]
        rows = [node.items if isinstance(node, Seq) else (node,) for node in nodes]
        count = 0
        while len(rows) != count:
            count = len(rows)
            for at in range(max(map(len, rows))):
                rows = self._joined(rows, at)
        joined = [row[0] if len(row) == 1 else Seq(row) for row in rows]
        return joined[0] if len(joined) == 1 else Alt(tuple(joined))

    def _joined(self, rows: Sequence[tuple[Node, ...]], at: int) -> list[tuple[Node, ...]]:
        """The rows, with those that differ only in the word at one place made one."""
        alike: dict[tuple[object, ...], list[tuple[Node, ...]]] = {}
        for row in rows:
            word = at < len(row) and isinstance(row[at], Words)
            alike.setdefault((*map(id, row[:at]), word or id(row), *map(id, row[at + 1 :])), []).append(row)
        joined = []
        for same in alike.values():
            row = same[0]
            if len(same) > 1:
                words = [row[at] for row in same]
                together = frozenset().union(*(node.words for node in words if isinstance(node, Words)))
                row = (*row[:at], self._words(together), *row[at + 1 :])
            joined.append(row)
        return joined


def _flat(items: Sequence[Node]) -> Iterable[Node]:
    """What stands in a row, with rows of mere words among it taken out of their brackets."""
    for item in items:
        if isinstance(item, Seq) and all(isinstance(each, Words) for each in item.items):
            yield from item.items
        else:
            yield item


def _gap(count: str, across: bool, text: str) -> Gap:
    if not count:
        return Gap(None, across)
    if not 1 <= int(count) <= MAX_GAP:
        raise PhraseError(f"a gap is 1 to {MAX_GAP} words, not {count}, in {text!r}")
    return Gap(int(count), across)


def word_sets(nodes: Sequence[Node]) -> list[frozenset[str]]:
    """Every set of words that occurs in the phrases, each once."""
    found: dict[frozenset[str], None] = {}
    seen: set[int] = set()
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Words):
            found[node.words] = None
        elif isinstance(node, Opt):
            todo.append(node.item)
        elif isinstance(node, Seq | Alt):
            todo.extend(node.items)
    return list(found)
