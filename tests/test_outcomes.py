"""Every error code of Twilio's that we know, in an answer and in a receipt: what is done, and who hears what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from companion.messaging import outcomes
from companion.messaging.claiming import BATCH
from companion.models import OutboxMessage
from tests.databases import NewDatabase
from tests.deliveries import address, number, open_alarms, opt_outs, queue, received, reopen_window, row, send, trainee
from tests.world import World

TABLE: dict[int, dict[str, Any]] = yaml.safe_load(Path(outcomes.__file__).with_name("errors.yaml").read_text())["codes"]
UNLISTED = {12345: {"do": "fallback", "alert": True}, 30999: {"do": "retry", "after": [5], "alert": True}}
UNLISTED[63999] = {"do": "fallback", "alert": True}
PATHS = ("answer", "receipt")

# What the table must say, whatever else changes in it. Source: Twilio's error catalogue.
PINNED = {
    "stopped": {21610, 63014, 63033},
    "invalid": {21211, 21614, 30004, 30005, 30006, 63003, 63024},
    "hold": {20003, 30002},
    "template": {63016},
    "retry": {20429, 21611, 30001, 30003, 30008, 30017, 30022, 30410, 63009, 63010, 63012, 63017, 63018}
    | {30036, 63038},
    "fallback": {21408, 21612, 30007, 30034, 63007, 63013, 63032, 63049},
}


@pytest.fixture
def new_database(sqlite_databases: NewDatabase) -> NewDatabase:
    """The rules are the same on every database: one kind is enough here."""
    return sqlite_databases


@pytest.fixture
def quiet_world(make_world: Callable[..., World]) -> World:
    """A service without a programme: nothing is sent but what a test sends."""
    return make_world()


def codes(do: str) -> dict[int, dict[str, Any]]:
    """Return the codes for which the table says `do`, on the channel that they can happen on."""
    return {code: rule for code, rule in (TABLE | UNLISTED).items() if rule["do"] == do}


def channel_of(code: int) -> str:
    """Return the channel on which a code comes; the general ones are tried on SMS."""
    return "whatsapp" if code >= 63000 else "sms"


def other(channel: str) -> str:
    """Return the other channel."""
    return "sms" if channel == "whatsapp" else "whatsapp"


def break_down(world: World, where: str, code: int, path: str, times: int | None = 1) -> None:
    """Let the provider fail for a phone, on the code's channel."""
    kind = "refuse" if path == "answer" else "failed"
    world.standin.fault(where, kind, code=code, times=times, channel=channel_of(code))


def people(world: World, some: dict[int, dict[str, Any]]) -> dict[int, str]:
    """Add a person for each code; return their numbers."""
    numbers = {code: number(n) for n, code in enumerate(some)}
    for where in numbers.values():
        trainee(world, where)
    send(world)
    return numbers


@pytest.mark.parametrize(("do", "some"), PINNED.items())
def test_the_table_says_of_well_known_codes_what_twilio_says(do: str, some: set[int]) -> None:
    assert some <= set(codes(do))


@pytest.mark.parametrize("path", PATHS)
def test_what_cannot_go_one_way_is_received_the_other_way(quiet_world: World, path: str) -> None:
    world, some = quiet_world, codes("fallback") | codes("template")  # for a notice there is no template
    numbers = people(world, some)
    for code, where in numbers.items():
        break_down(world, where, code, path)
        queue(world, where, f"Text {code}", channel=channel_of(code))
    send(world)
    for code, where in numbers.items():
        first, second = row(world, f"Text {code}"), row(world, f"Text {code}:{other(channel_of(code))}")
        assert (first.status, first.error_code, first.attempts) == ("failed", code, 1)
        assert (second.status, second.replaces) == ("delivered", first.id)
        assert received(world, f"Text {code}", where, other(channel_of(code))) == 1
        assert received(world, f"Text {code}") == 1
        assert (f"twilio_{code}" in open_alarms(world)) == bool(some[code].get("alert"))
        assert address(world, where, channel_of(code)).invalid_since is None
    assert opt_outs(world) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_retry_comes_after_its_time_and_is_received_once_the_same_way(quiet_world: World, path: str) -> None:
    world, some = quiet_world, codes("retry")
    numbers = people(world, some)
    longest = max(len(rule["after"]) for rule in some.values())
    for code, where in numbers.items():
        break_down(world, where, code, path, times=len(some[code]["after"]))
        queue(world, where, f"Text {code}", channel=channel_of(code))
    for turn in range(longest):
        failed_at = world.clock.now()
        send(world)
        moments = []
        for code in numbers:
            waiting, after = row(world, f"Text {code}"), some[code]["after"]
            if turn < len(after) and waiting.status == "queued" and waiting.attempts == turn + 1:
                wait = (waiting.not_before - failed_at) / timedelta(minutes=after[turn])
                assert 0.79 < wait < 1.21, f"{code}: {wait}"
                moments.append(waiting.not_before)
        if moments:
            world.clock.move_to(max(moments))
        for where in numbers.values():  # they stay in the 24 hours of WhatsApp
            reopen_window(world, where)
    send(world)
    # Some failed for the second time later than others: whatever still waits gets its time as well.
    world.clock.advance(timedelta(days=1))
    send(world)
    for code, where in numbers.items():
        assert row(world, f"Text {code}").status == "delivered", code
        assert received(world, f"Text {code}", where, channel_of(code)) == received(world, f"Text {code}") == 1
    assert opt_outs(world) == []


