"""Signing in to the console, staying signed in, and what every answer carries."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner
from itsdangerous import TimestampSigner
from sqlalchemy import select

from companion.console.cli import users
from companion.console.users import UserError, create_user, reset_password
from companion.models import AuditEntry, Person
from companion.models.console import User
from tests.console_stage import PASSWORD, Stage, press, sign_in, stage, token
from tests.databases import NewDatabase

NEW = "quiet harbour violin 4"


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases(), empty=True)
    yield here
    here.database.close()


def audited(on: Stage) -> list[str]:
    with on.database.read() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.at, AuditEntry.id)))


def test_a_facilitator_signs_in_and_out(on: Stage) -> None:
    browser = on.browser("ada")
    assert "Sign out" in browser.get("/console/").text
    answer = press(browser, "/console/", "/console/sign-out")
    assert answer.headers["Location"].endswith("/console/sign-in")
    assert browser.get("/console/").status_code == 302
    assert audited(on) == ["signed in", "signed out"]


def test_who_was_given_a_code_finds_where_to_type_it(on: Stage) -> None:
    assert '<a href="/console/invitation">' in on.app.test_client().get("/console/sign-in").text


def test_the_page_asked_for_comes_after_signing_in(on: Stage) -> None:
    browser = on.app.test_client()
    asked = browser.get("/console/people?alias=wr")
    form = browser.get(asked.headers["Location"])
    answer = browser.post(
        asked.headers["Location"], data={"email": "ada@example.org", "password": PASSWORD, "csrf_token": token(form)}
    )
    assert answer.headers["Location"].endswith("/console/people?alias=wr")


def test_what_is_sent_after_the_sign_in_ended_is_said_not_to_be_done(on: Stage) -> None:
    browser = on.browser("ada")
    press(browser, "/console/", "/console/sign-out")
    sent = {"csrf_token": token(browser.get("/console/sign-in")), "kind": "sms", "address": "07700 900555"}
    answer = browser.post("/console/ways", data=sent, follow_redirects=True)
    assert "You were not signed in any more, so what you sent is not done." in answer.text
    assert "not done" not in browser.get("/console/sign-in").text  # said once


def test_words_that_could_not_be_sent_are_given_back(sqlite_databases: NewDatabase) -> None:
    on = stage(sqlite_databases())
    path, words = on.path("/console/people/{wren}/write"), {"words": "Shall I <b>ring</b> you?"}
    ours = {"Sec-Fetch-Site": "same-origin", "Referer": f"http://localhost{path}"}
    nobody = on.app.test_client()
    answer = nobody.post(path, data=words, headers=ours)
    assert answer.status_code == 401
    assert "Shall I &lt;b&gt;ring&lt;/b&gt; you?" in answer.text
    assert f'href="/console/sign-in?next={path}"' in answer.text
    elsewhere = nobody.post(path, data=words, headers={"Sec-Fetch-Site": "cross-site"}, follow_redirects=True)
    assert "ring" not in elsewhere.text  # another site cannot have a page here say something
    note = on.path("/console/episodes/{episode}/note")  # where there is no page but that of a note that was refused
    answer = nobody.post(note, data={"body": "x"}, headers={**ours, "Referer": f"http://localhost{note}"})
    assert f'href="/console/sign-in?next={note.removesuffix("/note")}"' in answer.text
    ada = on.browser("ada")
    words["csrf_token"] = token(ada.get(path))
    with ada.session_transaction(path="/console/") as kept:
        kept["fs_paa"] = time.time() - timedelta(hours=13).total_seconds()
    answer = ada.post(path, data=words, headers={"Referer": f"http://localhost{path}"})
    assert "Type your password first" in answer.text
    assert "Shall I" in answer.text
    assert f'href="/console/password-again?next={path}"' in answer.text
    on.database.close()


def test_what_is_too_large_is_refused_in_plain_words(on: Stage) -> None:
    browser = on.browser("lee")
    page = browser.get("/console/rota/import")
    large = {"csrf_token": token(page), "words": "x" * 600_000, "file": (io.BytesIO(b"x"), "rota.csv")}
    answer = browser.post("/console/rota/import", data=large, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "That is too large" in answer.text
    file = {"csrf_token": token(page), "file": (io.BytesIO(b"name,role\n" + b"," * 200_000), "rota.csv")}
    answer = browser.post("/console/rota/import", data=file, content_type="multipart/form-data")
    assert "The file is too large for a rota." in answer.text  # and no part of it is brought in


def test_nobody_is_sent_to_another_site_after_signing_in(on: Stage) -> None:
    browser = on.app.test_client()
    page = "/console/sign-in?next=https://elsewhere.example.org/console/"
    answer = browser.post(
        page, data={"email": "ada@example.org", "password": PASSWORD, "csrf_token": token(browser.get(page))}
    )
    assert "elsewhere" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.org", "not her password"), ("nobody@example.org", PASSWORD), ("nobody@example.org", "x")],
)
def test_a_wrong_address_and_a_wrong_password_get_the_same_answer(on: Stage, email: str, password: str) -> None:
    answer = sign_in(on.app.test_client(), email, password)
    assert answer.status_code == 200
    assert answer.text.count("do not go together") == 1
    assert "is-invalid" not in answer.text


def test_empty_fields_are_named_at_the_top_and_at_the_field(on: Stage) -> None:
    text = sign_in(on.app.test_client(), "", "").text
    assert "There is a problem" in text
    assert '<a href="#email">Type your e-mail address.</a>' in text
    assert 'id="email-error"' in text
    assert 'aria-describedby="email-error"' in text
    assert '<a href="#password">' in text


def test_the_fifth_wrong_try_makes_the_login_rest_for_fifteen_minutes(on: Stage) -> None:
    browser = on.app.test_client()
    for _ in range(5):
        sign_in(browser, "ada@example.org", "wrong wrong wrong")
    assert sign_in(browser, "ada@example.org").status_code == 200
    on.clock.advance(timedelta(minutes=14))
    assert sign_in(browser, "ada@example.org").status_code == 200
    on.clock.advance(timedelta(minutes=2))
    assert sign_in(browser, "ada@example.org").status_code == 302
    assert audited(on).count("sign-in refused") == 5


def test_a_right_password_forgets_the_wrong_tries(on: Stage) -> None:
    browser = on.app.test_client()
    for _ in range(4):
        sign_in(browser, "ada@example.org", "wrong wrong wrong")
    on.browser("ada")
    with on.database.read() as session:
        user = session.scalar(select(User).where(User.email == "ada@example.org"))
    assert user is not None
    assert user.failed_tries == 0
    assert user.login_count == 1


def test_an_inactive_login_is_refused_and_ends(on: Stage) -> None:
    browser = on.browser("ada")
    with on.database.write() as session:
        session.query(User).filter_by(email="ada@example.org").update({"active": False})
    assert browser.get("/console/").status_code == 302
    assert sign_in(on.app.test_client(), "ada@example.org").status_code == 200


def test_a_password_set_by_somebody_else_is_changed_first(on: Stage) -> None:
    with on.database.write() as session:
        user = session.scalar(select(User).where(User.email == "ada@example.org"))
        assert user is not None
        reset_password(session, user, NEW, on.clock.now())
    browser = on.app.test_client()
    sign_in(browser, "ada@example.org", NEW)
    assert browser.get("/console/").headers["Location"].endswith("/console/password")
    answer = press(
        browser,
        "/console/password",
        "/console/password",
        password=NEW,
        new_password=PASSWORD,
        new_password_confirm=PASSWORD,
    )
    assert answer.status_code == 302
    assert browser.get("/console/").status_code == 200


def test_changing_the_password_signs_out_every_other_browser(on: Stage) -> None:
    here, there = on.browser("ada"), on.browser("ada")
    press(here, "/console/password", "/console/password", password=PASSWORD, new_password=NEW, new_password_confirm=NEW)
    assert here.get("/console/").status_code == 200
    assert there.get("/console/").status_code == 302


def test_signing_out_everywhere(on: Stage) -> None:
    here, there = on.browser("ada"), on.browser("ada")
    press(here, "/console/account", "/console/account/sign-out-everywhere")
    assert here.get("/console/").status_code == 302
    assert there.get("/console/").status_code == 302


def test_a_weak_new_password_is_refused_on_the_page(on: Stage) -> None:
    browser = on.browser("ada")
    answer = press(
        browser,
        "/console/password",
        "/console/password",
        password=PASSWORD,
        new_password="passwordpassword",
        new_password_confirm="passwordpassword",
    )
    assert answer.status_code == 200
    assert "easy to guess" in answer.text


def test_a_trainee_cannot_have_a_login(on: Stage) -> None:
    with on.database.write() as session:
        person = Person(role="trainee", alias="Wren", state="asked", created_at=on.clock.now())
        session.add(person)
        session.flush()
        with pytest.raises(UserError, match="trainee"):
            create_user(session, person, "wren@example.org", NEW)


def test_a_script_that_asks_after_the_sign_in_ended_is_told_so(on: Stage) -> None:
    answer = on.app.test_client().get("/console/today/live", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 401


def test_only_a_person_keeps_the_sign_in_alive(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = on.browser("ada")
    assert "Set-Cookie" in browser.get("/console/").headers
    quiet = browser.get("/console/today/live", headers={"X-Requested-With": "fetch"})
    assert quiet.status_code == 200
    assert "Set-Cookie" not in quiet.headers
    for minutes, found in ((29, 200), (31, 401)):  # by the library's own clock
        later = int(time.time()) + 60 * minutes
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self, at=later: at)
        quiet = browser.get("/console/today/live", headers={"X-Requested-With": "fetch"})
        assert quiet.status_code == found, minutes


@pytest.mark.parametrize("path", ["/console/account/sign-out-everywhere", "/console/password"])
def test_a_form_without_its_token_changes_nothing(on: Stage, path: str) -> None:
    browser = on.browser("ada")
    answer = browser.post(path, data={"password": PASSWORD, "new_password": NEW, "new_password_confirm": NEW})
    assert answer.status_code in (200, 400)
    assert on.browser("ada").get("/console/").status_code == 200


def test_signing_in_needs_a_token(on: Stage) -> None:
    browser = on.app.test_client()
    browser.post("/console/sign-in", data={"email": "ada@example.org", "password": PASSWORD})
    assert browser.get("/console/").status_code == 302


def test_private_pages_are_not_kept_and_run_nothing_from_elsewhere(on: Stage) -> None:
    browser = on.browser("ada")
    for path in ("/console/", "/console/nothing", "/console/password", "/console/sign-in"):
        headers = browser.get(path).headers
        assert "no-store" in headers["Cache-Control"], path
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_has_inline_script_or_style(on: Stage) -> None:
    text = on.browser("lee").get("/console/").text
    assert "<style" not in text
    assert " style=" not in text
    assert "<script>" not in text
    assert "onclick" not in text


def test_the_cookie_is_the_consoles_alone(on: Stage) -> None:
    answer = sign_in(on.app.test_client(), "ada@example.org")
    cookie = answer.headers["Set-Cookie"]
    assert "Path=/console" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_users_are_added_and_reset_from_the_command_line(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = on.services.settings
    plain = "database_url secret_key public_url twilio_account_sid twilio_sms_from twilio_api_base_url"
    for name in plain.split():
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    monkeypatch.setenv("ENCRYPTION_KEYS", settings.encryption_keys[0])
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", settings.twilio_auth_token[0])
    run = CliRunner().invoke
    added = run(users, ["add", "--email", "Eve@Example.org", "--name", "Dr Eve", "--role", "facilitator"])
    assert added.exit_code == 0, added.output
    first = added.output.split("First password: ")[1].split()[0]
    browser = on.app.test_client()
    assert sign_in(browser, "eve@example.org", first).status_code == 302
    assert browser.get("/console/").headers["Location"].endswith("/console/password")
    twice = run(users, ["add", "--email", "eve@example.org", "--name", "Dr Other", "--role", "lead"])
    assert twice.exit_code == 1
    assert "already" in twice.output
    assert "eve@example.org\tDr Eve\tfacilitator" in run(users, ["list"]).output
    again = run(users, ["reset-password", "eve@example.org"])
    assert "First password" in again.output
    assert run(users, ["reset-password", "who@example.org"]).exit_code == 1
    assert browser.get("/console/password").status_code == 302  # signed out by the reset
