"""MSG, SEND and UNDO: a facilitator writes to their group from their phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Broadcast, Group, OutboxMessage, Person
from companion.programme import broadcast
from companion.programme.audience import Audience
from companion.programme.broadcast import BroadcastError
from tests.world import World


@pytest.mark.one_database("sqlite")
def test_a_facilitator_writes_to_their_group_and_thinks_again(world: World) -> None:
    asha, ben, far = world.member(), world.member("+447700900102"), world.member("+447700900103", code="SHIELDING")
    away, gone = world.member("+447700900104"), world.member("+447700900105")
    away.texts("PAUSE")
    gone.texts("STOP")
    away.ignores()
    gone.ignores()
    hidden = world.member("+447700900106")  # neither counted, nor among those who are left out of it
    hidden.texts("EXCLUDE DR COLE")
    hidden.ignores()
    cole = world.staff("facilitator")

    cole.texts("SEND")
    cole.hears("no message that waits for SEND")
    cole.texts("msg")
    cole.hears("Text MSG and your words")
    cole.texts("MSG " + "too long " * 30)
    cole.hears("49 characters too long", "220")
    cole.texts("Message my group: we start at 7pm today. Bring your anxiety diary")
    cole.hears("2 people", "1 part each", "£0.08", "1 is left out", '"anxiety"', "SEND")
    cole.hears("Dr Cole, ICU North: we start at 7pm today. Bring")
    cole.texts("MSG we start at 7pm today")
    cole.hears("2 people", "SEND")
    cole.hears("Dr Cole, ICU North: we start at 7pm today\nSTOP to leave.")
    cole.texts("send")
    cole.hears("It goes to 2 people at 9:01am", "UNDO")
    world.settle()
    asha.hears_nothing()
    cole.texts("Undo")
    cole.hears("Stopped. Nobody gets it.")
    world.advance(minutes=5)
    asha.hears_nothing()
    ben.hears_nothing()

    moves = world.member("+447700900107")
    cole.texts("MSG we start at 7.15pm today")
    cole.ignores()
    cole.texts("SEND")
    cole.ignores()
    ben.texts("STOP")
    ben.ignores()
    moves.texts("MOVE SHIELDING")
    moves.hears("Shielding")
    world.advance(minutes=1)
    asha.hears("Dr Cole, ICU North: we start at 7.15pm today\nSTOP to leave.")
    for nobody in (ben, far, away, gone, hidden, moves):
        nobody.hears_nothing()
    cole.texts("UNDO")
    cole.hears("nothing that can be undone")
    cole.texts("SEND")
    cole.hears("no message that waits for SEND")
    with world.database.read() as session:
        assert len(session.scalars(select(OutboxMessage).where(OutboxMessage.reason == "undone")).all()) == 2


@pytest.mark.one_database("postgresql")
def test_a_draft_is_forgotten_and_only_who_runs_a_group_writes_to_it(world: World) -> None:
    world.member()
    cole = world.staff("facilitator")
    # A draft is forgotten after half an hour, and a lead who runs no group is told so.
    cole.texts("MSG hello again")
    cole.ignores()
    world.advance(minutes=31)
    cole.texts("SEND")
    cole.hears("no message that waits for SEND")
    lead = world.staff("lead")
    lead.texts("MSG hello all")
    lead.hears("You run no group")


@pytest.mark.one_database("postgresql")
def test_the_sending_is_for_every_page_and_every_audience(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102", code="SHIELDING")
    asha.texts("QUIET 8AM TO 5PM")
    asha.ignores()
    now = world.clock.now()
    voice = world.services.voice
    with world.database.write() as session:
        group = session.scalars(select(Group)).one()
        named = {person.alias: person for person in session.scalars(select(Person))}
        cole, dunne, frances = named["Dr Cole"], named["Dr Dunne"], named["Frances"]
        for audience in (Audience("everyone"), Audience("cohort", str(group.cohort_id))):
            with pytest.raises(BroadcastError, match="not yours"):
                broadcast.preview(session, cole, audience, "hello", now, voice)
        everyone = Audience("everyone")
        shown = broadcast.preview(session, frances, everyone, "The rota page has moved.", now, voice)
        assert (shown.people, shown.in_quiet_hours, shown.left_out) == (2, 1, {})
        assert shown.text.body == "Companion: The rota page has moved.\nSTOP to leave."
        assert shown.cost.in_words() == "1 part of GSM-7, 2 for 2 people, about £0.08"
        assert shown.leaves_at == now + timedelta(minutes=1)
        sent = broadcast.schedule(session, frances, everyone, "The rota page has moved.", now, voice)
        assert sent.people == 2
    world.advance(minutes=2)
    ben.hears("Companion: The rota page has moved.")
    with world.database.write() as session:
        kept = session.get_one(Broadcast, sent.id)
        with pytest.raises(BroadcastError, match="not yours"):
            broadcast.undo(session, kept, session.get_one(Person, dunne.id), world.clock.now())
        assert broadcast.undo(session, kept, session.get_one(Person, frances.id), world.clock.now()) == (
            broadcast.Undone(withdrawn=1, gone=1)
        )
    world.advance(hours=10)
    asha.hears_nothing()
