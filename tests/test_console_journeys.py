"""Journeys through the console in a real browser, with the phones beside it. Server and stand-in run in here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from companion.console.users import create_user
from companion.models import Address, Person
from companion.seed import JOIN_LINK
from tests.console_phone import DANGER, PHONE, fits, signed_in
from tests.console_stage import PASSWORD
from tests.world import Talker, World

pytestmark = pytest.mark.browser
BEN = "+447700900102"


@pytest.fixture
def seeded(bare: World) -> World:
    """The small programme of the demonstration, whose people can sign in."""
    bare.seeded()
    with bare.database.write() as session:
        for person in session.scalars(select(Person).where(Person.state == "staff")):
            create_user(session, person, f"{person.alias.split()[-1].lower()}@example.org", PASSWORD)
    return bare


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

    context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
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
    """Texts answered, the session run by its sheet, who came, and her own supervision: on one phone, at 320 pixels."""
    world, asha, ben = seeded, seeded.member(), seeded.member(BEN)
    asha.texts("can I bring something to eat on Thursday")
    for trainee in (asha, ben):
        trainee.texts("YES")
        trainee.ignores()
    world.move_to(datetime(2026, 11, 26, 17, 0, tzinfo=UTC))  # an hour and a half before the session
    for trainee in (asha, ben):
        trainee.ignores()
    world.staff_ignores()
    context = chromium.new_context(viewport=PHONE)
    page = signed_in(world, context, "cole")
    expect(page.get_by_role("link", name="ICU North", exact=True)).to_be_visible()
    expect(page.get_by_text("Today at 6:30pm to 7:15pm")).to_be_visible()
    _answer_a_text(page)
    world.settle()
    asha.hears("Dr Cole", "Yes, do.")
    _write_to_the_group(world, page)
    for trainee in (asha, ben):
        trainee.hears("Dr Cole, ICU North: We start at 6:40pm today")
        trainee.hears_nothing()
    world.staff_ignores()
    _run_the_session(world, page, asha, ben)
    _have_supervision(world, page)
    context.close()
    for trainee in (asha, ben):
        trainee.ignores()


def _answer_a_text(page: Page) -> None:
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


def _write_to_the_group(world: World, page: Page) -> None:
    """Written to all: shown, sent, stopped within its minute, and sent after all."""
    for stopped in (True, False):
        page.get_by_role("link", name="Messages").click()
        page.get_by_role("link", name="Written to groups").click()
        page.get_by_role("link", name="Write to a group").click()
        page.get_by_label("Who gets it").select_option(label="ICU North")
        page.get_by_label("Your text").fill(
            "We start ten minutes late today" if stopped else "We start at 6:40pm today"
        )
        page.get_by_role("button", name=re.compile("^See who gets it")).click()
        expect(page.get_by_text(re.compile("1 part each, 2 in all"))).to_be_visible()
        fits(page)
        page.get_by_role("button", name="Send it to 2 people").click()
        if stopped:
            page.get_by_role("button", name="Stop it").click()
            expect(page.get_by_text("Nobody gets it.")).to_be_visible()
        world.advance(minutes=2)


def _run_the_session(world: World, page: Page, asha: Talker, ben: Talker) -> None:
    """The run sheet from Today; afterwards who came, of whom one did not, and what each phone hears of it."""
    cole = world.staff("facilitator")
    until(world, page, 18, 20)
    asha.hears("Your group ICU North starts at 6:30pm")
    cole.hears("You are leading ICU North at 6:30pm", "Coming: ")
    page.get_by_role("link", name="Today").click()
    page.get_by_role("link", name="Run sheet of ICU North, today at 6:30pm").click()
    expect(page.get_by_role("heading", name="Coming (2 of 6)")).to_be_visible()
    expect(page.get_by_role("link", name="Open the video call")).to_have_attribute("href", JOIN_LINK)
    expect(page.get_by_text("Dr Erskine covers for items")).to_be_visible()
    fits(page)
    until(world, page, 19, 16)
    cole.hears("Who came to ICU North?")
    page.get_by_role("link", name="Today").click()
    expect(page.get_by_text("It is over, and nobody has said who came.")).to_be_visible()
    page.get_by_role("link", name="Say who came to ICU North").click()
    page.get_by_label(alias_of(world, asha)).check()
    fits(page)
    page.get_by_role("button", name="Save who came").click()
    expect(page.get_by_text("Saved: 1 person came.")).to_be_visible()
    ben.ignores()
    until(world, page, 19, 50)
    asha.hears("If you came to ICU North, was it helpful?")
    ben.hears_nothing()
    cole.hears("ICU North is over", "Take five minutes together")
    asha.texts("YES")
    asha.hears("make it better")


def _have_supervision(world: World, page: Page) -> None:
    """She says on the same page that she had hers; on Monday the lead hears who did not."""
    page.get_by_role("link", name="Today").click()
    expect(page.get_by_text("You have had none since ICU North, today.")).to_be_visible()
    expect(page.get_by_text("nobody has said who came")).to_have_count(0)
    fits(page)
    page.get_by_role("button", name="I have had supervision").click()
    expect(page.get_by_text("Saved: you have had supervision.")).to_be_visible()
    expect(page.get_by_text("You have had none since")).to_have_count(0)
    world.staff_ignores()
    world.move_to(datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    world.staff("lead").hears("no supervision since their last group: Dr Dunne.")
    world.staff_ignores()


def until(world: World, page: Page, hour: int, minute: int) -> None:
    """Let time go by on the evening of the session, with the page in use: half an hour without would sign her out."""
    end = datetime(2026, 11, 26, hour, minute, tzinfo=UTC)
    while world.clock.now() < end:
        world.move_to(min(end, world.clock.now() + timedelta(minutes=25)))
        page.reload()


def alias_of(world: World, talker: Talker) -> str:
    """Return the name by which the console knows somebody."""
    with world.database.read() as session:
        known = session.scalars(select(Address)).all()
        return next(each.person.alias for each in known if each.address == talker.number and each.person)
