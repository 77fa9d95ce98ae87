"""What is texted in Welsh, in its plainest words, and what comes of it."""

from __future__ import annotations

import pytest

from companion.escalation.watchlist import load_watchlist
from tests.world import World

HARMLESS = (
    "Diolch yn fawr am y neges",
    "Dw i'n hwyr, ar y ffordd",
    "Mae fy nghefn yn fy mrifo i",
    "Dw i angen lle parcio",
    "Wedi cael digon o'r negeseuon",
    "Dwi ddim eisiau dod i'r sesiwn",
    "Mae ffrind i mi yn dod hefyd",
    "Mae'r claf eisiau marw gartref",
    "Hyfforddiant hunanladdiad ddydd Iau",
    "Dwi'n crio chwerthin",
    "Nos da bawb, hwyl am y tro",
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("dwi'n methu cysgu", "Practitioner Health"),
        ("problemau arian, methu talu'r rhent", "Royal Medical Benevolent Fund"),
    ],
)
def test_a_need_told_in_welsh_is_met(world: World, text: str, place: str) -> None:
    asha = world.member()
    asha.texts(text)
    asha.hears(place)


def test_danger_told_in_welsh_pages(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts("mae popeth yn ormod, does dim pwynt byw")
    asha.hears("no person has read", "999")
    asha.hears("alerting a facilitator")
    world.settle()
    cole.hears("an item needs you now", "TAKE")


def test_finding_it_hard_in_welsh_is_answered_with_care(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts("CYMRAEG")
    asha.ignores()
    asha.texts("mae popeth yn ormod")
    asha.hears("Mae hynny'n swnio'n anodd", "CALL ME")
    world.settle()
    cole.hears_nothing()


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_welsh_pages_nobody(text: str) -> None:
    assert load_watchlist().read(text).route is None
