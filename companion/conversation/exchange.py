"""What someone writes whose text a facilitator has: their words go to the facilitator, and no machine answers them.

Two days after the last word they go there still, for as long as there is an episode; but then they are answered as
ever as well, or hear that the facilitator is told. What is a wish of its own (STOP, HELP, the next session) is answered
as ever; CALL ME and CHANGE go to the facilitator, and so does "stop" within a sentence, which may be said to them: only
STOP as a whole message ends all texts here.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.content.sayings import said_by_trainees
from companion.conversation.flows import helping, my_data
from companion.conversation.flows.leaving import ends_all
from companion.conversation.flows.my_data import CONFIRM_COPY, CONFIRM_ERASE
from companion.conversation.incoming import Incoming
from companion.conversation.intents import Understanding
from companion.conversation.known import Decision, Known, says_nothing_else
from companion.conversation.normalise import fold, plain
from companion.escalation import relay, reopening, standing
from companion.escalation.news import tell_owner
from companion.escalation.person import EXCHANGE_LASTS, begin_exchange
from companion.escalation.words import Voice
from companion.models import Address, Episode, Person, record

# Answered as ever, by whomever they are written: they are about the service, not to the facilitator.
OF_THEIR_OWN = frozenset(
    (
        *("stop", "help", "menu", "join", "pause", "resume", "change_channel"),
        *("next_session", "join_link", "my_data", "delete_my_data"),
    )
)


OF_A_PLACE = frozenset(("book_yes", "book_no", "running_late"))


def may_be_exchange(person: Person | None) -> bool:
    """Whether it is worth asking the database: someone whose episode was taken, or a number that is nobody's."""
    return person is None or person.exchange_until is not None


def hear_stopped(text: Incoming, episode: Episode, known: Known, voice: Voice) -> tuple[str, tuple[Text, ...]] | None:
    """Pass on what somebody writes after STOP, which nothing answers; None where they want to come back or ask."""
    if known.meant.intent in ("join", "consent_yes", "start_again", "help", "stop") or not known.text.strip():
        return None
    text.keep()
    relay.heard_from_person(text.session, episode, text.row, text.now, voice)
    return "exchange", ()


def hear(text: Incoming, episode: Episode, known: Known, voice: Voice) -> tuple[str, tuple[Text, ...]] | None:
    """Pass the text on to whoever has the episode; return intent and answer, or None if a flow is to answer it."""
    session, now = text.session, text.now
    if known.asked in (CONFIRM_ERASE, CONFIRM_COPY) or my_data.taken_back(known) is not None:
        return None  # a YES or NO about one's own data is no word to the facilitator
    said, meant = letters(known.text), known.meant
    if (asked := _of_owner(session, episode, said, meant, now, voice)) is not None:
        return asked
    to_them = says_nothing_else(meant, known.text)  # "are you still there", "i turned it off, sorry"
    if meant.intent == "stop" and not ends_all(known) and (not to_them or "stop" in said.split()):
        text.keep()
        relay.heard_from_person(session, episode, text.row, now, voice)
        return "stop_unsure", (known.say("stop_unsure"),)
    answers_a_prompt = known.asked != "none" and meant.intent not in ("unknown", "thanks", "stop") and not meant.guessed
    answers_a_prompt = answers_a_prompt or _of_the_menu(known)
    own = meant.intent in OF_THEIR_OWN and not to_them
    # "are you there?", "can't talk now"
    answers_a_prompt = answers_a_prompt and not (to_them and meant.intent in (*OF_THEIR_OWN, *OF_A_PLACE))
    if own or (meant.intent == "start_again" and known.state == "left"):
        return None
    text.keep()
    relay.heard_from_person(session, episode, text.row, now, voice)
    person = text.person
    unseen = (known.say("media_not_read"),) if text.arrival.media_count else ()  # nor does the facilitator see it
    if person is None or person.exchange_until is None:
        return "exchange", unseen
    late = person.exchange_until <= now
    in_words = late and meant.intent == "checkin_word"  # "it's worse again" is not for the week's question alone
    if (answers_a_prompt and not in_words) or (late and not to_them):
        return None
    if not late:
        person.exchange_until = now + EXCHANGE_LASTS
        return "exchange", unseen
    begin_exchange(person, now)
    if episode.owner is None:
        return "exchange", unseen
    return "exchange", (*unseen, voice.words.render("exchange_late", facilitator=episode.owner.label))


def _of_the_menu(known: Known) -> bool:
    """Whether it is a number of the menu that they were just sent, or MORE, as that text says."""
    return helping.wants_more(known) or (bool(known.kept.get("menu")) and known.text.strip().isdecimal())


def waits(address: Address, session: Session, known: Known, now: datetime, voice: Voice) -> Decision | None:
    """Answer CALL ME and CHANGE for as long as there is an episode, also long after the last word of an exchange.

    None for anything else that is said.
    """
    said = letters(known.text)
    if not _wants_other(said) and not _wants_call(known.meant, said):
        return None
    episode = standing.open_episode(session, address)
    if episode is None or not standing.person_knows(episode):
        return None
    answered = asked_of_it(session, episode, said, known.meant, now, voice)
    return Decision(answered[1]) if answered is not None else None


def asked_of_it(
    session: Session, episode: Episode, said: str, meant: Understanding, now: datetime, voice: Voice
) -> tuple[str, tuple[Text, ...]] | None:
    """Do what the person asks of an episode about them: someone else, or a call. None for anything else that is said.

    `said` are the letters of their text (`letters`). Returns the intent and the answer.
    """
    asks = _of_nobody if standing.nobody_has(episode) else _of_owner
    return asks(session, episode, said, meant, now, voice)


def _of_owner(
    session: Session, episode: Episode, said: str, meant: Understanding, now: datetime, voice: Voice
) -> tuple[str, tuple[Text, ...]] | None:
    """Do what is asked of whoever has the episode: someone else, or a call. None for anything else that is said."""
    if _wants_other(said):
        return "change_facilitator", _change(session, episode, now, voice)
    if not _wants_call(meant, said):
        return None
    tell_owner(session, episode, "page_wants_call", now, voice)
    record(session, now, "asked for a call", episode)
    name = episode.owner.label if episode.owner else ""
    return "call_me", (voice.words.render("call_me_told", facilitator=name),)


def _of_nobody(
    session: Session, episode: Episode, said: str, meant: Understanding, now: datetime, voice: Voice
) -> tuple[str, tuple[Text, ...]] | None:
    """Answer the same while nobody has the episode yet."""
    if _wants_other(said):
        return "change_facilitator", (voice.words.render("change_nobody_yet"),)
    if not _wants_call(meant, said):
        return None
    record(session, now, "asked for a call", episode)
    return "call_me", (voice.words.render("call_me_open"),)


def _wants_other(said: str) -> bool:
    listen = said_by_trainees()
    return (listen.change.search(said) or listen.someone_else.search(said)) is not None


def _wants_call(meant: Understanding, said: str) -> bool:
    listen = said_by_trainees()
    if listen.call_me.search(said):
        return True
    asks = meant.intent == "talk_to_person" and not meant.guessed
    return asks and listen.of_a_call.search(said) is not None


def letters(text: str) -> str:
    """Return the words of a text in small letters, and nothing else of it."""
    return " ".join(re.findall(r"[a-z]+", fold(plain(text))))


def _change(session: Session, episode: Episode, now: datetime, voice: Voice) -> tuple[Text, ...]:
    owner = reopening.ask_for_other(session, episode, now, voice)
    if owner is None:
        return (voice.words.render("change_nobody_yet"),)
    return (voice.words.render("change_noted", facilitator=owner.label),)
