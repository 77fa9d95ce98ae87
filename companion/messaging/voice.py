"""The doors that Twilio knocks at when a call is picked up, when a key is pressed, and when a call moves on.

One more is for whoever rings our number: nobody answers calls, and they hear that, and whom to ring.

Asking twice what to say changes nothing; pressing a key twice changes nothing either. Whatever goes wrong, the call is
answered in words, and nobody takes it for an answer of ours.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.db import Database
from companion.messaging import calls
from companion.models import Call

log = logging.getLogger(__name__)

KEY_WITHIN = 8  # seconds
LANGUAGE = "en-GB"


@dataclass(frozen=True)
class Speech:
    """What is said. With `asks` (what is said the second time) a key is waited for; `after` is said when none came."""

    says: tuple[str, ...]
    asks: str = ""
    after: str = ""


class VoiceDesk(Protocol):
    """Decides what calls say and what keys do."""

    def opening(self, session: Session, call: Call, now: datetime) -> Speech:
        """Return what is said when the call is picked up. Changes nothing."""
        ...

    def pressed(self, session: Session, call: Call, digit: str, now: datetime) -> Speech:
        """Do what a key asks for, once, and return what is said."""
        ...

    def rung(self, session: Session, caller: str, now: datetime) -> Speech:
        """Return what somebody hears who rings us from `caller`, their number as Twilio shows it."""
        ...

    def not_answered(self) -> Speech:
        """Return what whoever rings us hears when something went wrong: true of anybody."""
        ...

    def trouble(self) -> Speech:
        """Return what is said when something went wrong."""
        ...


def add_voice_doors(doors: Blueprint, database: Database, clock: Clock, desk: VoiceDesk, public_url: str) -> None:
    """Add `/voice/<call>`, its `/key` and its `/status` to the blueprint, which checks Twilio's signature."""

    def answer(call_id: uuid.UUID, decide: Callable[[Session, Call, datetime], Speech]) -> Response:
        try:
            with database.write() as session:
                call = session.get(Call, call_id, with_for_update=True)
                speech = decide(session, call, clock.now()) if call is not None else desk.trouble()
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("a call could not be answered: %s at\n%s", type(error).__name__, where)
            speech = desk.trouble()
        return Response(spoken(speech, f"{public_url}/twilio/voice/{call_id}/key"), mimetype="text/xml")

    @doors.post("/rung")
    def rung() -> Response:
        try:
            with database.write() as session:
                speech = desk.rung(session, request.form.get("From", ""), clock.now())
        except Exception as error:
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("somebody who rang could not be answered: %s at\n%s", type(error).__name__, where)
            speech = desk.not_answered()
        return Response(spoken(speech, ""), mimetype="text/xml")

    @doors.post("/voice/<uuid:call_id>")
    def picked_up(call_id: uuid.UUID) -> Response:
        return answer(call_id, desk.opening)

    @doors.post("/voice/<uuid:call_id>/key")
    def key(call_id: uuid.UUID) -> Response:
        digit = request.form.get("Digits", "")[:1]
        return answer(call_id, lambda session, call, now: desk.pressed(session, call, digit, now))

    @doors.post("/voice/<uuid:call_id>/status")
    def moved_on(call_id: uuid.UUID) -> Response:
        with database.write() as session:
            calls.apply(session, call_id, request.form, clock.now(), request.args.get("n", ""))
        return Response(status=204)


def spoken(speech: Speech, key_url: str) -> str:
    """Return the TwiML that says it; a key goes to `key_url`."""
    says = [f"<Say language={quoteattr(LANGUAGE)}>{escape(words)}</Say>" for words in speech.says]
    if not speech.asks:
        return _response("".join(says) + "<Hangup/>")
    gather = f'<Gather input="dtmf" numDigits="1" timeout="{KEY_WITHIN}" action={quoteattr(key_url)} method="POST">'
    again = f"<Say language={quoteattr(LANGUAGE)}>{escape(speech.asks)}</Say>"
    after = f"<Say language={quoteattr(LANGUAGE)}>{escape(speech.after)}</Say>" if speech.after else ""
    asked = f"{gather}{''.join(says)}</Gather>{gather}{again}</Gather>"
    return _response(f"{asked}{after}<Hangup/>")


def _response(inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inner}</Response>'
