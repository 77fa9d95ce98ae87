"""Handing a duty over, and swapping two: asked by one, agreed to by the other. Until then nothing changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.db import new_id
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Cover, OutboxMessage, Person, record
from companion.models.base import found
from companion.rota.codes import new_code
from companion.rota.cover import AHEAD
from companion.rota.duties import RotaError, check_may_be_rostered, check_not_twice, turns_between
from companion.rota.schedule import Turn
from companion.speaker import Speaker
from companion.when import day_and_time

_ASKED = "rota-ask:"
_UNANSWERED = select(Cover).where(  # made once: asked every few seconds
    Cover.state == "offered",
    or_(
        (Cover.starts_at <= bindparam("now")) & (Cover.offered_at < Cover.starts_at),
        Cover.ends_at <= bindparam("now"),
    ),
)


@dataclass(frozen=True)
class Stretch:
    """What changes hands: one turn, from `starts_at` (now, if it has begun) to its end."""

    turn: Turn
    giver: uuid.UUID
    taker: uuid.UUID


def my_turns(session: Session, person: Person, now: datetime) -> list[Turn]:
    """Return the duties of `person` in the next 14 days, the one going on first."""
    return [turn for turn in turns_between(session, now, now + AHEAD) if turn.person_id == person.id]


def offer(
    session: Session, asker: Person, other: Person, what: Sequence[Stretch], now: datetime, voice: Speaker
) -> None:
    """Ask `other` by text to agree. Raises RotaError when one of the two may not have what they would get.

    Earlier offers of the same duties are withdrawn, each as a whole; others who made them are told.
    """
    if asker.id == other.id:
        raise RotaError("Choose somebody else than yourself.")
    for stretch in what:
        check_may_be_rostered(session, asker if stretch.taker == asker.id else other, stretch.turn.role)
    check_places(session, what)
    code, swap = new_code(session), new_id()
    covers = []
    for stretch in what:
        begins = max(stretch.turn.starts_at, now)
        _withdraw_earlier(session, stretch, asker, begins, now, voice)
        covers.append(
            Cover(
                swap_id=swap,
                code=code,
                duty_id=stretch.turn.duty_id,
                asked_by=asker.id,
                asked_of=other.id,
                from_id=stretch.giver,
                to_id=stretch.taker,
                starts_at=begins,
                ends_at=stretch.turn.ends_at,
                state="offered",
                offered_at=now,
            )
        )
    session.add_all(covers)
    session.flush()
    record(session, now, "cover offered", covers[0], actor=asker.id, to=str(other.id), duties=len(covers))
    _tell(session, other, f"{_ASKED}{swap}", question(session, covers, voice), now, good_until=_lapses_at(covers))


def answer(session: Session, covers: Sequence[Cover], person: Person, *, yes: bool, now: datetime) -> bool:
    """Let the one who was asked answer; return False when the offer is over.

    Raises RotaError when somebody may no longer have what they would get.
    """
    mine = [cover for cover in covers if cover.state == "offered" and cover.asked_of == person.id]
    if not mine or any(cover.ends_at <= now for cover in mine):
        return False
    if yes:
        for cover in mine:
            check_may_be_rostered(session, session.get_one(Person, cover.to_id), cover.duty.role)
        check_places(session, [Stretch(_turn_of(cover), cover.from_id, cover.to_id) for cover in mine])
    for cover in mine:
        cover.state, cover.answered_at = ("accepted" if yes else "declined"), now
        cover.starts_at = max(cover.starts_at, now) if yes else cover.starts_at
    record(session, now, "cover accepted" if yes else "cover declined", mine[0], actor=person.id, duties=len(mine))
    return True


def check_places(session: Session, what: Sequence[Stretch]) -> None:
    """Raise TwiceError if by what changes hands somebody would be first and second at once."""
    for taker in {stretch.taker for stretch in what}:
        gets = [stretch.turn for stretch in what if stretch.taker == taker]
        gives = [stretch.turn for stretch in what if stretch.giver == taker]
        check_not_twice(session, session.get_one(Person, taker), gets, gives)


def _turn_of(cover: Cover) -> Turn:
    duty = cover.duty
    return Turn(cover.starts_at, cover.ends_at, duty.role, cover.from_id, duty.id, duty.group_id)


def with_code(session: Session, code: str) -> list[Cover]:
    """Return what belongs to the offer with this code."""
    return list(session.scalars(select(Cover).where(Cover.code == code).order_by(Cover.starts_at, Cover.id)))


def withdraw(session: Session, covers: Sequence[Cover], person: Person, now: datetime) -> bool:
    """Let the one who asked take the offer back; False when it is over."""
    mine = [cover for cover in covers if cover.state == "offered" and cover.asked_by == person.id]
    for cover in mine:
        cover.state, cover.answered_at = "withdrawn", now
    if mine:
        _unask(session, mine, now)
        record(session, now, "cover withdrawn", mine[0], actor=person.id)
    return bool(mine)


def question(session: Session, covers: Sequence[Cover], voice: Speaker) -> Text:
    """Return what the one who is asked reads, with the code to answer with."""
    asker = session.get_one(Person, covers[0].asked_by)
    taken = next(cover for cover in covers if cover.from_id == asker.id)
    given = next((cover for cover in covers if cover.to_id == asker.id), None)
    values = {"who": asker.label, "code": taken.code, "span": span(taken, voice)}
    if given is None:
        return voice.words.render("rota_please_take", role=taken.duty.role, **values)
    return voice.words.render("rota_please_swap", other_span=span(given, voice), **values)


def tell_asker(session: Session, covers: Sequence[Cover], text_id: str, now: datetime, voice: Speaker) -> None:
    """Text the one who asked what came of it: `rota_agreed_for_you`, `rota_declined` and the like."""
    asker, other = session.get_one(Person, covers[0].asked_by), session.get_one(Person, covers[0].asked_of)
    given = next((cover for cover in covers if cover.from_id == asker.id), covers[0])
    text = voice.words.render(text_id, who=other.label, span=span(given, voice))
    _tell(session, asker, f"{text_id}:{given.swap_id}", text, now)


def lapse(session: Session, now: datetime, voice: Speaker) -> None:
    """Close the offers that nobody answered before the duty began, and tell who asked."""
    for code in {cover.code for cover in found(session, _UNANSWERED, now=now)}:
        covers = [cover for cover in with_code(session, code) if cover.state == "offered"]
        for cover in covers:
            cover.state, cover.answered_at = "lapsed", now
        record(session, now, "cover lapsed", covers[0])
        tell_asker(session, covers, "rota_lapsed", now, voice)


def span(cover: Cover | Turn, voice: Speaker) -> str:
    """Return "Thu 26 Nov, 6pm to Fri 27 Nov, 8am" in the programme's time."""
    zone = voice.settings.zone
    return f"{day_and_time(cover.starts_at, zone)} to {day_and_time(cover.ends_at, zone)}"


