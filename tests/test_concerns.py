"""A concern that a facilitator raises about someone: by text, without a word to the person."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from companion.messaging.addresses import addresses_of
from companion.models import AuditEntry, Episode, Note, Person
from tests.safety.stage import reference
from tests.world import Talker, World


def test_a_facilitator_raises_a_concern_and_the_other_takes_it(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    with world.database.read() as session:
        aliases = sorted(session.scalars(select(Person.alias).where(Person.role == "trainee")))
    cole.texts("CONCERN")
    listed = cole.hears("Nothing has been raised yet", f"1 {aliases[0]}", f"2 {aliases[1]}", "999")
    cole.texts(f"Concern {listed.count(',')}9 who is that")
    cole.hears("Nothing has been raised yet")
    cole.texts("concern 2: left early and seemed far away")
    raised = cole.hears(f"about {aliases[1]} is open", f"{aliases[1]} gets no text", "TAKE")
    world.settle()
    page = dunne.hears("an item needs you now")
    world.advance(minutes=4)
    dunne.texts(f"{reference(page)} TAKE")
    dunne.hears("You have")
    world.settle()
    # They are told neither that somebody has "their text" nor that nobody has.
    asha.hears_nothing()
    ben.hears_nothing()
    # More about the same person goes to who has it; nobody is paged anew.
    cole.texts(f"CONCERN {aliases[1]} did not answer me today")
    cole.hears("is open", reference(raised))
    world.settle()
    dunne.hears("something new on")
    with world.database.read() as session:
        episode = session.scalars(select(Episode)).one()
        assert {note.body for note in session.scalars(select(Note))} == {
            "left early and seemed far away",
            "did not answer me today",
        }
        about = session.get_one(Person, episode.person_id)
        assert about.alias == aliases[1]
        done = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == episode.id)).all()
        assert {"episode opened", "concern raised", "episode taken"} <= set(done)
        theirs = asha if addresses_of(session, about)[0].address == asha.number else ben
    # If they then write something themselves, the crisis reply comes as ever.
    theirs.texts("I want to kill myself")
    theirs.hears("no person has read your text yet")
    theirs.hears("alerting a facilitator")
    world.settle()
    # Somebody has the item already, so that they are told at once who has their text; and what they write goes there.
    theirs.hears("Dr Dunne is a facilitator and has your text now")
    world.staff_ignores()
    theirs.texts("thank you, I am waiting")
    theirs.hears_nothing()
    world.settle()
    dunne.hears("new text about")
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_who_does_not_know_of_a_concern_is_answered_as_ever(world: World) -> None:
    asha = world.member()
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    cole.texts("CONCERN")
    cole.texts("concern 1: seemed far away")
    cole.ignores()
    world.settle()
    dunne.hears("an item needs you now")

    def lives_on() -> None:
        asha.texts("hello")
        assert "facilitator has" not in asha.hears("Text MENU", "999")
        asha.texts("change")
        assert "facilitator has" not in asha.hears("MENU")
        asha.texts("where can I get help with sleep")
        asha.hears("This may help")

    lives_on()  # while nobody has it
    dunne.texts("take")
    dunne.hears("You have")
    world.settle()
    lives_on()  # and while somebody has
    world.settle()
    dunne.texts(f"{code_in(dunne)} Hello, would you like to talk?")  # now they know
    dunne.hears("Sent to")
    world.settle()
    asha.hears("Dr Dunne: Hello")
    asha.texts("yes please")
    asha.hears_nothing()
    world.settle()
    dunne.hears("new text about")
    world.staff_ignores()


def code_in(talker: Talker) -> str:
    """Return the reference in the last text of a phone."""
    return reference(talker.phone.inbox[-1].body)


@pytest.mark.one_database("sqlite")
def test_nobody_is_raised_by_a_slip_and_other_groups_are_closed(world: World) -> None:
    world.member(code="SHIELDING")
    cole, erskine = world.staff("facilitator"), world.staff("lead")
    with world.database.read() as session:
        alias = session.scalars(select(Person.alias).where(Person.role == "trainee")).one()
    cole.texts(f"CONCERN {alias} is quiet")
    cole.hears("nobody in a group of yours")
    cole.texts("worried about parking")
    cole.hears("When an item comes")
    with world.database.read() as session:
        assert session.scalars(select(Episode)).all() == []
    erskine.texts(f"concern about {alias.lower()}")
    erskine.hears(f"about {alias} is open")
    world.settle()
    world.staff_ignores()
