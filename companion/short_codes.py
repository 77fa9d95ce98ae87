"""Four characters that are easy to read and to type, for an episode, a duty or a session: never a word."""

from __future__ import annotations

import re
import secrets

ALPHABET = "ACDEFHJKMNPQRTUVWXY"  # no letter that looks like a digit or another letter
DIGITS = "34679"
PATTERN = re.compile(rf"\b(?=[A-Z]*[{DIGITS}])[{ALPHABET}{DIGITS}]{{4}}\b")


def random_code() -> str:
    """Return four characters, one of them a digit at least: no English word, none of Twilio's."""
    while True:
        code = "".join(secrets.choice(ALPHABET + DIGITS) for _ in range(4))
        if any(mark in DIGITS for mark in code):
            return code


def code_from(digest: bytes) -> str:
    """Return the code that these bytes, six at least, always make."""
    marks = [ALPHABET[byte % len(ALPHABET)] for byte in digest[:4]]
    marks[digest[4] % 4] = DIGITS[digest[5] % len(DIGITS)]
    return "".join(marks)
