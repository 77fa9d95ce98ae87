"""How many parts a text costs, counted as Twilio counts, and how to keep that number small.

A text that fits the GSM-7 alphabet has 160 septets in one part or 153 in each of several; any character
outside it turns the whole text into UCS-2, with 70 or 67 UTF-16 code units (GSM 03.38 and 03.40; Twilio,
"SMS character limit").
"""

from __future__ import annotations

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


def _pack(widths: Iterable[int], *, single: int, several: int) -> int:
    """Count parts of `several` units, never splitting a pair (an extension character, a surrogate pair)."""
    total, parts, used = 0, 0, several
    for width in widths:
        total += width
        if used + width > several:
            parts, used = parts + 1, 0
        used += width
    return min(parts, 1) if total <= single else parts
