"""What a backup that was put back lacks of numbers: whose phone was a stranger's since, or was theirs again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Address, Person, Way, raise_alarm, record
from companion.rota.ways import NOT_THEIRS, settle_lost, take_number, text_address


def do_again(session: Session, index: bytes, action: str, at: datetime, now: datetime) -> bool:
    """Do again in a backup what the ledger has of a number since; return whether that changed anything."""
    if action == "start":
        return _give_back(session, index, at, now)
    by_text = select(Person, Address.address).join(Address, Address.person_id == Person.id)
    by_way = select(Person, Way.address).join(Way, Way.person_id == Person.id)
    known = (Way.address_index == index, Way.removed_at.is_(None), Way.dead_since.is_(None), Way.kind != "email")
    found = {
        person.id: (person, number)
        for asked in (by_text.where(Address.address_index == index, Person.state == "staff"), by_way.where(*known))
        for person, number in session.execute(asked).tuples()
    }
    for person, number in found.values():
        take_number(session, person, number, now)
        record(session, now, "phone said to be another's", person)
        raise_alarm(session, now, NOT_THEIRS)
    return bool(found)


def _give_back(session: Session, index: bytes, at: datetime, now: datetime) -> bool:
    dead = session.scalars(select(Way).where(Way.address_index == index, Way.dead_since < at)).all()
    for way in dead:
        way.dead_since, way.verified_at = None, at
        text_address(session, way, now)
        record(session, now, "way shown to work", way.person, actor=way.person_id, way=way.kind)
    settle_lost(session, now)
    return bool(dead)
