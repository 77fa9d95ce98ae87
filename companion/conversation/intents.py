"""What a text means, given what the service asked last. Deterministic; every answer says why.

The way: carrier words first, then the text made plain (`normalise`), phrases found in it (`finder`, words in
`content/intents.yaml`), conflicts between clear wishes settled (`settling`), the rule of the state applied
(`meanings`), the search for help with a topic asked last, and slots read (`slots`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from companion.conversation.ending import CERTAIN
from companion.conversation.finder import Hit
from companion.conversation.found import CLEAR, Found
from companion.conversation.guess import guess
from companion.conversation.likeness import Likely
from companion.conversation.meanings import RULES
from companion.conversation.normalise import Said, read
from companion.conversation.optout_words import bare, is_help_word, is_start_word, is_stop_word
from companion.conversation.second_look import looked_at_again
from companion.conversation.settling import settle
from companion.conversation.slots import joined_code, named, poster_code, read_slots
from companion.conversation.topic_help import need_beside, own_topic, searched, topic_of, with_help
from companion.conversation.wordlist import WordList, word_list

STATES = tuple(RULES)
INTENTS = (
    *("join", "consent_yes", "consent_no", "stop", "start_again", "help", "menu", "book_yes", "book_no"),
    *("next_session", "join_link", "running_late", "checkin_score", "checkin_word", "survey_yes", "survey_no"),
    *("survey_comment", "talk_to_person", "pause", "resume", "change_channel", "my_data", "delete_my_data"),
    *("practical_need", "feedback", "thanks", "signpost", "unknown"),
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a text means: `intents`, main first and never empty, their `slots`, and `why` in a few words.

    `need` are the words in which help with a topic is asked for, where those of an answer beside them hide it.
    `guessed` says that no phrase means it, and that the text is most like the examples of this intent.
    """

    intents: tuple[str, ...]
    slots: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))
    why: str = ""
    need: str = ""
    guessed: bool = False

    @property
    def intent(self) -> str:
        """The main intent."""
        return self.intents[0]


def understand(text: str, state: str = "none", *, payload: str | None = None) -> Understanding:
    """What a text means in a state. Never raises; an unknown state is taken as `none`.

    `payload` is what a reply button carries: an intent, optionally a colon and more. It counts before the text.
    """
    state = state if state in RULES else "none"
    words = word_list()
    button = (payload or "").split(":", 1)[0]
    if button in INTENTS:
        said = read(text, words.spelling)
        return Understanding((button,), MappingProxyType(read_slots(said, (button,), words)), f"button {button}")
    if is_stop_word(text):
        return _carrier_stop(text, state)
    if is_start_word(text, state):
        return Understanding(("start_again",), why="a carrier's start word as the whole message")
    if is_help_word(text):
        return Understanding(("help",), why="a carrier's help word as the whole message")
    said = read(text, words.spelling)
    if not said.words:
        return (
            Understanding(("help",), why="a question mark alone")
            if said.asks
            else Understanding(("unknown",), why="empty")
        )
    return _read_meaning(said, state, words)


def _carrier_stop(text: str, state: str) -> Understanding:
    # The carrier has ended the texts by now, whatever was meant; CANCEL after an offer also gives up the place.
    place = bare(text) == "cancel" and state in {"booking_offer", "reminder"}
    return Understanding(("stop", "book_no") if place else ("stop",), why="a carrier's stop word as the whole message")


def _read_meaning(said: Said, state: str, words: WordList) -> Understanding:
    hits = words.finder.find(said)
    likely = Likely(said, hits)
    _add_commands(said, hits, words)
    _add_ending(likely, hits, words, state)
    _add_cohort(said.words, hits, words, state)
    _add_topic(said, hits, words, state)
    cohort = named(said.words, words.cohorts) is not None
    settle(hits, said, state, cohort=cohort)
    found = Found(said, hits, _in_order(hits), likely)
    intents = with_help(RULES[state](found), found, state)
    led = looked_at_again(intents, found, state)
    guessed = not intents or led[0] not in intents
    intents = led if state in _NOT_IN or (bare := _command(said, words)) not in _ANYWHERE else [bare]
    if "stop" in found.clear and led[:1] != ["start_again"]:  # whatever was asked, an end comes first
        intents = ["stop", *(intent for intent in intents if intent != "consent_yes")]
        if "delete_my_data" in hits and hits["stop"].source.startswith("want out"):
            intents = ["delete_my_data", *intents]  # erasure ends the texts as well: "want out and everything deleted"
    if not intents and not found.has("not_for_us", "undecided"):
        like = guess(found, state, cohort=cohort)
        intents = [like] if like else []
    unique = tuple(dict.fromkeys(intents)) or ("unknown",)
    slots = read_slots(said, unique, words)
    if unique[0] == "checkin_word" and "hard" in hits:
        slots["low"] = 1  # a word that says it is hard: never more than that
    if unique == ("unknown",) and "undecided" in hits:
        slots["undecided"] = 1
    need = ""
    if "signpost" in unique:
        topic = topic_of(said, words)
        if unique[0] != "signpost" and (beside := need_beside(found)) and (told := searched(beside)[0]):
            need, topic = beside, told
        slots |= {"topic": topic} if topic else {}
    return Understanding(unique, MappingProxyType(slots), _why(unique, hits, state), need, guessed)


