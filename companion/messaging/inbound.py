"""A text arrives: recorded once, answered once, in one transaction.

Who decides the answer is handed in (`Desk`), so that this room knows nothing of groups or episodes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import bindparam, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.content.catalogue import Text
from companion.db import Database, new_id
from companion.messaging.addresses import address_of
from companion.messaging.numbers import Sender, read_sender
from companion.messaging.outbox import answers_to, wake_workers
from companion.messaging.twiml import twiml
from companion.models import Address, InboundMessage
from companion.models.base import put, store
from companion.settings import Settings

_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,20})?")
EMPTY = twiml(())
_RECEIVED = InboundMessage.__table__.c
_EARLIER = select(_RECEIVED.answer).where(_RECEIVED.provider_sid == bindparam("sid"))


class NotATextError(Exception):
    """What came is signed, but is no text; the message says what is missing."""


@dataclass(frozen=True)
class Arrival:
    """A text as it came. `to` is our own number.

    `payload` is what a tapped button carries, `replied_to` the SID of our text that it stood under. `place` is where a
    location that was shared on WhatsApp lies, for a person to read: it counts as a picture, as it comes without words.
    """

    sid: str
    sender: Sender
    to: str
    body: str
    media_count: int
    payload: str | None
    opt_out_type: str | None
    replied_to: str | None = None
    place: str | None = None


class Desk(Protocol):
    """Decides what a text means and what is answered."""

    def screen(self, arrival: Arrival) -> Any:
        """Look at the words before the transaction; what is returned is handed to `answer`."""
        ...

    def answer(
        self,
        session: Session,
        arrival: Arrival,
        screened: Any,
        address: Address,
        row: InboundMessage,
        now: datetime,
    ) -> tuple[Text, ...]:
        """Decide, within the transaction, and fill in `row`."""
        ...


def read_arrival(form: Mapping[str, str], countries: tuple[str, ...]) -> Arrival:
    """Read Twilio's form. Raises NotATextError."""
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or ""
    if not _SID.fullmatch(sid):
        raise NotATextError("MessageSid is missing or not Twilio's")
    if not form.get("From", "").strip():
        raise NotATextError("From is missing")
    media, place = form.get("NumMedia", "0"), _place(form)
    count = int(media) if media.isdecimal() and len(media) < 4 else 0
    replied_to = form.get("OriginalRepliedMessageSid", "")
    return Arrival(
        sid=sid,
        sender=read_sender(form["From"], countries),
        to=form.get("To", "").replace("\x00", "").removeprefix("whatsapp:")[:60],  # PostgreSQL stores no NUL
        body=form.get("Body", "")[:4_000],
        media_count=max(count, 1) if place else count,
        payload=form.get("ButtonPayload") or form.get("ListId"),
        opt_out_type=form.get("OptOutType"),
        replied_to=replied_to if _SID.fullmatch(replied_to) else None,
        place=place,
    )


def _place(form: Mapping[str, str]) -> str | None:
    """Return the location that somebody shared, with its name if it has one; None for other texts.

    Its parameters come in the webhook alone: https://www.twilio.com/docs/whatsapp/api (location messages).
    """
    at = [form.get(name, "").strip() for name in ("Latitude", "Longitude")]
    if not all(_DEGREES.fullmatch(each) for each in at):
        return None
    called = [form.get(name, "").replace("\x00", "").strip()[:200] for name in ("Label", "Address")]
    return ", ".join([f"Location: {at[0]}, {at[1]}", *filter(None, called)])


class Inbox:
    """Receives texts."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, desk: Desk) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._desk = desk

    def receive(self, form: Mapping[str, str]) -> str:
        """Record the text and return the TwiML that answers it; the same SID gets the same answer, with no effect.

        Raises NotATextError when the form is none.
        """
        arrival = read_arrival(form, self._settings.companion_countries)
        screened = self._desk.screen(arrival)
        try:
            return self._taken(arrival, screened)
        except IntegrityError:
            # Two servers were at it at one moment, with the same text or with two of a new number. What the other one
            # wrote is there now.
            return self._taken(arrival, screened)

    def recover(self, form: Mapping[str, str]) -> None:
        """Take in a text whose webhook never reached us; what answers it is queued. A known SID has no effect.

        Raises NotATextError when the form is none.
        """
        arrival = read_arrival(form, self._settings.companion_countries)
        screened = self._desk.screen(arrival)
        try:
            self._taken(arrival, screened, recovered=True)
        except IntegrityError:
            self._taken(arrival, screened, recovered=True)  # its webhook came after all, at the same moment

    def sender_of(self, form: Mapping[str, str]) -> Sender:
        """Return where a text came from."""
        return read_sender(form.get("From", ""), self._settings.companion_countries)

    def _taken(self, arrival: Arrival, screened: Any, *, recovered: bool = False) -> str:
        with self._database.write() as session:
            earlier = self._earlier(session, arrival)
            return self._first(session, arrival, screened, recovered=recovered) if earlier is None else earlier

    def _earlier(self, session: Session, arrival: Arrival) -> str | None:
        answer: str | None = session.connection().scalar(_EARLIER, {"sid": arrival.sid})
        return answer

    def _first(self, session: Session, arrival: Arrival, screened: Any, *, recovered: bool = False) -> str:
        now = self._clock.now()
        address = address_of(session, arrival.sender, now)
        row = InboundMessage(
            id=new_id(),
            provider_sid=arrival.sid,
            channel=arrival.sender.channel,
            address_id=address.id,
            person_id=address.person_id,
            sender=arrival.to,
            body="\n".join(filter(None, (arrival.body, arrival.place))),
            media_count=arrival.media_count,
            received_at=now,
            dialogue="none",
            intent="unknown",
            answer=EMPTY,
            needs_reading=False,
            recovered=recovered,
        )
        with session.no_autoflush:
            texts = self._desk.answer(session, arrival, screened, address, row, now)
        if address.person_id is not None:
            row.person_id = address.person_id
        answers = answers_to(row, address, texts, now, queued=recovered) if arrival.sender.answerable else []
        if answers and not recovered:
            url = self._settings.public_url
            row.answer = twiml([(answer.body or "", f"{url}/twilio/status?m={answer.id}") for answer in answers])
        session.flush()  # what the rows point to
        if inspect(row).transient:  # nothing else needed it stored yet
            store(session, [row])
        if answers:
            store(session, answers)
        if answers and recovered:
            wake_workers(session)
        # A number that a text comes from is there, whatever Twilio said of it before.
        put(session, address, last_inbound_at=now, invalid_since=None, invalid_code=None)
        return row.answer
