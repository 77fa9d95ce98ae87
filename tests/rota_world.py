"""What the tests of the rota share: putting people on duty, and finding the code in a text."""

from __future__ import annotations

import re
from datetime import date, time

from sqlalchemy import select

from companion.escalation.closings import close
from companion.escalation.episodes import record_contact, take
from companion.models import Duty, Episode, Person
from companion.rota.duties import add_duty
from tests.world import World

MONDAY = date(2026, 11, 23)  # the day on which the worlds of the tests begin, at nine


def person(world: World, name: str) -> Person:
    """Return somebody by name."""
    with world.database.read() as session:
        return next(p for p in session.scalars(select(Person)) if p.name == name)


def on_duty(
    world: World,
    name: str,
    role: str = "first",
    *,
    on: date = MONDAY,
    start: time = time(18),
    days: int = 1,
    end: time = time(8),
    weekly: bool = False,
) -> Duty:
    """Put somebody on the rota, by default from six in the evening until eight the next morning."""
    with world.database.write() as session:
        return add_duty(
            session,
            session.merge(person(world, name)),
            role,
            starts_on=on,
            from_time=start,
            days=days,
            until_time=end,
            weekly=weekly,
            last_on=None,
            group_id=None,
            time_zone="Europe/London",
            now=world.clock.now(),
            by=None,
        )


def close_all(world: World, name: str) -> None:
    """Let somebody take, contact and close every open episode, as signed in."""
    with world.database.write() as session:
        who, now = session.merge(person(world, name)), world.clock.now()
        for episode in session.scalars(select(Episode).where(Episode.state != "closed")).all():
            take(session, episode, who, now, world.services.voice)
            record_contact(session, episode, who, now)
            close(session, episode, who, "spoke", now, world.services.voice)
    world.settle()
    for talker in world._talkers.values():
        talker.ignores()


def code_in(text: str) -> str:
    """Return the four characters that a text asks to reply with."""
    found = re.search(r"\b(?=[A-Z]*\d)[A-Z0-9]{4}\b", text.split("eply", 1)[1])
    assert found, text
    return found.group()


def shown_code(said: str, verb: str = "OFF") -> str:
    """Return the reference that a text tells people to reply with."""
    found = re.search(rf"{verb} ([A-Z0-9]{{4}})\b", said)
    assert found is not None, said
    return found[1]
