"""Stopping, starting again, pausing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from companion import when
from companion.content.sayings import said_by_trainees
from companion.conversation.changes import Pause, StartAgain, Stop, UseChannel
from companion.conversation.flows import booking, joining
from companion.conversation.intents import understand
from companion.conversation.known import NOTHING, SILENCE, Decision, Known
from companion.conversation.normalise import one_line
from companion.conversation.optout_words import carrier_answers, is_stop_word
from companion.conversation.until import day_meant

PAUSE_WEEKS = 2
LONGEST_PAUSE = timedelta(days=366)
_FAR = timedelta(days=300)  # from here on a day is named with its year


def stop(known: Known) -> Decision:
    """End the texts. What Twilio has answered already we leave at that; anything else is confirmed once."""
    if known.stopped:
        return SILENCE
    bare = ends_all(known)
    if not bare and not known.kept.get("stop_asked") and said_by_trainees().only_angry.search(one_line(known.text)):
        asks = known.still_asked(stop_asked=True)  # whoever says it again means it
        return Decision((known.say("stop_unsure"),), (), asks, read_me=True, heard_as="stop_unsure")
    if known.opt_out_type == "STOP" or (known.channel == "sms" and carrier_answers(known.text)):
        return Decision((), (Stop("word"),), NOTHING)
    text = "stopped_word" if bare else "stop_plain_language"
    return Decision((known.say(text),), (Stop("word" if bare else "sentence"),), NOTHING)


def ends_all(known: Known) -> bool:
    """Whether the whole message is a word that ends all texts, or the carrier took it for one."""
    return known.opt_out_type == "STOP" or is_stop_word(known.text)


def start(known: Known) -> Decision:
    """Lift a stop; for someone who never joined, say how to, and take up a JOIN since that was not answered."""
    if known.state == "asked" and known.stopped and known.cohort is not None:
        return joining.taken_up(known, known.cohort)
    if not known.has_joined:
        return Decision((known.say("started_not_member"),), (StartAgain(),), NOTHING)
    kept = (known.say("delete_taken_back"),) if known.erasure_waits else ()
    back = Decision((known.say("started_again"), *kept), (StartAgain(),), NOTHING)
    if known.waiting is not None:
        return back.and_then(Decision((known.waiting,)))  # no group is offered to somebody who waits for a person
    # Their place went with the STOP, which may have been a slip: they are asked again.
    return back.and_then(booking.offer(known)) if known.stopped and known.session is not None else back


def pause(known: Known) -> Decision:
    """Leave someone in peace until a day they name, or for some weeks. The answer says until when."""
    today = known.now.astimezone(known.zone).date()
    weeks = max(int(known.meant.slots.get("weeks", PAUSE_WEEKS)), 1)
    named = day_meant(str(known.meant.slots.get("until", "")), today)
    wanted, longest = named or today + timedelta(weeks=weeks), today + LONGEST_PAUSE
    until = datetime.combine(min(wanted, longest), time(8), known.zone).astimezone(UTC)
    unclear = named is None and "weeks" not in known.meant.slots and _says_how_long(known.text)
    said = "paused_longest" if wanted > longest else "paused_usual" if unclear else "paused"
    text = known.say(said, until=_day(known, until))
    return Decision((text,), (Pause(until),), known.still_asked(paused=True))


def _says_how_long(text: str) -> bool:
    return said_by_trainees().how_long_a_pause.search(one_line(text)) is not None


def _day(known: Known, until: datetime) -> str:
    return when.day(until, known.zone, year=until - known.now > _FAR)


def of_a_pause(known: Known) -> Decision | None:
    """Answer "for a month" after a pause, and "am I paused?" or "when do they start again?" in one; else None."""
    until, text = known.own.paused_until, one_line(known.text)
    listen = said_by_trainees()
    if until is None or until <= known.now:
        return None
    if listen.how_long_still.search(text):
        return Decision((known.say("paused", until=_day(known, until)),), heard_as="pause")
    if known.kept.get("paused") and listen.so_long.search(text):
        meant = understand(f"pause {listen.at_first.sub('', text)}", "none")
        if meant.intent == "pause" and meant.slots:
            return replace(pause(replace(known, meant=meant)), heard_as="pause")
    return None


def resume(known: Known) -> Decision:
    """End a pause."""
    return Decision((known.say("resumed"),), (Pause(None),))


def change_channel(known: Known) -> Decision:
    """Text on SMS or on WhatsApp from now on; without a word which, on the channel this came by."""
    asked = str(known.meant.slots.get("channel", known.channel)).lower()
    channel = "whatsapp" if "what" in asked else "sms"
    shown = "WhatsApp" if channel == "whatsapp" else "SMS"
    if channel in known.stopped_on:
        return Decision((known.say("channel_stopped", channel=shown),))
    return Decision((known.say("channel_set", channel=shown),), (UseChannel(channel),))
