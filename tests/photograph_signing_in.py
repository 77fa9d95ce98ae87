"""What signing in with a second factor shows, step by step, for `tests.photograph`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from passlib.totp import TOTP
from playwright.sync_api import BrowserContext, Page

from tests.console_stage import PASSWORD, Stage

NEW = {  # in the usual state a person each width: a factor that is on already asks for what is not there
    "phone": "ada",
    "desk": "bo",
    "small": "ada",
}


def give_password(page: Page, address: str, who: str) -> None:
    """Fill in the sign-in form and send it."""
    page.goto(f"{address}/console/sign-in")
    page.get_by_label("E-mail address").fill(f"{who}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def second_factor(context: BrowserContext, here: Stage, address: str, width: str) -> Iterator[tuple[str, Page]]:
    """Set up every second factor and sign in with them; yield each step's name with the page that shows it."""
    page = context.new_page()
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    kind |= {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    device = {"authenticatorId": devices.send("WebAuthn.addVirtualAuthenticator", {"options": kind})["authenticatorId"]}

    def press(button: str) -> None:
        page.get_by_role("button", name=button).click()

    give_password(page, address, NEW[width])
    yield from _app(page, address, press)
    page.goto(f"{address}/console/recovery-codes")
    press("Make five codes")
    yield "recovery-codes", page
    page.goto(f"{address}/console/passkeys")
    press("Add a passkey")
    yield "passkeys-problem", page
    page.get_by_label("What you call it").fill("Work laptop")
    press("Add a passkey")
    page.get_by_text("is added").wait_for()
    yield "passkeys-one", page
    page.goto(f"{address}/console/account")
    yield "account-with-both", page
    page.get_by_role("button", name="Sign out").first.click()

    give_password(page, address, NEW[width])
    yield "which", page
    press("Type a code from your app")
    yield "code", page
    page.get_by_label("Code").fill("000000")
    press("Sign in")
    yield "code-problem", page
    page.get_by_role("link", name="Use a recovery code").click()
    yield "recovery-code", page
    page.get_by_label("Recovery code").fill("0000-0000-0000")
    press("Sign in")
    yield "recovery-code-problem", page
    page.goto(f"{address}/console/passkey")
    yield "passkey", page
    devices.send("WebAuthn.clearCredentials", device)
    press("Go on")
    page.get_by_role("alert").wait_for()
    yield "passkey-problem", page


def _app(page: Page, address: str, press: Callable[[str], None]) -> Iterator[tuple[str, Page]]:
    page.goto(f"{address}/console/second-factor")
    press("Set it up")
    yield "app", page
    link = page.get_by_role("link", name="open this link").get_attribute("href")
    assert link
    page.get_by_label("Code").fill("000000")
    press("Switch it on")
    yield "app-problem", page
    if not page.get_by_label("Code").count():
        press("Set it up")
        link = page.get_by_role("link", name="open this link").get_attribute("href")
        assert link
    page.get_by_label("Code").fill(TOTP.from_uri(link).generate().token)
    press("Switch it on")
    yield "app-on", page
    page.goto(f"{address}/console/second-factor")
    yield "is-on", page
