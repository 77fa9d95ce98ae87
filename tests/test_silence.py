"""Those who go quiet, numbers that fail, and the days on which doctors change jobs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from companion.models import OutboxMessage, Person
from companion.programme.silence import is_changeover
from tests.world import World


@pytest.mark.one_database("sqlite")
def test_someone_quiet_gets_one_gentle_text_and_is_left_in_peace(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    for _ in range(6):  # ben answers the weekly question and never comes
        world.advance(days=7)
        ben.texts("7")
        asha.ignores()
        ben.ignores()
    world.advance(hours=30)
    asha.hears("not heard from you for a while", "leave you in peace")
    ben.hears("not been to a group yet", "GROUP shows other days")
    world.advance(days=30)
    asha.hears_nothing()  # no invitation and no question either
    said = " ".join(ben.ignores())
    assert "ICU North meets" in said
    assert "not been to a group" not in said
    with world.database.read() as session:
        quiet = session.scalars(select(Person.quiet_since).where(Person.role == "trainee")).all()
        assert [bool(each) for each in quiet] == [True, False]
    # One text ends it.
    asha.texts("NEXT")
    asha.hears("Your group ICU North meets")
    with world.database.read() as session:
        assert not any(session.scalars(select(Person.quiet_since)))
    world.settle()
    asha.hears("ICU North meets", "Can you come?")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_number_that_fails_for_weeks_pauses_itself_until_it_writes(world: World) -> None:
    asha = world.member()
    with world.database.write() as session:
        for row in session.scalars(select(OutboxMessage)):
            row.status = "sent"
    settled = [timedelta(days=days) for days in (1, 8, 22)]
    world.advance(days=23)
    asha.ignores()
    with world.database.write() as session:
        person = session.scalars(select(Person).where(Person.role == "trainee")).one()
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.person_id == person.id)).all()
        for row, ago in zip(rows[-3:], settled, strict=True):
            row.status, row.settled_at, row.error_code = "undelivered", world.clock.now() - ago, 30003
        for row in rows[:-3]:
            row.status = "sent"
    world.settle()
    with world.database.read() as session:
        person = session.scalars(select(Person).where(Person.role == "trainee")).one()
        assert person.failing_since is not None
    world.advance(days=14)
    asha.hears_nothing()
    asha.texts("next")
    asha.hears("ICU North meets")
    with world.database.read() as session:
        person = session.scalars(select(Person).where(Person.role == "trainee")).one()
        assert (person.failing_since, person.paused_until) == (None, None)
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_at_the_changeover_people_are_asked_once_whether_it_still_fits(world: World) -> None:
    world.jump_to(datetime(2027, 1, 11, 9, tzinfo=UTC))
    asha, away = world.member(), world.member("+447700900102")
    away.texts("PAUSE 5 WEEKS")
    world.move_to(datetime(2027, 2, 3, 9, 59, tzinfo=UTC))
    late = world.member("+447700900103")
    for person in (asha, away, late):
        person.ignores()
    world.advance(minutes=2)
    asha.hears("many doctors change jobs this week", "You are in ICU", "MOVE")
    world.advance(hours=9)
    for person in (asha, away, late):
        person.hears_nothing()
    asha.texts("MOVE SHIELDING")
    asha.hears("You are now in Shielding")
    world.staff_ignores()


@pytest.mark.parametrize(
    ("day", "changes"),
    [
        (date(2027, 2, 3), True),
        (date(2027, 2, 10), False),
        (date(2027, 8, 4), True),
        (date(2028, 2, 2), True),
        (date(2027, 8, 3), False),
        (date(2027, 4, 7), True),  # the programme's own
    ],
)
def test_changeover_days(day: date, changes: bool) -> None:
    assert is_changeover(day, {date(2027, 4, 7)}) == changes
