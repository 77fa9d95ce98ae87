"""Fixed words: no promise nobody can keep, and nobody has it before somebody has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from companion.content.catalogue import load_catalogue
from companion.content.checks import check_wording
from tests.safety.stage import DANGER, hears_crisis_lines, reference
from tests.world import World

CRISIS = sorted(name for name, wording in load_catalogue().wordings.items() if wording.kind == "crisis")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("Your texts are monitored.", 'says "monitored"'),
        ("We reply immediately.", 'says "immediately"'),
        ("Someone is on the way.", 'says "on the way"'),
        ("Please hold on for us. " * 15, "parts"),
    ],
)
def test_r02_the_build_refuses_promises_and_length(more: str, found: str) -> None:
    assert CRISIS
    for name in CRISIS:
        wording = load_catalogue().wording(name)
        problems = check_wording(replace(wording, text=f"{wording.text} {more}"))
        assert any(found in problem.what for problem in problems), name


@pytest.mark.one_database("sqlite")
def test_r02_while_nobody_has_it_the_trainee_hears_the_truth(world: World) -> None:
    asha = world.member()
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    asha.texts(DANGER)
    hears_crisis_lines(asha)
    world.advance(minutes=4)
    cole.hears("an item needs you")
    dunne.hears_nothing()
    world.advance(minutes=2)
    dunne.hears("an item needs you")
    erskine.hears_nothing()
    world.advance(minutes=5)
    for talker in (cole, dunne, erskine):
        talker.hears("an item needs you")
    asha.hears_nothing()
    world.advance(minutes=5)
    asha.hears("No facilitator has picked this up yet", "999")
    world.advance(minutes=5)
    for talker in (cole, dunne, erskine):
        talker.hears("an item needs you")
    page = world.staff("lead").phone.inbox[-1].body
    erskine.texts(f"{reference(page)} take")
    erskine.hears("You have")
    cole.texts("take")
    cole.hears("Dr Erskine has", "already")
    world.settle()
    cole.hears("Dr Erskine has", "already")
    dunne.hears("Dr Erskine has", "already")
    asha.hears("Dr Erskine")
