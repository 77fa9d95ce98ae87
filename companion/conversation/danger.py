"""What answers words that suggest danger: the crisis reply, and an episode that pages."""

from __future__ import annotations

from datetime import timedelta

from companion.content.catalogue import Text
from companion.conversation import concern
from companion.conversation.around import first_word
from companion.conversation.incoming import Incoming
from companion.conversation.intents import understand
from companion.conversation.normalise import read
from companion.conversation.request import Request
from companion.conversation.staff import StaffDesk
from companion.conversation.wordlist import word_list
from companion.escalation import episodes, standing
from companion.escalation.person import now_they_know
from companion.escalation.words import Voice
from companion.messaging import optout
from companion.messaging.outbox import enqueue
from companion.models import Episode
from companion.rota.cover import cover_line

ABOUT_SOMEBODY = frozenset(("worried_about_someone",))
GOES_ON_WITHIN = timedelta(hours=2)  # later it would answer nothing any more
# What a facilitator meant by words of danger when they answered no page.
NOT_AN_ORDER = frozenset(("unknown", "order_unsure", "order_which", "order_none"))


def answer_danger(text: Incoming, staff: StaffDesk, voice: Voice) -> tuple[Text, ...]:
    """Open or feed the episode, page, and return the reply: in full unless it was given a short while ago."""
    session, person, now = text.session, text.person, text.now
    text.row.intent = "flagged"
    episode = episodes.flag(session, text.row, text.address, text.flag(), now, voice)
    in_full = standing.crisis_reply_is_due(episode, now)
    unaware = not standing.person_knows(episode)
    replies = _replies(text, staff, voice, in_full=in_full)
    if person is not None and person.role == "trainee" and first_word(text.arrival.body) == "buddy":
        replies += (voice.words.render("buddy_not_passed"),)
    if in_full:
        episode.last_crisis_reply_at = now
    _tell_that_texts_go_on(text, episode, voice)
    if unaware:
        now_they_know(session, episode, now, voice)
    return replies


def _tell_that_texts_go_on(text: Incoming, episode: Episode, voice: Voice) -> None:
    """Answer a wish for the texts to end beside the danger, once: after the crisis reply, which has no room for it."""
    person = text.person
    if person is None or person.state != "joined" or optout.is_stopped(text.session, text.address):
        return
    words = word_list()
    if not words.ending.speaks_of_texts(read(text.arrival.body, words.spelling)):
        return  # "end it all" does not
    meant = understand(text.arrival.body, "none")
    if "stop" in meant.intents and not meant.guessed:
        enqueue(
            text.session,
            key=f"texts-go-on:{episode.id}",
            lane="reply",
            to=text.address,
            text=voice.words.render("stop_unsure"),
            now=text.now,
            expires_at=text.now + GOES_ON_WITHIN,
        )


def _replies(text: Incoming, staff: StaffDesk, voice: Voice, *, in_full: bool) -> tuple[Text, ...]:
    words, person = voice.words, text.person
    if person is not None and person.role != "trainee":
        meant, ordered = staff.answer(text.session, person, text.address, text.arrival, text.now, in_danger=True)
        quiet = text.screened.unread or meant in NOT_AN_ORDER  # nobody in danger is told how to answer a page
        if quiet and set(text.screened.families) == ABOUT_SOMEBODY:
            # The item is about who wrote it: CONCERN makes one about the person that they are worried about.
            request = Request(text.session, person, "concern", text.now, voice)
            ordered, quiet = (concern.answer(request) or ("", ()))[1], False
        unseen = (words.render("media_not_read"),) if text.arrival.media_count else ()
        return (words.render("crisis_facilitator"), *unseen, *(() if quiet else ordered))
    only_pictures = text.arrival.media_count and not text.arrival.body.strip()
    if text.screened.unread and (
        in_full or only_pictures
    ):  # what we cannot read is not "passed on", however soon it comes
        return (words.render("could_not_read"),)
    if not in_full:
        return (words.render("crisis_again"),)
    if person is None:
        return (words.render("crisis_unknown_sender"),)
    nhs_line = voice.nhs_line(person.nation, text.now)
    cover = cover_line(text.session, words, person.group_id, text.now)
    return words.render("crisis_1"), words.render("crisis_2", nhs_line=nhs_line, cover=cover)
