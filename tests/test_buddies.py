"""Two people of a cohort in touch through the service, and a text to forward."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from companion.models import BuddyMember, BuddyWish, OutboxMessage, Person
from companion.programme.masking import without_contacts, without_people
from tests.world import Talker, World

BEN, CARA, DEV = "+447700900102", "+447700900103", "+447700900104"


def buddies(world: World) -> tuple[Talker, Talker]:
    asha, ben = world.member(), world.member(BEN)
    for person in (asha, ben):
        person.texts("BUDDY")
        person.texts("yes")
    world.settle()
    asha.ignores()
    ben.ignores()
    return asha, ben


@pytest.mark.one_database("postgresql")
def test_two_who_both_want_it_are_brought_together(world: World) -> None:
    asha, ben, far = world.member(), world.member(BEN), world.member(CARA, code="SHIELDING")
    asha.texts("Buddy?")
    asha.hears("one other doctor in ICU", "neither sees the other's number", "facilitators may read", "YES or NO")
    asha.texts("sleep")  # nothing is a trap
    asha.hears("This may help")
    asha.texts("Yes please")
    asha.hears("when someone else says yes")
    asha.texts("BUDDY hello?")
    asha.hears("You are on the list")
    for person, answer in ((far, "yes"), (ben, "no")):
        person.texts("buddy")
        person.hears("one other doctor")
        person.texts(answer)
        person.ignores()
    world.settle()
    asha.hears_nothing()
    ben.texts("BUDDY")
    ben.ignores()
    ben.texts("YES")
    ben.hears("when someone else says yes")
    world.settle()
    for person in (asha, ben):
        person.hears("Someone else in ICU said yes too", "BYE BUDDY ends it")
    far.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_words_are_passed_on_and_numbers_pictures_and_danger_are_not(world: World) -> None:
    asha, ben = buddies(world)
    asha.texts("BUDDY Hi! I'm on nights, are you? Ring me on 07700 900101 or see www.example.org/me")
    asha.hears("Passed on", "without the number, link or address")
    world.settle()
    heard = ben.hears("Your buddy: Hi! I'm on nights, are you?", "[removed]", "text BUDDY and your words")
    assert "900101" not in heard
    assert "example.org" not in heard
    ben.texts("buddy: nights too, all week")
    ben.hears("Passed on to your buddy.")
    world.settle()
    asha.hears("Your buddy: nights too, all week")
    ben.texts("BUDDY")
    ben.hears("To write to your buddy")
    ben.texts("BUDDY " + "word " * 60)
    ben.hears("characters too long, so we did not pass it on")
    ben.texts("BUDDY look", NumMedia="1")
    ben.hears("Pictures and voice notes are not read")
    ben.hears("Passed on")
    world.settle()
    asha.hears("Your buddy: look")

    # What the watch list knows is not passed on, and its author is told so.
    asha.texts("BUDDY I want to kill myself")
    asha.hears("no person has read your text yet")
    asha.hears("alerting a facilitator")
    asha.hears("did not pass this on to your buddy")
    world.settle()
    ben.hears_nothing()
    world.staff_ignores()

    ben.texts("Bye")
    ben.hears("it has ended")
    world.settle()
    asha.hears("Your buddy has ended it, or has left")
    asha.texts("BUDDY are you there")
    asha.hears("one other doctor in ICU")
    asha.texts("yes")
    asha.ignores()
    ben.texts("buddy")
    ben.texts("yes")
    ben.ignores()
    world.settle()
    asha.hears_nothing()  # never the same two again
    ben.texts("bye buddy")
    ben.hears("it has ended")
    ben.texts("bye buddy")
    ben.hears("You have no buddy")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_nothing_reaches_someone_who_stopped_paused_or_sleeps(world: World) -> None:
    asha, ben = buddies(world)
    ben.texts("QUIET 8AM TO 5PM")
    ben.ignores()
    asha.texts("BUDDY sleep well")
    asha.ignores()
    world.advance(hours=7)
    ben.hears_nothing()
    world.advance(hours=2)
    ben.hears("Your buddy: sleep well")
    ben.texts("PAUSE")
    ben.ignores()
    asha.texts("BUDDY still there?")
    asha.hears("has a break from texts")
    ben.texts("RESUME")
    ben.ignores()
    asha.texts("BUDDY again")
    asha.ignores()
    ben.texts("STOP")
    ben.ignores()
    world.settle()
    ben.hears_nothing()
    asha.hears("Your buddy has ended it, or has left")
    with world.database.read() as session:
        assert not session.scalars(select(BuddyMember.person_id).where(BuddyMember.ended_at.is_(None))).all()
        dropped = session.scalars(select(OutboxMessage.reason).where(OutboxMessage.purpose == "buddy_relay")).all()
        assert set(dropped) == {None, "left"} or set(dropped) == {None, "stopped"}
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_wish_ends_with_the_cohort_and_pairs_are_two(world: World) -> None:
    people = [world.member(number) for number in ("+447700900101", BEN, CARA, DEV)]
    for person in people[:3]:
        person.texts("BUDDY")
        person.texts("YES")
    people[2].texts("MOVE SHIELDING")
    world.settle()
    with world.database.read() as session:
        assert len(session.scalars(select(BuddyMember)).all()) == 2
        assert len(session.scalars(select(BuddyWish)).all()) == 1
    people[0].texts("MOVE SHIELDING")
    world.settle()
    with world.database.read() as session:
        assert not session.scalars(select(BuddyMember).where(BuddyMember.ended_at.is_(None))).all()
        assert session.scalar(select(Person.id).limit(1))
    for person in people:
        person.ignores()


@pytest.mark.one_database("postgresql")
def test_invite_gives_a_text_to_forward(world: World) -> None:
    asha = world.member()
    asha.texts("Invite")
    asha.hears("text to forward")
    asha.hears(
        "A group for resident doctors: ICU",
        "Text JOIN ICU to 07700 900000",
        "https://wa.me/447700900000?text=JOIN%20ICU",
        "not by your employer",
    )


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("ring 07700 900 123 tonight", "ring [removed] tonight"),
        ("+44 (0)7700-900123", "[removed]"),
        ("seven seven zero zero nine zero zero one", "[removed]"),
        ("mail me: a.b@example.org ok", "mail me: [removed] ok"),
        ("I am @ashadoc there", "I am [removed] there"),
        ("see example.co.uk/me?x=1 please", "see [removed] please"),
        ("pt 943 476 5919 in bed 4", "pt [removed] in bed 4"),
        ("12 hours, 4 nights, 13/14 beds", "12 hours, 4 nights, 13/14 beds"),
        ("3 of 4 shifts at 19:30, then 2pm", "3 of 4 shifts at 19:30, then 2pm"),
    ],
)
def test_numbers_and_links_are_taken_out(words: str, left: str) -> None:
    assert without_contacts(words).words.strip() == left


def test_names_of_people_and_places_are_taken_out() -> None:
    said = without_people(
        "It was hard after Dr Smith Jones left ward 12 of Royal Preston Hospital, and Priya on Tuesday"
    )
    assert said.words == "It was hard after [removed] left [removed] of [removed], and [removed] on Tuesday"


@pytest.mark.one_database("sqlite")
def test_what_is_said_about_a_buddy_is_answered_and_an_end_ends_it(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900131")
    for each in (asha, ben):
        each.texts("BUDDY")
        each.texts("yes")
    world.settle()
    for each in (asha, ben):
        each.ignores()
    for said in ("who is my buddy", "can i get a different buddy", "my buddy hasnt replied"):
        asha.texts(said)
        asha.hears("BUDDY and your words")
    asha.texts("i dont want a buddy anymore")
    asha.ignores()
    ben.texts("BUDDY are you there")
    assert "Passed on" not in " ".join(ben.ignores())
    world.settle()
    asha.hears_nothing()
    ben.ignores()
    world.staff_ignores()
