"""The page with the phones: what it is told, what it may ask, and who may not ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from companion.simulator.carrier import NO_DELAYS
from companion.simulator.pages import PageOptions
from tests.standin_world import ASHA, BEN, START, World, world


@pytest.fixture
def w() -> Iterator[World]:
    """A live world with four phones."""
    options = PageOptions(console_url="http://127.0.0.1:5000/console/", service_name="Companion")
    with world(live=True, delays=NO_DELAYS, options=options) as made:
        for number, label in ((ASHA, "Asha"), (BEN, "Ben"), ("+447700900103", "Cerys"), ("+447700900104", "Dev")):
            made.standin.phone(number, label=label)
        yield made


def ask(w: World, path: str, **data: Any) -> requests.Response:
    """Post JSON as the page does."""
    return requests.post(f"{w.base_url}/simulator/{path}", json=data, timeout=30)


def test_other_hosts_and_other_sites_are_refused(w: World) -> None:
    home = f"{w.base_url}/simulator/"
    assert requests.get(home, headers={"Host": "evil.example"}, timeout=30).status_code == 421
    body = {"number": ASHA, "channel": "sms", "body": "forged"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert requests.post(f"{home}texts", json=body, headers=headers, timeout=30).status_code == 403
    assert requests.post(f"{home}texts", data=body, timeout=30).status_code == 415
    assert w.standin.messages == ()


def test_the_page_has_a_strict_policy_and_nothing_inline(w: World) -> None:
    answer = requests.get(f"{w.base_url}/", timeout=30)
    assert answer.url.endswith("/simulator/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<style" not in answer.text
    assert "style=" not in answer.text
    assert "onclick" not in answer.text


def test_the_state_comes_as_changes(w: World) -> None:
    assert ask(w, "texts", number=ASHA, channel="sms", body="hello").ok
    first = requests.get(f"{w.base_url}/simulator/state", timeout=30).json()
    assert [text["body"] for text in first["texts"] if text["mine"]] == ["hello"]
    where = {"since": first["version"], "epoch": first["epoch"]}
    later = requests.get(f"{w.base_url}/simulator/state", params=where, timeout=30).json()
    assert all(text["version"] > first["version"] for text in later["log"] if "version" in text)
    assert "hello" not in json.dumps(later["texts"])


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("texts", {"number": ASHA, "body": "  "}),
        ("texts", {"number": "+447700900199", "body": "hello"}),
        ("phones", {"number": "not a number"}),
        ("faults", {"number": ASHA, "kind": "earthquake"}),
        ("faults", {"number": ASHA, "kind": "failed", "times": "many"}),
        ("clock", {"advance": -1}),
        ("clock", {"advance": "soon"}),
        ("clock", {"to": "yesterday"}),
        ("clock", {"to": "2025-01-01T00:00"}),
        ("clock", {"jump": "next"}),
    ],
)
def test_what_makes_no_sense_is_explained(w: World, path: str, data: dict[str, Any]) -> None:
    answer = ask(w, path, **data)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_clock_moves_in_londons_time(w: World) -> None:
    assert ask(w, "clock", advance=60).ok
    assert w.clock.now() == START + timedelta(minutes=1)
    assert ask(w, "clock", to="2026-07-01T12:00").ok
    assert w.clock.now().hour == 11


def test_a_phone_is_added_in_any_usual_form(w: World) -> None:
    assert ask(w, "phones", number="07700 900105", label="Eve").json() == {
        "number": "+447700900105",
        "label": "Eve",
    }


def test_events_tell_the_time_and_the_version(w: World) -> None:
    with requests.get(f"{w.base_url}/simulator/events", stream=True, timeout=30) as answer:
        line = next(line for line in answer.iter_lines() if line)
    assert json.loads(line.decode().removeprefix("data: "))["now"].startswith("2026-01-05T09:00")


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Browser:
    """Chromium, with patience."""
    expect.set_options(timeout=20_000)
    return chromium


def opened(browser: Browser, w: World, width: int = 1440, dark: bool = False) -> Page:
    """Open the page; an error in its scripts or its policy fails the test that asserts `page.wrong`."""
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    page.goto(f"{w.base_url}/simulator/")
    expect(page.locator(".phone")).to_have_count(4)
    return page


@pytest.mark.browser
def test_a_conversation_by_keyboard(browser: Browser, w: World) -> None:
    page = opened(browser, w)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.get_by_role("textbox", name="Asha writes, SMS").press_sequentially("JOIN ICU")
    page.keyboard.press("Enter")
    thread = page.get_by_role("log", name="Asha, SMS")
    expect(thread.locator(".bubble.mine")).to_contain_text("JOIN ICU")
    expect(thread.locator(".bubble:not(.mine)")).to_contain_text("You said JOIN ICU")
    expect(thread.locator(".bubble:not(.mine)")).to_contain_text("09:00")
    page.locator(f'[data-phone="{BEN}"]').get_by_role("button", name="WhatsApp").click()
    page.get_by_role("textbox", name="Ben writes, WhatsApp").fill("hello")
    page.locator(f'[data-phone="{BEN}"]').get_by_role("button", name="Send").click()
    thread = page.get_by_role("log", name="Ben, WhatsApp")
    expect(thread.locator(".bubble:not(.mine)")).to_contain_text("read")
    assert problems == []
    page.close()


@pytest.mark.browser
def test_clock_and_faults_by_their_buttons(browser: Browser, w: World) -> None:
    page = opened(browser, w)
    page.get_by_role("button", name="1 hour later").click()
    expect(page.locator("#clock-time")).to_have_text("10:00")
    asha = page.locator(f'[data-phone="{ASHA}"]')
    asha.get_by_text("Faults").click()
    asha.get_by_label("Code").fill("30005")
    asha.get_by_role("button", name="Switch on").click()
    expect(asha.locator(".fault-list li")).to_contain_text("(30005), once")
    w.sends(ASHA, "never seen")
    expect(asha.locator(".bubble.lost")).to_contain_text("Did not arrive. 30005")
    expect(asha.locator(".fault-list li")).to_have_count(0)
    w.standin.fault(ASHA, "receipts_late", minutes=90)
    w.sends(ASHA)
    expect(asha.locator(".bubble:not(.lost)")).to_contain_text("hello")
    page.get_by_role("button", name="Jump to the next thing due").click()
    expect(page.locator("#clock-time")).to_have_text("11:30")
    page.close()


@pytest.mark.browser
def test_without_server_sent_events_the_page_polls(browser: Browser, w: World) -> None:
    page = browser.new_page()
    page.route("**/simulator/events", lambda route: route.abort())
    page.goto(f"{w.base_url}/simulator/")
    expect(page.locator(".phone")).to_have_count(4)
    w.sends(ASHA, "by polling")
    expect(page.get_by_role("log", name="Asha, SMS")).to_contain_text("by polling")
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_page_is_accessible_and_fits(browser: Browser, w: World, width: int, dark: bool) -> None:
    w.standin.phone(ASHA).texts("hello")
    w.standin.phone(BEN, "whatsapp").texts("hello")
    w.standin.fault("+447700900103", "failed", times=1)
    w.sends("+447700900103")
    w.standin.fault(ASHA, "http 500")
    page = opened(browser, w, width, dark)
    expect(page.locator(".bubble.lost")).to_have_count(1)
    page.locator(f'[data-phone="{ASHA}"]').get_by_text("Faults").click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
