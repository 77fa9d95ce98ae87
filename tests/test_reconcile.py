"""What never reached us is fetched from Twilio, once; what is known already has no second effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy import text as sql

from companion import jobs
from companion.messaging import reconcile
from companion.models import Episode, InboundMessage
from tests.deliveries import number, open_alarms, opt_outs, queue, received, row, send, trainee
from tests.world import World


@pytest.fixture
def service(make_world: Callable[..., World]) -> World:
    """A service without a programme."""
    return make_world()


def stored(world: World) -> int:
    """Return how many texts are on record."""
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(InboundMessage)) or 0


def look(world: World, **later: float) -> None:
    """Let time pass and do a round."""
    world.clock.advance(timedelta(**later))
    jobs.reconcile(world.services)
    send(world)


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_a_text_that_was_lost_is_fetched_and_answered_once(service: World, channel: str) -> None:
    world = service
    asha = world.talker(number(0), channel)
    world.standin.fault(number(0), "inbound_lost", times=1)
    asha.texts("wibble")
    asha.hears_nothing()
    for _ in range(3):
        look(world, minutes=5)
    asha.hears("not part of it now")
    asha.hears_nothing()
    assert stored(world) == 1


def test_words_of_danger_that_were_lost_still_page(world: World) -> None:
    asha = world.member()
    world.standin.fault(asha.number, "inbound_lost", times=1)
    asha.texts("i want to end my life")
    look(world, minutes=5)
    asha.hears("999", "116 123")
    asha.hears("111")
    world.settle()
    world.staff("facilitator").hears("an item needs you")
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 1


def test_a_stop_on_whatsapp_that_was_lost_counts_and_is_confirmed_once(service: World) -> None:
    world = service
    trainee(world, number(0))
    asha = world.talker(number(0), "whatsapp")
    world.standin.fault(number(0), "inbound_lost", times=2)
    asha.texts("hello there")
    asha.texts("STOP")
    for _ in range(2):
        look(world, minutes=5)
    assert [entry[:2] for entry in opt_outs(world)] == [("whatsapp", "stop")]
    queue(world, number(0), "A notice", channel="whatsapp")
    send(world)
    assert received(world, "A notice") == 0
    assert len(asha.ignores()) == 1  # what "hello there" would have been answered was decided before the STOP


def test_a_webhook_that_comes_after_all_has_no_second_effect(service: World) -> None:
    world = service
    asha = world.talker(number(0))
    world.standin.fault(number(0), "inbound_lost", times=1)
    sid = asha.texts("wibble")
    look(world, minutes=1)
    asha.hears("not part of it now")
    world.standin.replay(sid, act=True)
    send(world)
    asha.hears_nothing()
    assert stored(world) == 1


def test_a_text_whose_webhook_may_still_be_under_way_is_left_alone(service: World) -> None:
    world = service
    asha = world.talker(number(0))
    world.standin.fault(number(0), "inbound_lost", times=1)
    asha.texts("wibble")
    look(world, seconds=10)
    asha.hears_nothing()
    look(world, seconds=15)
    asha.hears("not part of it now")


def test_what_was_lost_hours_ago_is_found_although_later_texts_came(service: World) -> None:
    """The server took texts while the worker, which asks Twilio, was down."""
    world = service
    look(world, minutes=1)
    asha, bela = world.talker(number(0)), world.talker(number(1))
    world.standin.fault(number(0), "inbound_lost", times=1)
    asha.texts("wibble")
    for _ in range(4):
        world.clock.advance(timedelta(hours=1))
        bela.texts("wibble")
        bela.ignores()
    look(world, minutes=1)
    asha.hears("not part of it now")


def test_an_outage_of_three_days_loses_nothing(service: World) -> None:
    world = service
    look(world, minutes=1)
    world.standin.fault(number(0), "inbound_lost", times=1)
    world.talker(number(0)).texts("wibble")
    look(world, days=3)
    world.talker(number(0)).hears("not part of it now")


def test_more_than_one_question_can_show_are_all_fetched(service: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = service
    monkeypatch.setattr(reconcile, "LIMIT", 4)
    world.standin.fault(None, "inbound_lost")
    for n in range(15):
        world.standin.phone(number(n), "sms").texts("wibble")
    world.standin.lift()
    look(world, minutes=1)
    assert stored(world) == 15
    for n in range(15):
        world.talker(number(n)).hears("not part of it now")


def test_a_round_that_failed_is_made_up_for(service: World) -> None:
    world = service
    asha = world.talker(number(0))
    look(world, minutes=1)
    world.standin.fault(number(0), "inbound_lost", times=1)
    asha.texts("wibble")
    world.standin.fault(None, "outage", until=world.clock.now() + timedelta(hours=2))
    for _ in range(4):
        look(world, minutes=25)
    asha.hears_nothing()
    look(world, minutes=30)
    asha.hears("not part of it now")


@pytest.mark.one_database("sqlite")
def test_a_text_that_cannot_be_taken_keeps_no_other_away_and_is_tried_until_it_can_be(service: World) -> None:
    world = service
    look(world, minutes=1)
    asha, bela = world.talker(number(0)), world.talker(number(1))
    world.standin.fault(None, "inbound_lost", times=2)
    sid = asha.texts("wibble")
    bela.texts("wibble")
    forbid = f"CREATE TRIGGER no_room BEFORE INSERT ON inbound_messages WHEN NEW.provider_sid = '{sid}'"
    with world.database.write() as session:
        session.execute(sql(f"{forbid} BEGIN SELECT RAISE(ABORT, 'no room'); END"))
    look(world, minutes=1)
    bela.hears("not part of it now")
    assert open_alarms(world) == {"texts_not_taken"}
    for _ in range(3):
        look(world, hours=2)
    asha.hears_nothing()
    assert len(world.expects_errors()) == 4
    with world.database.write() as session:
        session.execute(sql("DROP TRIGGER no_room"))
    look(world, minutes=1)
    asha.hears("not part of it now")
    assert open_alarms(world) == set()
    assert stored(world) == 2


def test_a_text_that_twilio_has_forgotten_keeps_no_receipt_away(service: World) -> None:
    world = service
    for n in range(2):
        trainee(world, number(n))
        world.standin.fault(number(n), "no_receipts", times=3)
        queue(world, number(n), f"Text {n}")
        send(world)
    gone = row(world, "Text 0").provider_sid
    world.standin.state.messages.pop(str(gone))
    world.standin.lift()
    look(world, minutes=11)
    assert (row(world, "Text 0").status, row(world, "Text 1").status) == ("accepted", "delivered")
    look(world, hours=25)
    assert row(world, "Text 0").reason == "never confirmed"
    assert open_alarms(world) == {"never_confirmed"}


def test_a_receipt_that_never_came_is_asked_for(service: World) -> None:
    world = service
    trainee(world, number(0))
    trainee(world, number(1))
    for n in range(2):
        world.standin.fault(number(n), "no_receipts", times=3)
    world.standin.fault(number(1), "failed", code=30007, times=1)
    queue(world, number(0), "One")
    queue(world, number(1), "Two")
    send(world)
    assert (row(world, "One").status, row(world, "Two").status) == ("accepted", "accepted")
    world.standin.lift()
    look(world, minutes=11)
    assert (row(world, "One").status, row(world, "Two").status) == ("delivered", "failed")
    assert received(world, "Two", number(1), "whatsapp") == 1
    assert open_alarms(world) == {"twilio_30007"}


def test_a_text_that_stays_sent_for_a_day_is_given_up_with_the_reason(service: World) -> None:
    world = service
    trainee(world, number(0))
    world.standin.fault(number(0), "stays_sent", times=1)
    queue(world, number(0), "One")
    send(world)
    look(world, hours=1)
    assert row(world, "One").settled_at is None
    look(world, hours=24)
    assert row(world, "One").reason == "never confirmed"
    assert received(world, "One") == 0
    assert open_alarms(world) == {"never_confirmed"}
