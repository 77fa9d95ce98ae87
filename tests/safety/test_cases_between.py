"""What lies between the requirements: one thing that happens in the middle of another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Person
from tests.safety.stage import CRISIS, DANGER, episode, episodes, flagged, reference, taken
from tests.world import World


def test_r20_who_was_paged_and_then_left_out_can_neither_take_it_nor_hear_who_has_it(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    world.settle()
    code = reference(cole.hears("an item needs you now"))
    world.advance(minutes=2)
    cole.answers_call()
    asha.texts("EXCLUDE COLE")
    asha.hears("Dr Cole won't see your texts")
    world.settle()
    dunne.hears("an item needs you now")  # at once: nobody else had been paged
    for order in (f"{code} TAKE", "take", f"{code} PASS", "on it"):
        cole.texts(order)
        cole.hears("no open item for you")
    cole.presses("1")
    cole.hears_spoken("could not take that")
    world.settle()
    asha.hears_nothing()
    assert episode(world).state == "open"
    dunne.texts("take")
    dunne.hears("You have")
    world.settle()
    asha.hears("Dr Dunne", "has your text now")
    cole.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r12_after_an_hour_without_a_worker_everyone_is_paged_at_once(world: World) -> None:
    asha, frances = world.member(), world.staff("coordinator")
    those = (world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead"))
    flagged(world, asha)
    world.jump_to(world.clock.now() + timedelta(hours=1))
    for talker in those:
        talker.hears("an item needs you now")
        talker.rings()
    asha.hears("No facilitator has picked this up yet")
    frances.hears("waited for 30 minutes")
    world.advance(minutes=11)
    for talker in those:
        talker.hears("an item needs you now")


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("number", ["+447700900101", "+447700900151"])
def test_r06_words_that_are_split_over_texts_are_read_together(world: World, number: str) -> None:
    asha = world.talker(number) if number.endswith("151") else world.member(number)
    world.clock.advance(timedelta(minutes=5))
    for words in ("i just want to", "die"):  # three minutes apart they are two texts
        asha.texts(words)
        assert "no person has read" not in " ".join(asha.ignores())
        world.clock.advance(timedelta(minutes=3))
    for words in ("ok", "i just want", "to"):
        asha.texts(words)
        assert "no person has read" not in " ".join(asha.ignores())
        world.clock.advance(timedelta(seconds=20))
    asha.texts("die")
    assert "no person has read" in " ".join(asha.ignores())
    asha.texts("thanks")  # what was flagged already does not flag what comes after it
    assert "no person has read" not in " ".join(asha.ignores())
    world.settle()
    assert len(episodes(world)) == 1
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r18_whoever_takes_it_after_a_stop_is_told_that_no_text_arrives(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    asha.texts("STOP")
    asha.ignores()
    world.settle()
    world.staff("lead").hears("has stopped our texts", "ring them")  # nobody has it yet, so the lead hears of it
    code = reference(cole.hears("an item needs you now"))
    cole.texts(f"{code} TAKE")
    cole.hears("You have")
    world.settle()
    cole.hears(f"{code} has stopped our texts, so nothing we send arrives", "ring them")
    asha.hears_nothing()


@pytest.mark.one_database("sqlite")
def test_r15_a_new_flag_is_not_left_with_an_owner_whom_no_text_reaches(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    taken(world, cole, asha)
    cole.texts("STOP")
    cole.ignores()
    world.advance(minutes=3)
    dunne.hears_nothing()
    flagged(world, asha)
    world.settle()
    dunne.hears("an item needs you now")
    asha.hears("Dr Cole has to pass your text on", "999")
    taken(world, world.staff("lead"), asha)
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r19_a_stranger_who_joins_while_their_episode_is_open_is_heard_by_whoever_has_it(world: World) -> None:
    stranger, cole, lead = world.talker("+447700900151"), world.staff("facilitator"), world.staff("lead")
    flagged(world, stranger)
    world.settle()
    code = reference(lead.hears("1 item from unknown senders"))
    stranger.texts("JOIN ICU")
    stranger.texts("YES")
    stranger.ignores()
    world.advance(minutes=11)
    cole.hears("an item needs you now")  # of their group now
    world.staff_ignores()
    lead.texts(f"{code} TAKE")
    lead.hears("You have")
    world.settle()
    stranger.ignores()
    stranger.texts("thank you, I am at home now")
    stranger.hears_nothing()  # no machine answers what is said to a person
    world.settle()
    lead.hears(f"new text about {code}")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r20_when_everyone_was_changed_for_someone_else_anyone_can_take_it(world: World) -> None:
    asha = world.member()
    those = (world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead"))
    flagged(world, asha)
    for talker in those:
        world.advance(minutes=11)
        asha.ignores()
        talker.ignores()
        talker.texts("take")
        talker.hears("You have")
        world.settle()
        asha.hears("has your text now")
        asha.texts("CHANGE")
        asha.hears("asking someone else")
    world.advance(minutes=1)
    world.staff_ignores()
    those[2].texts("take")  # nobody else is left to ask: the promise of somebody else cannot be kept
    those[2].hears("You have")
    world.settle()
    asha.hears("Dr Erskine")
    world.staff_ignores()


def test_r19_a_number_that_wrote_on_whatsapp_before_it_joined_by_sms_is_the_same_person(world: World) -> None:
    on_whatsapp, cole = world.talker("+447700900153", "whatsapp"), world.staff("facilitator")
    on_whatsapp.texts("who is this?")
    on_whatsapp.ignores()
    world.member("+447700900153")
    on_whatsapp.texts("EXCLUDE DUNNE")
    on_whatsapp.hears("Dr Dunne won't see your texts")
    flagged(world, on_whatsapp)
    world.settle()
    cole.hears("an item needs you now")  # of their group
    world.staff("lead").hears_nothing()


@pytest.mark.one_database("postgresql")
def test_r02_the_truth_goes_to_where_they_wrote_from_last(world: World) -> None:
    asha = world.member()
    on_whatsapp = world.talker(asha.number, "whatsapp")
    flagged(world, asha)
    world.advance(minutes=3)
    flagged(world, on_whatsapp, "are you there? I want to end my life")
    world.advance(minutes=13)
    on_whatsapp.hears("No facilitator has picked this up yet", "999")
    asha.hears_nothing()
    taken(world, world.staff("lead"), on_whatsapp)
    assert len(episodes(world)) == 1
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r18_a_wish_to_end_it_all_is_no_wish_to_end_the_texts(world: World) -> None:
    asha = world.member()
    asha.texts("end it all")
    asha.hears(*CRISIS)
    asha.ignores()
    world.settle()
    world.staff("facilitator").hears("an item needs you now")
    asha.texts("menu")
    asha.hears("MORE")  # the texts go on


@pytest.mark.one_database("sqlite")
def test_r01_words_of_danger_in_place_of_a_yes_are_answered_and_are_no_consent(world: World) -> None:
    newcomer = world.talker("+447700900152")
    newcomer.texts("JOIN ICU")
    newcomer.ignores()
    newcomer.texts("yes please, I want to kill myself")
    newcomer.hears(*CRISIS)
    newcomer.ignores()
    with world.database.read() as session:
        assert session.scalars(select(Person.state).where(Person.role == "trainee")).all() == ["asked"]
    world.settle()
    world.staff("facilitator").hears("an item needs you now")
    newcomer.texts("YES")
    newcomer.hears("Welcome")
    newcomer.ignores()


@pytest.mark.one_database("postgresql")
def test_r01_a_facilitator_in_danger_is_not_told_how_to_answer_pages(world: World) -> None:
    cole, lead = world.staff("facilitator"), world.staff("lead")
    cole.texts(DANGER)
    cole.hears("no person has read", "999", "We are alerting your lead")
    cole.hears_nothing()
    taken(world, lead, cole)


def test_r01_nor_while_a_page_waits_for_them(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    cole.hears("an item needs you now")
    cole.texts("I can't make Thursday, I want to end my life")
    cole.hears("no person has read", "999", "We are alerting your lead")
    cole.hears_nothing()
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r09_two_who_take_it_at_one_moment_are_told_the_same_owner(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    world.advance(minutes=6)
    codes = [reference(talker.ignores()[0]) for talker in (cole, dunne)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: each[0].texts(f"{each[1]} TAKE"), zip((cole, dunne), codes, strict=True)))
    said = [talker.ignores()[0] for talker in (cole, dunne)]
    assert sorted("You have" in text for text in said) == [False, True]
    world.settle()
    asha.hears("Dr Cole" if "You have" in said[0] else "Dr Dunne", "has your text now")
    asha.hears_nothing()
    world.staff_ignores()


def test_r02_while_nobody_has_it_no_machine_stands_between_the_person_and_help(world: World) -> None:
    """What is no wish of its own is told what is true; what is one is answered as ever."""
    asha = world.member()
    asha.texts(DANGER)
    asha.ignores()
    for text in (
        "is anyone there",
        "please",
        "hello?",
        "at work so cant talk now",  # and gives up no place
        "i didnt mean it",
        "im ok now sorry",
        "thank you",
        "\N{THUMBS UP SIGN}",
        "im scared",
        "she's locked the door",
        "nobody cares do they",
        "cant sleep",
        "shes in A&E",
        "what happens now",
        "who has my message",
        "where are you",
        "how long will it take",
        "help me",
        "?",
        "im at work in the toilet",
    ):
        asha.texts(text)
        asha.hears("No facilitator has picked this up yet", "999", "116 123")
        asha.hears_nothing()
    asha.texts("can you ring me please")
    asha.hears("would like a call")
    asha.texts("MENU")
    asha.hears("Text a number")
    asha.texts("2")
    asha.hears("MORE")
    asha.texts("who will read this")
    asha.hears("We tell no employer")
    asha.texts("is there a number for money worries")
    asha.hears("This may help")
    asha.texts("cancel that")  # said of their own words, as often as not
    asha.hears("No facilitator has picked this up yet", "999")
    asha.hears("We have not stopped your texts")
    world.settle()
    cole = world.staff("facilitator")
    cole.hears("an item needs you now")
    cole.hears_nothing()
    cole.texts("TAKE")
    world.settle()
    asha.hears("Dr Cole")
    cole.ignores()


def test_r20_what_is_said_to_whoever_has_it_is_answered_by_no_machine(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    flagged(world, asha)
    taken(world, cole, asha)
    world.clock.advance(timedelta(minutes=3))
    for words in (
        "whos this",
        "can you help me",
        "i turned it off, sorry",
        "where are you",
        "cancel that",
        "so cant talk",
    ):
        asha.texts(words)
        asha.hears_nothing()
    asha.texts("is my consultant going to find out")
    asha.hears("We tell no employer")
    asha.texts("HELP")
    assert "Companion is peer support" in " ".join(asha.ignores())
    asha.texts("please stop texting me")
    asha.hears("We have not stopped your texts")
    asha.texts("there is someone else in the room")
    asha.hears_nothing()
    asha.texts("can someone else do it, i know dr cole")
    asha.hears("asking someone else instead of Dr Cole", "999")
    world.settle()
    assert "asked for someone else" in " ".join(cole.ignores())
    dunne.hears("an item needs you now")


def test_r19_a_stranger_who_waits_is_told_what_is_true(world: World) -> None:
    stranger = world.talker("+447700900177")
    stranger.texts(DANGER)
    stranger.ignores()
    stranger.texts("is anyone reading this")
    stranger.hears("No facilitator has picked this up yet", "999")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r02_what_waited_for_a_phone_that_was_off_is_not_sent_once_it_is_untrue(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.standin.fault(asha.number, "undelivered", code=30003)
    world.advance(minutes=16)  # that nobody has it does not arrive, and is to be tried again in half an hour
    world.standin.lift()
    cole.ignores()
    cole.texts("TAKE")
    cole.hears("You have")
    world.settle()
    asha.hears("Dr Cole is a facilitator and has your text now")
    world.advance(minutes=33)
    asha.hears("We have no note that Dr Cole has reached you")
    asha.hears_nothing()
    world.staff_ignores()
