"""Stories of trainees over hours and days, as they would happen on a phone."""

from __future__ import annotations

import pytest

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
