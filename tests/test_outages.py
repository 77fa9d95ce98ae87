"""Every way in which the provider can be gone: afterwards what should have been sent is received, the urgent first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from companion.models import LANES
from companion.simulator.gate import AFTER_ACCEPT
from tests.databases import NewDatabase
from tests.deliveries import address, number, open_alarms, opt_outs, queue, received, row, send, trainee
from tests.world import World

BRIEF = ("refuse_before_accept", "reset_after_accept", "http 500", "http_500_after_accept", "http 503")


@pytest.fixture
def service(make_world: Callable[..., World]) -> World:
    """Four members and no programme: nothing is sent but what a test sends."""
    world = make_world()
    for n in range(4):
        trainee(world, number(n))
    return world


def queue_every_lane(world: World) -> None:
    """Queue one text of each lane, the idle first."""
    for lane in reversed(LANES):
        queue(world, number(LANES.index(lane)), lane, lane=lane)


def let_pass(world: World, step: int = 20, **by: float) -> None:
    """Let time pass in steps of some seconds, with a worker at work."""
    until = world.clock.now() + timedelta(**by)
    while world.clock.now() < until:
        world.clock.advance(timedelta(seconds=step))
        send(world)


def all_is_well(world: World) -> None:
    """Everything came: once, though a page may have come twice; nobody is taken to have left or to be gone."""
    assert received(world, "page") >= 1
    assert [received(world, lane) for lane in LANES[1:]] == [1, 1, 1]
    assert opt_outs(world) == []
    for n in range(4):
        for channel in ("sms", "whatsapp"):
            assert address(world, number(n), channel).invalid_since is None
    assert open_alarms(world) == set()


@pytest.mark.parametrize("kind", BRIEF)
def test_every_request_fails_for_a_while(service: World, kind: str) -> None:
    world = service
    queue_every_lane(world)
    fault = world.standin.fault(None, kind, times=12) if kind not in AFTER_ACCEPT else None
    for n in range(4):
        if fault is None:
            world.standin.fault(number(n), kind, times=1)
    send(world)
    let_pass(world, minutes=10)
    all_is_well(world)


def test_the_connection_is_refused(service: World) -> None:
    world = service
    port = int((world.settings.twilio_api_base_url or "").rsplit(":", 1)[1])
    server = world.standin._server
    assert server is not None
    server.close()
    queue_every_lane(world)
    send(world)
    assert open_alarms(world) == {"twilio_not_reached", "twilio_down"}  # three failures in a minute
    world.clock.advance(timedelta(minutes=2))
    send(world)
    assert all(row(world, lane).status == "queued" for lane in LANES)
    world.standin.serve(port)
    let_pass(world, 60, minutes=20)
    all_is_well(world)
    assert [received(world, lane) for lane in LANES] == [1, 1, 1, 1]


def test_too_many_requests_for_some_minutes(service: World) -> None:
    world = service
    queue_every_lane(world)
    world.standin.fault(None, "http 429", until=world.clock.now() + timedelta(minutes=3))
    send(world)
    let_pass(world, 60, minutes=30)
    all_is_well(world)
    assert [received(world, lane) for lane in LANES] == [1, 1, 1, 1]


@pytest.mark.parametrize("kind", ["silence", "silence_after_accept"])
def test_thirty_seconds_of_silence(make_world: Callable[..., World], kind: str) -> None:
    world = make_world()
    for n in range(4):
        trainee(world, number(n))
    world.services.twilio._client.http_client.timeout = 0.2  # of ten seconds
    for n in range(4):
        world.standin.fault(number(n), kind, times=1)
    queue_every_lane(world)
    send(world)
    assert {row(world, lane).status for lane in LANES} <= {"unknown", "delivered"}
    world.standin.lift()
    let_pass(world, minutes=4)
    all_is_well(world)


def test_an_hour_down_and_then_the_urgent_first(service: World) -> None:
    world = service
    world.standin.fault(None, "outage", until=world.clock.now() + timedelta(hours=1))
    queue_every_lane(world)
    send(world)
    let_pass(world, 177, minutes=59)
    assert [received(world, lane) for lane in LANES] == [0, 0, 0, 0]
    let_pass(world, 30, minutes=25)
    all_is_well(world)
    order = [message.body.split(". ")[-1] for message in world.standin.messages if not message.inbound]
    assert order.index("page") < order.index("reply") < min(order.index("reminder"), order.index("bulk"))


def test_a_reminder_whose_moment_passed_meanwhile_is_dropped_with_the_reason(service: World) -> None:
    world = service
    world.standin.fault(None, "outage", until=world.clock.now() + timedelta(hours=1))
    queue(world, number(0), "Soon", expires_at=world.clock.now() + timedelta(minutes=30))
    queue(world, number(1), "Later", expires_at=world.clock.now() + timedelta(hours=3))
    send(world)
    let_pass(world, 300, minutes=90)
    assert (row(world, "Soon").status, row(world, "Soon").reason) == ("dropped", "too late")
    assert (received(world, "Soon"), received(world, "Later")) == (0, 1)


def test_an_answer_that_died_with_the_server_is_sent_by_a_worker(service: World) -> None:
    """The text was committed; what was to be its answer never reached Twilio."""
    world = service
    asha = world.talker(number(9))
    sid = asha.texts("wibble")
    first = asha.hears("number")
    answer = next(m for m in world.standin.messages if m.body == first and not m.inbound)
    world.standin.state.forget(answer.sid)
    world.clock.advance(timedelta(seconds=30))
    send(world)
    assert received(world, first) == 0
    world.clock.advance(timedelta(seconds=45))
    send(world)
    assert received(world, first) == 1
    assert row(world, f"answer:{sid}:0").attempts == 1
    world.talker(number(9)).ignores()


def test_an_answer_without_a_receipt_is_found_in_the_list_and_not_sent_again(service: World) -> None:
    world = service
    asha = world.talker(number(9))
    world.standin.fault(number(9), "no_receipts")
    for _ in range(2):
        asha.texts("wibble")
    words = asha.ignores()
    let_pass(world, minutes=5)
    asha.hears_nothing()
    assert len(words) == 2
    world.standin.lift()


def test_two_workers_that_asked_at_once_send_it_once(service: World) -> None:
    world = service
    world.standin.fault(number(0), "reset_after_accept", times=1)
    world.standin.fault(number(1), "refuse_before_accept", times=1)
    queue(world, number(0), "One")
    queue(world, number(1), "Two")
    send(world)
    world.clock.advance(timedelta(seconds=61))
    others = [world.services, world.new_services()]
    threads = [threading.Thread(target=services.delivery.ask_about_unknown) for services in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for services in others:
        send(world, services)
    others[1].database.close()
    assert (received(world, "One"), received(world, "Two")) == (1, 1)


@pytest.fixture
def new_database(request: pytest.FixtureRequest, sqlite_databases: NewDatabase) -> NewDatabase:
    """One kind of database is enough here, but for what two workers do."""
    if "two_workers" in request.node.name:
        makes: NewDatabase = request.getfixturevalue("postgresql_databases")
        return makes
    return sqlite_databases
