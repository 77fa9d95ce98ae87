"""What WhatsApp refuses or holds back once its 24 hours are over, and how the words arrive all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from companion.messaging.addresses import address_of
from companion.messaging.numbers import read_sender
from companion.messaging.outbox import enqueue
from companion.models import OutboxMessage
from companion.models.templates import WhatsAppTemplate
from tests.deliveries import approve_templates
from tests.world import TRAINEE, World

pytestmark = pytest.mark.one_database("sqlite")


@pytest.fixture
def approved(world: World) -> Iterator[World]:
    """A service whose templates are approved, with a member on WhatsApp who has not written for a day."""
    asha = world.member(channel="whatsapp")
    approve_templates(world)
    yield world
    asha.ignores()
    world.staff_ignores()


def offer(world: World, key: str) -> None:
    """Queue an offer of a place for the member."""
    with world.database.write() as session:
        now = world.clock.now()
        to = address_of(session, read_sender(f"whatsapp:{TRAINEE}", ("GB",)), now)
        text = world.services.words.render("offer_session", group="Harbour", when="Thu 26 Nov, 6:30pm")
        enqueue(session, key=key, lane="reminder", to=to, text=text, now=now)


def arrived(world: World) -> list[tuple[str, bool]]:
    """Return by which channel the last day's offers arrived, and whether by a template."""
    return [
        (message.channel, message.content_sid is not None)
        for message in world.standin.messages
        if message.arrived_at is not None
        and "Harbour" in message.body
        and not message.inbound
        and message.arrived_at > world.clock.now() - timedelta(hours=12)
    ]


def test_what_was_refused_outside_the_window_comes_as_the_template(approved: World) -> None:
    world = approved
    world.standin.state._windows.clear()  # Twilio believes that the 24 hours are over, we do not
    with world.database.write() as session:
        session.execute(update(WhatsAppTemplate).values(has_buttons=False))
    offer(world, "offered")
    world.settle()
    assert arrived(world) == [("whatsapp", True)]
    with world.database.read() as session:
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.key == "offered")).one()
    assert (row.status, row.attempts) == ("delivered", 2)


def test_what_was_held_back_as_marketing_comes_by_sms_for_a_day(approved: World) -> None:
    world = approved
    world.advance(hours=25)
    world.standin.fault(TRAINEE, "undelivered", code=63049, times=1, channel="whatsapp")
    offer(world, "first")
    world.settle()
    assert arrived(world) == [("sms", False)]
    offer(world, "second")
    world.settle()
    assert arrived(world) == [("sms", False)] * 2  # WhatsApp was not asked
    world.advance(hours=24)
    offer(world, "third")
    world.settle()
    assert arrived(world) == [("whatsapp", True)]
