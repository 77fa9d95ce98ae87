"""A console with people, texts and episodes on its own database, for the tests of its pages."""

from __future__ import annotations

import hashlib
import html
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import event, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from companion.clock import FixedClock
from companion.console import register
from companion.console.users import hash_password
from companion.db import Database
from companion.escalation.words import Voice
from companion.models import AuditEntry, ClosingProposal, Episode, Invitation, Person
from companion.models.console import User
from companion.services import Services, open_services
from companion.settings import Settings, load_settings
from tests.console_people import NOW, programme, texts
from tests.databases import KEY

EPISODE = "/console/episodes/{episode}"
PASSWORD = "plain lantern otter 7"
CODE = "abcd-efgh-jkmn-pqrs"  # with which somebody who was invited chooses a password


@dataclass
class Stage:
    """The application, its parts, and what stands on it."""

    app: Flask
    services: Services
    clock: FixedClock
    database: Database
    ids: dict[str, uuid.UUID]

    def browser(self, who: str | None = None) -> FlaskClient:
        """Return a browser, in which `who` has signed in."""
        browser = self.app.test_client()
        if who:
            answer = sign_in(browser, f"{who}@example.org")
            assert answer.status_code == 302, answer.text
        return browser

    def path(self, template: str) -> str:
        """Return a path with the ids of what stands on the stage put in."""
        return template.format(**self.ids)


def stage(url: str, *, empty: bool = False, **more: str) -> Stage:
    """Return a console on the new database at `url`, with its people; `empty` leaves out what happens to them.

    `more` are further settings.
    """
    settings = load_settings(
        database_url=url,
        secret_key="not-a-secret-" * 4,
        encryption_keys=KEY,
        public_url=more.pop("public_url", "http://localhost"),
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="t" * 32,
        twilio_sms_from="+447700900000",
        twilio_api_base_url="http://127.0.0.1:1",
        **more,
    )
    database = Database(settings.database_url, settings.encryption_keys)
    database.unlock()
    clock = FixedClock(NOW)
    services = Services(settings, clock, database)
    with database.write() as session:
        ids = _staff(session)
        if not empty:
            ids |= programme(session, ids)
            ids |= texts(session, ids)
    app = Flask("companion", static_folder=None)
    register(app, database=database, clock=clock, settings=settings, voice=_voice(settings))
    return Stage(app, services, clock, database, ids)


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


_VOICES: list[Voice] = []


def _voice(settings: Settings) -> Voice:
    """Return the words of episodes, read once: they do not depend on the database."""
    if not _VOICES:
        _VOICES.append(open_services(settings).voice)
    return _VOICES[0]


def sign_in(browser: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    """Fill in the sign-in form as a browser does."""
    form = browser.get("/console/sign-in")
    return browser.post("/console/sign-in", data={"email": email, "password": password, "csrf_token": token(form)})


def token(page: TestResponse) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)


def authenticator(page: TestResponse) -> TOTP:
    """Return the app that has scanned the page of the second factor."""
    found = re.search(r'href="(otpauth://[^"]+)"', page.text)
    assert found, page.text
    return TOTP.from_uri(html.unescape(found.group(1)))


def press(browser: FlaskClient, on: str, path: str, **fields: str | list[str]) -> TestResponse:
    """Post to `path` with the token of the page `on`."""
    return browser.post(path, data={"csrf_token": token(browser.get(on)), **fields})


def press_on(browser: FlaskClient, on: str, path: str, **fields: str | list[str]) -> str:
    """Press, and return the page to which that leads."""
    return browser.post(path, data={"csrf_token": token(browser.get(on)), **fields}, follow_redirects=True).text


def closing_proposed(here: Stage, by: str = "lee", asked: str = "ada") -> ClosingProposal:
    """Return a proposal, not stored yet, to close the episode of the stage as one that nobody could reach."""
    return ClosingProposal(
        episode_id=here.ids["episode"],
        proposed_by=here.ids[by],
        asked_id=here.ids[asked],
        proposed_at=NOW,
        state="open",
    )


class Queries:
    """Counts the statements sent to the database while it is open."""

    def __init__(self, database: Database) -> None:
        self.engine = database.engine
        self.count = 0

    def _one(self, *_: object) -> None:
        self.count += 1

    def __enter__(self) -> Queries:
        event.listen(self.engine, "before_cursor_execute", self._one)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._one)


def _staff(session: Session) -> dict[str, uuid.UUID]:
    ids = {}
    for who, role in (
        ("ada", "facilitator"),
        ("bo", "facilitator"),
        ("lee", "lead"),
        ("cor", "coordinator"),
        ("aud", "auditor"),
    ):
        person = Person(role=role, alias=who, name=f"Dr {who.title()}", state="staff", created_at=NOW)
        session.add(person)
        session.flush()
        session.add(User(person_id=person.id, email=f"{who}@example.org", password=_hashed(), fs_uniquifier=who))
        ids[who] = person.id
    someone = Person(role="facilitator", alias="New", name="Dr New", state="staff", created_at=NOW)
    session.add(someone)
    session.flush()
    session.add(
        Invitation(
            person_id=someone.id,
            email="new@example.org",
            code_hash=hashlib.sha256(CODE.encode()).digest(),
            created_at=NOW,
            created_by=ids["cor"],
            expires_at=NOW + timedelta(days=7),
        )
    )
    session.flush()
    return ids | {"new": someone.id}


def audited(on: Stage, action: str) -> list[AuditEntry]:
    """Return what was audited of an action (% stands for any words), oldest first."""
    with on.database.read() as session:
        found = select(AuditEntry).where(AuditEntry.action.like(action)).order_by(AuditEntry.at, AuditEntry.id)
        return list(session.scalars(found))


def episode(on: Stage) -> Episode:
    """Return the episode of the stage as it stands."""
    with on.database.read() as session:
        return session.get_one(Episode, on.ids["episode"])


def opened(on: Stage, who: str) -> str:
    """Open the episode as `who`, who does not know the person; return its page."""
    browser = on.browser(who)
    press(browser, "/console/account", on.path(EPISODE + "/gate/open"))
    return browser.get(on.path(EPISODE)).text
