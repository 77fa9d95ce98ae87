"""A duty starts with a test page; who does not answer it in time is followed by the next, and the coordinator is told.

Nobody is taken off the chain for it: someone who missed the test page is still paged, behind those who answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from companion.messaging.addresses import addresses_of
from companion.messaging.optout import is_stopped
from companion.messaging.outbox import enqueue
from companion.models import Person, ReadinessCheck, facilitators_of, raise_alarm, record, settle_alarm
from companion.models.base import ask
from companion.rota.codes import new_code
from companion.rota.duties import turns_between
from companion.rota.schedule import Turn, stretches
from companion.speaker import Speaker
from companion.when import time_by

MISSED = "readiness_missed"
ANSWER_WITHIN = timedelta(minutes=15)
LONGEST = timedelta(days=15)  # of a duty, so that one that began long ago is not tested as if it began now
_OVERDUE = (ReadinessCheck.state == "sent", ReadinessCheck.sent_at <= bindparam("until"))
_SILENT = select(ReadinessCheck.id).where(*_OVERDUE).limit(1)  # made once: asked every few seconds
_SILENT_LOCKED = select(ReadinessCheck).where(*_OVERDUE).with_for_update()


def tick(session: Session, now: datetime, voice: Speaker) -> None:
    """Send the test pages of duties that have begun, and look after those that nobody answered."""
    _begin(session, now, voice)
    if ask(session, _SILENT, until=now - ANSWER_WITHIN).first() is None:
        return
    for check in session.scalars(_SILENT_LOCKED, {"until": now - ANSWER_WITHIN}).all():
        _missed(session, check, now, voice)


def answer(session: Session, person: Person, code: str, now: datetime) -> str | None:
    """Take the answer to a test page; return the id of what to say, or None when the code is of none of theirs."""
    check = session.scalar(
        select(ReadinessCheck).where(ReadinessCheck.code == code, ReadinessCheck.person_id == person.id)
    )
    if check is None:
        return None
    late = check.state == "missed"
    if check.answered_at is None:
        check.answered_at = now
        # Someone who answers late can be reached after all: they stand where they stood before.
        check.state = "answered"
        record(session, now, "test page answered", person, actor=person.id, late=late)
        _all_answered(session, now)
    return "test_page_over" if late else "test_page_ok"


def _all_answered(session: Session, now: datetime) -> None:
    session.flush()
    silent = select(ReadinessCheck.id).where(ReadinessCheck.state == "missed", ReadinessCheck.duty_ends_at > now)
    if session.scalar(silent.limit(1)) is None:
        settle_alarm(session, now, MISSED)


def _begin(session: Session, now: datetime, voice: Speaker) -> None:
    started = now - ANSWER_WITHIN  # a worker that was down for longer tests nobody in the middle of a duty
    if not turns_between(session, started, now + timedelta(microseconds=1)):
        return
    wide = stretches(turns_between(session, now - LONGEST, now + timedelta(days=1)))
    for turn in wide:
        if not (started < turn.starts_at <= now < turn.ends_at):
            continue
        known = select(ReadinessCheck.id).where(
            ReadinessCheck.person_id == turn.person_id, ReadinessCheck.duty_starts_at == turn.starts_at
        )
        if session.scalar(known) is None:
            _test(session, turn, session.get_one(Person, turn.person_id), None, now, voice)


def missed_by(session: Session, person: Person, now: datetime, voice: Speaker) -> None:
    """Count the test pages to `person` as missed at once, as the phone that got them is not theirs."""
    waiting = select(ReadinessCheck).where(ReadinessCheck.person_id == person.id, ReadinessCheck.state == "sent")
    for check in session.scalars(waiting.with_for_update()).all():
        _missed(session, check, now, voice)


def _missed(session: Session, check: ReadinessCheck, now: datetime, voice: Speaker) -> None:
    check.state = "missed"
    record(session, now, "test page missed", check.person, role=check.role)
    raise_alarm(session, now, MISSED)
    if now >= check.duty_ends_at:
        return
    turns = [t for t in turns_between(session, now, now + timedelta(microseconds=1)) if t.holds_at(now)]
    turn = next((t for t in turns if t.person_id == check.person_id), None)
    following = next(_after(session, check, turns, turn, now), None)
    if following is not None and turn is not None:
        _test(session, turn, following, check.person, now, voice, until=check.duty_ends_at)


def _after(
    session: Session, check: ReadinessCheck, turns: list[Turn], turn: Turn | None, now: datetime
) -> Iterator[Person]:
    """Yield who could be asked next: the others on duty, the group's facilitators, the leads; nobody twice."""
    asked = set(
        session.scalars(
            select(ReadinessCheck.person_id).where(
                ReadinessCheck.duty_ends_at > now, ReadinessCheck.sent_at >= check.sent_at - ANSWER_WITHIN
            )
        )
    )
    on_duty = [session.get_one(Person, other.person_id) for other in turns]
    usual = facilitators_of(session, turn.group_id) if turn is not None else []
    staff = session.scalars(
        select(Person).where(Person.state == "staff", Person.is_external_lead.is_(False)).order_by(Person.created_at)
    ).all()
    rest = [p for role in ("facilitator", "lead") for p in staff if p.role == role]
    for person in {p.id: p for p in (*on_duty, *usual, *rest)}.values():
        if person.id not in asked and person.id != check.person_id:
            yield person


def _test(
    session: Session,
    turn: Turn,
    person: Person,
    instead_of: Person | None,
    now: datetime,
    voice: Speaker,
    until: datetime | None = None,
) -> None:
    begins, ends = (turn.starts_at, turn.ends_at) if instead_of is None else (now, until or turn.ends_at)
    check = ReadinessCheck(
        person_id=person.id,
        role=turn.role,
        duty_starts_at=begins,
        duty_ends_at=ends,
        code=new_code(session),
        state="sent",
        instead_of=instead_of.id if instead_of else None,
        sent_at=now,
    )
    session.add(check)
    session.flush()
    ways = [a for a in addresses_of(session, person) if a.invalid_since is None and not is_stopped(session, a)]
    if instead_of is None:
        text = voice.words.render("test_page", code=check.code)
    else:
        who, by = instead_of.label, time_by(ends, now, voice.settings.zone)
        text = voice.words.render("test_page_instead", who=who, until=by, code=check.code)
    for address in ways:
        enqueue(
            session,
            key=f"test-page:{check.id}:{address.channel}",
            lane="page",
            to=address,
            text=text,
            now=now,
            expires_at=now + ANSWER_WITHIN,
        )
    record(session, now, "test page sent", person, role=turn.role, ways=[a.channel for a in ways])
