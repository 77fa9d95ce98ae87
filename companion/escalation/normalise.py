"""Read a text as a person would: the same words whatever the case, accents, spacing, spelling or signs.

Two steps. ``fold`` turns any string into lower-case a to z, digits and plain punctuation, and remembers where each
character came from. ``Speller`` turns each word into the words of the watch list. Both take time linear in the text.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

# In this order: letters spaced out ("k i l l"), a word with its apostrophes and letter-like signs, a sentence end.
TOKEN = re.compile(
    r"(?<![a-z0-9'])[a-z](?:[ ._*/,\-]{1,3}[a-z](?![a-z0-9'])){2,}"
    r"|(?<![a-z0-9'])(?:i|you|we|they|he|she|it|that|what|there|(?:do|does|did|is|are|was|were|ca|wo|would|could|should"
    r"|has|have|had|ai)n) (?:t|m|ve|ll|re|s|d)(?![a-z0-9'])"
    r"|(?<![a-z0-9'])my self(?![a-z0-9'-]| (?:harm|injur|esteem|worth|confidence|image|respect|doubt|care|control|help"
    r"|pity|loathing|hatred|hate|hating|assess|reflect|rating|study|discipline|talk|talking|compassion|destruct|ref|cert))"
    r"|[a-z0-9]+(?:['@$*!|+][a-z0-9]+)*'?|[.!?;\n][.!?;\s]*"
)
# A letter on its own other than "a" and "i", or "self": only there, and at a line end, can a token reach over a space.
REACHES_OVER_SPACE = re.compile(r"(?<![a-z0-9'])(?:[b-hj-z]|self)(?![a-z0-9'-])")
SENTENCE_END = frozenset(".!?;\n")
# Words written together with a capital at each joint ("wantToDie"). Capitals in turn ("wAnT") are no joint.
_JOINT = re.compile(r"(?=[A-Z])(?:(?<=[a-z]{2})|(?<=[A-Z][a-z])(?=[A-Z][a-z]{2})|(?<=\bi)(?=[A-Z][a-z]))")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_RUN = re.compile(r"(.)\1{2,}")
_DOUBLE = re.compile(r"(.)\1+")
_SIGNS_AS_LETTERS = str.maketrans("01345789@$!|+", "oieastbgasiit")
_ONE_AS_L = str.maketrans("1!|", "lll")
_QUOTES = "\u2018\u2019\u201a\u201b\u02bc\u02b9\u00b4\u0060\uff07\u2032"
_LOOKALIKES = dict(zip("аеорсухіјѕԁһкмтгпвηανοιερτκ", "aeopcyxijsdhkmtrnbnavoieptk", strict=True))
# Short words that may stand inside words written together ("iwanttodie"); other words need three letters.
_SHORT = frozenset("i am to my me it is be do so no in of on up an he we im".split())  # noqa: SIM905
_LONGEST_WORD = 14
_SHORTEST_JOINED = 9
_UNKNOWN = "\x02"  # the symbol of every word that no phrase knows
# Two words written together count only if the second is one of these ("killmyself"): "therapist" is one word.
_LAST_PART = frozenset(["myself", "anymore", "suicide", "suicidal"])
_MENDED = 5  # letters of the shortest word whose ending is mended or whose letters are swapped back
# The end of "thinking" as it is typed in haste or said ("thinkin", "thinkn", "thinkng", "thinkign").
_ENDING = re.compile(r"(?:in|(?<=[bcdfghjklmpqrstvwxyz])n|(?<![aeiou])ng|ign|ingn|igng|inng|nig|img|ibg|inf)$")


class Folded(NamedTuple):
    """A folded text; ``origin[i]`` is the place in the original of folded character i (None: the same place)."""

    text: str
    origin: tuple[int, ...] | None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where folded characters ``start`` to ``end`` (not included) are in the original."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


def fold(text: str, signs: Mapping[str, str]) -> Folded:
    """Fold a text; ``signs`` gives the words that emoji stand for. Never raises, whatever the string holds."""
    if text.isascii() and "`" not in text and (text.isprintable() or not _CONTROL.search(text)):
        lower = text.lower()
        if lower == text or not _JOINT.search(text):
            return Folded(lower, None)
    joints = frozenset(joint.start() for joint in _JOINT.finditer(text))
    out: list[str] = []
    origin: list[int] = []
    for at, char in enumerate(text):
        if at in joints:
            out.append(" ")
            origin.append(at)
        piece = signs.get(char) or _fold_char(char)
        out.append(piece)
        origin.extend([at] * len(piece))
    return Folded("".join(out), tuple(origin))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    if char in "\n\r\t":
        return char
    if char in _QUOTES:
        return "'"
    category = unicodedata.category(char)
    # Zero-width and control characters, lone surrogates, accents on their own: as if they were not there.
    if category in ("Cf", "Cc", "Cs", "Mn", "Me"):
        return ""
    plain = "".join(_LOOKALIKES.get(part, part) for part in unicodedata.normalize("NFKD", char).lower())
    plain = "".join(part for part in plain if part.isascii())
    if plain:
        return plain
    return " ; " if category == "So" else " "


class Speller:
    """From a word as typed to the symbols of the list; ``table`` holds what needs no repair."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table
        self.repair = lru_cache(maxsize=4096)(self._repair)

    def _repair(self, word: str) -> str:
        """The symbols of the words behind an unusual form; empty if the list knows nothing like it."""
        if not word[0].isalnum():
            return ""
        for form in _forms(word):
            if form in self._table:
                return self._table[form]
        pieces = [piece for piece in _NOT_WORD.split(word.replace("'", "")) if piece]
        joined = "".join(pieces)
        for form in _mended(joined):
            if form in self._table:
                return self._table[form]
        if len(joined) >= 4 and joined.isalpha():
            whole = self._take_apart(joined)
            if whole:
                return whole
        if len(pieces) > 1:
            return "".join(self._table.get(piece, _UNKNOWN) for piece in pieces)
        return ""

    def _take_apart(self, joined: str) -> str:
        """Words written together: at least three of them, or "am" or "i" stuck to one."""
        table = self._table
        if joined[:2] == "am" and len(joined) > 5 and joined[2:] in table:
            return table["am"] + table[joined[2:]]
        if joined[-1] == "i" and len(joined) > 4 and joined[:-1] in table:
            return table[joined[:-1]] + table["i"]
        if len(joined) < _SHORTEST_JOINED:
            return ""
        words = _fewest_words(joined, table)
        if len(words) < 3 and not (len(words) == 2 and words[1] in _LAST_PART):
            return ""
        return "".join(table[word] for word in words)


