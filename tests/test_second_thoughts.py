"""What people add, ask or take back after an answer, as they would say it to a stranger on the phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from companion import jobs
from companion.models import Address, CheckIn, ContactRequest, InboundMessage, Person, SurveyComment
from tests.safety.stage import DANGER, closed, reference
from tests.world import World

NOT_UNDERSTOOD = "didn't understand"


@pytest.mark.one_database("sqlite")
def test_second_thoughts_about_a_deletion_keep_everything(world: World) -> None:
    asha = world.member()
    for no in ("dont", "don't", "cancel that", "oh wait", "no keep my data", "i changed my mind"):
        asha.texts("DELETE MY DATA")
        asha.hears("This will delete what we hold", "Reply YES to delete")
        asha.texts(no)
        asha.hears("We have deleted nothing")
    asha.texts("DELETE MY DATA")
    asha.hears("Reply YES to delete")
    asha.texts("do delete it")
    asha.ignores()
    asha.texts("NEXT")
    asha.hears("ICU North")


def test_second_thoughts_after_a_deletion_hear_that_it_is_done_and_keep_nothing(world: World) -> None:
    asha, stopped = world.member(), world.member("+447700900102", "whatsapp")
    asha.texts("DELETE MY DATA")
    asha.texts("yes")
    stopped.texts("STOP")
    for phone in (asha, stopped):
        phone.ignores()
    for late in ("cancel that", "wait i changed my mind", "can you undo that?", "MY DATA", "yes", "START"):
        asha.texts(late)
        asha.hears("It is all deleted", "can't bring it back", "text JOIN")
        with world.database.read() as session:
            of_number = select(Address.person_id).where(Address.address_index == asha.number)
            assert session.scalars(of_number).all() == [None]
    stopped.texts("cancel that")  # nothing of theirs was deleted
    stopped.hears_nothing()
    world.clock.advance(timedelta(hours=73))  # like any text from a number that is nobody's
    jobs.purge(world.services)
    with world.database.read() as session:
        about = session.scalars(select(Address).where(Address.address_index == asha.number)).one()
        assert about.address == ""
        assert set(session.scalars(select(InboundMessage.body).where(InboundMessage.address_id == about.id))) == {None}
    asha.texts("JOIN ICU")
    asha.texts("YES")
    assert "Welcome" in "".join(asha.ignores())
    world.settle()
    world.staff_ignores()


def test_a_deletion_that_waits_can_be_called_off_without_coming_back(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    world.settle()
    asha.ignores()
    asha.texts("DELETE MY DATA")
    asha.texts("yes")
    assert "wait until that is closed" in asha.ignores()[-1]
    asha.texts("actually cancel that")
    asha.hears("we will delete nothing", "Text START to come back")
    cole.texts(f"{reference(cole.hears('an item'))} TAKE")
    world.settle()
    asha.ignores()
    asha.texts("DELETE MY DATA")
    asha.texts("yes")
    assert "wait until that is closed" in asha.ignores()[-1]
    asha.texts("dont delete it please")  # while somebody has their text: no word to them
    asha.hears("we will delete nothing")
    closed(world)
    world.advance(hours=2)
    asha.ignores()
    world.staff_ignores()
    asha.texts("START")
    asha.hears("Your texts are on again")
    asha.hears_nothing()


@pytest.mark.one_database("postgresql")
def test_sorry_gives_up_no_place_and_is_no_comment(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.hears("you have a place")
    asha.texts("sorry")
    asha.hears("You have a place", "Can't come? Reply NO")
    asha.texts("on the ward")
    asha.hears("You have a place")
    asha.texts("no")
    asha.hears("You have no place")
    asha.texts("so sorry")
    asha.hears("No need to be sorry")
    asha.texts("yes")
    asha.hears("you have a place")
    world.advance(days=3, hours=8)
    asha.ignores()
    asha.texts("on my way now")
    asha.hears("Your group, Thu 26 Nov, 6:30pm: http")
    world.advance(hours=1, minutes=35)
    asha.ignores()
    asha.texts("on my way now")  # it has begun
    asha.hears("told the people who run it that you will be late")
    world.advance(hours=2)
    assert any("was it helpful?" in each for each in asha.ignores())
    asha.texts("yes")
    asha.hears("anything that would make it better")
    asha.texts("sorry")
    asha.hears("No need to be sorry")
    asha.texts("it was too late in the evening for me")
    asha.hears("without your name")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_says_they_are_in_hears_that_they_are(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.hears("You have no place")
    world.advance(days=4)
    asha.ignores()
    asha.texts("ok im in")
    asha.hears("Yes, you are in ICU")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_where_they_are_is_neither_late_nor_an_answer(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.hears("You have no place")
    world.advance(days=5)
    asha.ignores()
    asha.texts("on the ward")
    asha.hears(NOT_UNDERSTOOD)
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_three_needs_in_one_text(world: World) -> None:
    asha = world.member()
    asha.texts("exams and money and childcare help pls")
    asha.hears("noted it under childcare")
    asha.hears("Deanery professional support", "Royal Medical Benevolent Fund", "Text MORE")
    asha.texts("exams, money and sleep help pls")
    asha.hears("BMA counselling", "Practitioner Health", "For the rest, text MONEY")
    asha.texts("MONEY")
    asha.hears("Royal Medical Benevolent Fund")


@pytest.mark.one_database("sqlite")
def test_questions_about_the_places_that_were_named(world: World) -> None:
    asha = world.member()
    asha.texts("is it open now?")
    asha.hears("Which place do you mean?")
    asha.texts("I feel low and burnt out")
    asha.ignores()
    asha.texts("is it open now?")  # Monday, 9am
    asha.hears("Open now, if this is no bank holiday. NHS Practitioner Health", "BMA counselling")
    asha.texts("samaritans open now?")
    asha.hears("116 123, any time")
    asha.texts("when does it close")
    asha.hears("Open now. Samaritans")
    asha.texts("near me?")
    asha.hears("Not by town, sorry")
    world.advance(hours=12)
    asha.ignores()
    asha.texts("practitioner health")
    asha.ignores()
    asha.texts("is it open tonight")
    asha.hears("Closed now. NHS Practitioner Health")
    asha.texts("gp")
    asha.hears("Your own GP: if you have none")
    asha.texts("is it open?")
    asha.hears("We do not know its hours")


@pytest.mark.parametrize(
    "taken_back",
    ["actually dont", "sorry wrong person", "oops wrong number", "forget it", "sorry meant to send that to my wife"],
)
@pytest.mark.one_database("sqlite")
def test_a_wish_for_a_person_that_is_taken_back_at_once_reaches_no_facilitator(world: World, taken_back: str) -> None:
    asha = world.member()
    asha.texts("CALL ME")
    asha.hears("You are on the list")
    asha.texts(taken_back)
    asha.hears("You are off the list for a call", "Text CALL ME if you change your mind")
    world.settle()
    world.staff("facilitator").hears_nothing()
    with world.database.read() as session:
        assert session.scalars(select(ContactRequest.settled_at)).one() is not None


def test_who_was_told_of_a_wish_for_a_person_is_told_that_it_is_called_off(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    asha.texts("CALL ME")
    asha.hears("You are on the list")
    world.settle()
    for each in (cole, dunne):
        each.hears("would like a person to get in touch")
    asha.texts("nevermind")
    asha.hears("You are off the list")
    world.settle()
    for each in (cole, dunne):
        each.hears("someone in your group who wanted a person", "has called it off")
    ben.texts("I don't want to be a bother")
    ben.ignores()
    ben.texts("CALL ME")
    ben.hears("You are on the list")
    ben.texts("yes")
    ben.texts("MY WEEKS")  # a wish of its own is no no
    ben.texts("never mind the weekend, weekdays are bad for me")  # what it is about, and no end
    assert "off the list" not in " ".join(ben.ignores())
    world.settle()
    cole.hears("would like a person to get in touch")
    dunne.ignores()


@pytest.mark.one_database("sqlite")
def test_near_me_after_a_hard_answer_is_no_wish_for_a_call(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    world.advance(days=2)
    asha.ignores()
    asha.texts("1")
    asha.hears("That sounds hard")
    asha.texts("near me?")
    asha.hears("Not by town, sorry", "CALL ME for a person")
    asha.texts("yes please")
    asha.hears("on the list for a facilitator")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_need_without_a_place_is_said_to_have_none(world: World) -> None:
    asha = world.member()
    asha.texts("im trans")
    asha.hears("no place that is just for that, sorry", "BMA peer support", "CALL ME")
    asha.texts("dentist")
    asha.hears("we have nothing on that yet")
    asha.texts("pay wrong")
    asha.hears("This may help")
    asha.texts("where can i find friends here")
    asha.hears("BMA peer support")
    asha.texts("guardian")
    asha.hears("Guardian of Safe Working Hours", "Freedom to Speak Up Guardian")


@pytest.mark.parametrize("slip", ["sorry i meant no", "oops meant no", "No, not yes", "yes was a mistake"])
@pytest.mark.one_database("sqlite")
def test_a_yes_that_was_a_slip_is_taken_back(world: World, slip: str) -> None:
    asha, ben, cara = (world.member(f"+44770090010{each}") for each in (1, 2, 3))
    asha.texts("yes")
    asha.hears("you have a place")
    asha.texts(slip)
    asha.hears("You have no place")
    ben.texts("CALL ME")
    ben.hears("on the list for a facilitator")
    ben.texts(slip)
    ben.hears("You are off the list for a call", "may still ring")
    dan = world.talker("+447700900104")
    dan.texts("join icu")
    dan.texts("yes")
    dan.ignores()
    dan.texts(slip)
    dan.hears("You have joined", "Text STOP to leave", "text NO")
    dan.texts("no")
    dan.hears("You have no place")
    cara.texts(slip)  # no yes before it
    assert "off the list" not in "".join(cara.ignores())
    world.settle()
    world.staff_ignores()


def test_what_is_counted_without_names_cannot_be_taken_back_and_nothing_leads_from_words_to_their_writer(
    world: World,
) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    world.advance(days=3, hours=11)
    asha.ignores()
    asha.texts("yes")
    asha.hears("anything that would make it better")
    asha.texts("sorry i meant no")
    asha.hears("we can't change that", "without names")
    asha.texts("it was too late in the evening for me")
    asha.hears("May we show these words")
    asha.texts("yes")
    asha.hears("Your words are kept without your name")
    with world.database.read() as session:
        [comment] = session.scalars(select(SurveyComment)).all()
        [data] = session.scalars(select(Person.dialogue_data).where(Person.role == "trainee")).all()
        assert str(comment.id) not in str(data)
    asha.texts("sorry i meant no")
    asha.ignores()
    with world.database.read() as session:
        assert len(session.scalars(select(SurveyComment)).all()) == 1
    world.staff_ignores()


@pytest.mark.parametrize("both", ["yes. and 4", "Yes please, 4/10", "4 and yes", "yeah go on + a 4"])
@pytest.mark.one_database("sqlite")
def test_a_number_beside_a_yes_to_a_place_answers_the_weekly_question(world: World, both: str) -> None:
    asha = world.member()
    world.advance(days=1, hours=12)
    asha.hears("how has your rest been")
    asha.texts("next")
    asha.hears("Reply YES for a place")
    asha.texts(both)
    asha.hears("you have a place")
    asha.hears("Thanks, noted")
    with world.database.read() as session:
        assert [each.score for each in session.scalars(select(CheckIn))] == [4]
    asha.texts("no")
    asha.hears("You have no place")
    world.staff_ignores()


@pytest.mark.parametrize("text", ["im in glasgow, anything for money?", "working in glasgow now. who helps with debt"])
@pytest.mark.one_database("sqlite")
def test_where_help_is_wanted_gives_up_no_place(world: World, text: str) -> None:
    asha = world.member()
    asha.texts("next")
    asha.hears("Reply YES for a place")
    asha.texts(text)
    asha.hears("look for help in Scotland")
    asha.hears("This may help")
    asha.texts("yes")
    asha.hears("you have a place")
