"""What one text holds, as the rules of the states see it: phrases by signal, and clear wishes in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from companion.conversation.likeness import Likely
from companion.conversation.normalise import Said
from companion.conversation.phrases import Hit, is_number, words_of

Intents = list[str]
# In this order a wish comes before another one in the same text.
CLEAR = (
    "stop",
    "start_again",
    "delete_my_data",
    "pause",
    "resume",
    "change_channel",
    "my_data",
    "talk_to_person",
    "join",
    "book_no",
    "running_late",
    "join_link",
    "practical_need",
    "book_yes",
    "next_session",
    "menu",
    "help",
    "feedback",
)
# Wishes that are also ordinary words in an answer about the week or in a comment.
LOOSE = frozenset(
    {
        "running_late",
        "book_yes",
        "book_no",
        "feedback",
        "practical_need",
        "next_session",
        "help",
        "join_link",
        "join",
        "resume",
    }
)
_BEFORE_ASKING = words_of("yes no ok thanks and but hi hello hey also so")
_ASKING = words_of("who what when where why how which whats whos wheres whens hows any")
ASKING_OF = words_of("is are can could do does did will would should may am has have shall")
_ASKED_ABOUT = words_of(
    "i we you u it this that these those the they he she there my your our a an anyone anybody someone somebody one "
    "group thursday tonight people facilitators texts"
)  # "did 5 nights" tells, "did you" asks


@dataclass(frozen=True, slots=True)
class Found:
    """What one text holds: its words, the phrases found by signal, the clear wishes in order, what it is like."""

    said: Said
    hits: Mapping[str, Hit]
    clear: tuple[str, ...]
    likely: Likely

    def has(self, *signals: str) -> bool:
        """Whether any of these signals was found."""
        return any(signal in self.hits for signal in signals)

    def at(self, *signals: str) -> int:
        """Where the first of these signals begins; far away when there is none."""
        return min((self.hits[signal].start for signal in signals if signal in self.hits), default=10_000)

    def others(self, *left_out: str) -> Intents:
        """The clear wishes without these."""
        return [intent for intent in self.clear if intent not in left_out]

    @property
    def asks(self) -> bool:
        """Whether it is put as a question, with or without the mark, an answer before it or not: "yes when is it"."""
        if self.said.asks:
            return True
        words = [word for word in self.said.words[:8] if word not in _BEFORE_ASKING]
        first, second = [*words, "it", "it"][:2]
        return first in _ASKING or (first in ASKING_OF and (second in _ASKED_ABOUT or is_number(second)))

    def firm(self) -> Intents:
        """Clear wishes without those that are ordinary words in free talk, unless put as a question or alone."""
        return [
            intent
            for intent in self.clear
            if intent not in LOOSE or self.asks or self.hits[intent].place in {"whole", "starts"}
        ]
