"""SAFETY 7: unflagged is not unread. What nobody has read for over a working day tells the coordinator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from companion import jobs
from companion.models import InboundMessage
from companion.proof.unread import to_be_read_by
from tests.world import World

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("received", "nation", "by"),
    [
        ("2026-11-23 15:00", "england", "2026-11-24 15:00"),
        ("2026-11-27 15:00", "england", "2026-11-30 15:00"),  # Friday to Monday
        ("2026-11-28 03:00", "england", "2026-11-30 03:00"),  # a Saturday night
        ("2026-12-24 16:00", "england", "2026-12-29 16:00"),  # over Christmas: the 28th is a substitute day
        ("2026-11-27 12:00", "scotland", "2026-12-01 12:00"),  # St Andrew's Day is a Monday
        ("2026-07-10 12:00", "ni", "2026-07-14 12:00"),  # the twelfth of July, on the thirteenth
        ("2026-10-23 22:30", "wales", "2026-10-26 22:30"),  # the same local time on the other side of the clock change
    ],
)
def test_r07_a_working_day_knows_weekends_and_bank_holidays(received: str, nation: str, by: str) -> None:
    def moment(said: str) -> datetime:
        return datetime.fromisoformat(said).replace(tzinfo=LONDON).astimezone(UTC)

    assert to_be_read_by(moment(received), LONDON, nation) == moment(by)


def test_r07_a_text_that_nobody_read_for_a_working_day_tells_the_coordinator(world: World) -> None:
    asha, frances = world.member(), world.staff("coordinator")
    asha.texts("is the car park open on sundays, canarybird")
    asha.ignores()
    jobs.audit(world.services)
    world.jump_to(world.clock.now() + timedelta(hours=23))
    jobs.audit(world.services)
    world.settle()
    frances.hears_nothing()
    world.jump_to(world.clock.now() + timedelta(hours=2))
    jobs.audit(world.services)
    world.settle()
    told = frances.hears("texts wait for over a working day")
    assert "canarybird" not in told
    jobs.audit(world.services)  # not again and again
    world.settle()
    frances.hears_nothing()
    with world.database.write() as session:
        session.execute(update(InboundMessage).values(read_at=world.clock.now()))
    jobs.audit(world.services)
    world.jump_to(world.clock.now() + timedelta(days=2))
    jobs.audit(world.services)
    world.settle()
    frances.hears_nothing()
    world.staff_ignores()
    asha.ignores()
