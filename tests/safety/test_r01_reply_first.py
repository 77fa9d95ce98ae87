"""The crisis reply rides in the webhook's own answer, whatever else is down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tests.safety.stage import DANGER, hears_crisis_lines
from tests.world import World


def test_r01_the_reply_needs_neither_worker_nor_twilios_api(world: World) -> None:
    asha = world.member()
    world.standin.fault(None, "outage")
    asha.texts(DANGER)  # no job of the worker runs in this test before it is read
    hears_crisis_lines(asha)
    world.staff("facilitator").hears_nothing()
    world.standin.lift()
    world.settle()
    world.staff("facilitator").hears("an item needs you now")


def test_r01_at_half_past_two_in_the_night_the_clocks_change_with_no_worker(make_world: Callable[..., World]) -> None:
    world = make_world().seeded()
    world.clock.move_to(datetime(2027, 3, 28, 1, 30, tzinfo=UTC))
    stranger = world.talker("+447700900151")
    stranger.texts("i want to kill myself")
    stranger.hears("999", "116 123")
    world.settle()
    world.staff("lead").ignores()
