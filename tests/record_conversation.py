"""Plays one story through the whole service and prints it, as docs/conversation.md shows it.

    .venv/bin/python -m tests.record_conversation > docs/conversation.md

Nothing is written by hand: the texts are those that the phones of the stand-in sent and got. Two things differ from run
to run and are replaced: the references of episodes, aliases and signed links, which are random, and the server's port.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from companion.models import Person, Reference
from companion.seed import STAFF, seed_rota
from companion.simulator.ledger import Message
from tests import databases
from tests.world import TRAINEE, World

NAMES = {TRAINEE: "Asha", **{staff.number: staff.name for staff in STAFF}}
LONDON = ZoneInfo("Europe/London")
ALIASES = ("Quiet Kestrel",)
TOKEN = "AaIb0R6Bd_iUtASZWZqbAg.GvmyD8FdPKR7mD1vSdZARPGCzu8"
EXAMPLES = ("K7Q9", "M4XT", "R9HD")  # what stands for the random references, in the order in which they were made
ADDRESS = "https://companion.example.org"

INTRODUCTION = """\
# A conversation, as the phones show it

Asha is a trainee; Dr Cole and Dr Dunne run her group, Dr Erskine is the lead. Nobody here is real and the numbers are
those that Ofcom keeps for drama. The service ran as it does for real, on one machine with the stand-in for Twilio, and
its clock was moved. `tests/record_conversation.py` plays the story and prints this page; a test compares the two.
"""
ENDING = """
Dr Dunne signs in, reads the text, rings Asha, and records the contact and later the outcome in the
[console](console.md). Without that the episode would open again at 10:47pm and everyone would be paged once more.
"""

Scene = tuple[str, str]


def story(world: World) -> Iterator[Scene]:
    """Play the story scene by scene; yield the title of each and what a reader should know, when it has been played."""
    asha, cole, dunne = world.talker(), world.staff("facilitator"), world.staff("facilitator", 1)

    asha.texts("join icu")
    asha.texts("Yes")
    asha.texts("yeah go on then")
    yield "Joining, and a place in the next session", "The texts that ask for consent are kept as they were shown."

    world.move_to(_at(24, 19, 12))
    asha.texts("6")
    yield "The weekly question", "One a week, at the hour the cohort chose. A number, a word or silence is fine."

    world.move_to(_at(25, 7, 40))
    asha.texts("cant sleep after nights")
    asha.texts("more")
    yield "Asking for help", "Free text, a keyword or a number of the MENU is answered with one or two places to turn."

    world.move_to(_at(25, 18, 31))
    yield "A day before the session", "Whoever has a place is reminded, and so are the facilitators."

    world.move_to(_at(26, 17, 31))
    yield "An hour before", ""

    world.move_to(_at(26, 22, 20))
    asha.texts("I don't want to be here any more, I want to end my life")
    world.settle()
    yield "Words that suggest danger", "The reply comes in the answer to the webhook itself. The first page goes out."

    world.move_to(_at(26, 22, 26))
    yield "Nobody answers for five minutes", "The next facilitator is paged, under a reference of their own."

    world.move_to(_at(26, 22, 27))
    dunne.texts(f"{_reference(dunne.phone.inbox[-1].body)} TAKE")
    world.settle()
    cole.texts("got it")
    yield (
        "One of them takes it",
        "Only now is Asha told that a person has her text, and who. Whoever comes second is told so.",
    )


def record(world: World) -> str:
    """Return the story as Markdown, played with the rota of the demonstration."""
    with world.database.write() as session:
        seed_rota(session, world.clock.now(), world.settings)
    pages, seen = [INTRODUCTION], 0
    for title, remark in story(world):
        texts = world.standin.messages
        pages.append(f"\n## {title}\n" + (f"\n{remark}\n" if remark else "") + _table(texts[seen:]))
        seen = len(texts)
    pages.append(ENDING)
    return _same_every_time(world, "".join(pages))


def _table(texts: Sequence[Message]) -> str:
    rows = [f"| {_moment(text)} | {_who(text)} | {_words(text)} |\n" for text in texts]
    return "\n| time | who | text |\n| --- | --- | --- |\n" + "".join(rows)


def _moment(text: Message) -> str:
    local = text.created_at.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def _who(text: Message) -> str:
    name = NAMES[text.phone]
    return f"**{name}**" if text.inbound else f"to {name}"


def _words(text: Message) -> str:
    return text.body.replace("|", "\\|").replace("\n", "<br>")


def _reference(page: str) -> str:
    return page.split("Reply ")[1].split(" ", maxsplit=1)[0]


def _same_every_time(world: World, page: str) -> str:
    with world.database.read() as session:
        codes = session.scalars(select(Reference.code)).all()
        aliases = session.scalars(select(Person.alias).where(Person.role == "trainee")).all()
    for code, example in zip(sorted(codes, key=page.index), EXAMPLES, strict=False):
        page = page.replace(code, example)
    for alias, example in zip(aliases, ALIASES, strict=True):
        page = page.replace(alias, example)
    page = re.sub(r"/s/[\w.-]+", f"/s/{TOKEN}", page)
    return page.replace(world.settings.public_url, ADDRESS)


def _at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def main() -> None:
    """Play and print."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as name, databases.sqlite(Path(name)) as new:
        world = World(new()).seeded()
        try:
            print(record(world), end="")
        finally:
            world.close()


if __name__ == "__main__":
    main()
