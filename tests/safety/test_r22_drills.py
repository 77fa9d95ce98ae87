"""SAFETY 22: drills one at a time, what is no drill, and drills that cannot begin or were given up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from companion.escalation.chain import sid_of_drill
from companion.models import Alarm, AuditEntry, Drill, Episode
from companion.proof import drill as drills
from companion.proof.before_a_drill import DrillError
from tests.deliveries import open_alarms
from tests.safety.stage import DANGER, closed
from tests.safety.test_r22_watch_the_watcher import DRILL, audit
from tests.world import World

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_r22_drills_come_one_at_a_time_and_each_pages_once(make_world: Callable[..., World]) -> None:
    world = make_world(**DRILL, companion_drill_at="monday 10:00").seeded()
    world.settle()
    world.clock.move_to(TEN - timedelta(seconds=2))
    by_hand = drills.start(world.services, world.clock.now())
    assert by_hand is not None
    world.clock.advance(timedelta(seconds=4))
    with pytest.raises(DrillError, match="under way"):
        drills.start(world.services, world.clock.now())
    text_of = (DRILL["companion_drill_from"], drills.WORDS, sid_of_drill(by_hand))
    drills._post(world.services, *text_of)  # by a process that was killed then
    others = [world.new_services(), world.new_services()]
    for _ in range(5):  # the command and two workers
        jobs_at_once = [threading.Thread(target=drills.go_on, args=(each, by_hand)) for each in others]
        for each in jobs_at_once:
            each.start()
        drills.run_due(world.services)
        for each in jobs_at_once:
            each.join()
        world.settle()
    with world.database.read() as session:
        (first,) = session.scalars(select(Drill)).all()
        assert (first.id, first.state) == (by_hand, "done")
    assert ["TAKE" in text for text in world.staff("coordinator").ignores()] == [True]
    world.clock.advance(timedelta(minutes=2))  # one page comes by one way in two minutes
    for _ in range(5):
        drills.run_due(world.services)
        world.settle()
    with world.database.read() as session:
        states = session.execute(select(Drill.state, Drill.times).order_by(Drill.due_at)).tuples().all()
        assert [state for state, _ in states] == ["done", "done"]
        assert states[1][1]["paged"] < 1  # and not two minutes: the report is of the service
        assert session.scalars(select(AuditEntry.action)).all().count("episode closed") == 2
    pages = world.staff("coordinator").ignores()
    assert ["TAKE" in text for text in pages] == [True], pages
    drills._post(world.services, *text_of)  # its text once more
    world.talker(DRILL["companion_drill_from"]).ignores()
    assert audit(world) == []


def test_r22_who_writes_from_the_drills_phone_is_no_drill(make_world: Callable[..., World]) -> None:
    world = make_world(**DRILL).seeded()
    world.settle()
    drill_id = drills.start(world.services, world.clock.now())
    assert drill_id is not None
    drills.go_on(world.services, drill_id)
    world.settle()
    world.staff_ignores()
    phone, lead = world.talker(DRILL["companion_drill_from"]), world.staff("lead")
    phone.texts(DANGER)
    phone.hears("999")
    world.settle()
    lead.hears("item")
    for _ in range(3):
        drills.go_on(world.services, drill_id)
    with world.database.read() as session:
        (episode,) = session.scalars(select(Episode)).all()
        assert (episode.is_drill, episode.state) == (False, "open")
        assert "is real" in (session.get_one(Drill, drill_id).failure or "")
    world.settle()
    world.staff("coordinator").hears("the drill did not get to its end")
    world.clock.advance(timedelta(minutes=2))
    with pytest.raises(DrillError, match="has to be closed first"):
        drills.start(world.services, world.clock.now())
    lead.texts("take")
    lead.hears("you have")
    world.settle()
    world.staff_ignores()
    phone.ignores()


def test_r22_a_drill_that_cannot_begin_is_told_of_and_one_given_up_leaves_nothing(
    make_world: Callable[..., World],
) -> None:
    world = make_world(**DRILL, companion_drill_at="monday 10:00").seeded()
    asha, responder = world.member(), world.staff("coordinator")
    world.settle()
    world.clock.move_to(TEN)
    asha.texts(DANGER)
    asha.ignores()
    with pytest.raises(DrillError, match="Something real"):
        drills.start(world.services, world.clock.now())
    closed(world)
    responder.texts("STOP")
    world.settle()
    world.staff_ignores()
    drills.run_due(world.services)
    assert "drill_failed" not in open_alarms(world)  # it may begin yet
    world.clock.move_to(TEN + timedelta(minutes=56))
    for _ in range(3):
        drills.run_due(world.services)
    with world.database.read() as session:
        (drill,) = session.scalars(select(Drill)).all()
        assert (drill.state, drill.due_at) == ("failed", TEN)
        assert "said STOP" in (drill.failure or "")
    assert "drill_failed" in open_alarms(world)
    responder.texts("START")
    drill_id = drills.start(world.services, world.clock.now())
    assert drill_id is not None
    world.clock.advance(timedelta(hours=2))  # whoever ran it was killed before the text went
    drills.run_due(world.services)
    drills._post(world.services, DRILL["companion_drill_from"], drills.WORDS, sid_of_drill(drill_id))  # it did go
    world.settle()
    assert any("TAKE" in text for text in responder.ignores())
    drills.run_due(world.services)
    with world.database.read() as session:
        assert [each.state for each in session.scalars(select(Episode)) if each.is_drill] == ["closed"]
    for _ in range(3):
        world.clock.advance(timedelta(minutes=10))
        world.settle()
    assert not any("TAKE" in text for text in responder.ignores())
    world.staff_ignores()
    asha.ignores()
    world.talker(DRILL["companion_drill_from"]).ignores()


def test_r22_a_drill_while_twilio_is_down_fails_and_alarms_about_nothing_else(make_world: Callable[..., World]) -> None:
    world = make_world(**DRILL).seeded()
    responder = world.staff("coordinator")
    also = world.talker(responder.number, "whatsapp")
    also.texts("menu")
    also.ignores()
    world.settle()
    world.standin.fault(None, "outage")
    drill_id = drills.start(world.services, world.clock.now())
    assert drill_id is not None
    for _ in range(14):
        drills.run_due(world.services)
        world.settle()
        world.clock.advance(timedelta(minutes=1))
    assert open_alarms(world) == {"twilio_down", "drill_failed"}
    world.standin.lift()
    for _ in range(3):
        world.clock.advance(timedelta(minutes=1))
        world.settle()
    assert not any("TAKE" in text for text in (*responder.ignores(), *also.ignores()))
    with world.database.read() as session:
        assert session.get_one(Drill, drill_id).failure == "it took longer than ten minutes"
        assert sorted(session.scalars(select(Alarm.kind))) == ["drill_failed", "twilio_down"]  # each told once
        assert [each.state for each in session.scalars(select(Episode))] == ["closed"]
    world.talker(DRILL["companion_drill_from"]).ignores()
