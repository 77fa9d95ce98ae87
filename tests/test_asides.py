"""A place was asked about, and something else is spoken of since: what then answers, and what no longer does."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from companion.models import InboundMessage
from tests.world import World

HELP, QUESTION = "peer support by text", "No need to reply"


@pytest.mark.one_database("postgresql")
def test_only_a_plain_answer_takes_a_place_once_something_else_is_spoken_of(world: World) -> None:
    asha = world.member()
    asha.texts("who can I talk to about debt")
    asha.ignores()
    asha.texts("👍")
    asha.hears("Reply YES for a place")
    asha.texts("who runs this")
    asha.hears(HELP)
    asha.texts("not great")
    asha.hears("That sounds hard")
    asha.texts("im in Glasgow now")
    asha.hears("look for help in Scotland")
    asha.texts("im pregnant and on nights, who do I ask about my rota")
    asha.hears("This may help", "Occupational health")
    asha.texts("on nights sadly")
    asha.hears("Thu 26 Nov, 6:30pm to 7:15pm", "Reply YES for a place")
    asha.texts("Yes")
    asha.hears("you have a place on Thu 26 Nov")
    asha.hears_nothing()


def test_who_comes_but_late_has_a_place_and_hears_nothing_else(world: World) -> None:
    asha = world.member()
    asha.texts("yes can come but might be 10 mins late")
    asha.hears("you have a place")
    asha.hears("noted that you will be late")
    asha.hears_nothing()
    asha.texts("stuck in theatre, cant make it")
    asha.hears("You have no place")
    asha.hears_nothing()


def test_who_waits_for_a_call_can_say_when_ask_again_and_take_it_back(world: World) -> None:
    asha = world.member()
    asha.texts("can I talk to someone on the phone")
    asha.hears("on the list for a facilitator")
    for more in ("this evening after 6", "no one has rung"):
        asha.texts(more)
        asha.hears("on the list for a facilitator")
    world.settle()
    world.staff("facilitator").hears("would like a person")
    world.staff_ignores()
    asha.texts("actually I don't want anyone to call me")
    asha.hears("You are off the list for a call")
    asha.texts("who is Dr Cole")
    asha.hears("Who runs ICU North")
    world.settle()
    for facilitator in (world.staff("facilitator"), world.staff("facilitator", 1)):
        facilitator.hears("has called it off")


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("is my ES going to find out", "We tell no employer"),
        ("who has my data", "We tell no employer"),
        ("will my consultant be told", "We tell no TPD, boss or GMC"),
        ("is this run by the deanery", "They are volunteers"),
        ("can my friend join too", "Here is a text to forward"),
        ("can you change my number, I've a new phone", "to a new number"),
        ("how long is it for", "6:30pm to 7:15pm"),
        ("can I do it by phone, my internet's rubbish", "Reply YES to book"),
        ("whats the chaplain's number", "Hospital chaplaincy"),
        ("hello", HELP),
        ("unsubscribe me from group but not texts", "Your texts still come"),
        ("do I have to talk", "you say as much as you like"),
        ("can i just listen", "you say as much as you like"),
        ("can I come with my camera off", "no rule about cameras"),
        ("is it ok if i do audio only", "no rule about cameras"),
        ("whos in my group", "Nobody is told beforehand"),
        ("are you ai", "Answers here are automatic"),
        ("dont text me at night", "QUIET 10PM TO 8AM"),
        ("my shift changed can i come to a different group", "Text GROUP"),
        ("not great", "That sounds hard"),
        ("\N{LOUDLY CRYING FACE}", "That sounds hard"),
        ("can you text me less", "Your texts still come"),
        ("what if im late", "late is fine"),
        ("is it ok to come half way through", "late is fine"),
        ("is dr cole nice", "two facilitators talk"),
        ("what are the facilitators like", "two facilitators talk"),
        ("do you record it", "We record no group"),
        ("are the sessions recorded?", "We record no group"),
        ("can i get a recording if i miss it", "We record no group"),
        ("is what i text recorded on my file", "We tell no employer"),
        ("bad news", "That sounds hard"),
        ("who runs my group", "Who runs ICU North: Dr Cole, Dr Dunne"),
        ("who is dr dunne?", "They are volunteers"),
        ("do i have to use my real name", "You need give no name"),
        ("whats my alias", "know you as"),
        ("how did you get my number", "as a text came to us from it"),
        ("can you text me at a different time", "CHECKIN TUE 7PM"),
        ("what do you do with my data", "We tell no employer"),
        ("what happens if i text something bad", "We tell no employer"),
        ("can i change groups", "Text GROUP"),
        ("I moved to Leeds, is there a group there", "Text GROUP"),
        ("my numbers changing tomorrow", "to a new number"),
        ("are there any rules", "you say as much as you like"),
        ("camera on?", "no rule about cameras"),
        ("how many people are there", "two facilitators"),
        ("is it ok to just listen", "you say as much as you like"),
        ("will there be anyone i know there", "You may meet someone you know"),
        ("who runs it", "Who runs ICU North"),
        ("i dont want dr cole to be there", "EXCLUDE"),
        ("can i bring a friend", "Text INVITE"),
        ("for free?", "We charge nothing"),
        ("how much is it", "We charge nothing"),
        ("why do you ask me this", "It is no score"),
        ("did i miss anything", "It is fine to miss one"),
        ("if i leave can i come back", "at any time"),
        ("dont text me during nights", "QUIET 10PM TO 8AM"),
        ("can i have a buddy", "Reply YES or NO"),
        ("am i still coming thursday", "Reply YES for a place"),
    ],
)
def test_what_people_ask_by_the_way_has_its_own_answer(world: World, text: str, answer: str) -> None:
    asha = world.member()
    asha.texts(text)
    assert answer in asha.ignores()[0]


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize(
    "text",
    [
        "camera on?",
        "for free?",
        "im on a visa, any help",
        "can i have a buddy",
        "am i still coming thursday",
        "um hi, im coming back after 2 years off having my kids",
        "im on antidepressants, any help",
    ],
)
def test_what_is_asked_or_told_beside_an_offer_takes_no_place_and_gives_none_up(world: World, text: str) -> None:
    asha = world.member()
    for place in ("Reply YES for a place", "You have a place"):
        asha.texts(text)
        asha.ignores()
        asha.texts("when is it")
        asha.hears(place)
        asha.texts("YES")
        asha.ignores()


@pytest.mark.one_database("sqlite")
def test_next_time_instead_gives_up_the_place_of_this_time(world: World) -> None:
    asha = world.member()
    asha.texts("YES")
    asha.hears("you have a place")
    asha.texts("can i come next time instead")
    asha.hears("You have no place on Thu 26 Nov")


@pytest.mark.one_database("sqlite")
def test_whoever_missed_it_is_not_asked_whether_these_words_may_be_shown(world: World) -> None:
    asha = world.member()
    asha.texts("YES")
    world.advance(days=4)
    world.staff_ignores()
    assert "was it helpful" in asha.ignores()[-1]
    asha.texts("i missed it, cardiac arrest")
    asha.hears("It is fine to miss one")


@pytest.mark.one_database("sqlite")
def test_a_name_left_out_is_no_yes_to_a_call(world: World) -> None:
    asha = world.member()
    asha.texts("a human ear would be good")
    asha.hears("Would you like a facilitator to get in touch?")
    asha.texts("EXCLUDE Dr Cole")
    assert "Dr Cole" in asha.ignores()[0]
    world.settle()
    world.staff("facilitator").hears_nothing()


@pytest.mark.one_database("sqlite")
def test_the_weekly_question_ends_alone_and_comes_back(world: World) -> None:
    asha = world.member()
    asha.texts("YES")
    asha.texts("stop the weekly questions but keep reminders")
    asha.ignores()
    asha.texts("7")
    asha.ignores()
    world.advance(days=4)
    heard = " ".join(asha.ignores())
    assert QUESTION not in heard
    assert "starts at 6:30pm" in heard
    asha.texts("CHECKIN ON")
    asha.hears("comes again")
    world.advance(days=7)
    assert QUESTION in " ".join(asha.ignores())
    asha.texts("stop the weekly thing")
    asha.hears("CHECKIN ON")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_changed_mind_about_something_else_starts_no_texts(world: World) -> None:
    asha = world.member()
    asha.texts("STOP")
    asha.ignores()
    asha.texts("ive changed my mind about the call")
    asha.hears_nothing()
    asha.texts("START")
    assert "Welcome back" in " ".join(asha.ignores())


def test_a_yes_to_a_person_is_no_yes_to_a_place(world: World) -> None:
    asha = world.member()
    asha.texts("not great")
    asha.hears("Would you like a person?")
    asha.texts("yes please")
    asha.hears("on the list for a facilitator")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_only_seems_to_ask_for_a_person_is_asked(world: World) -> None:
    asha = world.member()
    asha.texts("i might need Dr Cole")
    asha.hears("Would you like a facilitator to get in touch?")
    asha.texts("no")
    asha.hears("we will not ask a facilitator to call")
    asha.texts("YES")
    asha.hears("you have a place")
    asha.texts("i dont know")
    assert "You have no place" not in " ".join(asha.ignores())
    world.settle()
    world.staff("facilitator").hears_nothing()


@pytest.mark.one_database("sqlite")
def test_another_cohort_in_words_of_ones_own(world: World) -> None:
    asha = world.member()
    asha.texts("change me to whatsapp")
    asha.hears("text you by WhatsApp")
    asha.texts("use sms")
    asha.hears("text you by SMS")
    asha.texts("change me to shielding")
    asha.hears("You are now in Shielding")
    asha.texts("group")
    asha.hears("no group session planned")


@pytest.mark.one_database("sqlite")
def test_a_number_is_no_answer_to_whether_a_person_may_call(world: World) -> None:
    asha = world.member()
    asha.texts("i might need Dr Cole")
    asha.hears("Would you like a facilitator to get in touch?")
    asha.texts("2")
    asha.hears("we didn't understand that")
    asha.texts("yes")
    asha.hears("on the list for a facilitator")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("text", ["whats 0 and 10 mean", "is 10 good", "which way round is it", "whats 5 mean"])
def test_who_asks_what_the_numbers_mean_is_told_and_still_asked(world: World, text: str) -> None:
    asha = world.member()
    world.advance(days=2)
    assert QUESTION in " ".join(asha.ignores())
    asha.texts(text)
    asha.hears("10 is very good")
    asha.texts("7")
    asha.hears("Thanks, noted")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("text", ["no thanks can't do this week", "stuck in theatre, soz"])
def test_a_reason_is_a_plain_no_to_a_place(world: World, text: str) -> None:
    asha = world.member()
    asha.texts("next")
    asha.hears("Reply YES for a place")
    asha.texts(text)
    asha.hears("You have no place")
    asha.hears_nothing()
    world.staff_ignores()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("can you stop texting me in the mornings", "Text QUIET"),
        ("can you stop texting so early", "Text QUIET"),
        ("dont text me at bedtime", "Text QUIET"),
        ("stop texting me at weekends", "CHECKIN TUE 7PM"),
        ("no messages on sundays please", "CHECKIN TUE 7PM"),
    ],
)
def test_a_time_without_texts_ends_none(world: World, text: str, answer: str) -> None:
    asha = world.member()
    asha.texts(text)
    asha.hears(answer)
    asha.texts("when is the next session")
    asha.hears("Your group ICU North meets")


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hi this is Sam's mum, she has no battery. When will she be home?", "can't say anything about anybody else"),
        ("im her husband, who are you", "can't say anything about anybody else"),
        ("wrong person, I found this phone", "If you did not join us"),
        ("This isn't the person you think, this number was given to me last week", "If you did not join us"),
    ],
)
def test_who_has_a_phone_that_is_not_theirs_learns_nothing_and_a_person_reads_it(
    world: World, text: str, answer: str
) -> None:
    asha = world.member()
    asha.texts("call me")  # a wish that nobody else is to hear of
    asha.ignores()
    asha.texts(text)
    said = asha.hears(answer)
    assert not any(word in said for word in ("facilitator", "list", "group", "ICU"))
    with world.database.read() as session:
        assert session.scalars(select(InboundMessage.needs_reading).order_by(InboundMessage.received_at)).all()[-1]
    world.settle()
    world.staff_ignores()