@pytest.mark.parametrize("path", PATHS)
def test_when_every_retry_fails_it_is_received_the_other_way(quiet_world: World, path: str) -> None:
    world, some = quiet_world, codes("retry")
    numbers = people(world, some)
    for code, where in numbers.items():
        break_down(world, where, code, path, times=None)
        queue(world, where, f"Text {code}", channel=channel_of(code))
    for _ in range(12):
        for where in numbers.values():  # they stay in the 24 hours of WhatsApp
            reopen_window(world, where)
        send(world)
        world.clock.advance(timedelta(hours=14))
    for code, where in numbers.items():
        assert row(world, f"Text {code}").attempts == len(some[code]["after"]) + 1
        assert received(world, f"Text {code}", where, other(channel_of(code))) == received(world, f"Text {code}") == 1
        assert address(world, where, channel_of(code)).invalid_since is None
    assert opt_outs(world) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_retry_that_would_come_too_late_goes_the_other_way_at_once(quiet_world: World, path: str) -> None:
    world = quiet_world
    trainee(world, number(0))
    break_down(world, number(0), 30003, path)
    queue(world, number(0), "Soon", expires_at=world.clock.now() + timedelta(minutes=10))
    send(world)
    assert received(world, "Soon", number(0), "whatsapp") == received(world, "Soon") == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("lane", ["reminder", "page"])
def test_their_own_wish_is_recorded_and_only_a_page_tries_another_way(quiet_world: World, path: str, lane: str) -> None:
    world, some = quiet_world, codes("stopped")
    numbers = people(world, some)
    for code, where in numbers.items():
        break_down(world, where, code, path)
        queue(world, where, f"Text {code}", channel=channel_of(code), lane=lane)
    send(world)
    assert sorted(opt_outs(world)) == sorted((channel_of(code), "stop", "provider") for code in numbers)
    for code, where in numbers.items():
        assert row(world, f"Text {code}").status == "failed"
        assert received(world, f"Text {code}", where, other(channel_of(code))) == (lane == "page")
        queue(world, where, f"Later {code}", channel=channel_of(code))
    send(world)
    for code in numbers:
        later = row(world, f"Later {code}")
        assert (later.status, later.reason, later.attempts) == ("dropped", "stopped", 0)
        assert received(world, f"Later {code}") == 0


@pytest.mark.parametrize("path", PATHS)
def test_an_address_that_does_not_work_is_marked_and_not_used_again(quiet_world: World, path: str) -> None:
    world, some = quiet_world, codes("invalid")
    numbers = people(world, some)
    for turn in range(2):
        for code, where in numbers.items():
            strikes = some[code].get("strikes", 1)
            if turn < strikes:
                break_down(world, where, code, path)
            queue(world, where, f"Text {turn} {code}", channel=channel_of(code))
        send(world)
        for code, where in numbers.items():
            marked = address(world, where, channel_of(code))
            assert (marked.invalid_since is not None) == (turn + 1 >= some[code].get("strikes", 1)), code
            assert received(world, f"Text {turn} {code}", where, other(channel_of(code))) == 1
            assert received(world, f"Text {turn} {code}") == 1
    asked = [message for message in world.standin.messages if message.body.startswith("Text 1")]
    for code in numbers:
        used = {message.channel for message in asked if message.body == f"Text 1 {code}"}
        assert used <= {other(channel_of(code))} or some[code].get("strikes", 1) > 1 or path == "answer"