def _forms(word: str) -> list[str]:
    """Other ways of typing the same word, nearest first."""
    plain = word.replace("'", "")
    if plain.replace(" ", "", 1).isalpha():
        plain = plain.replace(" ", "")
    forms = [plain]
    if word.endswith("'s"):
        forms.append(word[:-2])
    if not plain.isalpha():
        letters = plain.translate(_SIGNS_AS_LETTERS)
        forms += [_NOT_LETTERS.sub("", letters), _NOT_LETTERS.sub("", plain.translate(_ONE_AS_L)), *_letters(plain)]
    for form in list(forms):
        if _RUN.search(form):
            forms += [_RUN.sub(r"\1\1", form), _RUN.sub(r"\1", form), _DOUBLE.sub(r"\1", form)]
    return forms


def _mended(plain: str) -> list[str]:
    """A word with its "ing" made whole, then with each two neighbouring letters swapped."""
    if len(plain) < _MENDED or not plain.isalpha():
        return []
    forms = [_ENDING.sub("ing", plain)] if _ENDING.search(plain) else []
    return forms + [plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :] for at in range(len(plain) - 1)]


def _letters(plain: str) -> list[str]:
    """Letters spaced out with anything between them, put together."""
    pieces = _NOT_LETTERS.split(plain)
    return ["".join(pieces)] if len(pieces) > 2 and all(len(piece) == 1 for piece in pieces) else []


def _fewest_words(joined: str, table: Mapping[str, str]) -> Sequence[str]:
    """Split into the fewest known words, or nothing. Time: length times the longest word."""
    best: list[int] = [0] + [-1] * len(joined)
    cost = [0] + [len(joined) + 1] * len(joined)
    for end in range(1, len(joined) + 1):
        for start in range(max(0, end - _LONGEST_WORD), end):
            if cost[start] + 1 < cost[end]:
                part = joined[start:end]
                if part in table and (len(part) > 2 or part in _SHORT):
                    cost[end] = cost[start] + 1
                    best[end] = start
    if best[-1] < 0:
        return ()
    words: list[str] = []
    at = len(joined)
    while at:
        words.append(joined[best[at] : at])
        at = best[at]
    return words[::-1]


def slips(word: str) -> set[str]:
    """The word with one letter left out, doubled or swapped with the next. First letter kept."""
    out = {word[:at] + word[at + 1 :] for at in range(1, len(word))}
    out |= {word[:at] + word[at] + word[at:] for at in range(1, len(word))}
    out |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)}
    return out - {word}
