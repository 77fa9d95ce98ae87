"""Reading a number from 0 to 10 out of an answer to "how has your week been".

Not every number is an answer: "7 nights on the trot", "up since 5", "bed 9". A number counts when it stands where
answers stand (alone in its clause, before a remark, after "about a") and no unit or count follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from companion.content.sayings import weighed_words
from companion.conversation.normalise import Said, fold
from companion.conversation.phrases import NUMBER_WORDS

LOWEST, HIGHEST = 0, 10

_WORDS = {word: number for word, number in NUMBER_WORDS.items() if number <= HIGHEST}
_NUMBER = re.compile(
    r"(?<![\w£$.:/-])(?P<minus>-|minus )?(?P<n>\d+|" + "|".join(_WORDS) + r")(?P<half>\.\d+)?(?P<ish>ish|-ish|s\b)?"
    r"(?P<range>\s?(?:-|/|or|to|and)\s?(?P<other>\d+)(?=\W|$))?"
    r"(?P<of>\s?(?:/|out of|outta|of|over)\s?(?:10|ten)\b)?(?![\w:%])"
)
_EARLIER = re.compile(r"\b(?:was|were|started|been)\b(?! it)|\b(?:last week|last time|yesterday|earlier|before|from)\b")
_BETWEEN_CLAUSES = re.compile(r"[,;!?\n()]|\.(?!\d)|\bbut\b|\bthen\b|\band now\b|\bnow\b(?= )")
_I_GUESS = [["i", "guess"], ["i", "think"], ["i", "suppose"], ["i", "reckon"]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: int
    earlier: bool
    in_full: bool  # with what it is of: "7 out of 10", "7/10"


def read_score(said: Said) -> int | None:
    """The score in an answer, or None when there is none or it is off the scale.

    Of a range or a half the lower whole number counts, so that nobody is taken to be better than they said. Of several
    numbers one that is "out of 10" counts, else the last, unless it tells of an earlier time.
    """
    chosen = _chosen(said)
    return None if chosen is None else chosen.number


def out_of_ten(said: Said) -> bool:
    """Whether the score says what it is of: "7/10", "7 out of 10"."""
    chosen = _chosen(said)
    return chosen is not None and chosen.in_full


def _chosen(said: Said) -> _Candidate | None:
    text = fold(said.raw).replace("\U0001f51f", "10")
    found: list[_Candidate] = []
    for clause in _BETWEEN_CLAUSES.split(text):
        found.extend(_candidates(clause))
    now = [candidate for candidate in found if not candidate.earlier] or found
    now = [candidate for candidate in now if candidate.in_full] or now
    return now[-1] if now and LOWEST <= now[-1].number <= HIGHEST else None


def _candidates(clause: str) -> list[_Candidate]:
    clause = clause.strip(" \"'*:~=").removesuffix("-")
    earlier = bool(_EARLIER.search(clause))
    found = []
    for match in _NUMBER.finditer(clause):
        if _answers(match, clause):
            found.append(_Candidate(_value(match), earlier, bool(match.group("of")) or _over_ten(match)))
    return found


def _value(match: re.Match[str]) -> int:
    word = match.group("n")
    number = int(word[:4]) if word.isdigit() else _WORDS[word]
    if match.group("minus"):
        return LOWEST - 1
    other = match.group("other")
    if other and not match.group("of") and not _over_ten(match):
        return min(number, int(other[:4]))
    return number


def _over_ten(match: re.Match[str]) -> bool:
    return "/" in (match.group("range") or "") and match.group("other") == "10"


def _answers(match: re.Match[str], clause: str) -> bool:
    if match.group("of") or _over_ten(match):
        return True
    weighed, before = weighed_words(), clause[: match.start()].split()
    joint, other = match.group("range") or "", int((match.group("other") or "0")[:4])
    if "/" in joint and (match.group() != clause or other != int(match.group("n")[:4]) + 1):
        return False  # a date, a share: but "6/7" alone is a range
    if "and" in joint and "between" not in before[-1:]:
        return False
    after = re.findall(r"[a-z]+", clause[match.end() :])
    follower = after[0] if after else ""
    if follower == "x" and len(after) == 1:
        follower = ""  # a kiss
    plural = len(follower) > 2 and follower.endswith("s") and follower not in weighed.no_plural
    if follower in weighed.units or plural:
        return False
    if not before:
        in_figures = match.group("n").isdigit()
        return in_figures or after[:2] in _I_GUESS or not follower or follower in weighed.follows_score
    lead = re.sub(r"\W", "", before[-1])
    if before[-2:] == ["this", "week"]:
        return True
    if lead in weighed.no_score_after and lead != "only":
        return False
    if lead == "at" and before[-2:-1] and before[-2] in weighed.meets:
        return False  # "see you at 8"
    if match.group("n") == "one":
        return lead in {"a", "about"} and not follower
    return lead in weighed.leads_to_score or (not follower and len(before) <= 2)
