"""The console in a browser as wide as a phone, with a world behind it."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.console_stage import PASSWORD
from tests.world import World

PHONE: ViewportSize = {"width": 320, "height": 640}
DANGER = "I can't do this any more. I want to kill myself"


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
