"""The ledger that is the queue: lanes, times, leases, keys, rates, quiet hours, and STOP at the last moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from companion import jobs
from companion.content.catalogue import Text
from companion.messaging import claiming, delivery, optout
from companion.messaging.addresses import address_of
from companion.messaging.claiming import BATCH
from companion.messaging.numbers import read_sender
from companion.messaging.outbox import drop
from companion.messaging.quiet import end_of_quiet
from companion.messaging.rates import BURST, Budget
from companion.models import OutboxMessage
from tests.deliveries import number, opt_outs, queue, received, row, send, trainee
from tests.world import SERVICE, World

LONDON = ZoneInfo("Europe/London")
WAITING = 2_000


@pytest.fixture
def service(make_world: Callable[..., World]) -> World:
    """A service without a programme."""
    return make_world()


def fill_with_bulk(world: World, count: int, people: int = 1) -> None:
    """Queue many bulk texts at one stroke."""
    with world.database.write() as session:
        now = world.clock.now()
        to = [address_of(session, read_sender(number(50 + n), ("GB",)), now) for n in range(people)]
        rows = [
            OutboxMessage(
                key=f"bulk {n}", lane=3, purpose="notice", wording_version="1", body=f"Bulk {n}", channel="sms",
                address_id=to[n % people].id, status="queued", created_at=now, not_before=now, updated_at=now,
            )
            for n in range(count)
        ]  # fmt: skip
        session.add_all(rows)


def sent_order(world: World) -> list[str]:
    """Return the words of what Twilio was asked to send, in order."""
    return [message.body for message in world.standin.messages if not message.inbound]


def test_a_page_overtakes_thousands_of_waiting_texts(service: World) -> None:
    world = service
    fill_with_bulk(world, WAITING)
    world.services.delivery.run(limit=10)
    queue(world, number(0), "Page", lane="page")
    queue(world, number(1), "Reply", lane="reply")
    world.services.delivery.run(limit=5)
    assert set(sent_order(world)[:15]) == {f"Bulk {n}" for n in range(13)} | {"Page", "Reply"}
    assert {"Page", "Reply"} <= set(sent_order(world)[10:12])
    queue(world, number(2), "Page on its own thread", lane="page")
    jobs.deliver_urgent(world.services)
    assert sent_order(world)[-1] == "Page on its own thread"
    with world.database.write() as session:  # to send the others would only take time
        waiting = update(OutboxMessage).where(OutboxMessage.status == "queued")
        session.execute(waiting.values(status="dropped", reason="the test is over"))


def test_not_before_and_expiry(service: World) -> None:
    world = service
    now = world.clock.now()
    queue(world, number(0), "Later", not_before=now + timedelta(minutes=10))
    queue(world, number(0), "Short", expires_at=now + timedelta(minutes=5), not_before=now + timedelta(minutes=5))
    queue(world, number(0), "Long", expires_at=now + timedelta(minutes=30), not_before=now + timedelta(minutes=5))
    send(world)
    assert sent_order(world) == []
    world.clock.advance(timedelta(minutes=5))
    send(world)
    assert sent_order(world) == ["Long"]
    assert (row(world, "Short").status, row(world, "Short").reason) == ("dropped", "too late")
    world.clock.advance(timedelta(minutes=5))
    send(world)
    assert sent_order(world) == ["Long", "Later"]


def test_a_key_is_used_once_sent_or_dropped(service: World) -> None:
    world = service
    assert queue(world, number(0), "Once", key="k")
    assert not queue(world, number(0), "Once more", key="k")
    with world.database.write() as session:
        now = world.clock.now()
        to = address_of(session, read_sender(number(0), ("GB",)), now)
        for key in ("k", "d", "d"):
            drop(session, key=key, lane="bulk", to=to, text=Text("notice", "1", "No"), now=now, reason="paused")
    assert not queue(world, number(0), "No", key="d")
    send(world)
    assert sent_order(world) == ["Once"]
    assert row(world, "k").status == "delivered"


def test_two_workers_that_send_eight_at_once_never_take_the_same_text(make_world: Callable[..., World]) -> None:
    world = make_world(companion_sends_at_once=8)
    fill_with_bulk(world, 60, people=30)
    second = world.new_services()
    threads = [threading.Thread(target=s.delivery.run) for s in (world.services, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send(world)
    second.database.close()
    assert sorted(sent_order(world)) == sorted(f"Bulk {n}" for n in range(60))


def test_texts_to_one_person_keep_their_order_while_others_go_at_once(make_world: Callable[..., World]) -> None:
    world = make_world(companion_sends_at_once=8)
    for turn in range(8):
        for n in range(3):
            queue(world, number(n % 2 if turn % 2 else n), f"{turn} {n}")
        send(world)
    said = sent_order(world)
    assert len(said) == len(set(said)) == 24
    for turn in (1, 3, 5, 7):  # the first and the third went to one person
        assert said.index(f"{turn} 0") < said.index(f"{turn} 2")


def test_a_worker_that_died_before_the_call_is_replaced(service: World) -> None:
    world = service
    queue(world, number(0), "Left behind")
    with world.database.write() as session:
        claiming.claim(session, world.clock.now(), delivery.EVERY_LANE, Budget(session, world.clock.now(), {"sms": 1}))
    second = world.new_services()
    send(world, second)
    assert sent_order(world) == []  # it may be under way
    world.clock.advance(claiming.LEASE + timedelta(seconds=1))
    send(world, second)
    second.database.close()
    assert sent_order(world) == ["Left behind"]


def test_stop_between_queueing_and_claiming_is_honoured(service: World) -> None:
    world = service
    trainee(world, number(0))
    queue(world, number(0), "To SMS")
    queue(world, number(0), "To WhatsApp", channel="whatsapp")
    with world.database.write() as session:
        address = address_of(session, read_sender(number(0), ("GB",)), world.clock.now())
        optout.stop(session, address, source="word", sender=SERVICE, sid=None, now=world.clock.now())
    send(world)
    assert (row(world, "To SMS").status, row(world, "To SMS").reason) == ("dropped", "stopped")
    assert sent_order(world) == ["To WhatsApp"]  # STOP is for its own channel
    assert opt_outs(world) == [("sms", "stop", "word")]


def test_two_workers_share_one_rate_and_pages_need_none(make_world: Callable[..., World]) -> None:
    world = make_world(companion_sms_rate=2)
    second = world.new_services()
    fill_with_bulk(world, 60)
    for _ in range(3):
        for services in (world.services, second):
            services.delivery.run()
    burst = len(sent_order(world))
    assert burst <= 2 * BURST * 2 + 1
    queue(world, number(0), "Page", lane="page")
    send(world)
    assert received(world, "Page") == 1
    for _ in range(10):
        world.clock.advance(timedelta(seconds=1))
        for services in (world.services, second):
            services.delivery.run()
    assert 18 <= len(sent_order(world)) - burst - 1 <= 22
    second.database.close()


def test_a_sender_at_its_rate_keeps_no_other_waiting(make_world: Callable[..., World]) -> None:
    world = make_world(companion_sms_rate=1)
    fill_with_bulk(world, 300)
    trainee(world, number(0))
    send(world)
    went = len(sent_order(world))
    assert went <= 2 * BURST
    for n in range(3):
        queue(world, number(0), f"WhatsApp {n}", channel="whatsapp", lane="bulk")
    send(world)
    assert [received(world, f"WhatsApp {n}", number(0), "whatsapp") for n in range(3)] == [1, 1, 1]
    assert len(sent_order(world)) == went + 3
    with world.database.read() as session:  # and those that wait were left as they were
        waiting = session.scalars(select(OutboxMessage).where(OutboxMessage.status == "queued")).all()
    assert {(row.not_before, row.attempts) for row in waiting} == {(world.clock.now(), 0)}


def test_two_senders_with_crowds_take_turns(make_world: Callable[..., World]) -> None:
    world = make_world(companion_sms_rate=100, companion_whatsapp_rate=100)
    trainee(world, number(0))
    fill_with_bulk(world, 3 * BATCH)
    for n in range(3 * BATCH):  # due later than every one of the crowd on SMS
        queue(world, number(0), f"WhatsApp {n}", channel="whatsapp", lane="bulk", not_before=world.clock.now())
    went = len(sent_order(world))
    world.services.delivery.run(limit=4 * BATCH)
    on_whatsapp = [text for text in sent_order(world)[went:] if text.startswith("WhatsApp")]
    assert len(on_whatsapp) == 2 * BATCH
    send(world)
    assert len(sent_order(world)) == went + 6 * BATCH


def test_whatsapp_outside_its_24_hours_goes_by_sms(service: World) -> None:
    world = service
    trainee(world, number(0))
    trainee(world, "+447700900299", channels=("whatsapp",))
    world.clock.advance(timedelta(hours=24))
    queue(world, number(0), "To both known", channel="whatsapp")
    queue(world, "+447700900299", "To the same number", channel="whatsapp")
    send(world)
    assert received(world, "To both known", number(0), "sms") == received(world, "To both known") == 1
    assert received(world, "To the same number", "+447700900299", "sms") == 1


def utc(*parts: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (utc(2026, 6, 1, 20, 59), None),  # 21:59 in summer
        (utc(2026, 6, 1, 21, 0), utc(2026, 6, 2, 7, 0)),
        (utc(2026, 6, 2, 6, 59), utc(2026, 6, 2, 7, 0)),
        (utc(2026, 6, 2, 7, 0), None),
        (utc(2026, 12, 1, 22, 0), utc(2026, 12, 2, 8, 0)),
        (utc(2027, 3, 27, 23, 0), utc(2027, 3, 28, 7, 0)),  # the night that lasts an hour less
        (utc(2027, 3, 28, 1, 30), utc(2027, 3, 28, 7, 0)),
        (utc(2026, 10, 24, 22, 0), utc(2026, 10, 25, 8, 0)),  # the night that lasts an hour more
        (utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 8, 0)),
        (utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 8, 0)),
    ],
)
def test_quiet_hours_end_at_their_local_time_on_every_day(now: datetime, over: datetime | None) -> None:
    assert end_of_quiet(time(22), time(8), LONDON, now) == over


def test_quiet_hours_hold_what_can_wait_and_nothing_else(service: World) -> None:
    world = service
    world.clock.move_to(utc(2027, 3, 27, 23, 0))
    trainee(world, number(0), quiet_from=time(22), quiet_until=time(8))
    for lane in ("page", "reply", "reminder", "bulk"):
        queue(world, number(0), lane, lane=lane)
    queue(world, number(0), "Too late by then", expires_at=utc(2027, 3, 28, 6, 0))
    send(world)
    assert sent_order(world) == ["page", "reply"]
    assert row(world, "Too late by then").reason == "quiet hours"
    world.clock.move_to(utc(2027, 3, 28, 6, 59))
    send(world)
    assert len(sent_order(world)) == 2
    world.clock.move_to(utc(2027, 3, 28, 7, 0))
    send(world)
    assert sent_order(world)[2:] == ["reminder", "bulk"]
