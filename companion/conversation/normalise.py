"""A text as it came from a phone, made plain: words, where its clauses begin, whether it asks.

Phones add curly quotes, stickers, line breaks, invisible characters and spellings of their own. What is
read here is never shown to anyone, so letters may be folded freely; `Said.raw` keeps the person's own words
for slots that are quoted back ("until the 14th").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from companion.content.sayings import said_by_trainees

# Ten SMS parts hold 1,530 characters and WhatsApp allows 4,096: what stands after that is not read for meaning.
LONGEST_READ = 2_000

_PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201b": "'",
        "\u02bc": "'",
        "\u00b4": "'",
        "`": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2013": "-",
        "\u2014": " - ",
        "\u2212": "-",
        "\u2026": "...",
        "\u00a0": " ",
        "\u20e3": None,
    }
)
_TOKEN = re.compile(
    r"(?P<word>[a-z][a-z0-9]*(?:'[a-z]+)*|\d+[a-z]*(?:[/:.]\d+[a-z]*)*)"
    r"|(?P<stop>[.?!,;:\n()]|\s-+\s)"
    r"|(?P<sign>[^\W\d_]+|[^\x00-\x7f])"
)
_SPELT_OUT = re.compile(r"\b(?:[a-z][\s.*_-]){2,}[a-z]\b")
_SAD_FACE = re.compile(r"[:=]['-]?\(+")
_BESIDE_A_NAME = 40  # characters: "I think you call me ..."
_CLAUSE_WORDS = frozenset({"but"})


@dataclass(frozen=True, slots=True)
class Said:
    """One text, made plain.

    `raw`: trimmed, plain punctuation, the person's own letters and case.
    `words`: lower case, without apostrophes, contracted and respelt by the word list; a sticker is one word
    such as `:yes`. `starts`: the indices in `words` at which a clause begins, always with 0 and
    `len(words)`. `asks`: a question mark stands somewhere.
    """

    raw: str
    words: tuple[str, ...]
    starts: tuple[int, ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class Spelling:
    """How words are respelt: `one` word by another, `two` neighbouring words by one, `signs` by sticker words.

    `known` are the words of the lists: what is drawn out ("stoppp") or clipped ("textin") is read as one of them.
    """

    one: Mapping[str, str]
    two: Mapping[tuple[str, str], str]
    signs: Mapping[str, str]
    near: Mapping[str, str]
    known: Collection[str] = frozenset()


def plain(text: str) -> str:
    """Text without invisible characters and with ASCII quotes and dashes, trimmed. Never raises."""
    text = text[:LONGEST_READ]
    if text.isascii():
        return text.replace("\x00", " ").strip()
    text = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
    kept = (" " if _is_noise(char) else char for char in text if unicodedata.category(char) not in {"Cf", "Mn"})
    return "".join(kept).strip()


def _is_noise(char: str) -> bool:
    # Lone surrogates cannot be encoded, and control characters other than line breaks say nothing.
    # Skin tones and genders of stickers change no meaning.
    return char in "♀♂🏻🏼🏽🏾🏿" or (char != "\n" and unicodedata.category(char) in {"Cs", "Cc", "Co", "Cn"})


def fold(text: str) -> str:
    """Lower case without accents: "Résumé" is read as "resume"."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.lower())
    return "".join(char for char in split if unicodedata.category(char) != "Mn")


def one_line(text: str) -> str:
    """Text as it is compared with patterns: plain, in lower case, without accents, on one line."""
    return " ".join(fold(plain(text)).split())


def names(text: str, name: str) -> bool:
    """Whether a text says a name, whatever its capitals, and little else."""
    said, wanted = (" ".join(re.findall(r"[a-z0-9]+", fold(plain(each)))) for each in (text, name))
    return f" {wanted} " in f" {said} " and len(said) <= len(wanted) + _BESIDE_A_NAME


def is_question(text: str) -> bool:
    """Whether a text asks something: it has a question mark, or begins as questions do."""
    return "?" in text or said_by_trainees().question.search(one_line(text)) is not None


def read(text: str, spelling: Spelling) -> Said:
    """Make a text plain. Takes time in proportion to its length."""
    raw = plain(text)
    lower = _SPELT_OUT.sub(
        lambda found: re.sub(r"[^a-z]", "", found.group()), _SAD_FACE.sub(" \N{SLIGHTLY FROWNING FACE} ", fold(raw))
    )
    words: list[str] = []
    starts: list[int] = [0]
    for found in _TOKEN.finditer(lower):
        if found.lastgroup == "stop":
            if starts[-1] != len(words):
                starts.append(len(words))
            continue
        word = found.group()
        if found.lastgroup == "sign":
            word = spelling.signs.get(word, ":sign")
            if words and words[-1] == word:
                continue
        else:
            word = word.replace("'", "")
            word = spelling.one.get(word) or spelling.near.get(word) or _as_known(word, spelling)
        _add(word, words, starts, spelling)
    if starts[-1] != len(words):
        starts.append(len(words))
    return Said(raw=raw, words=tuple(words), starts=tuple(starts), asks="?" in raw)


_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")


def _as_known(word: str, spelling: Spelling) -> str:
    """A word drawn out or clipped, as the lists have it: "nowww" is "now", "sendin" is "sending"."""
    if word in spelling.known or len(word) < 4:
        return word
    for mended in (_DRAWN_OUT.sub(r"\1", word), _DRAWN_OUT.sub(r"\1\1", word), word + "g" * word.endswith("in")):
        if mended in spelling.known or mended in spelling.one:
            return spelling.one.get(mended, mended)
    return word


def _add(word: str, words: list[str], starts: list[int], spelling: Spelling) -> None:
    """Append a word, joining it with the one before where the list says so ("can not", "whats app")."""
    if words and starts[-1] != len(words):
        joined = spelling.two.get((words[-1], word))
        if joined is not None:
            words[-1] = joined
            return
    if word in _CLAUSE_WORDS and starts[-1] != len(words):
        starts.append(len(words))
    words.append(word)


def near_misses(words: frozenset[str], known: frozenset[str], *, first: bool = False) -> dict[str, str]:
    """Every string one slip away from one of `words` (a letter lost or two swapped), and which word it means.

    `first` takes a wrong first letter too, the one beside it on the keyboard: "kink" for "link".

    Doubled and wrong letters are left to `one_slip`: this table is for words inside sentences, where a guess
    must be safe. Strings in `known` and strings near two words are left out.
    """
    near: dict[str, str | None] = {}
    for word in words:
        slips = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
        slips |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
        slips |= {word[:i] + word[i] + word[i:] for i in range(len(word))}
        slips |= {word[:i] + other + word[i + 1 :] for i in range(1, len(word)) for other in _beside(word[i])}
        if first:
            slips |= {other + word[1:] for other in _beside(word[0])}
        for slip in slips - words - known:
            near[slip] = word if near.get(slip, word) == word else None
    return {slip: word for slip, word in near.items() if word is not None}


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _beside(letter: str) -> str:
    """Letters beside this one on a phone's keyboard, and the other vowels (heard, not seen)."""
    others = "aeiou" if letter in "aeiou" else ""
    for row_number, row in enumerate(_ROWS):
        at = row.find(letter)
        if at < 0:
            continue
        others += row[max(0, at - 1) : at] + row[at + 1 : at + 2]
        if row_number:
            others += _ROWS[row_number - 1][at : at + 2]
        if row_number < 2:
            others += _ROWS[row_number + 1][max(0, at - 1) : at + 1]
    return others
