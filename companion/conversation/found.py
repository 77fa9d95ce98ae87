"""What one text holds, as the rules of the states see it: phrases by signal, and clear wishes in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from companion.content.sayings import weighed_words
from companion.conversation.finder import Hit
from companion.conversation.likeness import Likely
from companion.conversation.normalise import Said
from companion.conversation.phrases import is_number

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

    def thanks(self) -> Intents:
        """Thanks, if they were found: what a text means beside the rest, or when there is no rest."""
        return ["thanks"] if self.has("thanks") else []

    @property
    def asks(self) -> bool:
        """Whether it is put as a question, with or without the mark, an answer before it or not: "yes when is it"."""
        if self.said.asks:
            return True
        weighed = weighed_words()
        words = [word for word in self.said.words[:8] if word not in weighed.before_asking]
        first, second = [*words, "it", "it"][:2]
        if first in weighed.asking:
            return True
        return first in weighed.asking_of and (second in weighed.asked_about or is_number(second))

    def firm(self) -> Intents:
        """Clear wishes without those that are ordinary words in free talk, unless put as a question or alone."""
        return [
            intent
            for intent in self.clear
            if intent not in LOOSE or self.asks or self.hits[intent].place in {"whole", "starts"}
        ]


def led_by(intent: str, intents: Intents) -> Intents:
    """Return the intents with this one before the others."""
    return [intent, *[other for other in intents if other != intent]]
