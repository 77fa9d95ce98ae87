"""A coordinator's first hour: from an empty console, through every step of its set-up, to phones that are answered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from companion.console.users import create_user
from companion.models import Person
from tests.console_phone import DANGER, PHONE, fits, signed_in
from tests.console_stage import PASSWORD
from tests.deliveries import approve_templates
from tests.world import World

pytestmark = pytest.mark.browser

GALE, HART, FRAN = "+447700900241", "+447700900242", "+447700900243"


def test_a_coordinators_first_hour(bare: World, chromium: Browser) -> None:
    world = bare
    with world.database.write() as session:
        fran = Person(role="coordinator", alias="Fran", name="Fran", state="staff", created_at=world.clock.now())
        session.add(fran)
        session.flush()
        create_user(session, fran, "fran@example.org", PASSWORD)
    world.settle()  # the worker runs
    page = signed_in(world, chromium.new_context(viewport=PHONE), "fran")
    page.get_by_role("link", name="Go on with the set-up").click()
    next_step(world, page, 0, "numbers and senders")
    page.get_by_role("link", name="See the settings").click()
    expect(page.get_by_text("TWILIO_SMS_FROM: +447700900000")).to_be_visible()
    next_step(world, page, 0, "numbers and senders")
    page.get_by_role("button", name="Check the number now").click()
    expect(page.get_by_text("Texts come from +447700900000, at the stand-in.")).to_be_visible()
    expect(page.get_by_text("Leads: to mend. None can be reached by text.")).to_be_visible()
    expect(page.get_by_text("Run companion templates create, then submit, then sync.")).to_be_visible()
    approve_templates(world)  # on the server, as it says
    theirs = _people(world, chromium, page)
    _a_cohort_and_a_group(world, page)
    _a_rota(world, page, theirs)
    _words_and_a_poster(world, page)
    _a_check(world, page)
    _a_test_with_phones(world, page)
    page.get_by_role("link", name="Today").click()
    expect(page.get_by_text("Go on with the set-up")).to_have_count(0)
    page.context.close()
    theirs.context.close()


def next_step(world: World, page: Page, done: int, named: str) -> None:
    """Open the set-up, which must say how many steps are done and which is next."""
    page.goto(f"{world.settings.public_url}/console/set-up")
    expect(page.get_by_text(f"{done} of 9 steps are done. Next: {named}.")).to_be_visible()
    fits(page)


def _people(world: World, chromium: Browser, page: Page) -> Page:
    """Invite a facilitator, whose signed-in page is returned, and a lead; she herself is told of what goes wrong."""
    next_step(world, page, 1, "people who run it")
    page.get_by_role("link", name="Invite people").click()
    theirs = _invite_two(world, chromium, page)
    page.get_by_role("link", name="Done").click()
    next_step(world, page, 1, "people who run it")
    page.get_by_role("link", name="Invite people").click()
    page.locator("main").get_by_role("link", name="Fran").click()
    page.get_by_label("Mobile number").fill("07700 900243")
    page.get_by_role("button", name="Save the number").click()
    return theirs


def _invite_two(world: World, chromium: Browser, page: Page) -> Page:
    """Invite a facilitator and a lead; the facilitator chooses a password on her own phone, whose page is returned."""
    codes = {}
    for name, role, number in (("Dr Gale", "Facilitator", "07700 900241"), ("Dr Hart", "Lead", "07700 900242")):
        page.goto(f"{world.settings.public_url}/console/users/invite")
        page.get_by_label("Name").fill(name)
        page.get_by_label("E-mail address").fill(f"{name.split()[-1].lower()}@example.org")
        page.get_by_label(re.compile(f"^{role}")).check()
        page.get_by_label("Mobile number").fill(number)
        page.get_by_role("button", name="Make the invitation").click()
        codes[name] = page.locator("dd a").first.get_attribute("href")
    other = chromium.new_context(viewport=PHONE)
    theirs = other.new_page()
    theirs.goto(codes["Dr Gale"] or "")
    theirs.get_by_label("Password", exact=True).fill("too short")
    theirs.get_by_label("Password once more").fill("too short")
    theirs.get_by_role("button", name="Save the password").click()
    expect(theirs.get_by_role("alert")).to_be_focused()
    expect(theirs.get_by_role("link", name=re.compile("at least 12 characters"))).to_be_visible()
    theirs.get_by_label("Password", exact=True).fill("amber kettle bridge 9")
    theirs.get_by_label("Password once more").fill("amber kettle bridge 9")
    theirs.get_by_role("button", name="Save the password").click()
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()  # closed on its way, a page can hang for good
    theirs.close()
    return signed_in(world, other, "gale", "amber kettle bridge 9")


def _a_cohort_and_a_group(world: World, page: Page) -> None:
    next_step(world, page, 2, "a cohort")
    page.get_by_role("link", name="Add a cohort").click()
    page.get_by_role("link", name="Add a cohort").click()
    page.get_by_label("Code").fill("paeds")
    page.get_by_label("Name").fill("Paediatrics")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("by texting JOIN PAEDS")).to_be_visible()

    next_step(world, page, 3, "a group")
    page.get_by_role("link", name="Go to groups").click()
    page.get_by_role("link", name="Add a group").click()
    page.get_by_role("button", name="See the dates").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("link", name="Write the link.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Paeds Tuesday")
    page.get_by_label("Cohort").select_option(label="Paediatrics")
    page.get_by_label("First meeting").fill("2026-11-24")
    page.get_by_label("Facilitator", exact=True).select_option(label="Dr Gale")
    page.get_by_label("Second facilitator").select_option(label="Dr Hart")
    page.get_by_label("Link to the video call").fill("https://video.example.org/j/paeds")
    page.get_by_role("button", name="See the dates").click()
    expect(page.get_by_text("Tomorrow at 6:30pm")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Make the group").click()
    expect(page.get_by_text("Paeds Tuesday is made.")).to_be_visible()
    expect(page.get_by_text("takes no people yet")).to_have_count(0)


def _a_rota(world: World, page: Page, theirs: Page) -> None:
    """Put the facilitator on duty at all hours, once she has shown on her own phone that two ways reach her."""
    next_step(world, page, 4, "a rota")
    page.get_by_role("link", name="Go to the rota").click()
    page.get_by_role("link", name="Put someone on the rota").click()
    page.get_by_label("Who").select_option(label="Dr Gale")
    page.get_by_label("From which day").fill("2026-11-23")
    page.get_by_label("From", exact=True).fill("00:00")
    page.get_by_label("Until which day").fill("2026-11-30")
    page.get_by_label("Until", exact=True).fill("00:00")
    page.get_by_label("Every week at this time").check()
    page.get_by_role("button", name="Put on the rota").click()
    expect(page.get_by_role("link", name=re.compile("Dr Gale can be reached in 0 ways"))).to_be_visible()
    fits(page)
    theirs.get_by_role("link", name="Rota").click()
    theirs.get_by_role("link", name="Ways to reach me").click()
    for how in ("Text message (SMS)", "Phone call"):
        theirs.get_by_label("How").select_option(label=how)
        theirs.get_by_label("Mobile number").fill("07700 900241")
        theirs.get_by_role("button", name="Send the code").click()
        world.settle()
        found = re.search(r"\d{6}", world.talker(GALE).hears("code"))
        assert found
        theirs.get_by_label("Code").fill(found[0])
        theirs.get_by_role("button", name="Go on").click()
        expect(theirs.get_by_text("That way works.")).to_be_visible()
    expect(theirs.get_by_text("You can be on the rota")).to_be_visible()
    page.get_by_role("button", name="Put on the rota").click()  # with all that was written
    expect(page.get_by_text("There is no gap.")).to_be_visible()


def _words_and_a_poster(world: World, page: Page) -> None:
    next_step(world, page, 5, "the words")
    page.get_by_role("link", name="Read the texts").click()
    expect(page.get_by_text("116 123").first).to_be_visible()
    next_step(world, page, 5, "the words")
    page.get_by_role("button", name="We have read them and a clinician agrees").click()
    next_step(world, page, 6, "a poster")
    page.get_by_role("link", name="Print a poster").click()
    page.get_by_role("link", name="Poster for Paediatrics").click()
    expect(page.get_by_role("img", name="Text JOIN PAEDS to 07700 900000")).to_be_visible()
    fits(page)
    next_step(world, page, 6, "a poster")
    page.get_by_role("button", name="It hangs").click()


def _a_check(world: World, page: Page) -> None:
    next_step(world, page, 7, "a check of the whole set-up")
    page.get_by_role("button", name="Check the set-up now").click()
    expect(page.get_by_text("WhatsApp: in order.")).to_be_visible()
    expect(page.get_by_text(": to mend.")).to_have_count(0)


def _a_test_with_phones(world: World, page: Page) -> None:
    """A phone joins by the new word, and a text that worries comes to the one on duty and to nobody else."""
    gale, hart, asha = world.talker(GALE), world.talker(HART), world.talker()
    next_step(world, page, 8, "a test with your own phones")
    asha.texts("JOIN PAEDS")
    asha.hears("Paediatrics")
    asha.ignores()
    asha.texts("YES")
    world.settle()
    asha.hears("Welcome to Companion")
    asha.hears("Your group Paeds Tuesday meets Tue 24 Nov, 6:30pm. Can you come?")
    asha.texts(DANGER)
    asha.hears("call 999", "116 123")
    asha.hears("We are alerting a facilitator. We page by day and by night.")
    world.settle()
    gale.hears("an item needs you now")
    hart.hears_nothing()
    gale.texts("TAKE")
    world.settle()
    asha.hears("Dr Gale")
    gale.ignores()
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.get_by_role("cell", name="Paediatrics")).to_be_visible()
    next_step(world, page, 8, "a test with your own phones")
    page.get_by_role("button", name="The test went well").click()
    expect(page.get_by_text("Everything is done. Repeat the test")).to_be_visible()
    fits(page)
