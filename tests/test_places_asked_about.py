"""What is asked of places that help: by name, and after some were named."""

from __future__ import annotations

import pytest

from tests.world import World


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("whats the number for the bma", "BMA counselling line: 0330 123 1245"),
        ("how do i contact the rmbf", "rmbf.org"),
        ("practitioner health number pls", "0300 0303 300"),
        ("calm", "CALM: 0800 58 58 58"),
    ],
)
def test_a_place_asked_for_by_its_name_is_named(world: World, text: str, place: str) -> None:
    asha = world.member()
    asha.texts(text)
    asha.hears(place)


@pytest.mark.parametrize("text", ["I will keep calm and call in tomorrow", "the calm line was no use to me"])
def test_a_name_within_other_words_asks_for_nothing(world: World, text: str) -> None:
    asha = world.member()
    asha.texts(text)
    assert "0800 58 58 58" not in asha.hears()


@pytest.mark.one_database("sqlite")
def test_what_is_asked_of_places_that_were_just_named_is_about_them(world: World) -> None:
    asha = world.member()
    asha.texts("cant sleep")
    asha.hears("Practitioner Health")
    asha.texts("something else")
    asha.hears("Some others", "Every Mind Matters")
    asha.texts("is there anything online?")
    asha.hears("nhs.uk")
    asha.texts("in leeds")
    asha.hears("We look for help by nation", "England")
    asha.texts("in tears")
    asha.hears("That sounds hard")


@pytest.mark.one_database("postgresql")
def test_no_place_of_the_kind_that_was_asked_for_is_said(world: World) -> None:
    asha = world.member()
    asha.texts("domestic abuse help")
    asha.ignores()
    asha.texts("rmbf number")
    asha.hears("rmbf.org")
    asha.texts("anything for free")
    asha.hears("none like that")
