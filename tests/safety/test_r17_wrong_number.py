"""SAFETY 17 and 12: a phone that answers as a stranger's is a hole in the rota, and no page goes there any more."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from companion.models import AuditEntry, Note
from companion.rota.ways import live_ways
from tests.console_stage import press
from tests.rota_world import code_in, on_duty, person
from tests.safety.stage import (
    Postbox,
    episode,
    flagged,
    give_logins,
    mailbox,
    open_alarms,
    reference,
    taken,
)
from tests.safety.test_r17_readiness import SIX, signed_in_as
from tests.world import World

GONE = "We won't text or call this number again"
TOLD = "the phone of Dr Cole answered that it is somebody else's"


def said_so(world: World) -> int:
    """Return how often the audit says that a phone is another's."""
    entries = select(func.count(AuditEntry.id)).where(AuditEntry.action == "phone said to be another's")
    with world.database.read() as session:
        return session.scalar(entries) or 0


@pytest.mark.parametrize(
    "said", ["wrong number", "Sorry mate, I think you've got the wrong number. This is my number now"]
)
def test_r17_no_page_goes_to_a_phone_that_is_a_strangers(mailed: World, postbox: Postbox, said: str) -> None:
    world = mailed
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    flagged(world, asha)
    world.settle()
    code = reference(cole.hears("an item needs you now"))
    dunne.hears_nothing()
    cole.texts(said)
    assert "Cole" not in cole.hears(GONE, "999")
    world.settle()
    world.staff("coordinator").hears(TOLD)
    world.staff("lead").hears(TOLD)
    dunne.hears("an item needs you now")  # at once, not in five minutes
    assert "number_not_theirs" in open_alarms(world)

    # Nothing of it is undone by silence, by START or by an order: the phone is a stranger's.
    for more in ("START", f"{code} TAKE"):
        cole.texts(more)
        assert all(f"You have {code}" not in heard for heard in cole.ignores())
    assert episode(world).state == "open"
    world.advance(minutes=45)
    cole.hears_nothing()
    cole.rings_not()
    with world.database.read() as session:
        assert live_ways(session, person(world, "Dr Cole")) == []
    assert said_so(world) == 1
    assert postbox.to(mailbox("Dr Cole"))  # what way there is is used
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_r17_a_number_that_was_said_to_be_wrong_counts_again_once_its_code_came_back(world: World) -> None:
    give_logins(world)
    cole = world.staff("facilitator")
    cole.texts("Wrong number!")
    cole.hears(GONE)
    world.settle()
    world.staff_ignores()
    coordinator, facilitator = signed_in_as(world, "Frances"), signed_in_as(world, "Dr Cole")
    assert "Now: Dr Cole." in coordinator.get("/console/").text
    users = coordinator.get("/console/users").text
    assert "Phone is somebody else" in users
    who = re.search(r'href="(/console/users/[^"]+)">Dr Cole<', users)
    assert who is not None
    again = press(coordinator, who[1], f"{who[1]}/number", number=cole.number)
    assert "answered that it is somebody else" in again.text
    cole.hears_nothing()

    ways = facilitator.get("/console/ways").text
    assert "That phone answered that it is somebody else" in ways
    sends = re.search(r'action="(/console/ways/[^"]+/again)"', ways)
    assert sends is not None
    press(facilitator, "/console/ways", sends[1])
    world.settle()
    six = re.search(r"\d{6}", cole.hears("code"))
    assert six is not None
    asha = world.member()
    flagged(world, asha)
    world.settle()
    cole.hears_nothing()  # a code that was only asked for brings nothing back
    press(facilitator, sends[1].removesuffix("/again"), sends[1].removesuffix("/again"), code=six.group())
    assert "number_not_theirs" not in open_alarms(world)
    world.advance(minutes=12)
    assert any("an item needs you now" in heard for heard in cole.ignores())
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize(
    "said",
    ["who is this?", "you've got the wrong person", "this isn't Dr Cole", "you have the wrong number, he moved on"],
)
def test_r17_who_may_be_a_stranger_is_asked_and_nothing_is_taken_away(world: World, said: str) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    cole.texts(said)
    cole.hears("If this phone is not theirs, reply WRONG PHONE")
    flagged(world, asha)
    world.settle()
    cole.hears("an item needs you now")
    cole.texts(said)
    assert "WRONG PHONE" in cole.ignores()[-1]
    world.settle()
    dunne.hears_nothing()
    world.staff("lead").hears_nothing()
    assert "number_not_theirs" not in open_alarms(world)
    cole.texts("WRONG PHONE")
    cole.hears(GONE)
    world.settle()
    dunne.hears("an item needs you now")
    world.staff_ignores()
    asha.ignores()


def test_r17_from_whoever_has_an_item_wrong_number_is_a_note_until_they_say_that_it_is_the_phone(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    flagged(world, asha)
    taken(world, cole, asha)
    cole.texts("wrong number")
    cole.hears("Kept as a note")
    cole.hears("reply WRONG PHONE")
    with world.database.read() as session:
        assert session.scalars(select(Note.body)).all() == ["wrong number"]
    cole.texts("wrong phone")
    cole.hears(GONE)
    world.settle()
    dunne.hears("an item needs you now")  # nothing reaches who has it
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("postgresql")
def test_r17_a_test_page_that_a_stranger_answers_goes_on_at_once(world: World) -> None:
    on_duty(world, "Dr Cole")
    on_duty(world, "Dr Dunne", "second")
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    world.move_to(SIX + timedelta(minutes=1))
    cole.hears("test page")
    dunne.texts(code_in(dunne.hears("test page")))
    dunne.ignores()
    world.staff_ignores()
    cole.texts("wrong number pal")
    cole.hears(GONE)
    world.settle()
    assert any("Dr Cole did not answer" in heard for heard in world.staff("lead").ignores())
    world.staff("coordinator").ignores()
    world.advance(hours=3)
    cole.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r17_the_last_phone_there_is_leaves_somebody_to_hear_of_it(world: World) -> None:
    asha = world.member()
    for role, which in (("facilitator", 0), ("facilitator", 1), ("lead", 0)):
        world.staff(role, which).texts("wrong number")
        world.staff(role, which).ignores()
        world.settle()
    world.staff("coordinator").ignores()
    flagged(world, asha)
    world.settle()
    world.staff("coordinator").hears("an item needs you now")
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_r17_wrong_number_about_something_else_takes_no_phone_away(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    for said in (
        "you have the wrong number for asha",
        "she gave me the wrong number",
        "wrong number of people on the list",
        "MSG sorry, wrong number earlier",
    ):
        cole.texts(said)
        assert all(GONE not in heard for heard in cole.ignores())
    asha.texts("wrong number")  # has a path of its own
    asha.ignores()
    assert said_so(world) == 0
    world.settle()
    world.staff_ignores()
    asha.ignores()
