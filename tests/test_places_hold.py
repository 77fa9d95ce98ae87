"""Nobody gets a seventh of six places: in a race, under any run of texts and changes, and in the database itself."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from companion.models import Address, Booking, Group, GroupSession, OutboxMessage, Person
from companion.programme import changing, places
from companion.programme.places import NoPlaceError
from companion.programme.sessions import locked
from companion.programme.tick import tick
from tests.databases import NewDatabase
from tests.world import World


def people(session: Session, count: int) -> list[Person]:
    """Add members of the only group."""
    group = session.scalars(select(Group)).first()
    assert group is not None
    added = [
        Person(
            role="trainee",
            alias=f"Racer {number}",
            state="joined",
            joined_at=group.created_at,
            created_at=group.created_at,
            cohort_id=group.cohort_id,
            group_id=group.id,
        )
        for number in range(count)
    ]
    session.add_all(added)
    session.flush()
    for number, person in enumerate(added):
        address = f"+4477009005{number:02d}"
        session.add(
            Address(
                channel="sms",
                address=address,
                address_index=address,
                person_id=person.id,
                created_at=group.created_at,
            )
        )
    session.flush()
    return added


def first(session: Session) -> GroupSession:
    found = session.scalars(select(GroupSession).order_by(GroupSession.starts_at)).first()
    assert found is not None
    return found


def test_fifty_people_race_for_six_places(world: World) -> None:
    with world.database.write() as session:
        racers = [person.id for person in people(session, 50)]
        meeting_id = first(session).id
    now, start, wrong = world.clock.now(), threading.Barrier(10), []

    def race(mine: list[uuid.UUID]) -> None:
        start.wait()
        for person_id in mine:
            try:
                with world.database.write() as session:
                    meeting = locked(session, session.get_one(GroupSession, meeting_id))
                    person = session.get_one(Person, person_id)
                    booking = places.booking_of(session, meeting_id, person)
                    wish = "yes" if places.is_open_to(session, meeting, booking) else "waiting"
                    places.book(session, meeting, person, wish, now)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=race, args=(racers[part::10],)) for part in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    with world.database.read() as session:
        counted = dict(session.execute(select(Booking.status, func.count()).group_by(Booking.status)).tuples().all())
        seats = sorted(filter(None, session.scalars(select(Booking.seat))))
    assert counted == {"yes": 6, "waiting": 44}
    assert seats == [1, 2, 3, 4, 5, 6]


def test_the_database_itself_has_each_seat_once(world: World) -> None:
    with world.database.write() as session:
        ann, bea, cat = people(session, 3)
        meeting = first(session)
        places.book(session, meeting, ann, "yes", world.clock.now())
        ids = (meeting.id, bea.id, cat.id)
    for seat in (1, None):  # the seat that Ann has, and a place without one
        with pytest.raises(IntegrityError), world.database.write() as session:
            session.add(
                Booking(session_id=ids[0], person_id=ids[1], status="yes", seat=seat, offered_at=world.clock.now())
            )
    with world.database.write() as session:
        meeting = session.get_one(GroupSession, ids[0])
        meeting.group.places = 1
        session.flush()
        with pytest.raises(NoPlaceError):
            places.book(session, meeting, session.get_one(Person, ids[2]), "yes", world.clock.now())


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["yes", "no"]), st.integers(0, 8)),
        st.tuples(st.just("later"), st.sampled_from([1, 15, 60, 9 * 60, 26 * 60])),
        st.tuples(st.sampled_from(["move", "cancel", "restore", "places"]), st.integers(1, 3)),
    ),
    max_size=25,
)


def test_no_run_of_answers_ticks_and_changes_overbooks_or_reminds_the_wrong(
    sqlite_databases: NewDatabase,
) -> None:
    world = World(sqlite_databases()).seeded()
    with world.database.write() as session:
        members = [person.id for person in people(session, 9)]

    @settings(max_examples=15)
    @given(actions=ACTIONS)
    def run(actions: list[tuple[str, int]]) -> None:
        meeting_id = another_session(world)
        for action in actions:
            act(world, action, members, meeting_id)
            holds(world, meeting_id)

    try:
        run()
    finally:
        world.close()


def another_session(world: World) -> uuid.UUID:
    """Make a session three days from now with three places, and cancel what else the group has planned by then."""
    now = world.clock.now()
    with world.database.write() as session:
        group = session.scalars(select(Group)).one()
        group.places, group.made_until = 3, now + timedelta(days=3650)
        for old in session.scalars(select(GroupSession).where(GroupSession.status == "planned")):
            old.status = "cancelled"
        session.flush()
        made = GroupSession(group=group, starts_at=now + timedelta(days=3), ends_at=now + timedelta(days=3, hours=1))
        session.add(made)
        session.flush()
        return made.id


def act(world: World, action: tuple[str, int], members: list[uuid.UUID], meeting_id: uuid.UUID) -> None:
    what, number = action
    if what == "later":
        world.clock.move_to(world.clock.now() + timedelta(minutes=number))
    now = world.clock.now()
    with world.database.write() as session:
        meeting = locked(session, session.get_one(GroupSession, meeting_id))
        try:
            if what in ("yes", "no") and meeting.status == "planned":
                person = session.get_one(Person, members[number])
                booking = places.booking_of(session, meeting.id, person)
                open_ = places.is_open_to(session, meeting, booking)
                places.book(session, meeting, person, what if what == "no" or open_ else "waiting", now)
            elif what == "move":
                changing.move(
                    session, meeting, meeting.starts_at + timedelta(hours=number), now, world.services.voice, None
                )
            elif what == "cancel":
                changing.cancel(session, meeting, now, world.services.voice, None)
            elif what == "restore":
                changing.restore(session, meeting, now, world.services.voice, None)
            elif what == "places":
                meeting.group.places = max(number, len(places.taken_seats(session, meeting.id)))
        except changing.CannotChangeError:
            pass
        session.flush()
        tick(session, now, world.services.voice)


def holds(world: World, meeting_id: object) -> None:
    """Check what must be true at every moment."""
    with world.database.read() as session:
        meeting = session.get_one(GroupSession, meeting_id)
        bookings = session.scalars(select(Booking).where(Booking.session_id == meeting_id)).all()
        with_seat = [booking for booking in bookings if booking.seat is not None]
        assert len(with_seat) <= meeting.group.places
        assert len({booking.seat for booking in with_seat}) == len(with_seat)
        assert all(booking.held_until > world.clock.now() for booking in bookings if booking.held_until)
        queued = session.scalars(
            select(OutboxMessage).where(
                OutboxMessage.status == "queued",
                OutboxMessage.key.startswith(f"reminder:{meeting_id}:"),
            )
        ).all()
        booked = {booking.person_id for booking in bookings if booking.status == "yes"}
        for row in queued:
            assert meeting.status == "planned"
            assert row.person_id in booked or row.person is None or row.person.role != "trainee"
            assert row.key.startswith(f"reminder:{meeting_id}:{meeting.version}:")


def test_a_reminder_is_withdrawn_when_the_place_is_given_up(make_world: Callable[..., World]) -> None:
    world = make_world().seeded()
    asha = world.member()
    asha.texts("yes")
    asha.texts("quiet 18:00 to 20:00")
    asha.ignores()
    world.move_to(datetime(2026, 11, 25, 18, 31, tzinfo=UTC))  # the reminder waits for the quiet hours to end
    asha.ignores()
    asha.texts("no sorry cant make it thursday")
    asha.hears("You have no place")
    world.move_to(datetime(2026, 11, 26, 18, 0, tzinfo=UTC))
    asha.hears_nothing()
    world.staff_ignores()
