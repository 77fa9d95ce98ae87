"""Journeys through the console in a real browser, with the phones beside it. Server and stand-in run in here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from companion.console.users import create_user
from companion.models import Person
from tests.console_stage import PASSWORD
from tests.databases import NewDatabase
from tests.test_console_browser import chromium
from tests.world import World

pytestmark = pytest.mark.browser
__all__ = ["chromium"]  # the fixture

PHONE = {"width": 320, "height": 640}
DANGER = "I can't do this any more. I want to kill myself"


@pytest.fixture
def bare(sqlite_databases: NewDatabase) -> Iterator[World]:
    """A world without a programme."""
    world = World(sqlite_databases())
    yield world
    world.finish()
    world.close()


@pytest.fixture
def seeded(bare: World) -> World:
    """The small programme of the demonstration, whose people can sign in."""
    bare.seeded()
    with bare.database.write() as session:
        for person in session.scalars(select(Person).where(Person.state == "staff")):
            create_user(session, person, f"{person.alias.split()[-1].lower()}@example.org", PASSWORD)
    return bare


def signed_in(world: World, context: BrowserContext, who: str, password: str = PASSWORD) -> Page:
    page = context.new_page()
    page.goto(f"{world.settings.public_url}/console/")
    page.get_by_label("E-mail address").fill(f"{who}@example.org")
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    return page


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url


def test_an_escalation_at_half_past_two_is_taken_from_a_phone(seeded: World, chromium: Browser) -> None:
    """By keyboard alone, at 320 pixels (which is 1,280 at 400%), without script."""
    world, asha, cole = seeded, seeded.member(), seeded.staff("facilitator")
    world.move_to(datetime(2026, 11, 24, 2, 30, tzinfo=UTC))
    for talker in (asha, cole):
        talker.ignores()
    asha.texts(DANGER)
    asha.hears("999", "116 123")
    asha.ignores()
    world.settle()
    page_text = cole.hears("an item needs you now")
    assert DANGER not in page_text

    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    page = signed_in(world, context, "cole")
    expect(page.get_by_text("1 episode has nobody yet.")).to_be_visible()
    fits_without_script(page)
    page.get_by_role("link", name=re.compile("the episode of")).press("Enter")
    expect(page.get_by_text(DANGER)).to_have_count(0)
    page.get_by_role("button", name=re.compile("No, I do not know them")).press("Enter")
    expect(page.get_by_text(DANGER)).to_be_visible()
    page.get_by_role("button", name="Take it").first.press("Enter")
    world.settle()
    asha.hears("Dr Cole")
    page.get_by_role("button", name=re.compile("Record that you reached them")).press("Enter")
    page.get_by_role("link", name=re.compile("^Close")).first.press("Enter")
    page.get_by_label(re.compile("^Spoke")).press("Space")
    page.get_by_role("button", name="Close the episode").press("Enter")
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    expect(page.get_by_text("No episode waits for a person.")).to_be_visible()
    context.close()
    world.settle()
    asha.ignores()
    world.staff_ignores()


def fits_without_script(page: Page) -> None:
    """Whether nothing is wider than the screen: by boxes, as no script runs in the page."""
    box = page.locator("main").bounding_box()
    assert box is not None
    assert box["width"] <= 320


def test_a_facilitators_evening(seeded: World, chromium: Browser) -> None:
    world, asha = seeded, seeded.member()
    asha.texts("can I bring something to eat on Thursday")
    asha.ignores()
    world.move_to(datetime(2026, 11, 26, 17, 0, tzinfo=UTC))  # an hour and a half before the session
    asha.ignores()
    world.staff_ignores()
    context = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = signed_in(world, context, "cole")
    expect(page.get_by_role("link", name="ICU North").first).to_be_visible()
    expect(page.get_by_text("Today at 6:30pm")).to_be_visible()

    # What was written: read it, answer it.
    page.get_by_role("link", name="Messages").click()
    page.locator("main").get_by_role("link").filter(
        has_not_text=re.compile("Search|Delivery|Written|Conv")
    ).first.click()
    expect(page.get_by_text("can I bring something to eat")).to_be_visible()
    read = page.get_by_role("button", name=re.compile("^Mark"))
    if read.count():
        read.click()
    page.get_by_role("link", name="Write to them").click()
    page.get_by_label("Your text").fill("Yes, do. We have half an hour before we start.")
    expect(page.locator("#count")).to_contain_text("1 part, about £0.04")
    fits(page)
    page.get_by_role("button", name="See how it will look").click()
    page.get_by_role("button", name="Send it").click()
    world.settle()
    asha.hears("Dr Cole", "Yes, do.")

    # To the whole group: shown, sent, stopped, and sent after all.
    for stopped in (True, False):
        page.get_by_role("link", name="Messages").click()
        page.get_by_role("link", name="Written to groups").click()
        page.get_by_role("link", name="Write to a group").click()
        page.get_by_label("Who gets it").select_option(label="ICU North")
        page.get_by_label("Your text").fill(
            "We start ten minutes late today" if stopped else "We start at 6:40pm today"
        )
        page.get_by_role("button", name=re.compile("^See who gets it")).click()
        expect(page.get_by_text(re.compile("1 part each, 1 in all"))).to_be_visible()
        fits(page)
        page.get_by_role("button", name="Send it to 1 person").click()
        if stopped:
            page.get_by_role("button", name="Stop it").click()
            expect(page.get_by_text("Nobody gets it.")).to_be_visible()
        world.advance(minutes=2)
    asha.hears("Dr Cole, ICU North: We start at 6:40pm today")
    asha.hears_nothing()
    context.close()
    world.staff_ignores()
