"""A small programme to begin with: for the demonstration and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Address, Cohort, Group, GroupFacilitator, Person
from companion.programme.sessions import make_sessions

JOIN_LINK = "https://video.example.org/j/icu-north"


@dataclass(frozen=True)
class Staff:
    """Someone who runs the programme, and their phone (a number for drama)."""

    role: str
    name: str
    number: str


STAFF = (
    Staff("facilitator", "Dr Cole", "+447700900201"),
    Staff("facilitator", "Dr Dunne", "+447700900202"),
    Staff("lead", "Dr Erskine", "+447700900203"),
    Staff("coordinator", "Frances", "+447700900204"),
)


def seed(session: Session, now: datetime, zone_name: str, nation: str) -> bool:
    """Make two cohorts, a fortnightly group with its next sessions, and who runs it; False if there is a programme.

    The group first meets three days from `now` (UTC) at half past six in the evening; check-ins are the day after now.
    """
    if session.scalar(select(Cohort.id).limit(1)) is not None:
        return False
    today = now.astimezone(ZoneInfo(zone_name)).date()
    icu, shielding = (
        Cohort(
            code=code,
            name=name,
            nation=nation,
            time_zone=zone_name,
            checkin_weekday=(today + timedelta(days=1)).weekday(),
            checkin_at=time(19),
            created_at=now,
        )
        for code, name in (("ICU", "ICU"), ("SHIELDING", "Shielding"))
    )
    group = Group(
        cohort=icu,
        name="ICU North",
        time_zone=zone_name,
        first_on=today + timedelta(days=3),
        local_time=time(18, 30),
        join_link=JOIN_LINK,
        created_at=now,
    )
    session.add_all([icu, shielding, group])
    people = [_person(session, staff, now + timedelta(microseconds=n)) for n, staff in enumerate(STAFF)]
    session.flush()
    for position, person in enumerate(p for p in people if p.role == "facilitator"):
        session.add(GroupFacilitator(group_id=group.id, person_id=person.id, position=position))
    session.flush()
    make_sessions(session, now)
    return True


def _person(session: Session, staff: Staff, now: datetime) -> Person:
    person = Person(role=staff.role, alias=staff.name, name=staff.name, state="staff", created_at=now)
    session.add(person)
    session.add(Address(channel="sms", address=staff.number, address_index=staff.number, person=person, created_at=now))
    return person
