"""The phrase language of the watch list: from a written phrase to a matcher over word symbols.

A phrase is written in plain words with a few marks (docs/watchlist.md shows them on one page)::

    <i> [just] <want> to <die>      words in this order, <...> a synonym class, [...] optional
    (cut | burn) ..3 myself         alternatives; up to three words between
    <friend> ...9 <worry>           up to nine words between, also in the sentences after
    ~kill myself                    kill, kills, killed, killing
    ^ goodbye $                     at the start, at the end of a sentence

Every word that any phrase knows becomes one character (a symbol), so a text becomes a short string of symbols and
a phrase a small regular expression over them. RE2 runs it in time linear in the text, whatever the text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

# The end of a sentence. A gap does not cross it; words written next to each other do ("I. want. to. die.").
BREAK = "\x01"
# Every word that no phrase knows.
UNKNOWN = "\x02"
MAX_GAP = 16

_PIECE = re.compile(
    r"\s*(?:<(?P<cls>[a-z_]+)>|\.\.\.(?P<far>\d+)|\.\.(?P<gap>\d+)|(?P<mark>[\[\]()|^$])|(?P<ends>~)?(?P<word>[a-z0-9:'*]+))"
)
_DOUBLING = re.compile(r"[^aeiou][aeiou][bdgklmnprt]$")


class PhraseError(ValueError):
    """A phrase, class or spelling that cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Words:
    """One word out of a set."""

    words: frozenset[str]


@dataclass(frozen=True)
class Gap:
    """Up to ``most`` words of any kind, within one sentence or (``across``) over its end."""

    most: int
    across: bool = False


@dataclass(frozen=True)
class Edge:
    """Start (``^``) or end (``$``) of a sentence."""

    mark: str


@dataclass(frozen=True)
class Seq:
    """One after the other."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Alt:
    """One of several."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
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


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = _PIECE.match(stripped, at)
        if found is None:
            raise PhraseError(f"cannot read {stripped[at:]!r} in {text!r}")
        at = found.end()
        if found["cls"]:
            yield "class", found["cls"]
        elif found["gap"]:
            yield "gap", found["gap"]
        elif found["far"]:
            yield "far", found["far"]
        elif found["mark"]:
            yield found["mark"], ""
        else:
            yield ("ends" if found["ends"] else "word"), found["word"]


class Parser:
    """Reads phrases; knows the synonym classes and the spellings."""

    def __init__(self, classes: Mapping[str, Sequence[str]], expand: Expand) -> None:
        self._classes = classes
        self._expand = expand
        self._known: dict[str, Node] = {}
        self._open: list[str] = []

    def parse(self, text: str) -> Node:
        """Read one phrase. Raises PhraseError."""
        pieces = list(_pieces(text))
        node, rest = self._alternatives(pieces, 0, text)
        if rest != len(pieces):
            raise PhraseError(f"a bracket is closed that was never opened in {text!r}")
        return node

    def _alternatives(self, pieces: list[tuple[str, str]], at: int, text: str) -> tuple[Node, int]:
        branches: list[Node] = []
        while True:
            node, at = self._sequence(pieces, at, text)
            branches.append(node)
            if at == len(pieces) or pieces[at][0] != "|":
                return _either(branches), at
            at += 1

    def _sequence(self, pieces: list[tuple[str, str]], at: int, text: str) -> tuple[Node, int]:
        items: list[Node] = []
        while at < len(pieces) and pieces[at][0] not in (")", "]", "|"):
            kind, value = pieces[at]
            at += 1
            if kind in ("(", "["):
                node, at = self._alternatives(pieces, at, text)
                close = ")" if kind == "(" else "]"
                if at == len(pieces) or pieces[at][0] != close:
                    raise PhraseError(f"a {kind} is not closed in {text!r}")
                at += 1
                items.append(node if kind == "(" else Opt(node))
            else:
                items.append(self._single(kind, value, text))
        if not items:
            raise PhraseError(f"an alternative is empty in {text!r}")
        return (items[0] if len(items) == 1 else Seq(tuple(items))), at

    def _single(self, kind: str, value: str, text: str) -> Node:
        if kind == "class":
            return self._class(value, text)
        if kind in ("gap", "far"):
            if not 1 <= int(value) <= MAX_GAP:
                raise PhraseError(f"a gap is 1 to {MAX_GAP} words, not {value}, in {text!r}")
            return Gap(int(value), kind == "far")
        if kind in ("^", "$"):
            return Edge(kind)
        if kind == "ends":
            return Words(endings(value))
        words = [Words(frozenset([word])) for word in self._expand(value)]
        return words[0] if len(words) == 1 else Seq(tuple(words))

    def _class(self, name: str, text: str) -> Node:
        if name in self._known:
            return self._known[name]
        if name not in self._classes:
            raise PhraseError(f"no class is called <{name}> (in {text!r})")
        if name in self._open:
            raise PhraseError(f"class <{name}> contains itself: {' > '.join([*self._open, name])}")
        self._open.append(name)
        node = _either([self.parse(entry) for entry in self._classes[name]])
        self._open.pop()
        self._known[name] = node
        return node


