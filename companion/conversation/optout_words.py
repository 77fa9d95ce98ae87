"""The words that a carrier acts on by itself when they are a whole message.

Twilio's default keywords for long codes (Advanced Opt-Out documentation): STOP, STOPALL, UNSUBSCRIBE, CANCEL, END,
QUIT, REVOKE, OPTOUT end all texts; START, YES, UNSTOP bring them back; HELP, INFO are answered. The lists are code,
not content: a wording that somebody edits must not change who is believed to have stopped.
"""

from __future__ import annotations

import re

from companion.conversation.normalise import fold, plain

STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "unstop"})
HELP_WORDS = frozenset({"help", "info"})

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_INSIDE = re.compile(r"[\s_-]+")
_SHORT = 40


def bare(text: str) -> str:
    """The message in lower case without space, quotes, stickers or punctuation around it."""
    head = plain(text)
    return _EDGES.sub("", fold(head)) if len(head) <= _SHORT else ""


def is_stop_word(text: str) -> bool:
    """Whether the whole message is a carrier's stop word, so that the carrier may have acted already.

    Any case, with any punctuation or quotes around it. "STOP ALL", "OPT-OUT" and "STOP STOP" count: the carrier may
    not know them, but nothing else can be meant.
    """
    said = bare(text)
    return said in STOP_WORDS or _INSIDE.sub("", said) in STOP_WORDS or set(re.findall(r"\w+", said)) == {"stop"}


def carrier_answers(text: str) -> bool:
    """Whether a carrier surely acts on the message and answers it by itself: one of its words, and nothing around it.

    Twilio takes "stop" and " STOP " for its keyword, but neither "Stop." nor "STOP PLEASE".
    """
    return text.strip().lower() in STOP_WORDS


def is_start_word(text: str, state: str = "none") -> bool:
    """Whether the whole message brings texts back: START, UNSTOP, and YES when the person had stopped."""
    said = bare(text)
    return said in START_WORDS or (state == "after_stop" and said == "yes")


def is_help_word(text: str) -> bool:
    """Whether the whole message is HELP or INFO, which a carrier may answer by itself."""
    return bare(text) in HELP_WORDS
