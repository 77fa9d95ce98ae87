"""The drill: a text that says it is one goes the whole way, through the real door, and is taken and closed.

It comes from a number of the programme's own and pages one person alone, who has agreed to it; the episode is marked
and counted nowhere. Each step is done once and remembered, so that a worker may go on where another left off.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta

import requests
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from companion.escalation.closings import close_drill
from companion.escalation.episodes import record_contact
from companion.escalation.references import reference_for
from companion.messaging.signature import sign
from companion.models import Address, Drill, Episode, OutboxMessage, Page, Person, raise_alarm, record, settle_alarm
from companion.services import Services

WORDS = "This is a drill and not a person: I want to end my life"  # the watch list must match it: a test sees to that
OUTCOME = "not meant literally"
AT_MOST = timedelta(minutes=10)
LATE_START = timedelta(hours=1)  # a worker that was down for longer waits for the next week
PATIENCE = 15.0  # seconds: as long as Twilio waits for a webhook
FAILED = "drill_failed"


class DrillError(Exception):
    """The drill cannot be run; the message says what to do."""


def start(services: Services, due_at: datetime) -> uuid.UUID | None:
    """Begin the drill that was due at `due_at` (UTC), once; None when another worker has. Raises DrillError."""
    settings = services.settings
    if settings.companion_drill_from is None or settings.companion_drill_by is None:
        raise DrillError("Set COMPANION_DRILL_FROM and COMPANION_DRILL_BY first: docs/going-live.md says to what.")
    try:
        with services.database.write() as session:
            if session.scalar(select(Drill.id).where(Drill.due_at == due_at)) is not None:
                return None
            drill = Drill(
                due_at=due_at,
                started_at=services.clock.now(),
                state="started",
                responder_id=_responder(session, settings.companion_drill_by).id,
                from_index=settings.companion_drill_from,
                times={},
            )
            _nobodys(session, settings.companion_drill_from)
            session.add(drill)
            session.flush()
            record(session, services.clock.now(), "drill started", drill)
            return drill.id
    except IntegrityError:
        return None


def go_on(services: Services, drill_id: uuid.UUID) -> str:
    """Do the next step, if it can be done now; return the state of the drill."""
    with services.database.read() as session:
        drill = session.get_one(Drill, drill_id)
        done, state, begun = dict(drill.times), drill.state, drill.started_at
    if state != "started":
        return state
    try:
        if "reply" not in done:
            _text(services, drill_id)
        elif "paged" not in done:
            _look_for_page(services, drill_id)
        elif "owned" not in done:
            _take(services, drill_id)
        else:
            _close(services, drill_id)
    except (DrillError, requests.RequestException) as error:
        return _fail(services, drill_id, str(error) if isinstance(error, DrillError) else type(error).__name__)
    if services.clock.now() - begun > AT_MOST:
        return _fail(services, drill_id, "it took longer than ten minutes")
    with services.database.read() as session:
        return session.get_one(Drill, drill_id).state


def run_due(services: Services) -> None:
    """Begin the weekly drill when its hour has come, and go on with one that is under way."""
    if (due := last_due(services)) is not None:
        start(services, due)
    with services.database.read() as session:
        under_way = session.scalars(select(Drill.id).where(Drill.state == "started")).all()
    for drill_id in under_way:
        go_on(services, drill_id)


def last_due(services: Services) -> datetime | None:
    """Return when the weekly drill was due last (UTC), unless that is over an hour ago or none is set."""
    at, zone = services.settings.drill_at, services.settings.zone
    if at is None or services.settings.companion_drill_from is None:
        return None
    now = services.clock.now()
    local = now.astimezone(zone)
    due = datetime.combine(local.date() - timedelta(days=(local.weekday() - at[0]) % 7), at[1], zone).astimezone(UTC)
    return due if timedelta() <= now - due < LATE_START else None


def _text(services: Services, drill_id: uuid.UUID) -> None:
    number = services.settings.companion_drill_from or ""
    began = time.monotonic()
    answer = _post(services, number, WORDS)
    seconds = time.monotonic() - began
    if "999" not in answer:
        raise DrillError("the crisis reply did not come")
    with services.database.write() as session:
        drill = session.get_one(Drill, drill_id)
        episode = _opened(session, number)
        if episode is None:
            raise DrillError("no episode was opened")
        drill.episode_id = episode.id
        drill.times = {"reply": round(seconds, 3)}


def _look_for_page(services: Services, drill_id: uuid.UUID) -> None:
    with services.database.write() as session:
        drill = session.get_one(Drill, drill_id)
        sent = session.scalar(
            select(OutboxMessage.sent_at)
            .join(Page, Page.outbox_id == OutboxMessage.id)
            .where(Page.episode_id == drill.episode_id, OutboxMessage.sent_at.is_not(None))
            .order_by(OutboxMessage.sent_at)
            .limit(1)
        )
        if sent is not None:
            _note(drill, "paged", sent)


def _take(services: Services, drill_id: uuid.UUID) -> None:
    with services.database.write() as session:
        drill = session.get_one(Drill, drill_id)
        episode, person = _both(session, drill)
        code = reference_for(session, episode, person)
    _post(services, services.settings.companion_drill_by or "", f"{code} TAKE")
    with services.database.write() as session:
        drill = session.get_one(Drill, drill_id)
        episode, _ = _both(session, drill)
        if episode.state != "owned" or episode.owned_at is None:
            raise DrillError("TAKE did not take it")
        _note(drill, "owned", episode.owned_at)


def _close(services: Services, drill_id: uuid.UUID) -> None:
    with services.database.write() as session:
        now = services.clock.now()
        drill = session.get_one(Drill, drill_id)
        episode, person = _both(session, drill)
        if episode.state == "owned":
            record_contact(session, episode, person, now)
            _note(drill, "contacted", now)
        close_drill(session, episode, person, OUTCOME, now, services.voice)
        _note(drill, "closed", now)
        drill.state, drill.finished_at = "done", now
        settle_alarm(session, now, FAILED)
        record(session, now, "drill done", drill)


def _fail(services: Services, drill_id: uuid.UUID, why: str) -> str:
    """End the drill where it stands: nothing of it is left that would page its person any longer."""
    with services.database.write() as session:
        now = services.clock.now()
        drill = session.get_one(Drill, drill_id, with_for_update=True)
        if drill.state != "started":
            return drill.state  # another worker brought it to its end in the meantime
        drill.state, drill.finished_at, drill.failure = "failed", now, why
        record(session, now, "drill failed", drill)
        raise_alarm(session, now, FAILED)
        if (episode := _opened(session, drill.from_index)) is not None:
            drill.episode_id = episode.id
            close_drill(session, *_both(session, drill), OUTCOME, now, services.voice)
    return "failed"


def _opened(session: Session, number: str | bytes) -> Episode | None:
    """The episode that the drill from this number has opened, while it is open."""
    return session.scalar(
        select(Episode)
        .join(Address, Address.id == Episode.address_id)
        .where(Address.address_index == number, Episode.is_drill, Episode.state != "closed")
    )


def _post(services: Services, number: str, body: str) -> str:
    """Send a text as Twilio would, signed with the real token, to the address that Twilio uses; return the answer."""
    settings = services.settings
    url = f"{settings.public_url}/twilio/inbound"
    sid = f"SM{uuid.uuid4().hex}"
    form = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": settings.twilio_account_sid,
        "From": number,
        "To": settings.twilio_sms_from or number,
        "Body": body,
        "NumMedia": "0",
    }
    headers = {"X-Twilio-Signature": sign(settings.twilio_auth_token[0], url, form)}
    answer = requests.post(url, data=form, headers=headers, timeout=PATIENCE, allow_redirects=False)
    if not answer.ok:
        raise DrillError(f"the webhook answered with HTTP {answer.status_code}")
    return answer.text


def _note(drill: Drill, step: str, at: datetime) -> None:
    drill.times = {**drill.times, step: round(max(0.0, (at - drill.started_at).total_seconds()), 3)}


def _both(session: Session, drill: Drill) -> tuple[Episode, Person]:
    return session.get_one(Episode, drill.episode_id), session.get_one(Person, drill.responder_id)


def _responder(session: Session, number: str) -> Person:
    person = session.scalar(
        select(Person)
        .join(Address, Address.person_id == Person.id)
        .where(Address.address_index == number, Person.state == "staff")
        .limit(1)
    )
    if person is None:
        raise DrillError("COMPANION_DRILL_BY is the number of nobody who runs the programme.")
    return person


def _nobodys(session: Session, number: str) -> None:
    owner = select(Address.person_id).where(Address.address_index == number, Address.person_id.is_not(None))
    if session.scalar(owner.limit(1)) is not None:
        raise DrillError("COMPANION_DRILL_FROM is the number of somebody who takes part: use one that is nobody's.")
