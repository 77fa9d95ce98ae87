"""Stories of trainees over hours and days, as they would happen on a phone."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from companion.models import Address, AuditEntry
from tests.safety.stage import flagged, reference
from tests.world import World


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("told", ["work mostly", "mostly work", "home mostly", "a bit of everything"])
def test_what_it_is_about_declines_no_call(world: World, told: str) -> None:
    asha, facilitators = world.member(), [world.staff("facilitator", which) for which in (0, 1)]
    asha.texts("could somebody maybe")
    asha.ignores()
    asha.texts("CALL ME")
    asha.hears("You are on the list for a facilitator")
    asha.texts(told)
    assert "not ask a facilitator" not in asha.ignores()[0]
    world.settle()
    for facilitator in facilitators:
        facilitator.hears("would like a person to get in touch")


def test_what_it_is_about_after_the_offer_of_a_person_is_asked_about_and_after_yes_goes_to_them(world: World) -> None:
    asha = world.member()
    asha.texts("not great")
    asha.hears("CALL ME")
    asha.texts("work mostly")
    asha.hears("Would you like a facilitator to get in touch? Reply YES or NO")
    asha.texts("yes")
    asha.hears("You are on the list for a facilitator")
    asha.texts("its the on calls really")
    asha.hears("Whoever gets in touch can read that first")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_anger_ends_no_texts_until_it_is_said_again(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102", "whatsapp")
    asha.texts("fuck off")
    asha.hears("We have not stopped your texts", "STOP ends them all", "Samaritans")
    asha.texts("NEXT")
    asha.hears("ICU North")
    asha.texts("STOP")
    asha.hears("successfully been unsubscribed")
    ben.texts("oh piss off")
    ben.hears("We have not stopped your texts")
    ben.texts("fuck off")
    ben.hears("We have stopped your texts")
    ben.texts("NEXT")
    ben.hears_nothing()


ILL_AT_HOME = ("my mum is ill", "my partner is in hospital", "my wife had a stroke", "my son has been admitted")


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("told", [*ILL_AT_HOME, "my mum has cancer", "my dad has dementia and im his carer"])
def test_somebody_ill_at_home_is_met_by_no_bereavement_line_and_no_occupational_health(world: World, told: str) -> None:
    asha = world.member()
    asha.texts(told)
    heard = asha.hears("sorry to hear that", "no place just for this", "whoever runs your rota", "CALL ME")
    assert "bereavement" not in heard.lower()
    assert "occupational" not in heard.lower()


@pytest.mark.one_database("sqlite")
def test_somebody_ill_at_home_gives_up_a_place_and_answers_the_week_as_well(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.hears("you have a place")
    asha.texts("can't come thursday, my son is ill")
    asha.hears("You have no place")
    asha.hears("sorry to hear that")
    world.advance(days=1, hours=10)
    asha.hears("from 0 (very poor) to 10")
    asha.texts("rough, my mum is ill")
    assert "Cruse" not in "".join(asha.ignores())
    world.staff_ignores()
    for died in ("my dad died last week", "compassionate leave for a funeral"):
        asha.texts(died)
        asha.hears("Cruse")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("is this a bot?", "Answers here are automatic"),
        ("am i talking to a real person", "Answers here are automatic"),
        ("will my TPD know?", "We tell no TPD"),
        ("do you tell my supervisor", "EXCLUDE and their name"),
        ("can i ring this number", "Nobody answers calls to this number"),
        ("i rang you and nobody picked up", "Nobody answers calls to this number"),
        ("is this number monitored at night", "Texts are not read as they come in"),
        ("my flatmate uses this phone too", "JOIN from one of your own"),
        ("sorry wrong person", "If you did not join us"),
    ],
)
@pytest.mark.one_database("sqlite")
def test_what_people_ask_of_us_first_is_answered_straight(world: World, asked: str, told: str) -> None:
    asha = world.member()
    asha.texts(asked)
    asha.hears(told)


RUNG = "If a facilitator has a text of yours, they have been told that you rang. If not, nobody has."


def test_whoever_rings_hears_whom_to_ring_and_nobody_is_told(world: World) -> None:
    asha, stranger = world.member(), world.talker("+447700900199")
    for phone in (asha, stranger):
        call = phone.phone.rings(f"{world.settings.public_url}/twilio/rung")
        heard = " ".join(call.heard)
        for words in ("Nobody answers calls", "9 9 9", "1 1 6 1 2 3", RUNG, "call me"):
            assert words in heard
        assert call.status == "completed"
    world.settle()
    with world.database.read() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "rang our number")).all() == []
        assert session.scalars(select(Address).where(Address.address_index == stranger.number)).all() == []


def test_the_owner_of_an_episode_is_told_that_the_person_rang_and_all_callers_hear_the_same(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    door = f"{world.settings.public_url}/twilio/rung"
    before = asha.phone.rings(door).heard
    flagged(world, asha)
    world.settle()
    ref = reference(cole.hears("an item"))
    asha.phone.rings(door)  # nobody has it yet
    world.settle()
    cole.texts(f"{ref} TAKE")
    world.settle()
    for phone in (asha, cole):
        phone.ignores()
    # Whoever rings with her number shown, and is not her, learns nothing.
    assert asha.phone.rings(door).heard == before
    world.settle()
    cole.hears(f"{ref} asks for a call")
    assert "If you were paged, please reply to our text" in " ".join(cole.phone.rings(door).heard)


def test_whoever_rings_while_the_database_is_away_hears_that_nobody_was_told(world: World) -> None:
    asha = world.member()
    with world.database.write() as session:
        session.execute(sql("ALTER TABLE addresses RENAME TO elsewhere"))
    heard = " ".join(asha.phone.rings(f"{world.settings.public_url}/twilio/rung").heard)
    with world.database.write() as session:
        session.execute(sql("ALTER TABLE elsewhere RENAME TO addresses"))
    assert "Nobody has been told that you rang" in heard
    assert "1 1 6 1 2 3" in heard
    assert world.expects_errors()


def test_coming_back_while_nobody_has_the_text_offers_no_group(world: World) -> None:
    asha = world.member()
    flagged(world, asha)
    asha.texts("STOP")
    asha.ignores()
    world.settle()
    asha.texts("START")
    asha.hears("re-subscribed")
    asha.hears("Your texts are on again")
    asha.hears("999", "Samaritans")
    asha.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_waits_for_an_answer_is_not_unsubscribed(world: World) -> None:
    asha = world.member()
    for text in ("you there? nobody answered my last text", "no one replied to my text"):
        asha.texts(text)
        assert "We have stopped" not in "".join(asha.ignores())
    asha.texts("NEXT")
    asha.hears("ICU North")


@pytest.mark.one_database("sqlite")
def test_what_is_told_bit_by_bit_hears_the_truth_and_no_machines_answer(world: World) -> None:
    asha = world.member()
    for text in ("i dont feel", "safe"):
        asha.texts(text)
    assert any("no person has read" in text for text in asha.ignores())
    for text in ("going home", "with what i have in my bag", "tonight"):
        asha.texts(text)
        asha.hears("No facilitator has picked this up yet")
        asha.hears_nothing()
    asha.texts("where can I get help with rent")
    asha.hears("Citizens Advice")
    world.settle()
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_where_somebody_says_they_are_beside_a_need_is_kept_and_help_is_for_there(world: World) -> None:
    asha = world.member()
    asha.texts("i moved to belfast, who can i call")
    asha.hears("From now on we will look for help in Northern Ireland")
    asha.ignores()
    asha.texts("feel so low")
    asha.hears("Lifeline (Northern Ireland)")
    asha.texts("any help in cardiff for low mood")
    asha.hears("Canopi (Wales)")


@pytest.mark.one_database("sqlite")
def test_who_takes_it_for_a_person_gives_up_no_place_and_a_tap_on_a_bubble_answers_nothing(world: World) -> None:
    asha = world.member()
    asha.texts("hi what's your name")
    asha.hears("Answers here are automatic")
    asha.texts("im in scotland now, moved to aberdeen in aug")
    asha.hears("look for help in Scotland")
    asha.texts("im in cardiff what can help with sleep")
    asha.hears("look for help in Wales")
    asha.hears("This may help", "BMA counselling")
    asha.texts("what was that number again")
    asha.hears("BMA counselling")
    asha.texts("oh great another yes/no")
    assert "you have a place" not in asha.ignores()[0]
    asha.texts("yes")
    asha.hears("you have a place")
    for said in ("sorry to bother you, you must be busy", "u awake lol", "Liked \u201cThanks, you have a place\u201d"):
        asha.texts(said)
        asha.ignores()
    asha.texts("when after that")
    asha.hears("then Thu 10 Dec", "We ask about one at a time. You have a place")
    asha.texts("not great")
    asha.hears("Text CALL ME")
    asha.texts("Loved \u201cWould you like a facilitator\u201d")
    asha.hears("Reply YES or NO")
    world.settle()
    world.staff("facilitator").hears_nothing()


@pytest.mark.one_database("sqlite")
def test_a_late_answer_in_several_texts_is_counted_and_asks_for_nobody(world: World) -> None:
    asha = world.member()
    world.advance(days=3, hours=11)
    asha.ignores()
    for said in ("sorry for late reply", "been on nights", "id say 4 out of 10? was a 6 but then friday happened"):
        asha.texts(said)
        asha.ignores()
    asha.texts("well 3 really")
    asha.hears("That sounds hard")
    asha.texts("actually put 5")
    asha.hears("Thanks, noted")
    asha.texts("MY WEEKS")
    asha.hears("5")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_words_that_may_be_shown_have_no_name_and_cant_be_taken_back(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    world.advance(days=3, hours=11)
    asha.ignores()
    for said in ("yes", "it was nice but a bit short", "yes"):
        asha.texts(said)
    assert "kept without your name" in asha.ignores()[-1]
    asha.texts("sorry i meant no")
    asha.hears("can't tell which are yours")
    asha.texts("i want to end my life")
    asha.ignores()
    for said in ("whos reading this at 4am", "dont need a call just venting"):
        asha.texts(said)
        asha.hears("No facilitator has picked this up yet")
    world.settle()
    asha.ignores()
    world.staff_ignores()