def _either(branches: Sequence[Node]) -> Node:
    """Join alternatives, with all single words gathered in one set."""
    flat: list[Node] = []
    for branch in branches:
        flat.extend(branch.items if isinstance(branch, Alt) else [branch])
    single = frozenset[str]().union(*(node.words for node in flat if isinstance(node, Words)))
    others = [node for node in flat if not isinstance(node, Words)]
    joined: list[Node] = ([Words(single)] if single else []) + list(dict.fromkeys(others))
    return joined[0] if len(joined) == 1 else Alt(tuple(joined))


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


def required(node: Node, known: dict[int, list[frozenset[str]]] | None = None) -> list[frozenset[str]]:
    """Sets of words of which each must occur in any text the phrase matches (in any order).

    ``known`` remembers answers by node identity, for callers who ask about many phrases that share classes and keep
    them alive meanwhile.
    """
    known = {} if known is None else known
    needs = known.get(id(node))
    if needs is None:
        needs = known[id(node)] = _required(node, known)
    return needs


def _required(node: Node, known: dict[int, list[frozenset[str]]]) -> list[frozenset[str]]:
    if isinstance(node, Words):
        return [node.words]
    if isinstance(node, Seq):
        return list(dict.fromkeys(need for item in node.items for need in required(item, known)))
    if isinstance(node, Alt):
        needs = [required(item, known) for item in node.items]
        if not all(needs):
            return []
        # One need of each branch, the one met least often: whichever branch matches, one of these words is there.
        return [frozenset[str]().union(*(min(branch, key=_commonness) for branch in needs))]
    return []


_COMMON = frozenset(
    "i am is are be to not it the a of in and my me do have can he she they you this that was".split()  # noqa: SIM905
)


@lru_cache(maxsize=8192)
def _commonness(words: frozenset[str]) -> int:
    return len(words) + 30 * len(words & _COMMON)


def rarest(needs: Sequence[frozenset[str]], most: int) -> list[frozenset[str]]:
    """The ``most`` needs that ordinary texts meet least often."""
    return sorted(needs, key=_commonness)[:most]


class Compiler:
    """Turns phrases into regular expressions over word symbols.

    ``fillers`` may stand between two words that a phrase has next to each other, and so may the end of a sentence.
    """

    def __init__(self, symbols: Mapping[str, str], fillers: Sequence[str]) -> None:
        self._symbols = symbols
        self._filler = f"[{''.join(sorted({symbols[word] for word in fillers if word in symbols}))}]*"
        self._join = f"[{BREAK}{self._filler[1:]}"
        self._known: dict[int, str] = {}

    def regex(self, node: Node) -> str:
        """The regular expression of a phrase. Nodes are remembered by identity: classes are shared."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._build(node)
        return known

    def _build(self, node: Node) -> str:
        if isinstance(node, Words):
            chars = sorted({self._symbols[word] for word in node.words})
            return chars[0] if len(chars) == 1 else f"[{''.join(chars)}]"
        if isinstance(node, Gap):
            return f"{'.' if node.across else f'[^{BREAK}]'}{{0,{node.most}}}"
        if isinstance(node, Edge):
            return f"(?:^|{BREAK})" if node.mark == "^" else f"{self._filler}(?:{BREAK}|$)"
        if isinstance(node, Alt):
            return f"(?:{'|'.join(self.regex(item) for item in node.items)})"
        if isinstance(node, Opt):
            return f"(?:{self.regex(node.item)})?"
        return self._sequence(node)

    def _sequence(self, node: Seq) -> str:
        """A gap does not cross the end of a sentence; two words written next to each other do."""
        out: list[str] = []
        join = ""
        for item in node.items:
            if isinstance(item, Gap | Edge):
                out.append(self.regex(item))
                join = self._filler if isinstance(item, Edge) else ""
            elif isinstance(item, Opt):
                inner = self.regex(item.item)
                # The joint goes with the optional word, so that nothing is asked for when the word is missing.
                out.append(f"(?:{join}{inner})?" if join else f"(?:{inner}{self._join})?")
            else:
                out.append(join + self.regex(item))
                join = self._join
        return "".join(out)
