"""How many parts a text costs, counted as Twilio counts, and how to keep that number small.

A text that fits the GSM-7 alphabet has 160 septets in one part or 153 in each of several; any character
outside it turns the whole text into UCS-2, with 70 or 67 UTF-16 code units (GSM 03.38 and 03.40; Twilio,
"SMS character limit").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = _GSM_BASIC | _GSM_EXTENDED

_LOOK_ALIKES = {
    "'": "‘’‚‛′‵`´ʹʻʼˈ＇",
    '"': "“”„‟″‶«»＂",
    "-": "‐‑‒–—―−﹘﹣－",
    "...": "…",
    " ": "\t\v\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))),
    "\n": "\u0085\u2028\u2029",
    "*": "•·●",
    "/": "⁄∕",
    ",": "，",
    "!": "！",
    "?": "？",
    ":": "：",
    "": "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f",
}
_SWAPS = str.maketrans({odd: plain for plain, odds in _LOOK_ALIKES.items() for odd in odds})
_SWAPS_BESIDE_EMOJI = {odd: plain for odd, plain in _SWAPS.items() if chr(odd) not in "\u200d\ufe0f"}

_LINK = re.compile(r"(?:https?://|www\.)\S+|\b[\w.-]+\.[a-z]{2,}/\S*", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+|\n+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Parts:
    """What a text costs: its encoding, its length in septets or UTF-16 code units, and its parts."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int


def gsm_safe(text: str) -> str:
    """Return `text` with look-alike punctuation and odd spaces swapped for what GSM-7 holds, in NFC.

    Letters, `£`, `€`, accents and emoji are never touched: a text that needs them is sent as UCS-2. The
    signs that join an emoji (U+200D, U+FE0F) are dropped only when nothing else in the text needs UCS-2.
    """
    composed = unicodedata.normalize("NFC", text)
    swapped = _one_line_end(composed.translate(_SWAPS))
    return swapped if is_gsm7(swapped) else _one_line_end(composed.translate(_SWAPS_BESIDE_EMOJI))


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n")


def alphabet() -> dict[str, object]:
    """Return what a page needs to count as `count` does: the alphabet, and what `gsm_safe` swaps."""
    return {
        "basic": "".join(sorted(_GSM_BASIC)),
        "extended": "".join(sorted(_GSM_EXTENDED)),
        "swaps": {odd: plain for plain, odds in _LOOK_ALIKES.items() for odd in odds},
    }


def is_gsm7(text: str) -> bool:
    """Tell whether every character of `text` is in the GSM-7 alphabet or its extension."""
    return _GSM.issuperset(text)


def count(text: str) -> Parts:
    """Count `text` as it stands: put it through `gsm_safe` first if it is sent so. Empty: 0 parts."""
    if is_gsm7(text):
        widths = [2 if mark in _GSM_EXTENDED else 1 for mark in text]
        return Parts("GSM-7", sum(widths), _pack(widths, single=160, several=153))
    widths = [2 if ord(mark) > 0xFFFF else 1 for mark in text]
    return Parts("UCS-2", sum(widths), _pack(widths, single=70, several=67))


def split(text: str, limit: int = 1600) -> tuple[str, ...]:
    """Split `text` into messages of at most `limit` UTF-16 code units (Twilio refuses over 1,600: 21617).

    Cuts at the end of a sentence or a line where one lies in the second half, else between words. A link
    is only cut when it alone is longer than `limit`. Space at a cut is dropped; an empty text gives no
    message. Raises ValueError for a limit under 2, in which an emoji would not fit.
    """
    if limit < 2:
        raise ValueError("limit must be at least 2")
    messages: list[str] = []
    rest = text.strip()
    while rest:
        end = _fitting(rest, limit)
        cut = end if end == len(rest) else _best_cut(rest, end)
        messages.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return tuple(messages)


def _pack(widths: Iterable[int], *, single: int, several: int) -> int:
    """Count parts of `several` units, never splitting a pair (an extension character, a surrogate pair)."""
    total, parts, used = 0, 0, several
    for width in widths:
        total += width
        if used + width > several:
            parts, used = parts + 1, 0
        used += width
    return min(parts, 1) if total <= single else parts


def _fitting(text: str, limit: int) -> int:
    """Return how many leading characters of `text` fit in `limit` UTF-16 code units."""
    units = 0
    for index, mark in enumerate(text):
        units += 2 if ord(mark) > 0xFFFF else 1
        if units > limit:
            return index
    return len(text)


def _best_cut(text: str, end: int) -> int:
    """Return where to cut by `end`: a sentence's end, else a space, else outside a link, else there."""
    window = text[: end + 1]  # a space just after the last fitting character is as good a place
    sentences = [found.start() for found in _SENTENCE_END.finditer(window) if found.start() >= end // 2]
    if sentences:
        return sentences[-1]
    spaces = [found.start() for found in _SPACE.finditer(window)]
    if spaces and spaces[-1] > 0:
        return spaces[-1]
    for link in _LINK.finditer(text):
        if 0 < link.start() < end < link.end():
            return link.start()
    return end