def test_a_number_that_texts_again_is_used_again(quiet_world: World) -> None:
    world, where = quiet_world, number(0)
    trainee(world, where)
    send(world)
    break_down(world, where, 30006, "receipt")
    queue(world, where, "Lost")
    send(world)
    queue(world, where, "Meanwhile")
    send(world)
    assert received(world, "Meanwhile", where, "whatsapp") == 1
    world.standin.phone(where).texts("hello again")
    assert address(world, where).invalid_since is None
    queue(world, where, "Afterwards")
    send(world)
    assert received(world, "Afterwards", where, "sms") == received(world, "Afterwards") == 1


def test_strikes_count_in_a_row_only(quiet_world: World) -> None:
    world, where = quiet_world, number(0)
    trainee(world, where, channels=("sms",))
    send(world)
    for turn in range(3):  # one fails, one arrives, and so on: the number is there
        break_down(world, where, 30005, "receipt")
        queue(world, where, f"Lost {turn}")
        send(world)
        world.clock.advance(timedelta(hours=1))
        queue(world, where, f"Arrived {turn}")
        send(world)
        world.clock.advance(timedelta(hours=1))
    assert [received(world, f"Arrived {turn}", where) for turn in range(3)] == [1, 1, 1]
    assert address(world, where).invalid_since is None


@pytest.mark.parametrize("path", PATHS)
def test_many_blocked_within_an_hour_alarm(quiet_world: World, path: str) -> None:
    world = quiet_world
    for n in range(5):
        assert open_alarms(world) == set()
        trainee(world, number(n))
        send(world)
        break_down(world, number(n), 30004, path)
        queue(world, number(n), f"Text {n}")
        send(world)
    assert open_alarms(world) == {"twilio_30004"}
    assert all(address(world, number(n)).invalid_since is None for n in range(5))


def test_too_many_requests_end_the_round_and_nothing_is_lost(make_world: Callable[..., World]) -> None:
    world, many = make_world(companion_sends_at_once=8), range(22)
    for n in many:
        trainee(world, number(n))
    send(world)
    world.standin.fault(None, "http 429", times=1)
    for n in many:
        queue(world, number(n), f"Text {n}")
    world.services.delivery.run()
    assert sum(row(world, f"Text {n}").attempts for n in many) == BATCH  # one batch; the rest was not tried
    world.clock.advance(timedelta(minutes=1))
    send(world)
    assert [received(world, f"Text {n}", number(n)) for n in many] == [1] * 22


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("code", sorted(codes("hold")))
def test_a_refused_account_holds_everything_and_then_everything_is_received(
    quiet_world: World, path: str, code: int
) -> None:
    world = quiet_world
    for n in range(4):
        trainee(world, number(n))
    send(world)
    break_down(world, number(0), code, path)
    queue(world, number(0), "First", lane="page")
    send(world)
    for n in range(1, 4):
        queue(world, number(n), f"Text {n}")
    send(world)
    assert open_alarms(world) == {"twilio_held"}
    assert [received(world, words) for words in ("First", "Text 1", "Text 2", "Text 3")] == [0, 0, 0, 0]
    world.clock.advance(timedelta(seconds=61))
    send(world)
    assert [received(world, words) for words in ("First", "Text 1", "Text 2", "Text 3")] == [1, 1, 1, 1]
    assert open_alarms(world) == set()
    assert opt_outs(world) == []
    assert address(world, number(0)).invalid_since is None


def test_a_refusal_without_a_code_is_judged_by_its_status() -> None:
    assert outcomes.rule_for(0, 401).do == "hold"
    assert outcomes.rule_for(0, 429).do == "retry"
    assert outcomes.rule_for(0, 403) == outcomes.rule_for(0)
    assert (outcomes.rule_for(0).do, outcomes.rule_for(0).alert) == ("fallback", True)


@pytest.mark.parametrize("code", [21610, 30005, 12345])
def test_an_answer_in_the_webhook_that_fails_is_settled_too(quiet_world: World, code: int) -> None:
    """It was never counted as a try, and these codes have no second one."""
    world, where = quiet_world, number(0)
    world.standin.fault(where, "failed", code=code, times=1)
    world.standin.phone(where).texts("HELLO")
    send(world)
    assert all(attempt.status in (200, 204) for attempt in world.standin.attempts)
    with world.database.read() as session:
        answer = session.scalars(select(OutboxMessage).where(OutboxMessage.in_reply_to.is_not(None))).all()
    assert [row.error_code for row in answer if row.status == "failed"] == [code]
