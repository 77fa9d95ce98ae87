"""Two people of a cohort who both want it text each other through the service's number; neither sees the other's.

    wish -> pair -> ended      by either with BYE BUDDY, or when one of them stops, leaves or moves to another cohort

Every text between them has been through the watch list, as every text has. One that a `page` phrase matches is not
passed on: it opens an episode, and its author is told that it went no further.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from companion.messaging.addresses import usable
from companion.messaging.optout import is_stopped
from companion.messaging.outbox import enqueue
from companion.models import Address, BuddyMember, BuddyPair, BuddyWish, Person, record
from companion.models.base import found
from companion.speaker import Speaker

LONGEST = 230  # characters of one text: with what stands around it, two parts
WISH_LASTS = timedelta(weeks=8)
GOOD_FOR = timedelta(days=3)
STATE = "buddy_offer"  # the dialogue in which YES means a wish for a buddy

# Made once: asked every few seconds.
_FORGET = delete(BuddyWish).where(BuddyWish.at <= bindparam("until"))
_WISHES = select(BuddyWish).order_by(BuddyWish.at, BuddyWish.person_id)
_PAIRS = select(BuddyPair).where(BuddyPair.ended_at.is_(None))


def wish(session: Session, person: Person, now: datetime) -> None:
    """Let someone wait for a buddy of their cohort."""
    if person.cohort_id is None or pair_of(session, person.id) is not None:
        return
    waits = session.get(BuddyWish, person.id)
    if waits is None:
        waits = BuddyWish(person_id=person.id)
        session.add(waits)
    waits.cohort_id, waits.at = person.cohort_id, now
    record(session, now, "buddy wished for", person)


def match(session: Session, now: datetime, voice: Speaker) -> None:
    """Bring together those who wait, first come first served, and never the same two again."""
    session.connection().execute(_FORGET, {"until": now - WISH_LASTS})
    waiting = [each for each in found(session, _WISHES) if _here(each)]
    while waiting:
        first = waiting.pop(0)
        if reachable(session, first.person, now) is None:
            continue
        before = _partners_before(session, first.person_id)
        for other in waiting:
            fits = other.cohort_id == first.cohort_id and other.person_id not in before
            if fits and reachable(session, other.person, now) is not None:
                waiting.remove(other)
                _introduce(session, (first, other), now, voice)
                break


def end_broken(session: Session, now: datetime, voice: Speaker) -> None:
    """End pairs of which one has stopped, left, moved to another cohort or been removed; tell the one who stays."""
    for pair in found(session, _PAIRS):
        if len(pair.members) < 2 or any(_gone(member.person, pair) for member in pair.members):
            _end(session, pair, None, "one of them left", now, voice)


def pair_of(session: Session, person_id: uuid.UUID) -> BuddyPair | None:
    """Return the pair that someone is in now."""
    return session.scalar(
        select(BuddyPair)
        .join(BuddyMember, BuddyMember.pair_id == BuddyPair.id)
        .where(BuddyMember.person_id == person_id, BuddyMember.ended_at.is_(None))
    )


def partner(session: Session, person_id: uuid.UUID) -> Person | None:
    """Return who someone is paired with now."""
    pair = pair_of(session, person_id)
    return next((each.person for each in pair.members if each.person_id != person_id), None) if pair else None


def is_waiting(session: Session, person_id: uuid.UUID) -> bool:
    """Whether someone waits for a buddy."""
    return session.get(BuddyWish, person_id) is not None


def reachable(session: Session, person: Person, now: datetime) -> Address | None:
    """Return where a buddy's text reaches someone; None when they have left, paused, stopped or have no number."""
    if person.state != "joined" or (person.paused_until is not None and person.paused_until > now):
        return None
    to = usable(session, person)
    return to if to is not None and not is_stopped(session, to) else None


def pass_on(session: Session, person: Person, words: str, sid: str, now: datetime, voice: Speaker) -> None:
    """Pass words on to the buddy. They wait out quiet hours, and are dropped when one of the two has paused by then."""
    other = partner(session, person.id)
    to = reachable(session, other, now) if other is not None else None
    if to is not None:
        text = voice.words.render("buddy_relay", said=words)
        enqueue(session, key=f"buddy:{sid}", lane="reminder", to=to, text=text, now=now, expires_at=now + GOOD_FOR)


def leave(session: Session, person: Person, now: datetime, voice: Speaker) -> None:
    """End someone's pair and their wish for one; the other is told."""
    session.execute(delete(BuddyWish).where(BuddyWish.person_id == person.id))
    pair = pair_of(session, person.id)
    if pair is not None:
        _end(session, pair, person, "one of them ended it", now, voice)


def _introduce(session: Session, wishes: Sequence[BuddyWish], now: datetime, voice: Speaker) -> None:
    pair = BuddyPair(cohort_id=wishes[0].cohort_id, started_at=now)
    session.add(pair)
    session.flush()
    for each in wishes:
        session.add(BuddyMember(pair_id=pair.id, person_id=each.person_id))
        to = usable(session, each.person)
        if to is not None and each.person.cohort is not None:
            text = voice.words.render("buddy_found", cohort=each.person.cohort.name)
            key = f"buddy-found:{pair.id}:{each.person_id}"
            enqueue(session, key=key, lane="reminder", to=to, text=text, now=now, expires_at=now + GOOD_FOR)
        session.delete(each)
    session.flush()
    record(session, now, "buddies brought together", pair)


def _end(session: Session, pair: BuddyPair, by: Person | None, why: str, now: datetime, voice: Speaker) -> None:
    pair.ended_at, pair.why = now, why
    for member in pair.members:
        member.ended_at = now
        if (by is not None and member.person_id == by.id) or member.person.state != "joined":
            continue
        to = reachable(session, member.person, now)
        if to is not None:
            key = f"buddy-ended:{pair.id}:{member.person_id}"
            text = voice.words.render("buddy_ended")
            enqueue(session, key=key, lane="reminder", to=to, text=text, now=now, expires_at=now + GOOD_FOR)
    record(session, now, "buddies parted", pair, actor=by.id if by else None)


def _here(waits: BuddyWish) -> bool:
    return waits.person.state == "joined" and waits.person.cohort_id == waits.cohort_id


def _gone(person: Person, pair: BuddyPair) -> bool:
    return person.state != "joined" or person.cohort_id != pair.cohort_id


def _partners_before(session: Session, person_id: uuid.UUID) -> set[uuid.UUID]:
    mine = select(BuddyMember.pair_id).where(BuddyMember.person_id == person_id)
    return set(session.scalars(select(BuddyMember.person_id).where(BuddyMember.pair_id.in_(mine))))
