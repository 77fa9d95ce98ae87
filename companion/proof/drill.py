"""The drill: a text that says it is one goes the whole way, through the real door, and is taken and closed.

It comes from a number of the programme's own and pages one person alone, who has agreed to it; the episode is marked
and counted nowhere. Each step is done once and remembered, so that a worker may go on where another left off.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import UTC, datetime, timedelta

import requests
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from companion.db import alone
from companion.escalation.chain import sid_of_drill
from companion.escalation.closings import close_drill
from companion.escalation.episodes import record_contact
from companion.escalation.references import reference_for
from companion.messaging.signature import sign
from companion.models import (
    Alarm,
    Drill,
    Episode,
    InboundMessage,
    OutboxMessage,
    Page,
    Person,
    raise_alarm,
    record,
    settle_alarm,
)
from companion.proof.before_a_drill import DrillError, may_begin, staff_with
from companion.services import Services

log = logging.getLogger(__name__)

WORDS = "This is a drill and not a person: I want to end my life"  # the watch list must match it: a test sees to that
OUTCOME = "not meant literally"
AT_MOST = timedelta(minutes=10)
LATE_START = timedelta(hours=1)  # a worker that was down for longer waits for the next week
LAST_TRIES = timedelta(minutes=5)  # the end of that hour, in which it is told that the drill cannot begin
PATIENCE = 15.0  # seconds: as long as Twilio waits for a webhook
FAILED = "drill_failed"
_LEFT_OPEN = (
    select(Drill)
    .join(Episode, Episode.id == Drill.episode_id)
    .where(Drill.state != "started", Episode.state != "closed", Episode.is_drill)
)


class _OvertakenError(Exception):
    """Another worker was faster."""


def start(services: Services, due_at: datetime) -> uuid.UUID | None:
    """Begin the drill that was due at `due_at` (UTC), once; None when another worker has. Raises DrillError."""
    settings = services.settings
    if settings.companion_drill_from is None or settings.companion_drill_by is None:
        raise DrillError("Set COMPANION_DRILL_FROM and COMPANION_DRILL_BY first: docs/going-live.md says to what.")
    with services.database.write() as session:
        if not alone(session, "drill") or session.scalar(select(Drill.id).where(Drill.due_at == due_at)) is not None:
            return None
        responder = may_begin(session, settings.companion_drill_from, settings.companion_drill_by, services.clock.now())
        drill = _new(services, due_at, responder, "started")
        session.add(drill)
        session.flush()
        record(session, services.clock.now(), "drill started", drill)
        return drill.id


def go_on(services: Services, drill_id: uuid.UUID) -> str:
    """Do the next step, if it can be done now; return the state of the drill."""
    with services.database.read() as session:
        drill = session.get_one(Drill, drill_id)
        done, state, begun = dict(drill.times), drill.state, drill.started_at
    if state != "started":
        return state
    try:
        if services.clock.now() - begun > AT_MOST:
            raise DrillError("it took longer than ten minutes")
        if "reply" not in done:
            _text(services, drill_id)
        elif "paged" not in done:
            _look_for_page(services, drill_id)
        elif "owned" not in done:
            _take(services, drill_id)
        else:
            _close(services, drill_id)
    except _OvertakenError:
        pass  # another worker did this step, or ended the drill
    except (DrillError, requests.RequestException) as error:
        return _fail(services, drill_id, str(error) if isinstance(error, DrillError) else type(error).__name__)
    with services.database.read() as session:
        return session.get_one(Drill, drill_id).state


def run_due(services: Services) -> None:
    """Begin the weekly drill when its hour has come, and go on with one that is under way."""
    with services.database.read() as session:
        under_way = session.scalars(select(Drill.id).where(Drill.state == "started")).all()
        left = session.scalars(_LEFT_OPEN).all()
    if left:
        _close_what_was_left(services)
    if not under_way and (due := last_due(services)) is not None:
        try:
            drill_id = start(services, due)
        except DrillError as error:
            _cannot_begin(services, due, str(error))
        else:
            under_way = [drill_id] if drill_id is not None else []
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


def _new(services: Services, due_at: datetime, responder: Person, state: str) -> Drill:
    number = services.settings.companion_drill_from
    return Drill(
        due_at=due_at,
        started_at=services.clock.now(),
        state=state,
        responder_id=responder.id,
        from_index=number,
        times={},
    )


def _cannot_begin(services: Services, due_at: datetime, why: str) -> None:
    """Tell that the weekly drill was not run, once its hour is nearly over: until then it is tried again."""
    now = services.clock.now()
    if now - due_at < LATE_START - LAST_TRIES:
        return
    with services.database.write() as session:
        known = session.scalar(select(Alarm.id).where(Alarm.kind == FAILED, Alarm.last_at >= due_at).limit(1))
        if not alone(session, "drill") or known is not None:
            return
        log.warning("the weekly drill cannot begin: %s", why)
        raise_alarm(session, now, FAILED)
        if (person := staff_with(session, services.settings.companion_drill_by or "")) is not None:
            drill = _new(services, due_at, person, "failed")
            drill.finished_at, drill.failure = now, why
            session.add(drill)
            session.flush()
            record(session, now, "drill failed", drill)


def _held(session: Session, drill_id: uuid.UUID, step: str) -> Drill:
    """Return the drill, held for this transaction. Raises _OvertakenError when this step of it is done already."""
    drill = session.get_one(Drill, drill_id, with_for_update=True)
    if drill.state != "started" or step in drill.times:
        raise _OvertakenError
    return drill


def _text(services: Services, drill_id: uuid.UUID) -> None:
    began = time.monotonic()
    answer = _post(services, services.settings.companion_drill_from or "", WORDS, sid_of_drill(drill_id))
    seconds = time.monotonic() - began
    if "999" not in answer:
        raise DrillError("the crisis reply did not come")
    with services.database.write() as session:
        drill = _held(session, drill_id, "reply")
        if drill.episode_id is None:
            raise DrillError("no episode was opened")
        drill.times = {"reply": round(seconds, 3)}


def _look_for_page(services: Services, drill_id: uuid.UUID) -> None:
    with services.database.write() as session:
        drill = _held(session, drill_id, "paged")
        _both(session, drill)
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
        drill = _held(session, drill_id, "owned")
        code = reference_for(session, *_both(session, drill))
    sid = f"SM{uuid.uuid5(drill_id, 'take').hex}"
    _post(services, services.settings.companion_drill_by or "", f"{code} TAKE", sid)
    with services.database.write() as session:
        drill = _held(session, drill_id, "owned")
        episode, _ = _both(session, drill)
        if episode.state not in ("owned", "contacted") or episode.owned_at is None:
            raise DrillError("TAKE did not take it")
        _note(drill, "owned", episode.owned_at)


def _close(services: Services, drill_id: uuid.UUID) -> None:
    with services.database.write() as session:
        now = services.clock.now()
        drill = _held(session, drill_id, "closed")
        episode, person = _both(session, drill)
        if episode.state == "owned" and episode.owner_id == person.id:
            record_contact(session, episode, person, now)
        if episode.contacted_at is not None:
            _note(drill, "contacted", episode.contacted_at)
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
    _close_what_was_left(services)
    return "failed"


def _close_what_was_left(services: Services) -> None:
    """Close the episodes of drills that are over, such as one whose text was taken in after it had been given up."""
    with services.database.write() as session:
        for drill in session.scalars(_LEFT_OPEN.with_for_update(of=Episode)).all():
            episode, person = _both(session, drill)
            close_drill(session, episode, person, OUTCOME, services.clock.now(), services.voice)


def _post(services: Services, number: str, body: str, sid: str) -> str:
    """Send a text as Twilio would, signed with the real token, to the address that Twilio uses; return the answer.

    By whomever and however often it is sent, a text with one SID is one text. What answers it has arrived with that,
    and no phone is to get it.
    """
    settings = services.settings
    url = f"{settings.public_url}/twilio/inbound"
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
    with services.database.write() as session:
        came, now = select(InboundMessage.id).where(InboundMessage.provider_sid == sid), services.clock.now()
        here = {"status": "dropped", "reason": "drill", "settled_at": now, "updated_at": now}
        waits = (OutboxMessage.in_reply_to.in_(came), OutboxMessage.status.in_(("handed", "queued")))
        session.execute(update(OutboxMessage).where(*waits).values(here))
    return answer.text


def _note(drill: Drill, step: str, at: datetime) -> None:
    drill.times = {**drill.times, step: round(max(0.0, (at - drill.started_at).total_seconds()), 3)}


def _both(session: Session, drill: Drill) -> tuple[Episode, Person]:
    """Return the episode, held for this transaction, and who is paged. Raises DrillError when it is no drill's now."""
    episode = session.get_one(Episode, drill.episode_id, with_for_update=True)
    if not episode.is_drill:
        raise DrillError(
            "somebody texted from COMPANION_DRILL_FROM meanwhile: that item is real, and a person has to take it"
        )
    return episode, session.get_one(Person, drill.responder_id)
