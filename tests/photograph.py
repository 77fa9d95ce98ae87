"""`python -m tests.photograph FOLDER`: photographs every page of the console, for people to look at.

Each page at the width of a phone and of a desk, in an empty, a usual and a crowded state, by headless Chromium. The
crowded state has long names, a waiting list, a rota and needs too. Behind the pages stand those that only come of doing
something: a text or a change shown before it is sent, and what a sign-in with a second factor asks.
`--only` takes a part of a page's path, `--dark` photographs the dark colours, `--small` the width of 320 px,
`--print` what goes on paper.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from companion.models import Booking, Duty, Group, GroupCover, Need, Person
from tests import databases
from tests.browsers import FLAGS
from tests.console_addresses import PAGES
from tests.console_crowd import crowd
from tests.console_people import NOW
from tests.console_stage import Stage, closing_proposed, stage
from tests.photograph_signing_in import give_password, second_factor

WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}
SMALL = {"small": (320, 640)}
PAPER = {"paper": (794, 1123)}  # A4 at 96 dots an inch
SECOND_FACTOR = "second-factor"
COORDINATORS = (  # pages that only a coordinator has
    "/console/cohorts/new",
    "/console/cohorts/{cohort}",
    "/console/set-up",
    "/console/users",
    "/console/users/invite",
    "/console/users/{bo}",
)
Step = Callable[[Page, Stage], object]
DONE: dict[str, tuple[str, Step]] = {  # name: the page it begins on, and what is done there
    "messages-group-preview": ("/console/messages/group/new", lambda page, _: _write_to_group(page)),
    "people-wren-write-preview": ("/console/people/{wren}/write", lambda page, _: _write(page)),
    "sessions-evening-move-preview": ("/console/sessions/{evening}/move", lambda page, _: _move(page)),
    "groups-tuesday-edit-preview": (
        "/console/groups/{tuesday}/edit",
        lambda page, _: page.get_by_role("button", name="See what changes").click(),
    ),
    "groups-new-problem": (
        "/console/groups/new",
        lambda page, _: page.get_by_role("button", name="See the dates").click(),
    ),
    "messages-search-found": ("/console/messages/search", lambda page, _: _search(page)),
    "content-try-tried": ("/console/content/try", lambda page, _: _try(page)),
    "rota-end-asked": ("/console/rota", lambda page, _: _open_all(page)),
    "ways-one": ("/console/ways", lambda page, _: _add_way(page)),
    "ways-one-problem": ("/console/ways", lambda page, _: _wrong_way_code(page)),
    "episodes-episode-taken": ("/console/episodes/{episode}", lambda page, _: _take(page)),
    "episodes-episode-write": ("/console/episodes/{episode}/write", lambda _page, _: None),
    "episodes-episode-write-shown": (
        "/console/episodes/{episode}/write",
        lambda page, _: _say(page, "Show how it looks"),
    ),
    "episodes-episode-written": ("/console/episodes/{episode}/write", lambda page, _: _say(page, "Send it")),
    "audit-of-all-this": ("/console/audit", lambda _page, _: None),
}
OPEN = (
    "/console/sign-in",
    "/console/invitation",
    "/console/invitation/abcd-efgh-jkmn-pqrs",
    "/console/invitation/none",
)


def main() -> None:
    """Photograph what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--state", choices=["empty", "usual", "crowded"])
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--print", action="store_true", dest="paper")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        databases.sqlite(Path(folder)) as new,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for state in [given.state] if given.state else ["empty", "usual", "crowded"]:
            server_socket = socket.create_server(("127.0.0.1", 0))
            address = f"http://localhost:{server_socket.getsockname()[1]}"  # a name, so that passkeys work
            here = stage(new(), empty=state == "empty", public_url=address)
            if state != "empty":
                _let_in(here)
            if state == "crowded":
                crowd(here)
                _fill(here)
            with _served(here, server_socket):
                for width in SMALL if given.small else PAPER if given.paper else WIDTHS:
                    _photograph(chromium, here, address, given, state, width)
                    if state == "usual" and not given.paper and given.only in SECOND_FACTOR:
                        context = _context(chromium, given, width)
                        for name, page in second_factor(context, here, address, width):
                            page.screenshot(
                                path=given.folder / f"{SECOND_FACTOR}-{name}.{state}.{width}.png", full_page=True
                            )
                        context.close()
            here.database.close()
        chromium.close()


@contextmanager
def _served(here: Stage, at: socket.socket) -> Iterator[None]:
    server = make_server("127.0.0.1", at.getsockname()[1], here.app, threaded=True, fd=at.fileno())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    at.close()


def _context(chromium: Browser, given: argparse.Namespace, width: str) -> BrowserContext:
    wide, high = {**WIDTHS, **SMALL, **PAPER}[width]
    scheme: Literal["dark", "light"] = "dark" if given.dark else "light"
    return chromium.new_context(viewport={"width": wide, "height": high}, color_scheme=scheme, locale="en-GB")