# Our texts promise these words without saying when: as a whole message they are no answer to what was asked last.
_ANYWHERE = ("resume", "running_late")
_NOT_IN = ("confirm_consent", "after_stop")


def _command(said: Said, words: WordList) -> str | None:
    """Return what a message of one word asks for, if it is a command."""
    start, end = words.finder.trim(said.words, 0, len(said.words))
    return words.commands.get(said.words[start]) if end - start == 1 else None


def _add_commands(said: Said, hits: dict[str, Hit], words: WordList) -> None:
    """A message of one word that is a command, or one slip of the thumb away from one."""
    intent = _command(said, words)
    if intent is not None:
        start, end = words.finder.trim(said.words, 0, len(said.words))
        hits[intent] = Hit(intent, "whole", said.words[start], start, end)
    if poster_code(said.raw):
        hits.setdefault("join", Hit("join", "whole", "join, a code and where the poster hangs", 0, len(said.words)))


_NO_ENDING = frozenset({"stop", "not stop", "pause", "start_again"})


def _add_ending(likely: Likely, hits: dict[str, Hit], words: WordList, state: str) -> None:
    """A wish for the texts to end in words of its own, where the examples agree that it is one."""
    if _NO_ENDING & hits.keys() or (state == "after_stop" and "start_weak" in hits):
        return
    asked = words.ending.asks(likely.said)
    if asked is None or (asked >= CERTAIN and not likely.all_known()):
        return
    if likely.beside_needs(state).get("stop", 0.0) > asked:
        hits["stop"] = Hit("stop", "clause", "in other words", 0, len(likely.said.words))


def _add_cohort(said: tuple[str, ...], hits: dict[str, Hit], words: WordList, state: str) -> None:
    """The name of a cohort alone is a wish to join, where no answer is awaited that it could be; so is JOINICU."""
    if joined_code(said, words):
        hits["join"] = Hit("join", "whole", "join and a code in one word", 0, 1)
    start, end = words.finder.trim(said, 0, len(said))  # without "please", and what a smiley stands for
    in_words = [word for word in said[start:end] if not word.startswith(":")]
    two = in_words[:1] == ["join"] and len(in_words) == 2
    if two and not {"join_link", "book_yes", "book_no", "next_session"} & hits.keys():
        hits.setdefault("join", Hit("join", "whole", "join and another word", 0, 2))
    hit = hits.pop("cohort_alone", None)
    if hit and state in {"none", "confirm_consent", "after_stop"}:
        hits.setdefault("join", hit)


def _add_topic(said: Said, hits: dict[str, Hit], words: WordList, state: str) -> None:
    """A topic's name alone, or asked about: help with that topic is what is wanted."""
    start, end = words.finder.trim(said.words, 0, len(said.words))
    if said.words[start:end] in words.topics:
        hits["topic_alone"] = Hit("topic_alone", "whole", " ".join(said.words[start:end]), start, end)
    elif ("asks_help" in hits or ("needs" in hits and state != "checkin_prompt")) and own_topic(said, words):
        hits["topic_asked"] = hits.get("asks_help") or hits["needs"]


# The wish on the left comes before the one on the right where it is said before it.
_FIRST_LEADS = (("practical_need", "join_link"), ("next_session", "join_link"), ("book_yes", "practical_need"))


def _in_order(hits: Mapping[str, Hit]) -> tuple[str, ...]:
    """The clear wishes found. Of two that are said in either order the first leads: "a quiet room to dial in from"."""
    order = [intent for intent in CLEAR if intent in hits]
    for intent, other in _FIRST_LEADS:
        if {intent, other} <= hits.keys() and hits[intent].start < hits[other].start:
            order.remove(intent)
            order.insert(order.index(other), intent)
    return tuple(order)


def _why(intents: tuple[str, ...], hits: Mapping[str, Hit], state: str) -> str:
    """The phrases behind the reading, for `companion intent explain`."""
    phrases = "; ".join(
        f"{hit.signal}: {hit.source!r} ({hit.place})" for hit in sorted(hits.values(), key=lambda h: h.start)
    )
    return f"state {state}; {phrases or 'no phrase found'}; read as {', '.join(intents)}"
