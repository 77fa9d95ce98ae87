"""The console in a real browser: live updates, no script, small screens, and what axe finds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from companion.models import Alarm, Episode
from tests.console_addresses import PAGES
from tests.console_people import CANARY, NOW
from tests.console_stage import PASSWORD, Stage, closing_proposed, press, stage
from tests.databases import NewDatabase

pytestmark = pytest.mark.browser

SENT_EMPTY = (  # looked at once more, with what is wrong
    "/console/content/places/local-occupational-health",
    "/console/groups/new",
    "/console/people/{wren}/number",
    "/console/people/{wren}/write",
    "/console/rota/add",
)


@pytest.fixture(scope="module")
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    press(here.browser("lee"), "/console/account", here.path("/console/episodes/{episode}/gate/open"))
    with here.database.write() as session:
        session.add(closing_proposed(here, by="ada", asked="lee"))
        finch = {"address_id": here.ids["finch_sms"], "person_id": here.ids["finch"]}
        times = {"opened_at": NOW, "started_at": NOW, "next_action_at": NOW}
        unasked = Episode(**finch, **times, state="open", step=0, rounds=0)
        session.add(unasked)
        session.flush()
        here.ids["unasked"] = unasked.id
    yield here
    here.database.close()


@pytest.fixture(scope="module")
def address(on: Stage) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, on.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def signed_in(context: BrowserContext, address: str, who: str) -> Page:
    page = context.new_page()
    page.goto(f"{address}/console/sign-in")
    _sign_in(page, who)
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    return page


@pytest.mark.parametrize("half", [0, 1])
def test_axe_finds_nothing_and_nothing_is_cut_off_at_320_pixels(
    on: Stage, address: str, chromium: Browser, half: int
) -> None:
    # Without motion, so that colours have changed when they are looked at.
    context = chromium.new_context(viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    page = signed_in(context, address, "lee")
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    for path, empty in (*((each, False) for each in PAGES), *((each, True) for each in SENT_EMPTY))[half::2]:
        page.emulate_media(color_scheme="light")
        page.goto(address + on.path(path))
        if empty:
            page.locator("main form .btn-primary").last.click()
            expect(page.get_by_role("alert")).to_be_focused()
        broken += [f"{path}: {found['id']}" for found in Axe().run(page).response["violations"]]
        page.emulate_media(color_scheme="dark")  # the same page in other colours
        dark = Axe().run(page, options={"runOnly": ["color-contrast"]})
        broken += [f"{path}, dark: {found['id']}" for found in dark.response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            broken.append(f"{path}: wider than the screen")
    context.close()
    assert not broken


def test_today_tells_news_can_be_paused_and_leaves_the_focus_alone(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = signed_in(context, address, "cor")
    status = page.locator("#live-status")
    expect(status).to_have_attribute("role", "status")
    _refresh(page)
    _alarm(on, "nobody_to_page")
    _refresh(page)
    expect(page.get_by_text("There was nobody who could be paged.")).to_be_visible()

    page.get_by_role("button", name="Pause updates").click()
    expect(status).to_have_text("Updates are paused.")
    _alarm(on, "never_confirmed")
    page.get_by_role("button", name="Go on with updates").click()
    expect(page.get_by_text("Texts that were sent are never confirmed.")).to_be_visible()

    link = page.get_by_role("link", name="ICU Tuesday", exact=True)
    link.focus()
    _alarm(on, "twilio_held")
    _refresh(page)
    expect(link).to_be_focused()
    expect(page.get_by_text("Twilio refuses everything")).to_have_count(0)
    expect(status).to_contain_text("There is something new")
    context.close()


def _refresh(page: Page) -> None:
    """Have the page ask for news now, as it does when it comes to the front, and wait for the answer."""
    with page.expect_response("**/console/today/live"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def _alarm(on: Stage, kind: str) -> None:
    with on.database.write() as session:
        session.add(Alarm(kind=kind, raised_at=NOW - timedelta(minutes=1), last_at=NOW))


def test_an_episode_is_taken_without_script_by_keyboard(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = signed_in(context, address, "ada")
    page.get_by_role("link", name="Open the episode of Wren").press("Enter")
    expect(page.get_by_text(CANARY)).to_have_count(0)
    page.get_by_role("button", name="No, I do not know them").press("Enter")
    expect(page.get_by_text(CANARY)).to_be_visible()
    page.get_by_role("button", name="Take it").press("Enter")
    expect(page.get_by_text("You have it.")).to_be_visible()
    page.get_by_role("button", name="Record that you reached them").press("Enter")
    page.get_by_role("link", name="Close it").press("Enter")
    page.get_by_role("button", name="Close the episode").press("Enter")
    page.get_by_role("alert").get_by_role("link").press("Enter")  # what is wrong leads to the first answer
    expect(page.get_by_label("Spoke. By phone or in person.")).to_be_focused()
    page.get_by_label("Exchanged texts.").press("Space")
    page.get_by_role("button", name="Close the episode").press("Enter")
    expect(page.get_by_text("The episode is closed.")).to_be_visible()
    context.close()


def test_paper_has_a_date_and_the_rota_but_nobody_who_is_helped(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = signed_in(context, address, "lee")
    for path in ("/console/sessions/{evening}", "/console/groups/{tuesday}", "/console/people"):
        page.goto(address + on.path(path))
        page.emulate_media(media="screen")
        expect(page.get_by_text("Wren").first).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("main").get_by_text("Wren").locator("visible=true")).to_have_count(0)
        expect(page.get_by_text("is not printed").first).to_be_visible()
        expect(page.get_by_text("As it stood on Tuesday 24 November 2026 at 2:30am")).to_be_visible()
    page.emulate_media(media="screen")
    page.goto(f"{address}/console/rota")
    page.get_by_role("link", name="Four weeks to print").click()
    page.emulate_media(media="print")
    expect(page.get_by_role("row")).to_have_count(29)
    expect(page.get_by_role("link", name="Four weeks after")).to_be_hidden()
    context.close()


def test_what_somebody_wrote_when_they_were_signed_out_is_put_back(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = signed_in(context, address, "ada")
    page.goto(address + on.path("/console/people/{wren}/write"))
    page.get_by_label("Your text").fill("See you on Thursday")
    context.clear_cookies()  # as after half an hour
    page.get_by_role("button", name="See how it will look").click()
    expect(page.get_by_text("What you wrote is put back on the page you come to")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    _sign_in(page, "ada")
    expect(page.get_by_text("What you were writing is back in its field. It was not sent.")).to_be_focused()
    page.get_by_role("link", name="Go to it").press("Enter")
    expect(page.get_by_label("Your text")).to_be_focused()
    expect(page.get_by_label("Your text")).to_have_value("See you on Thursday")
    page.get_by_role("button", name="See how it will look").click()
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("It is on its way.")).to_be_focused()
    page.goto(address + on.path("/console/people/{wren}/write"))
    expect(page.get_by_label("Your text")).to_have_value("")  # it was sent, and is not put back again
    context.close()


def test_nobody_else_gets_what_somebody_wrote(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page, writing = signed_in(context, address, "ada"), address + on.path("/console/people/{wren}/write")
    page.goto(writing)
    page.get_by_label("Your text").fill("See you on Thursday")
    context.clear_cookies()
    page.get_by_role("button", name="See how it will look").click()
    page.get_by_role("link", name="Sign in").click()
    _sign_in(page, "lee")
    for who in ("lee", "ada"):  # and it is gone for good once somebody else was there
        expect(page.get_by_label("Your text")).to_have_value("")
        assert page.evaluate("sessionStorage.length") == 0
        if who == "lee":
            context.clear_cookies()
            page.goto(writing)
            _sign_in(page, "ada")
    context.close()


def test_what_is_being_written_is_put_back_after_the_time_is_over(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = signed_in(context, address, "ada")
    page.clock.install()
    page.goto(address + on.path("/console/people/{wren}/write"))
    page.get_by_label("Your text").fill("See you on Thursday")
    page.clock.fast_forward("28:30")
    expect(page.get_by_text("You will be signed out in two minutes")).to_be_visible()
    page.clock.fast_forward("02:00")
    expect(page.get_by_text("You have been signed out.")).to_be_visible()
    context.clear_cookies()
    page.get_by_role("link", name="Open this page again").click()
    _sign_in(page, "ada")
    expect(page.get_by_label("Your text")).to_have_value("See you on Thursday")
    context.close()


def test_a_form_is_filled_in_again_after_the_password_is_asked_for(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = signed_in(context, address, "cor")
    page.goto(f"{address}/console/users/invite")
    page.get_by_label("Name").fill("Dr Ines Long")
    _password_was_long_ago(on, context)
    page.locator("main form .btn-primary").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Name")).to_have_value("Dr Ines Long")
    context.close()


def test_an_open_page_of_an_episode_tells_what_others_do(on: Stage, address: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page, path = signed_in(context, address, "lee"), on.path("/console/episodes/{unasked}")
    page.goto(address + path)
    page.get_by_role("button", name="No, I do not know them").click()
    page.get_by_label("Add a note").fill("Rang twice")
    press(on.browser("bo"), "/console/account", f"{path}/gate/open")
    press(on.browser("bo"), "/console/account", f"{path}/take")
    with page.expect_response("**/news*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Taken, no contact recorded yet: Dr Bo.")).to_be_visible()
    expect(page.get_by_label("Add a note")).to_be_focused()
    context.set_offline(True)
    for _ in range(2):
        with page.expect_event("requestfailed"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("This page cannot reach the service.")).to_be_visible()
    context.set_offline(False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Taken, no contact recorded yet: Dr Bo.")).to_be_visible()
    page.get_by_role("link", name="Show it").click()
    expect(page.locator(".card-row .state")).to_have_text("Taken, no contact recorded yet: Dr Bo")
    expect(page.get_by_label("Add a note")).to_have_value("Rang twice")  # it was not lost by that
    context.close()


def _sign_in(page: Page, who: str) -> None:
    page.get_by_label("E-mail address").fill(f"{who}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def _password_was_long_ago(on: Stage, context: BrowserContext) -> None:
    """Change the cookie as time does."""
    [cookie] = [each for each in context.cookies() if each["name"] == "companion_console"]
    signer = SecureCookieSessionInterface().get_signing_serializer(on.app)
    assert signer is not None
    kept = {**signer.loads(cookie["value"]), "fs_paa": 0}
    context.add_cookies(
        [{"name": cookie["name"], "value": str(signer.dumps(kept)), "domain": cookie["domain"], "path": cookie["path"]}]
    )
