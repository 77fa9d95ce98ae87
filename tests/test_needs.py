"""Practical needs: said by text, counted without small numbers, and answered when something was done."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from companion.models import Need, NeedAction, Person
from companion.programme import broadcast, needs
from companion.programme.audience import Audience
from tests.world import World

NUMBERS = [f"+4477009001{n:02d}" for n in range(1, 7)]


@pytest.mark.one_database("sqlite")
def test_needs_are_noted_counted_and_answered(world: World) -> None:
    people = [world.member(number) for number in NUMBERS]
    asha, *others = people
    asha.texts("NEED")
    asha.hears("REST, FOOD, TRAVEL")
    asha.texts("next")  # anything else works meanwhile
    asha.hears("ICU North")
    asha.texts("somewhere for a nap")
    asha.hears("noted it under a place to rest")
    asha.texts("Need: rest room please")  # said again it is counted once
    asha.hears("a place to rest")
    for person in others:
        person.texts("is there anywhere to park for nights? need parking")
        person.hears("travel and parking")
    others[0].texts("I need to talk to someone")
    others[0].hears("a facilitator to get in touch")
    world.settle()
    world.staff_ignores()
    now, voice = world.clock.now(), world.services.voice
    with world.database.write() as session:
        found = {each.kind.name: each.people for each in needs.counts(session)}
        assert found == {"travel": 5, "rest": None}
        frances = session.scalars(select(Person).where(Person.role == "coordinator")).one()
        audience = Audience("need", "travel")
        line = "Car park C is free for night shifts from Monday."
        shown = broadcast.preview(session, frances, audience, line, now, voice)
        assert shown.people == 5
        sent = broadcast.schedule(session, frances, audience, line, now, voice)
        assert [each.kind.name for each in needs.counts(session)] == ["rest"]
        # Thought better of within the minute: they are counted again.
        broadcast.undo(session, sent, frances, now)
        session.expire_all()
        assert {each.kind.name for each in needs.counts(session)} == {"rest", "travel"}
        broadcast.schedule(session, frances, audience, line, now, voice)
    world.advance(minutes=2)
    for person in others:
        person.hears("You told us about travel and parking. Car park C is free for night shifts from Monday.")
    asha.hears_nothing()
    others[1].texts("NEED PARKING")  # a new one, after what was done
    others[1].hears("travel and parking")
    with world.database.read() as session:
        assert len(session.scalars(select(Need).where(Need.action_id.is_(None))).all()) == 2
        assert len(session.scalars(select(NeedAction)).all()) == 2


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("hot food after 9pm", "food"),
        ("a laptop for the wards", "equipment"),
        ("quiet room to join from", "space"),
        ("captions please", "access"),
        ("nursery opens too late for my shift", "childcare"),
        ("NEED ROTA", "rota"),
        ("a hug", None),
    ],
)
def test_a_need_has_a_heading(words: str, kind: str | None) -> None:
    assert needs.kind_of(words) == kind
