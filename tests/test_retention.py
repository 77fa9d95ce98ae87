"""What goes away when its time has come, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from companion import jobs
from companion.escalation.closings import close
from companion.escalation.episodes import take
from companion.models import (
    Address,
    AuditEntry,
    Booking,
    Episode,
    Group,
    GroupSession,
    InboundMessage,
    Need,
    Note,
    OptOut,
    OutboxMessage,
    Person,
)
from companion.programme import former
from tests.safety.stage import reference
from tests.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def purge_after(world: World, **time: float) -> None:
    """Let time pass with no worker, then purge."""
    world.clock.advance(timedelta(**time))
    jobs.purge(world.services)


def test_words_go_after_thirty_days_and_times_and_outcomes_stay(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts("the canteen was shut again")
    asha.ignores()
    world.settle()
    purge_after(world, days=29)
    with world.database.read() as session:
        assert all(session.scalars(select(InboundMessage.body)).all())
    purge_after(world, days=2)
    with world.database.read() as session:
        assert set(session.scalars(select(InboundMessage.body)).all()) == {None}
        assert set(session.scalars(select(OutboxMessage.body)).all()) == {None}
        assert set(session.scalars(select(OutboxMessage.values)).all()) == {None}
        assert None not in session.scalars(select(OutboxMessage.sent_at)).all()
    world.settle()
    world.staff_ignores()


def test_what_an_owner_noted_goes_thirty_days_after_the_episode_is_closed(world: World) -> None:
    asha = world.member()
    asha.texts("I want to end my life")
    with world.database.write() as session:
        lead = session.scalars(select(Person).where(Person.role == "lead")).one()
        opened = session.scalars(select(Episode)).one()
        session.add(Note(episode_id=opened.id, person_id=lead.id, body="wife picked up", at=world.clock.now()))
        take(session, opened, lead, world.clock.now(), world.services.voice)
        close(session, opened, lead, "spoke", world.clock.now(), world.services.voice)
    for days, kept in ((29, "wife picked up"), (2, None)):
        purge_after(world, days=days)
        with world.database.read() as session:
            assert session.scalars(select(Note.body)).one() == kept
    world.settle()
    world.staff_ignores()
    asha.ignores()


def test_an_open_episode_keeps_its_words(world: World) -> None:
    asha = world.member()
    asha.texts("I want to end my life")
    asha.ignores()
    purge_after(world, days=40)
    with world.database.read() as session:
        kept = [body for body in session.scalars(select(InboundMessage.body)) if body]
    assert kept == ["I want to end my life"]
    world.settle()
    world.staff_ignores()
    asha.ignores()


def test_what_is_written_both_ways_stays_while_the_episode_is_open_and_then_keeps_the_ordinary_rule(
    world: World,
) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts("the canteen was shut again")  # before it, and so no part of it
    world.advance(minutes=5)
    asha.texts("I want to end my life")
    world.settle()
    ref = reference(cole.ignores()[0])
    world.advance(minutes=1)
    cole.texts(f"{ref} take")
    world.settle()
    cole.texts(f"{ref} Shall I ring you at nine tonight?")
    world.settle()
    asha.texts("yes, at nine")
    world.settle()
    purge_after(world, days=40)
    with world.database.read() as session:
        kept = {body for body in session.scalars(select(InboundMessage.body)) if body}
        assert {"I want to end my life", "yes, at nine"} <= kept
        assert "the canteen was shut again" not in kept
        sent = {body for body in session.scalars(select(OutboxMessage.body)) if body}
        assert sent == {"Dr Cole: Shall I ring you at nine tonight?"}
    with world.database.write() as session:
        opened = session.scalars(select(Episode)).one()
        assert opened.owner is not None
        close(session, opened, opened.owner, "spoke", world.clock.now(), world.services.voice)
    purge_after(world, hours=1)
    with world.database.read() as session:
        assert [body for body in session.scalars(select(InboundMessage.body)) if body] == ["I want to end my life"]
        assert not any(session.scalars(select(OutboxMessage.body)))
    world.settle()
    world.staff_ignores()
    asha.ignores()


def test_the_number_of_who_never_says_yes_goes_thirty_days_after_the_last_they_heard(world: World) -> None:
    silent, stopped, asha = world.talker("+447700900102", "whatsapp"), world.talker("+447700900103"), world.member()
    silent.texts("JOIN ICU")
    stopped.texts("JOIN ICU")
    stopped.texts("STOP")
    world.settle()
    purge_after(world, days=20)
    silent.texts("JOIN ICU")  # asked again: the days are counted from now
    for phone in (silent, stopped, asha):
        phone.ignores()
    for days, left in ((11, {silent.number, asha.number}), (20, {asha.number})):
        purge_after(world, days=days)
        with world.database.read() as session:
            trainees = select(Address.address).join(Person).where(Person.role == "trainee")
            assert set(session.scalars(trainees)) - {""} == left
            assert session.scalars(select(OptOut.action)).all() == ["stop"]
    silent.texts("JOIN ICU")
    silent.hears("You asked to join")
    silent.texts("YES")
    silent.ignores()
    world.settle()
    purge_after(world, days=40)
    with world.database.read() as session:
        assert silent.number in session.scalars(select(Address.address)).all()
    world.settle()
    for phone in (silent, asha):
        phone.ignores()
    world.staff_ignores()


def test_the_number_of_who_is_in_danger_before_they_join_stays_while_that_is_open(world: World) -> None:
    silent = world.talker("+447700900102")
    silent.texts("JOIN ICU")
    silent.texts("I want to end my life")
    silent.ignores()
    purge_after(world, days=40)
    with world.database.read() as session:
        assert silent.number in session.scalars(select(Address.address)).all()
    world.settle()
    world.staff_ignores()
    silent.ignores()


def test_a_strangers_words_and_number_go_after_three_days_and_a_stop_is_still_honoured(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    stranger = world.talker("+447700900160", "whatsapp")
    stranger.texts("STOP")
    stranger.texts("who is this")
    stranger.ignores()
    world.settle()
    purge_after(world, hours=73)
    with world.database.read() as session:
        assert set(session.scalars(select(InboundMessage.body)).all()) == {None}
        assert session.scalars(select(Address.address)).all() == [""]
        assert session.scalars(select(OptOut.action)).all() == ["stop"]
    stranger.texts("so how was it")
    stranger.hears_nothing()


def test_who_left_or_fell_silent_two_years_ago_is_removed_and_only_counts_stay(world: World) -> None:
    asha, ben = world.member(channel="whatsapp"), world.member("+447700900104")
    cleo, dan, eve = (world.member(f"+44770090010{last}") for last in (5, 6, 7))
    asha.texts("STOP")
    ben.texts("PARKING")
    cleo.texts("I want to end my life")
    silent = world.talker("+447700900102", "whatsapp")
    silent.texts("JOIN ICU")  # and never says YES
    world.settle()
    for phone in (asha, ben, cleo, dan, eve, silent):
        phone.ignores()
    with world.database.write() as session:
        came, needs = former.came(session), former.needed(session)
        eves = session.scalars(select(Person).join(Address).where(Address.address_index == eve.number)).one()
        eves.unsure_since = world.clock.now()  # whoever texts from it since may be somebody else
        dans = session.scalars(select(Person).join(Address).where(Address.address_index == dan.number)).one()
        aliases = set(session.scalars(select(Person.alias).where(Person.role == "trainee")))
    purge_after(world, days=729)
    with world.database.write() as session:
        assert set(session.scalars(select(Person.alias).where(Person.role == "trainee"))) == aliases
        assert (former.came(session), former.came_before(session)) == (came, [])
        theirs = session.scalars(select(Address).where(Address.address_index == eve.number)).one()
        theirs.last_inbound_at = world.clock.now() - 2 * DAY
        group = session.scalars(select(Group)).one()
        meeting = GroupSession(group_id=group.id, starts_at=world.clock.now(), ends_at=world.clock.now() + HOUR)
        session.add(meeting)
        session.flush()
        session.add(
            Booking(session_id=meeting.id, person_id=dans.id, status="attended", seat=1, offered_at=world.clock.now())
        )
    purge_after(world, days=2)
    with world.database.read() as session:
        kept = select(Address.address).join(Person).where(Person.role == "trainee")
        assert set(session.scalars(kept)) == {cleo.number, dan.number}  # in danger still, and was there
        assert set(session.scalars(select(Address.address).where(Address.person_id.is_(None)))) == {""}
        assert session.scalars(select(OptOut.action)).all() == ["stop"]  # Asha's own, and nobody else's
        assert sum(asked for _, _, asked, *_ in former.came(session) + former.came_before(session)) == 6
        assert sum(yes for _, _, _, yes, _ in former.came_before(session)) == 3
        assert former.needed(session) + former.needed_before(session) == needs != {}
        gone = session.scalars(select(AuditEntry).where(AuditEntry.action == "person forgotten"))
        assert len({entry.details["alias"] for entry in gone} & aliases) == 4
    ben.texts("MY WEEKS")
    ben.hears("JOIN")  # as anybody who is not known
    ben.texts("JOIN ICU")
    ben.hears("You asked to join")
    ben.texts("YES")
    ben.ignores()
    with world.database.read() as session:
        again = select(Person.alias).join(Address).where(Address.address_index == ben.number)
        assert session.scalar(again) not in aliases
        assert session.scalars(select(Need)).all() == []
    world.settle()
    world.staff_ignores()
    for phone in (ben, cleo, dan, eve):
        phone.ignores()