def _withdraw_earlier(
    session: Session, stretch: Stretch, asker: Person, begins: datetime, now: datetime, voice: Speaker
) -> None:
    same = select(Cover.code).where(
        Cover.state == "offered",
        Cover.duty_id == stretch.turn.duty_id,
        Cover.starts_at < stretch.turn.ends_at,
        Cover.ends_at > begins,
    )
    for code in session.scalars(same.distinct()).all():
        covers = with_code(session, code)
        for old in covers:
            old.state, old.answered_at = "withdrawn", now
        _unask(session, covers, now)
        if covers[0].asked_by != asker.id:
            tell_asker(session, covers, "rota_overtaken", now, voice)


def _lapses_at(covers: Sequence[Cover]) -> datetime:
    """Return when nobody waits for an answer any more, as `lapse` has it."""
    return min(cover.starts_at if cover.offered_at < cover.starts_at else cover.ends_at for cover in covers)


def _unask(session: Session, covers: Sequence[Cover], now: datetime) -> None:
    """Withdraw the question if it has not gone out; if Twilio was asked and never took it, it is not sent again."""
    asks = (
        OutboxMessage.key.startswith(f"{_ASKED}{covers[0].swap_id}:"),
        OutboxMessage.person_id == covers[0].asked_of,
    )
    for row in session.scalars(select(OutboxMessage).where(*asks).with_for_update(of=OutboxMessage)).all():
        if row.status == "queued":
            row.status, row.reason, row.settled_at, row.updated_at = "dropped", "changed", now, now
        elif row.status in ("sending", "unknown"):
            row.expires_at = now


def _tell(
    session: Session, person: Person, key: str, text: Text, now: datetime, good_until: datetime | None = None
) -> None:
    to = usable(session, person)
    if to is not None:
        enqueue(session, key=f"{key}:{person.id}", lane="reply", to=to, text=text, now=now, expires_at=good_until)
