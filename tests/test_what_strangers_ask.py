"""What people ask in passing, in words that no page foresaw, and what must never follow from it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from companion.conversation.intents import understand
from companion.models import InboundMessage
from tests.world import World


@pytest.mark.one_database("sqlite")
def test_ok_deletes_nothing_and_what_is_deleted_can_be_asked(world: World) -> None:
    asha = world.member()
    asha.texts("DELETE MY DATA")
    asha.hears("Reply YES to delete")
    asha.texts("are you sure it deletes everything")
    asha.hears("What stays leads to nobody", "Reply YES to delete it")
    for nod in ("ok", "sure", "👍"):
        asha.texts(nod)
        asha.hears("Reply YES to delete")
    asha.texts("yes")
    asha.hears("We have deleted what we held")


@pytest.mark.one_database("sqlite")
def test_a_copy_can_be_had_again_and_takes_no_place(world: World) -> None:
    asha = world.member()
    asha.texts("MY DATA")
    asha.hears("Reply YES to get it")
    asha.texts("ok")
    asha.hears("Here is your copy")
    for again in ("link expired?", "send again", "its blank"):
        asha.texts(again)
        asha.hears("a link to a copy of what we hold", "Reply YES")
        asha.texts("yes")
        asha.hears("Here is your copy")
    asha.texts("NEXT")
    asha.hears("Reply YES for a place")
    asha.texts("still nothing")
    assert "you have a place" not in asha.ignores()[-1]


@pytest.mark.one_database("sqlite")
def test_who_dials_in_is_given_the_number_and_keeps_the_place(world: World) -> None:
    asha = world.member()
    asha.texts("dont have a smartphone")
    assert "020 7946 0018" not in asha.ignores()[-1]  # no place yet
    asha.texts("yes")
    asha.hears("you have a place")
    for asked in (
        "landline ok?",
        "what number do i ring",
        "whats the number for thursday",
        "do i need a pin",
        "sorry i dont have a smartphone",
    ):
        asha.texts(asked)
        asha.hears("call 020 7946 0018", "246810#")
    asha.texts("is it freephone")
    asha.hears("We charge nothing")
    world.advance(days=3, hours=9, minutes=25)
    asha.ignores()
    asha.texts("im on hold")
    assert "You have no place" not in asha.ignores()[-1]
    asha.texts("it says wrong code, cant get in")
    asha.hears("We have told those who run it")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_small_questions_have_answers_of_their_own(world: World) -> None:
    asha = world.member()
    for asked, heard in {
        "icu": "Yes, you are in ICU",
        "what happens now": "You get reminders of your group",
        "What happens next?": "You get reminders of your group",
        "can i bring baby to the session": "no rule against a baby",
        "is it ok to leave halfway": "You can leave when you need to",
        "will the camera be on": "no rule about cameras",
        "can i listen while feeding": "two facilitators talk",
        "how do i complain": "pass them on to the team, or text CALL ME",
        "who is in charge": "Who runs ICU North",
        "sorry thats a lot": "No need to be sorry",
        "goodnight": "Bye for now",
        "bore da": "peer support by text",
        "dydw i ddim yn deall": "peer support by text",
    }.items():
        asha.texts(asked)
        asha.hears(heard)
    asha.texts("SLEEP")
    asha.hears("This may help")
    asha.texts("mwy")
    asha.hears("Some others")


@pytest.mark.one_database("sqlite")
def test_only_what_asks_for_a_call_is_taken_for_it(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    world.advance(days=2)
    asha.ignores()
    asha.texts("meh")
    asha.hears("That sounds hard")
    asha.texts("the one about rest")
    asha.hears("Would you like a facilitator to get in touch?")
    asha.texts("tell dr cole get well soon")
    asha.ignores()
    world.settle()
    world.staff("facilitator").hears_nothing()
    asha.texts("after 6 tonight")
    asha.hears("on the list for a facilitator")
    world.settle()
    world.staff("facilitator").hears("would like a person")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_sticker_is_no_comment(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    world.advance(days=3, hours=11)
    asha.ignores()
    asha.texts("😴")
    asha.hears("didn't understand")
    asha.texts("yes")
    asha.hears("anything that would make it better")
    asha.texts("🙂")
    asha.hears("that helps us plan the groups")
    world.staff_ignores()


@pytest.mark.parametrize(
    "text",
    [
        "im not a member",
        "not a bma member",
        "no i meant the survey",
        "I meant the other question",
        "delete just my check ins",
    ],
)
def test_none_of_these_ends_the_texts(text: str) -> None:
    for state in ("none", "flag_followup", "survey_words", "booking_offer"):
        assert "stop" not in understand(text, state).intents


@pytest.mark.one_database("sqlite")
def test_a_long_story_is_thanked_for_and_read(world: World) -> None:
    asha = world.member()
    asha.texts(
        "So basically I rotated in August and nobody showed me where anything was, then a run of nights with no senior "
        "on site, and a patient came in with a dissection that I missed for two hours. I keep going over it when I try "
        "to sleep, and I dont really know what I am asking, maybe just whether other people feel like this"
    )
    asha.hears("Thank you for telling us. This may help", "BMA")
    asha.texts("does anyone read these")
    asha.hears("Those who run this can read your texts")
    with world.database.read() as session:
        first = session.scalars(select(InboundMessage).where(InboundMessage.intent == "signpost")).one()
        assert first.needs_reading


@pytest.mark.one_database("postgresql")
def test_ok_after_something_else_is_no_wish_for_a_call_and_yes_is(world: World) -> None:
    asha = world.member()
    for unclear in ("qwerty zxc", "zxc vbnm"):
        asha.texts(unclear)
    assert "Text CALL ME" in asha.ignores()[-1]
    asha.texts("who sees this")
    asha.hears("Those who run this can read")
    asha.texts("ok")
    asha.hears("You're welcome")
    world.settle()
    world.staff("facilitator").hears_nothing()
    asha.texts("yes please")
    asha.hears("on the list for a facilitator")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_what_is_asked_of_places_after_the_first_answer(world: World) -> None:
    asha = world.member()
    asha.texts("payday loan")
    asha.hears("StepChange")
    asha.texts("by text not phone")
    asha.hears("text SHOUT to 85258")
    asha.texts("anyone nearer")
    asha.hears("Not by town, sorry")
    asha.texts("do i need a referral")
    asha.hears("We do not know that for each place")
    asha.texts("I feel low and burnt out")
    asha.ignores()
    asha.texts("anything at night")
    assert "on the list" not in asha.ignores()[-1]
    asha.texts("is bma free")
    asha.hears("BMA counselling", "Free")
    asha.texts("bullied by a consultant here already lol")
    asha.hears("This may help")
    asha.texts("partner left me")
    asha.hears("This may help")
    world.settle()
    world.staff("facilitator").hears_nothing()


@pytest.mark.one_database("sqlite")
def test_of_the_session_and_its_survey(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    asha.texts("who is running it")
    asha.hears("Who runs ICU North")
    asha.texts("can i have the notes")
    asha.hears("nothing to catch up on")
    asha.texts("am i on the waiting list")
    asha.hears("You have a place")
    world.advance(days=3)
    asha.ignores()
    asha.texts("i waited 20 mins")  # no word to those who run it that somebody is late
    asha.hears("passed your words on")
    world.advance(hours=11)
    asha.ignores()
    asha.texts("yes it was good, a bit short")
    asha.hears("May we show these words")
    asha.texts("you can share it but not with my ward")  # no plain yes: nothing is decided
    assert "shown" not in " ".join(asha.ignores())
    asha.texts("dont share that")
    asha.hears("Your words are removed")
    heard = " ".join(world.staff("facilitator").ignores())
    assert "will be late" not in heard, heard
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_call_is_called_off_and_asked_for_again_without_a_word_about_a_place(world: World) -> None:
    asha = world.member()
    asha.texts("can someone call me")
    asha.hears("on the list for a facilitator")
    asha.texts("after 8pm")
    asha.hears("on the list for a facilitator")
    asha.texts("dont ring me at work")
    assert "off the list" not in "".join(asha.ignores())
    asha.texts("dont call")
    asha.hears("You are off the list for a call")
    asha.texts("changed my mind, call me")
    asha.hears("on the list for a facilitator")
    asha.texts("my number is 07700900177")
    asha.hears("We have your number as a text came to us from it")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_pause_is_made_longer_and_asked_about(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.hears("You have no place")
    asha.texts("pause")
    asha.hears("paused until Mon 7 Dec")
    asha.texts("actually 3 weeks")
    asha.hears("paused until Mon 14 Dec")
    world.advance(days=2)
    for asked in ("am i paused", "when do texts start again"):
        asha.texts(asked)
        asha.hears("paused until Mon 14 Dec")
    asha.texts("im back")
    asha.hears("Your texts are on again")
    asha.texts("am i paused")
    assert "paused until" not in asha.ignores()[-1]


# What a doctor asks who thinks of joining, with what answers it for those who have not joined and for those who have.
THINKS_OF_JOINING = {
    "can i join from home": ("meet by video", "meets by video"),
    "is it online?": ("meet by video", "meets by video"),
    "is it in person": ("meet by video", "meets by video"),
    "do i need a camera?": ("no rule about cameras", "no rule about cameras"),
    "can I have my camera off": ("no rule about cameras", "no rule about cameras"),
    "is it recorded": ("We record no group", "We record no group"),
    "who else will be there": ("and two facilitators. Nobody is told", "and two facilitators. Nobody is told"),
    "do I have to talk": ("you say as much as you like", "you say as much as you like"),
    "is it confidential": ("We tell no employer and no GMC", "We tell no employer and no GMC"),
}


@pytest.mark.parametrize("asked", THINKS_OF_JOINING)
@pytest.mark.one_database("sqlite")
def test_who_thinks_of_joining_is_told_before_and_after_and_while_they_wait(world: World, asked: str) -> None:
    outside, inside = THINKS_OF_JOINING[asked]
    asha = world.talker("+447700900101")
    asha.texts(asked)
    heard = asha.hears(outside)
    assert "Text JOIN to see it all" in heard or asked == "is it confidential"
    asha.texts("join icu")
    asha.ignores()
    asha.texts(asked)
    heard = asha.hears(outside)
    assert "Reply YES or NO" in heard or asked == "is it confidential"
    asha.texts("yes")  # the question is still open
    assert "Welcome" in "".join(asha.ignores())
    asha.texts(asked)
    asha.hears(inside)
    for other in range(6):
        world.member(f"+4477009001{10 + other}").texts("yes")
    for other in range(6):
        world.talker(f"+4477009001{10 + other}").ignores()
    asha.texts("yes please")
    asha.hears("waiting list")
    asha.texts(asked)
    asha.hears(inside)
    world.advance(days=1, hours=12)
    asha.ignores()
    asha.texts(asked)  # in place of an answer to the weekly question
    asha.hears(inside)
    asha.hears_nothing()
    world.staff_ignores()
    for other in range(6):
        world.talker(f"+4477009001{10 + other}").ignores()


@pytest.mark.one_database("sqlite")
def test_an_answer_about_a_place_counts_though_a_question_follows_it(world: World) -> None:
    asha = world.member()
    asha.texts("yes. is it recorded?")
    asha.hears("you have a place")
    asha.hears("We record no group")
    asha.texts("no, do i need a camera anyway?")
    asha.hears("You have no place")
    asha.hears("no rule about cameras")
    asha.texts("can i join from home")  # no answer yet
    asha.hears("meets by video")
    asha.texts("yes")
    asha.hears("you have a place")


@pytest.mark.one_database("sqlite")
def test_where_a_place_that_was_named_is_has_nothing_to_do_with_the_group(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.texts("cant sleep")
    asha.ignores()
    asha.texts("where is it")
    assert "by video" not in "".join(asha.ignores())


@pytest.mark.one_database("sqlite")
def test_whose_number_changes_is_told_who_can_move_it_and_is_read(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.texts("CALL ME")
    asha.ignores()
    asha.texts("my number is changing to 07700 900188")
    asha.hears("A facilitator can move you to a new number", "CALL ME", "YES there")
    with world.database.read() as session:
        newest = (InboundMessage.received_at.desc(), InboundMessage.id.desc())
        assert session.scalar(
            select(InboundMessage.needs_reading).order_by(*newest).limit(1)
        )  # who is to ring them may need it
    new = world.member("+447700900188")
    new.texts("yes")
    new.hears("you have a place on Thu 26 Nov")
    asha.texts("STOP")
    asha.ignores()
    new.texts("next")
    new.hears("You have a place")
    world.settle()
    world.staff_ignores()
