"""Taking out of somebody's words what could lead to a person: numbers, links, addresses, names, places of work.

It is a net with holes, not a promise: what is masked is read by people who are told so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GAP = "[removed]"

# A run of seven digits or more, however it is spaced: telephone numbers, NHS numbers, GMC numbers.
_NUMBER = re.compile(r"\+?\(?\d(?:[\s().-]{0,2}\d){6,}")
_SPELT = re.compile(
    r"\b(?:(?:zero|oh|nought|one|two|three|four|five|six|seven|eight|nine|double|triple)\b[\s,-]*){7,}", re.IGNORECASE
)
_LINK = re.compile(
    r"\b(?:https?://|www\.)\S+|\b(?:[a-z0-9-]+\.)+(?:com|co|uk|org|net|io|me|app|ly|link|info|gg|to|tv|dev|xyz|page)\b\S*",
    re.IGNORECASE,
)
_MAIL = re.compile(r"\S+@\S+|(?<!\w)@\w{2,}", re.IGNORECASE)
_TITLED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Miss|Mx|Prof|Professor|Sister|Nurse)\.?\s+[A-Z][\w'-]+(?:\s+[A-Z][\w'-]+)?")
_PLACE = re.compile(
    r"\b(?:[A-Z][\w'-]+\s+){1,3}(?:Hospital|Infirmary|Trust|Ward|Clinic|Deanery|Unit)\b|\b[Ww]ard\s+\w+", re.UNICODE
)
_INSIDE = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}\b")  # a capital within a sentence is a name as often as not


@dataclass(frozen=True)
class Masked:
    """The words, and whether anything was taken out."""

    words: str
    removed: bool


def without_contacts(words: str) -> Masked:
    """Return `words` without numbers, links and addresses by which somebody could be found outside."""
    return _without(words, _MAIL, _LINK, _NUMBER, _SPELT)


def without_people(words: str) -> Masked:
    """Return `words` without contacts, and without names of people and places of work as far as they can be told."""
    found = _without(words, _MAIL, _LINK, _NUMBER, _SPELT, _TITLED, _PLACE)
    more = _INSIDE.sub(lambda name: name[0] if name[0] in _NO_NAMES else GAP, found.words)
    return Masked(more, found.removed or more != found.words)


_NO_NAMES = frozenset(
    (
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        *("January", "February", "March", "April", "June", "July", "August", "September", "October", "November"),
        *("December", "Christmas", "Easter", "English", "Welsh", "Zoom", "Teams", "Thanks", "Thank", "The", "This"),
    )
)


def _without(words: str, *patterns: re.Pattern[str]) -> Masked:
    masked = words
    for pattern in patterns:
        masked = pattern.sub(GAP, masked)
    return Masked(masked, masked != words)
