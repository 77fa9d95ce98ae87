"""Buttons that are tapped late, or by somebody else."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Booking, GroupSession, OutboxMessage
from tests.deliveries import approve_templates
from tests.world import SERVICE, TRAINEE, World

BEN = "+447700900124"


@pytest.mark.one_database("sqlite")
def test_a_button_is_about_the_session_of_its_text_and_counts_for_its_own_person_alone(world: World) -> None:
    approve_templates(world)
    asha = world.member(channel="whatsapp")
    world.settle()
    while not (offers := _offers(world)):
        world.advance(hours=12)
    asha.ignores()
    sid, about = offers[0]

    # Ben cannot answer for anybody with a button that stood under a text to Asha.
    ben = world.member(BEN, channel="whatsapp")
    answer = world.post(
        "/twilio/inbound",
        {
            "MessageSid": "SM" + "7" * 32,
            "From": f"whatsapp:{BEN}",
            "To": f"whatsapp:{SERVICE}",
            "Body": "the rota is late",
            "NumMedia": "0",
            "ButtonPayload": "book_no",
            "OriginalRepliedMessageSid": sid,
        },
    )
    assert answer.status_code == 200
    assert "Thanks for telling us" not in answer.text
    ben.ignores()

    # Two weeks and more later the button is still on Asha's phone; another session is next by now.
    with world.database.read() as session:
        ends_at = session.scalars(select(GroupSession.ends_at).where(GroupSession.id == about)).one()
    world.jump_to(ends_at + timedelta(days=1))
    for talker in (asha, ben):
        talker.ignores()
    before = _bookings(world)
    world.standin.tap(f"whatsapp:{TRAINEE}", "book_yes", "YES", sid)
    asha.hears("which is over or not going ahead. Nothing has changed.")
    assert _bookings(world) == before
    world.settle()
    for talker in (asha, ben):
        talker.ignores()
    world.staff_ignores()


def _offers(world: World) -> list[tuple[str, uuid.UUID]]:
    with world.database.read() as session:
        rows = session.execute(
            select(OutboxMessage.provider_sid, OutboxMessage.key).where(
                OutboxMessage.key.startswith("offer:"), OutboxMessage.provider_sid.is_not(None)
            )
        ).all()
    return [(sid, uuid.UUID(key.split(":")[1])) for sid, key in rows]


def _bookings(world: World) -> list[tuple[object, ...]]:
    with world.database.read() as session:
        return sorted(
            map(tuple, session.execute(select(Booking.session_id, Booking.person_id, Booking.status))), key=str
        )
