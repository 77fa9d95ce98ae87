"""Sessions as facilitators run them from their phones: late, off, too few, moved."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Booking, Group, GroupSession
from companion.programme import changing
from tests.first_session import SESSION, attended, first_session
from tests.rota_world import shown_code
from tests.world import World


@pytest.mark.one_database("postgresql")
def test_a_facilitator_runs_an_evening_from_the_phone(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900131")
    for each in (asha, ben):
        each.texts("yes")
        each.ignores()
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    cole.texts("Who's coming?")
    assert cole.hears("ICU North, Thu 26 Nov, 6:30pm. Coming: ", "Waiting: 0").count(",") >= 3
    cole.texts("what now")
    cole.hears("TAKE or PASS", "Text MENU")
    cole.texts("Menu")
    cole.hears("WHO (is coming)", "OFF TONIGHT", "MSG and your words")
    cole.texts("CANCEL TONIGHT")
    code = shown_code(cole.hears("3 people would be told", "Nothing is sent yet"))
    cole.texts(f"OFF {code}")
    cole.hears("In one minute 3 people", "UNDO")
    world.advance(seconds=50)
    cole.texts("undo")
    cole.hears("stays on", "Nobody was told")
    world.advance(minutes=5)
    for each in (asha, ben, dunne):
        each.hears_nothing()
    cole.texts("SWAP TONIGHT")
    cole.hears("We are asking Dr Dunne", "you still run")
    world.settle()
    assert code == shown_code(dunne.hears("Dr Cole can't run ICU North"), "YES")
    dunne.texts(f"yes {code}")
    dunne.hears("You run ICU North", "Dr Cole is being told")
    world.settle()
    cole.hears("Dr Dunne runs ICU North, Thu 26 Nov, 6:30pm, without you")
    dunne.texts("swap tonight")
    dunne.hears("Nobody else runs")
    world.move_to(SESSION + timedelta(minutes=46))
    assert not any("You are leading" in text for text in cole.ignores())
    assert any("You are leading" in text for text in dunne.ignores()[:-1])
    dunne.texts("CAME 9")
    dunne.hears("could not read", "1 ", "2 ")
    dunne.texts("Came 2")
    dunne.hears("Noted, for ICU North. Came: ")
    assert attended(world) == ["attended"]
    dunne.texts("CAME ALL")
    dunne.ignores()
    assert attended(world) == ["attended"] * 2
    world.advance(minutes=31)
    assert any("five minutes" in text for text in dunne.ignores())
    assert not any("five minutes" in text for text in cole.ignores())
    for each in (asha, ben, cole, dunne):
        each.ignores()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_a_session_called_off_by_text_is_off_after_a_minute(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    cole.texts("off tonight")
    cole.texts(f"off {shown_code(cole.ignores()[-1])}")
    world.advance(seconds=61)
    asha.hears("Sorry", "is off")
    dunne.hears("is off")
    cole.texts("undo")
    cole.ignores()
    world.settle()
    asha.hears_nothing()
    asha.texts("NEXT")
    asha.hears("Thu 10 Dec")


@pytest.mark.one_database("sqlite")
def test_who_waits_in_the_room_hears_that_it_is_off_and_so_does_who_went_in_early(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    for each in (asha, ben):
        each.texts("yes")
    world.move_to(SESSION - timedelta(minutes=5))
    link = re.search(r"/s/\S+", " ".join(asha.ignores()))
    assert link is not None
    world.app.test_client().post(f"{link[0]}/join")
    assert attended(world) == ["attended"]
    for each in (ben, cole, dunne):
        each.ignores()
    cole.texts("OFF TONIGHT")
    code = shown_code(cole.hears("3 people would be told"))
    dunne.texts("I'm ill, can't do tonight")
    dunne.hears("We are asking Dr Cole")
    world.settle()
    world.staff("lead").ignores()
    cole.hears("Can you run it without them")
    world.move_to(SESSION + timedelta(minutes=2))  # they wait in the room
    cole.texts(f"NO {code}")
    cole.hears("Dr Dunne is being told")
    world.settle()
    dunne.hears("Dr Cole can't run")
    world.staff("lead").hears("there is nobody else")
    cole.texts(f"OFF {code}")
    cole.hears("In one minute 3 people")
    world.advance(seconds=61)
    for each in (asha, ben):
        each.hears("Sorry", "6:30pm is off")
    dunne.hears("is off")
    assert attended(world) == []  # nobody was at a session that was not


@pytest.mark.one_database("sqlite")
def test_with_too_few_people_the_facilitators_decide_and_silence_lets_it_run(world: World) -> None:
    with world.database.write() as session:
        for group in session.scalars(select(Group)):
            group.minimum, group.decide_hours = 2, 30
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    world.move_to(SESSION - timedelta(hours=30) + timedelta(minutes=1))
    asha.ignores()
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    code = shown_code(cole.hears("places booked so far: 1", "With no answer it runs"), "RUN")
    dunne.hears("places booked so far: 1")
    cole.texts(f"run {code}")
    cole.hears("runs with whoever comes")
    world.move_to(SESSION)
    assert any("starts at" in text for text in asha.ignores())
    for who in (cole, dunne):
        assert not any("booked so far" in text for text in who.ignores())
    world.move_to(SESSION + timedelta(days=14))
    assert any("booked so far: 0" in text for text in cole.ignores())  # nobody answers: it is still planned
    with world.database.read() as session:
        assert set(session.scalars(select(GroupSession.status))) == {"planned"}
    asha.ignores()
    world.staff_ignores()


def test_all_that_follows_moves_by_more_than_a_week_with_the_places_people_have(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    meeting, now = first_session(world), world.clock.now()
    with world.database.write() as session:
        found = session.get_one(GroupSession, meeting.id)
        changing.move_from_here(session, found, SESSION + timedelta(days=12), now, world.services.voice, None)
    world.settle()
    asha.hears("has changed to Tue 8 Dec, 6:30pm", "You keep your place")
    world.staff_ignores()
    with world.database.read() as session:
        planned = session.scalars(
            select(GroupSession.starts_at).where(GroupSession.status == "planned").order_by(GroupSession.starts_at)
        ).all()
        assert session.scalars(select(Booking.status)).all() == ["yes"]
    assert [f"{each:%d %b %H:%M}" for each in planned[:3]] == ["08 Dec 18:30", "22 Dec 18:30", "05 Jan 18:30"]
