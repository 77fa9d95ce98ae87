"""Signing in with a second factor: set up, asked for, worked around by a recovery code, switched off."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.console_stage import PASSWORD, Stage, audited, authenticator, press, sign_in, stage, token
from tests.databases import NewDatabase


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases(), empty=True)
    yield here
    here.database.close()


def test_a_second_factor_is_set_up_asked_for_and_switched_off(on: Stage) -> None:
    browser = on.browser("ada")
    page = press(browser, "/console/second-factor", "/console/second-factor", setup="authenticator")
    app = authenticator(page)
    confirm = re.search(r'action="(/console/second-factor/[^"]+)"', page.text)
    assert confirm
    refused = browser.post(confirm.group(1), data={"code": "000000", "csrf_token": token(page)})
    assert "There is a problem" in refused.text
    assert refused.text.count("That code is not right") == 2  # at the top and at its field, and not once more
    assert 'value="000000"' in refused.text
    assert authenticator(refused).base32_key == app.base32_key  # the key that was scanned still stands
    assert "On" not in browser.get("/console/account").text.split("Second factor</dt>")[1][:12]
    first = app.generate().token
    browser.post(confirm.group(1), data={"code": first, "csrf_token": token(page)})
    assert "<dd>On: authenticator app</dd>" in browser.get("/console/account").text
    assert "You have no recovery codes" in browser.get("/console/account").text
    codes = press(browser, "/console/recovery-codes", "/console/recovery-codes", generate_new_codes="1")
    recovery = re.findall(r'class="ref">([0-9a-f-]{14})<', codes.text)
    assert len(recovery) == 5
    assert "You have no recovery codes" not in browser.get("/console/account").text

    other = on.app.test_client()
    asked = sign_in(other, "ada@example.org")
    assert "/console/code" in asked.headers["Location"]
    assert other.get("/console/").status_code == 302
    again = press(other, "/console/code", "/console/code", code=first)
    assert "was used before" in again.text
    press(other, "/console/recovery-code", "/console/recovery-code", code=recovery[0])
    assert other.get("/console/").status_code == 200

    for way, code in (("code", app.generate(time.time() + 30).token), ("recovery-code", recovery[1])):
        paged = on.app.test_client()  # whoever followed the link in a page is led on to it all the same
        led = sign_in_at(paged, paged.get("/console/r/K7Q9").headers["Location"])
        links = re.findall(rf'(?:action|href)="(/console/{way}\?[^"]+)"', paged.get(led).text)
        last = press(paged, links[0], links[0], code=code)
        assert last.headers["Location"].endswith("/console/r/K7Q9")

    press(browser, "/console/second-factor", "/console/second-factor", setup="disable")
    assert [entry.action for entry in audited(on, "second factor%")] == [
        "second factor switched on",
        "second factor switched off",
    ]
    assert on.browser("ada").get("/console/").status_code == 200


def sign_in_at(browser: FlaskClient, page: str) -> str:
    """Fill in the form at `page`, and return where that leads."""
    form = {"email": "ada@example.org", "password": PASSWORD, "csrf_token": token(browser.get(page))}
    return browser.post(page, data=form).headers["Location"]


def test_wrong_codes_make_the_login_rest_too(on: Stage) -> None:
    browser = on.browser("ada")
    page = press(browser, "/console/second-factor", "/console/second-factor", setup="authenticator")
    app = authenticator(page)
    confirm = re.search(r'action="(/console/second-factor/[^"]+)"', page.text)
    assert confirm
    browser.post(confirm.group(1), data={"code": app.generate().token, "csrf_token": token(page)})
    other = on.app.test_client()
    sign_in(other, "ada@example.org")
    for _ in range(5):
        press(other, "/console/code", "/console/code", code="000000")
    later = app.generate(time.time() + 30).token
    press(other, "/console/code", "/console/code", code=later)
    assert other.get("/console/").status_code == 302
