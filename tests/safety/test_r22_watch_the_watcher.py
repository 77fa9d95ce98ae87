"""SAFETY 22: the auditor finds and mends, `/healthz` and the heartbeat tell of it, the drill goes the whole way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import func, select, text, update

from companion import jobs
from companion.escalation.auditor import runs
from companion.escalation.concerns import raise_concern
from companion.escalation.watchlist import load_watchlist
from companion.models import Alarm, AuditEntry, Drill, Episode, OutboxMessage, Person, raise_alarm
from companion.proof import drill as drills
from companion.proof.before_a_drill import DrillError
from companion.proof.times import STEPS, report, spread
from tests.rota_world import person
from tests.safety.stage import DANGER
from tests.world import World

DRILL = {"companion_drill_from": "+447700900199", "companion_drill_by": "+447700900204"}


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """Somebody outside who notes each heartbeat."""
    heard: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/beat", heard
    server.shutdown()
    server.server_close()


def audit(world: World) -> list[str]:
    """Let the auditor look; return what it logged."""
    jobs.audit(world.services)
    return [line.split(": ", 1)[1] for line in world.expects_errors()]


def healthz(world: World) -> tuple[int, str]:
    answer = world.app.test_client().get("/healthz")
    return answer.status_code, answer.get_json().get("wrong", "")


@pytest.mark.one_database("sqlite")
def test_r22_health_and_heartbeat_fall_silent_when_something_is_wrong(
    make_world: Callable[..., World], outside: tuple[str, list[str]]
) -> None:
    url, heard = outside
    world = make_world(companion_heartbeat_url=url).seeded()
    jobs.heartbeat(world.services)
    assert heard == []  # no tick yet
    world.settle()
    assert healthz(world) == (200, "")
    jobs.heartbeat(world.services)
    assert heard == ["/beat"]
    world.clock.advance(timedelta(seconds=61))
    assert healthz(world)[1] == "the worker has not run for a minute"
    jobs.heartbeat(world.services)
    assert len(heard) == 1
    world.settle()
    world.member().texts(DANGER)
    world.settle()
    with world.database.write() as session:  # as if a bug had lost what is due
        session.execute(update(Episode).values(next_action_at=world.clock.now() - timedelta(minutes=3)))
    assert audit(world) == ["nothing was due"]
    assert healthz(world)[1] == "the auditor found something wrong"
    jobs.heartbeat(world.services)
    assert len(heard) == 1
    world.settle()  # mended: the next page goes out, and the next look finds all well
    assert audit(world) == []
    assert healthz(world) == (200, "")
    jobs.heartbeat(world.services)
    assert len(heard) == 2
    world.clock.advance(timedelta(minutes=6))
    world.settle()
    assert healthz(world)[1] == "the auditor has not run for five minutes"
    world.staff_ignores()
    world.talker().ignores()


@pytest.mark.one_database("postgresql")
def test_r22_a_heartbeat_that_nobody_answers_stops_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(companion_heartbeat_url="http://127.0.0.1:1/secret").seeded()
    world.settle()
    jobs.heartbeat(world.services)


def test_r22_the_auditor_finds_what_no_code_of_ours_would_do(world: World) -> None:
    """Each invariant, broken by hand."""
    asha = world.member()
    asha.texts(DANGER)
    world.settle()
    now = world.clock.now()
    assert audit(world) == []
    with world.database.write() as session:  # 6: the reply is gone from the ledger
        episode = session.scalars(select(Episode)).one()
        session.execute(update(OutboxMessage).where(OutboxMessage.purpose.like("crisis%")).values(in_reply_to=None))
        # 5: the trainee's words in a text to a facilitator
        page = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "page").limit(1)).one()
        page.body = "Somebody says: WANT to   end my life."
        # 4: a state that nobody recorded
        episode.state, episode.owner_id = "owned", person(world, "Dr Cole").id
        episode.owned_at = now + timedelta(seconds=1)
    assert set(audit(world)) == {
        "owned without an entry", "a text to staff said too much", "a flagged text had no reply",
    }  # fmt: skip
    asha.ignores()
    world.settle()
    asha.hears("no person has read")  # mended
    asha.hears("111")
    assert "a flagged text had no reply" not in audit(world)
    with world.database.write() as session:  # 3: open for long, and never paged again
        session.execute(update(OutboxMessage).where(OutboxMessage.purpose == "page").values(body="An item"))
        session.execute(
            update(Episode).values(
                state="open",
                owner_id=None,
                started_at=now - timedelta(hours=1),
                next_action_at=now + timedelta(hours=9),
            )
        )
        session.execute(text("DELETE FROM pages"))
    assert audit(world) == ["not paged for a quarter of an hour"]
    world.settle()
    world.staff("facilitator").hears("an item needs you")
    with pytest.raises(Exception, match="ck_episodes_closed"), world.database.write() as session:  # 2: the database
        session.execute(update(Episode).values(state="closed"))
    world.staff_ignores()
    asha.ignores()


def test_r22_two_that_find_the_same_wrong_at_one_moment_both_go_on(world: World) -> None:
    other, begun, now = world.new_services(), threading.Event(), world.clock.now()

    def find() -> None:
        begun.wait()
        with other.database.write() as session:
            raise_alarm(session, now, "twilio_not_reached")

    second = threading.Thread(target=find)
    second.start()
    with world.database.write() as session:
        raise_alarm(session, now, "twilio_not_reached")
        begun.set()
        second.join(0.2)  # it waits for us
        assert second.is_alive()
    second.join()
    with world.database.read() as session:
        assert session.scalars(select(Alarm.count)).all() == [2]
    other.database.close()
    world.settle()
    world.staff_ignores()


def test_r22_runs_of_words_are_compared_whatever_stands_between() -> None:
    assert runs("I can't go on") == {("i", "can't", "go"), ("can't", "go", "on")}
    assert runs("one two {who} three four") == set()
    assert ("end", "my", "life") in runs("END, my\nlife!")


def test_r22_a_drill_goes_the_whole_way_and_is_counted_nowhere(make_world: Callable[..., World]) -> None:
    world = make_world(**DRILL, companion_drill_at="monday 10:00").seeded()
    world.settle()
    world.clock.move_to(datetime(2026, 11, 23, 9, 59, tzinfo=UTC))
    drills.run_due(world.services)
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Drill)) == 0
    world.clock.move_to(datetime(2026, 11, 23, 10, 1, tzinfo=UTC))
    other = world.new_services()
    for services in (world.services, other) * 5:  # two workers
        drills.run_due(services)
        world.settle()
    other.database.close()
    with world.database.read() as session:
        (drill,) = session.scalars(select(Drill)).all()
        (episode,) = session.scalars(select(Episode)).all()
        entries = session.scalars(select(AuditEntry.action)).all()
        assert (drill.state, drill.failure) == ("done", None)
        assert set(drill.times) == {"reply", "paged", "owned", "contacted", "closed"}
        assert (episode.is_drill, episode.state, episode.outcome) == (True, "closed", "not meant literally")
        assert {"drill started", "drill done"} <= set(entries)
        assert {
            step: found.count for step, found in report(session, drill.due_at, world.clock.now()).items()
        } == dict.fromkeys(STEPS, 0)
    paged = world.staff("coordinator").ignores()  # nobody else's phone rang
    assert "TAKE" in paged[0]
    world.talker(DRILL["companion_drill_from"]).ignores()
    assert audit(world) == []


def test_r22_a_drill_keeps_no_page_waiting(make_world: Callable[..., World]) -> None:
    cole_s = "+447700900201"
    world = make_world(**DRILL | {"companion_drill_by": cole_s}).seeded()
    asha, cole = world.member(), world.staff("facilitator")
    assert cole.number == cole_s
    drill_id = drills.start(world.services, world.clock.now())
    assert drill_id is not None
    drills.go_on(world.services, drill_id)
    world.settle()
    cole.hears("1 item from unknown senders")
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    cole.hears("an item needs you now")  # within the two minutes in which one page comes by one way
    cole.ignores()
    world.talker(DRILL["companion_drill_from"]).ignores()


def test_r22_a_drill_that_does_not_get_to_its_end_alarms(make_world: Callable[..., World]) -> None:
    world = make_world(**DRILL).seeded()
    world.settle()
    drill_id = drills.start(world.services, world.clock.now())
    assert drill_id is not None
    assert drills.start(world.services, world.clock.now()) is None
    assert drills.go_on(world.services, drill_id) == "started"
    for _ in range(12):  # no worker sends the page
        world.clock.advance(timedelta(minutes=1))
        state = drills.go_on(world.services, drill_id)
    assert state == "failed"
    with world.database.read() as session:
        assert session.scalar(select(Alarm.kind).where(Alarm.kind == "drill_failed"))
        assert session.get_one(Drill, drill_id).failure == "it took longer than ten minutes"
    world.settle()
    world.staff_ignores()
    world.talker(DRILL["companion_drill_from"]).ignores()


@pytest.mark.parametrize("taken", [False, True])
def test_r22_a_drill_that_failed_pages_nobody_any_longer(make_world: Callable[..., World], *, taken: bool) -> None:
    world = make_world(**DRILL).seeded()
    world.settle()
    drill_id = drills.start(world.services, world.clock.now())
    assert drill_id is not None
    drills.go_on(world.services, drill_id)
    world.settle()
    responder = world.staff("coordinator")
    (page,) = responder.ignores()
    if taken:
        responder.texts(f"{page.split('Reply ')[1][:4]} TAKE")
        responder.hears("you have")
    world.clock.advance(timedelta(minutes=11))  # the worker that goes on with it stood still
    assert drills.go_on(world.services, drill_id) == "failed"
    with world.database.read() as session:
        (episode,) = session.scalars(select(Episode)).all()
        assert (episode.state, session.get_one(Drill, drill_id).episode_id) == ("closed", episode.id)
    world.settle()
    responder.hears("the drill did not get to its end")
    for _ in range(12):
        world.clock.advance(timedelta(minutes=10))
        world.settle()
    responder.texts(f"{page.split('Reply ')[1][:4]} TAKE")
    responder.hears("closed")
    responder.hears_nothing()
    world.talker(DRILL["companion_drill_from"]).ignores()
    assert audit(world) == []


@pytest.mark.one_database("postgresql")
def test_r22_a_drill_needs_numbers_that_are_right(make_world: Callable[..., World]) -> None:
    world = make_world(companion_drill_from="+447700900101", companion_drill_by="+447700900199").seeded()
    with pytest.raises(DrillError, match="nobody who runs"):
        drills.start(world.services, world.clock.now())
    world = make_world(companion_drill_from="+447700900101", companion_drill_by="+447700900204").seeded()
    world.member()
    with pytest.raises(DrillError, match="nobody's"):
        drills.start(world.services, world.clock.now())


def test_r22_the_drills_words_are_flagged() -> None:
    assert load_watchlist().read(drills.WORDS).route == "page"


@pytest.mark.one_database("sqlite")
def test_r22_the_times_are_those_of_the_clock(world: World) -> None:
    began = world.clock.now()
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    world.clock.advance(timedelta(seconds=90))
    cole.texts("take")
    world.settle()
    world.clock.advance(timedelta(minutes=2))  # one page a person in two minutes
    basil = world.member("+447700900102")
    basil.texts(DANGER)
    world.settle()
    with world.database.read() as session:
        found = report(session, began, world.clock.now() + timedelta(seconds=1))
        assert session.scalars(select(Person.alias).where(Person.role == "trainee")).all()
    assert (found["reply"].count, found["reply"].max) == (2, 0)
    assert (found["paged"].count, found["paged"].median) == (2, 0)
    assert (found["owned"].count, found["owned"].open, found["owned"].max) == (1, 1, 90)
    assert (found["contacted"].count, found["contacted"].median) == (0, None)
    world.member("+447700900103")
    with world.database.write() as session:  # a concern: nobody wrote, so no reply is owed
        about = session.scalars(select(Person).where(Person.role == "trainee").order_by(Person.created_at)).all()[-1]
        by = session.scalars(select(Person).where(Person.role == "lead")).one()
        raise_concern(session, about, by, "very quiet", world.clock.now(), world.services.voice)
        found = report(session, began, world.clock.now() + timedelta(seconds=1))
    assert (found["reply"].count, found["reply"].open) == (2, 0)
    assert found["owned"].count + found["owned"].open == 3
    world.staff_ignores()
    asha.ignores(), basil.ignores()


def test_r22_spread_is_nearest_rank() -> None:
    found = spread(list(range(1, 101)))
    assert (found.median, found.p95, found.max) == (50.5, 95, 100)
    assert (spread([7]).p95, spread([], 2).open, spread([]).median) == (7, 2, None)
