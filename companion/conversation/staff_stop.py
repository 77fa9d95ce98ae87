"""STOP from a phone of those who run the programme: a hole in the chain, so it alarms.

CANCEL, END and QUIT are a carrier's words for STOP, and a facilitator may mean a session by them. What a carrier heard
we cannot take back: they are told by whatever other way they have that START brings their pages back.
"""

from __future__ import annotations

from companion.content.catalogue import Text
from companion.conversation.optout_words import carrier_answers, is_start_word, is_stop_word
from companion.conversation.request import Answer, Request
from companion.escalation.ways import ways_to
from companion.messaging import optout
from companion.messaging.inbound import Arrival
from companion.messaging.outbox import enqueue
from companion.models import Address, raise_alarm, record, settle_alarm
from companion.rota.ways import who_stopped

ALARM = "facilitator_stopped"


def answer(request: Request, address: Address, arrival: Arrival) -> Answer | None:
    """Take STOP and START; None for any other text."""
    if is_stop_word(arrival.body) or arrival.opt_out_type == "STOP":
        return "stop", _stop(request, address, arrival)
    starts = is_start_word(arrival.body, "after_stop") or arrival.opt_out_type == "START"
    if starts and optout.is_stopped(request.session, address):
        return "start_again", _start(request, address, arrival)
    return None


def _stop(request: Request, address: Address, arrival: Arrival) -> tuple[Text, ...]:
    session, person, now = request.session, request.person, request.now
    before = optout.is_stopped(session, address)
    optout.stop(session, address, source="word", sender=arrival.to, sid=arrival.sid, now=now)
    raise_alarm(session, now, ALARM)
    record(session, now, "facilitator stopped texts", person, way=address.channel)
    if not before:
        _tell_another_way(request, address, arrival.sid)
    silent = arrival.opt_out_type == "STOP" or (address.channel == "sms" and carrier_answers(arrival.body))
    return () if silent else (request.say("staff_stopped"),)


def _tell_another_way(request: Request, stopped: Address, sid: str) -> None:
    """Tell them by every other way that holds words: their other channel, and an e-mail."""
    session, person, now, voice = request.session, request.person, request.now, request.voice
    for way in ways_to(session, person, now, voice.settings, voice.words):
        if way.kind in ("sms", "whatsapp") and way.address is not None:
            text = request.say("staff_stopped")
            enqueue(session, key=f"stopped:{sid}:{way.kind}", lane="page", to=way.address, text=text, now=now)
    channel = {"sms": "SMS", "whatsapp": "WhatsApp"}[stopped.channel]
    letter = request.say("mail_stopped", time=voice.clock_time(now), channel=channel)
    voice.mail(session, person, f"stopped:{sid}", request.say("mail_stopped_subject", channel=channel), letter, now)


def _start(request: Request, address: Address, arrival: Arrival) -> tuple[Text, ...]:
    session, now = request.session, request.now
    optout.start(session, address, sender=arrival.to, sid=arrival.sid, now=now)
    record(session, now, "facilitator takes texts again", request.person, way=address.channel)
    session.flush()
    if not who_stopped(session):
        settle_alarm(session, now, ALARM)
    return (request.say("staff_started", url=request.voice.console_url),)
