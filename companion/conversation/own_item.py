"""What somebody who runs the programme writes while there is an item about themselves: they were in danger.

They keep all they can do for others. What is about nothing of that goes where a trainee's words would go: to whoever
has the item. CALL ME and CHANGE are heard, as the texts that they get promise.
"""

from __future__ import annotations

from companion.content.catalogue import Text
from companion.conversation.exchange import asked_of_it, letters
from companion.conversation.incoming import Incoming
from companion.conversation.intents import understand
from companion.conversation.optout_words import is_stop_word
from companion.conversation.staff import StaffDesk
from companion.escalation import relay, standing
from companion.escalation.news import tell_of_stop
from companion.escalation.words import Voice
from companion.models import Episode

# What their text meant to the desk when it was no order and no errand: said, as far as anyone can tell, of themselves.
_SAID_TO_A_PERSON = frozenset(("unknown", "thanks", "staff_places"))
_SAID_AND_ANSWERED = frozenset(("staff_support", "order_unsure", "order_which", "order_ask"))


def answer(text: Incoming, staff: StaffDesk, voice: Voice) -> tuple[Text, ...]:
    """Answer a text of somebody who runs the programme, and fill in its row."""
    episode = standing.open_episode(text.session, text.address)
    asked = _asked(text, episode, voice) if episode is not None else None
    if asked is not None:
        text.row.intent = asked[0]
        return asked[1]
    assert text.person is not None  # noqa: S101
    text.row.intent, texts = staff.answer(text.session, text.person, text.address, text.arrival, text.now)
    if episode is not None:
        return _heard(text, episode, texts, voice)
    return texts


def _asked(text: Incoming, episode: Episode, voice: Voice) -> tuple[str, tuple[Text, ...]] | None:
    said = letters(text.arrival.body)
    if is_stop_word(text.arrival.body) or not standing.person_knows(episode):
        return None
    return asked_of_it(text.session, episode, said, understand(text.arrival.body, "none"), text.now, voice)


def _heard(text: Incoming, episode: Episode, texts: tuple[Text, ...], voice: Voice) -> tuple[Text, ...]:
    """Pass on what is for whoever has the item; while nobody has it, say so."""
    intent = text.row.intent
    if intent == "stop":
        tell_of_stop(text.session, episode, text.now, voice)
    if intent not in _SAID_TO_A_PERSON | _SAID_AND_ANSWERED or not standing.person_knows(episode):
        return texts
    text.row.needs_reading = True
    if standing.nobody_has(episode):
        waiting = (voice.nobody_yet(episode.person.nation if episode.person else None, text.now),)
        return waiting if intent in _SAID_TO_A_PERSON else texts
    text.keep()
    relay.heard_from_person(text.session, episode, text.row, text.now, voice)
    return () if intent in _SAID_TO_A_PERSON else texts
