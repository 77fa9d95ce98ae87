"""What goes away when its time has come, and what stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from companion import jobs
from companion.escalation.closings import close
from companion.escalation.episodes import take
from companion.models import Address, Consent, Episode, InboundMessage, Note, OptOut, OutboxMessage, Person
from tests.world import World


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


def test_proof_of_consent_goes_two_years_after_leaving(world: World) -> None:
    asha = world.member(channel="whatsapp")
    asha.texts("STOP")
    silent, stopped = world.talker("+447700900102", "whatsapp"), world.talker("+447700900103", "whatsapp")
    silent.texts("JOIN ICU")  # and never says YES
    stopped.texts("JOIN ICU")
    stopped.texts("STOP")
    for phone in (asha, silent, stopped):
        phone.ignores()
    world.settle()
    for days, left in ((729, True), (2, False)):
        purge_after(world, days=days)
        with world.database.read() as session:
            assert bool(session.scalar(select(func.count()).select_from(Consent))) == left
    world.settle()
    world.staff_ignores()