def _photograph(
    chromium: Browser, here: Stage, address: str, given: argparse.Namespace, state: str, width: str
) -> None:
    for who, pages in (("", OPEN), ("lee", PAGES), ("cor", COORDINATORS)):
        chosen = [page for page in pages if given.only in page and _stands(here, page)]
        if not chosen:
            continue
        context = _context(chromium, given, width)
        page = context.new_page()
        if who:
            give_password(page, address, who)
        for path in chosen:
            page.goto(address + here.path(path))
            if "/gate/open" in page.content():  # an episode: answer the question, and look at what is behind it
                page.get_by_role("button", name="No, I do not know them").click()
            name = (
                path.replace("/console", "").strip("/").replace("/", "-").replace("{", "").replace("}", "") or "today"
            )
            page.emulate_media(media="print" if given.paper else "screen")  # forms are not printed, so only now
            page.screenshot(path=given.folder / f"{name}.{state}.{width}.png", full_page=True)
            page.emulate_media(media="screen")
        if who == "lee" and state != "empty" and not given.paper:
            for name, (path, step) in DONE.items():
                if given.only in path or given.only in name:
                    page.goto(address + here.path(path))
                    step(page, here)
                    page.screenshot(path=given.folder / f"{name}.{state}.{width}.png", full_page=True)
        context.close()


def _write_to_group(page: Page) -> None:
    page.get_by_label("Who gets it").select_option(index=1)
    page.get_by_label("Your text").fill("We start ten minutes late today. Sorry for the short notice.")
    page.get_by_role("button", name="See who gets it and how it will look").click()


def _write(page: Page) -> None:
    page.get_by_label("Your text").fill("Thank you for your text. Shall I ring you tomorrow at 6pm?")
    page.get_by_role("button", name="See how it will look").click()


def _move(page: Page) -> None:
    page.get_by_label("New time").fill("19:00")
    page.get_by_role("button", name="See who will be told").click()


def _search(page: Page) -> None:
    page.get_by_label("Words").fill("hello" if page.get_by_label("Words").count() else "lunch")
    page.get_by_role("button", name="Search").click()


def _add_way(page: Page) -> None:
    page.get_by_label("Mobile number").fill("07700 900555")
    page.get_by_role("button", name="Send the code").click()


def _wrong_way_code(page: Page) -> None:
    page.get_by_role("link", name="Type the code").first.click()
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Go on").click()


def _take(page: Page) -> None:
    if page.get_by_role("button", name="Take it").count():  # the other width may have taken it
        page.get_by_role("button", name="Take it").click()


def _say(page: Page, button: str) -> None:
    page.get_by_label("Your text").fill("Thank you for writing. I have read it. May I ring you now?")
    page.get_by_role("button", name=button).click()


def _open_all(page: Page) -> None:
    """Open what asks once more before it is done."""
    for each in page.locator(".sure > summary").all():
        each.click()


def _try(page: Page) -> None:
    page.get_by_label("What somebody might write").fill("I cannot sleep after nights and I want to die")
    page.get_by_role("button", name="Try it").click()


def _let_in(here: Stage) -> None:
    """Let the groups take people, as a group that is made in the console does in time."""
    with here.database.write() as session:
        for name in ("tuesday", "thursday"):
            session.add(GroupCover(group_id=here.ids[name], kind="always", weekdays=list(range(7)), live_at=NOW))


def _fill(here: Stage) -> None:
    """Make it more than usual: the longest names there may be, a full session with a waiting list, a rota, needs."""
    with here.database.write() as session:
        session.get_one(Group, here.ids["tuesday"]).name = "Wolverhampton Nights"
        session.get_one(Person, here.ids["ada"]).name = "Dr Oluwaseun Adeyemi"
        crows = list(session.scalars(select(Person).where(Person.alias.like("Crow %")).order_by(Person.alias)))
        crows[0].alias = "Great-crested-grebe-of-the-estuary"
        for number, person in enumerate(crows[:9]):
            seat = number + 2 if number < 5 else None
            session.add(
                Booking(
                    session_id=here.ids["evening"],
                    person_id=person.id,
                    status="yes" if seat else "waiting",
                    seat=seat,
                    offered_at=NOW + timedelta(seconds=number),
                )
            )
        session.add(closing_proposed(here, by="ada", asked="lee"))
        for kind in ("food", "rest", "rota"):
            for person in crows[:12]:
                session.add(Need(person_id=person.id, kind=kind, asked_at=NOW))
        for number in range(10):
            session.add(
                Duty(
                    person_id=here.ids["ada" if number % 2 else "lee"],
                    role=("first", "second", "lead")[number % 3],
                    time_zone="Europe/London",
                    starts_on=date(2026, 11, 23) + timedelta(days=number % 7),
                    from_time=time(18),
                    days=1,
                    until_time=time(8),
                    weekly=True,
                    created_at=NOW,
                )
            )


def _stands(here: Stage, page: str) -> bool:
    """Whether what the page is about is there: not in the empty state."""
    try:
        here.path(page)
    except KeyError:
        return False
    return True


if __name__ == "__main__":
    main()
