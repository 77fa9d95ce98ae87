"""What has to be read out of a text once its intent is known: codes, days, minutes, weeks, dates, channels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from companion.content.sayings import weighed_words
from companion.conversation.normalise import Said
from companion.conversation.phrases import NUMBER_WORDS
from companion.conversation.score import read_score
from companion.conversation.wordlist import WordList

Slots = dict[str, str | int]

_DAY = re.compile(
    r"\b((?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)day|mon|tues?|weds?|thurs?|fri|tomorrow|tonight|today)s?\b",
    re.I,
)
_DATE = re.compile(r"\b(?:the )?(\d{1,2}(?:st|nd|rd|th)|\d{1,2}[/.]\d{1,2})\b", re.I)
_AMOUNT = r"(?P<n>\d{1,3}|[a-z]+(?=[ -]))"  # a word ends before its unit: no "roo" minutes in "room"
_MINUTES = re.compile(
    rf"\b{_AMOUNT}(?:ish)?(?:\s?(?:-|to|or)\s?(?P<m>\d{{1,3}}))?\s*(?:ish )?(?:m|mins?|minutes?|minuets?)\b", re.I
)
_PART_HOUR = re.compile(
    r"\b(?P<half>half (?:an )?hour|half hr)"
    r"|(?P<quarter>quarter (?:of an )?hour)|\b(?P<hour>an hour|1 ?hr|one hour|1 hour)\b",
    re.I,
)
_LATE_NUMBER = re.compile(
    r"\b(?:late(?: by)?|in|behind|by|me|gimme|another|about|around)\s(?:about |around )?"
    r"(\d{1,2}(?![\d:.apth])|(?:five|ten|fifteen|twenty|thirty|forty)\b)",
    re.I,
)
_NUMBER_LATE = re.compile(r"\b(\d{1,2})(?:ish)? (?:late|behind|more)\b", re.I)
_WEEKS = re.compile(
    rf"\b(?:(?P<couple>(?:a )?couple(?: of)?)|(?P<few>(?:a )?few)|{_AMOUNT})\s*"
    r"(?P<unit>weeks?|wks?|w|months?|mths?|days?|years?|yrs?)\b",
    re.I,
)
_THIS_YEAR = re.compile(r"\b(?:rest of )?(?:the|this) (?:year|yr)\b", re.I)
_HALF_A_YEAR = re.compile(r"\bhalf (?:an? |the )?(?:year|yr)\b", re.I)
_FORTNIGHT = re.compile(r"\bfortnight\b", re.I)
_UNTIL = re.compile(r"\b(?:until|untill|til|till|'til|unti)\b\s+([^,.;:!?\n]+)", re.I)
_BACK_ON = re.compile(
    r"\bback (?:on )?((?:the )?(?:\d{1,2}(?:st|nd|rd|th)?(?: of)? ?[a-z]*|(?:mon|tues|wednes|thurs|fri|satur|sun)day))",
    re.I,
)
_UNTIL_ENDS = re.compile(
    r"\s+(?:pls|please|plz|thanks|thx|thank you|ta|cheers|x+|ok|if|hold|pause|"
    r"mute|stop|so|then|can|could|tho|though|and|but|or|-)\b.*$|\s+-.*$",
    re.I,
)
_JOIN_CODE = re.compile(
    r"\bjoin\b[\s:,-]*(?:the\s+)?([A-Za-z][\w-]+)(?:\s+(?:pls|please|plz|thanks|thx|ta|x+))*\W*$", re.I
)
_ROUND = {"a": 1, "an": 1, "one": 1, "another": 1, "next": 1, "this": 1, "the": 1, "couple": 2, "few": 3}


def read_slots(said: Said, intents: tuple[str, ...], words: WordList) -> Slots:
    """The slots of all intents found, read from one text. Counts are whole numbers; the rest are words."""
    slots: Slots = {}
    for intent in intents:
        reader = _READERS.get(intent)
        if reader is not None:
            slots = reader(said, words) | slots
    return slots


def _join(said: Said, words: WordList) -> Slots:
    code = joined_code(said.words, words) or named(said.words, words.cohorts)
    if code:
        return {"cohort_code": code}
    if scanned := poster_code(said.raw):
        return {"cohort_code": scanned}
    after = _JOIN_CODE.search(said.raw)
    if after and after.group(1).lower() not in weighed_words().no_codes:
        return {"cohort_code": after.group(1).upper()}
    return {}


_POSTER = re.compile(r"\s*JOIN\s+([A-Z]{2,20})\s+[A-Z][A-Z0-9]{2,11}\s*[.!]?\s*")


def poster_code(raw: str) -> str | None:
    """The cohort's code in what a poster's code to scan writes: JOIN ICU MESS, where MESS is where the poster hangs."""
    found = _POSTER.fullmatch(raw)
    return found.group(1) if found and found.group(1).lower() not in weighed_words().no_codes else None


def joined_code(said: tuple[str, ...], words: WordList) -> str | None:
    """The code in a first word such as JOINICU."""
    first = said[0] if said else ""
    return words.cohorts.get((first.removeprefix("join"),)) if first.startswith("join") else None


def named(said: tuple[str, ...], names: Mapping[tuple[str, ...], str]) -> str | None:
    """The name that the longest of its forms in these words stands for; the first of equally long ones."""
    for length in (4, 3, 2, 1):
        for at in range(len(said) - length + 1):
            name = names.get(said[at : at + length])
            if name is not None:
                return name
    return None


def _day(said: Said, _: WordList) -> Slots:
    found = _DAY.search(said.raw) or _DATE.search(said.raw)
    return {"day": found.group(1).lower()} if found else {}


def _minutes(said: Said, _: WordList) -> Slots:
    text = said.raw
    found = _MINUTES.search(text)
    if found:
        count = _count(found.group("n"))
        if count is not None:
            return {"minutes": max(count, int(found.group("m") or 0))}
        if re.search(r"\bcouple\b", text, re.I):
            return {"minutes": 2}
        return {"minutes": 5} if re.search(r"\bfew\b", text, re.I) else {}
    part = _PART_HOUR.search(text)
    if part:
        return {"minutes": 30 if part.group("half") else 15 if part.group("quarter") else 60}
    bare = _LATE_NUMBER.search(text) or _NUMBER_LATE.search(text)
    count = _count(bare.group(1)) if bare else None
    return {} if count is None else {"minutes": count}


def _count(word: str) -> int | None:
    word = word.lower()
    return int(word) if word.isdigit() else NUMBER_WORDS.get(word, _ROUND.get(word))


def _pause(said: Said, _: WordList) -> Slots:
    text = said.raw
    until = _UNTIL.search(text) or _BACK_ON.search(text)
    if until:
        words = _UNTIL_ENDS.sub("", until.group(1)).strip(" \"'-")
        if words and words != "then":  # "for a year, no texts until then"
            return {"until": words}
    if _FORTNIGHT.search(text):
        return {"weeks": 2}
    if _HALF_A_YEAR.search(text):
        return {"weeks": 26}
    if _THIS_YEAR.search(text):
        return {"until": "the end of the year"}
    weeks = _WEEKS.search(text)
    if not weeks:
        return {}
    count = 2 if weeks.group("couple") else 3 if weeks.group("few") else _count(weeks.group("n"))
    if not count:
        return {}
    unit = weeks.group("unit").lower()
    if unit.startswith("d"):
        return {"weeks": -(-count // 7)}
    if unit.startswith("y"):
        return {"weeks": count * 52}
    # What is left over is left out, so that texts come back sooner rather than later: a month is four weeks.
    return {"weeks": count * 52 // 12 if unit.startswith("m") else count}


def _channel(said: Said, _: WordList) -> Slots:
    """Which of the two is wanted: the one led up to, not the one led away from."""
    away_from, towards = weighed_words().away_from, weighed_words().towards
    wanted: list[tuple[int, str]] = []
    unwanted: list[str] = []
    for at, word in enumerate(said.words):
        name = "whatsapp" if word == "whatsapp" else "sms" if word in {"sms", "text", "texts"} else None
        if name is None:
            continue
        clause = max(start for start in said.starts if start <= at)
        before = set(said.words[max(clause, at - 3) : at])
        near = said.words[at - 1] if at else ""
        if near in away_from or (before & away_from and near not in {"to"}):
            unwanted.append(name)
        else:
            wanted.append((2 if near in towards else 1 if word != "texts" else 0, name))
    if wanted:
        best = max(weight for weight, _ in wanted)
        return {"channel": next(name for weight, name in reversed(wanted) if weight == best)}
    return {"channel": "sms" if unwanted[0] == "whatsapp" else "whatsapp"} if unwanted else {}


def _score(said: Said, _: WordList) -> Slots:
    score = read_score(said)
    return {} if score is None else {"score": score}


_READERS: dict[str, Callable[[Said, WordList], Slots]] = {
    "join": _join,
    "book_yes": _day,
    "book_no": _day,
    "running_late": _minutes,
    "checkin_score": _score,
    "pause": _pause,
    "change_channel": _channel,
}

__all__ = ["Slots", "named", "read_slots"]
