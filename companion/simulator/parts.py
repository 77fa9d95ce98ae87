"""How many parts (segments) Twilio counts in a text."""

from __future__ import annotations

# GSM 03.38, the basic table and the extension table (each of its characters counts twice).
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")


def count_parts(text: str) -> int:
    """Return the number of parts: 160 or 153 GSM-7 characters, 70 or 67 UTF-16 units, at least one."""
    if all(char in _BASIC or char in _EXTENSION for char in text):
        units, single, several = sum(2 if char in _EXTENSION else 1 for char in text), 160, 153
    else:
        units, single, several = len(text.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    return 1 if units <= single else -(-units // several)
