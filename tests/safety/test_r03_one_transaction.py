"""Text, flag, episode and first page are stored together, and once."""

from __future__ import annotations

from sqlalchemy import func, select, text

from companion import jobs
from companion.models import Episode, Flag, InboundMessage
from tests.safety.stage import DANGER, hears_crisis_lines
from tests.world import World


def test_r03_the_same_text_again_is_one_episode_and_one_page(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    sid = asha.texts(DANGER)
    first = asha.ignores()
    for _ in range(5):
        world.standin.replay(sid)
    asha.hears_nothing()
    world.settle()
    cole.hears("an item")
    assert len(first) == 2
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Episode)) == 1
        assert session.scalar(select(func.count()).select_from(Flag)) == 1


def test_r03_all_of_it_is_stored_or_nothing_and_the_lines_come_either_way(world: World) -> None:
    asha = world.member()
    with world.database.write() as session:
        session.execute(text("ALTER TABLE pages RENAME TO away"))
    sid = asha.texts(DANGER)
    asha.hears("our system is not working", "999", "116 123")
    assert len(world.expects_errors()) == 1
    with world.database.read() as session:  # the page could not be stored, so nothing was
        for table in (Flag, Episode):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert session.scalar(select(func.count()).where(InboundMessage.provider_sid == sid)) == 0
    with world.database.write() as session:
        session.execute(text("ALTER TABLE away RENAME TO pages"))
    world.advance(minutes=5)
    jobs.reconcile(world.services)
    world.settle()
    hears_crisis_lines(asha)
    world.staff("facilitator").hears("an item needs you now")
