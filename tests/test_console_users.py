"""Inviting those who run the programme, switching logins off, and helping who cannot sign in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Address, AuditEntry, Invitation, Person, User
from tests.console_people import NOW
from tests.console_stage import CODE, PASSWORD, Stage, press, sign_in, stage
from tests.databases import NewDatabase

INVITE = "/console/users/invite"
WORDS = "amber kettle bridge 9"
EVE = {"name": "Dr Eve", "email": " Eve@Example.org", "role": "facilitator", "number": "07700 900231"}


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    yield here
    here.database.close()


def code_in(text: str) -> str:
    found = re.search(r'class="ref">([a-z0-9-]{19})<', text)
    assert found, text
    return found.group(1)


def choose(on: Stage, code: str, password: str = WORDS, again: str | None = None) -> str:
    page = f"/console/invitation/{code}"
    answer = press(on.app.test_client(), page, page, password=password, again=again or password)
    return answer.headers.get("Location") or answer.text


def test_somebody_is_invited_chooses_a_password_leaves_and_comes_back(on: Stage) -> None:
    cor = on.browser("cor")
    given = press(cor, INVITE, INVITE, **EVE).text
    assert "http://localhost/console/invitation</dd>" in given  # the whole address at which the code is typed
    code = code_in(given)
    taken = press(cor, INVITE, INVITE, **{**EVE, "email": "another@example.org"}).text
    assert "Dr Eve is taken by someone else" in taken
    assert 'value="Dr Eve"' in taken  # what was typed is kept
    assert "Use at least 12 characters" in choose(on, code, "short", "short")
    page = f"/console/invitation/{code}"
    both = press(on.app.test_client(), page, page, password="short", again="").text
    assert "Use at least 12 characters" in both
    assert "Type the password once more." in both
    assert "not the same" in choose(on, code, again="something else")
    typed = on.app.test_client()
    assert code in press(typed, "/console/invitation", "/console/invitation", code=code.upper()).headers["Location"]
    assert "/sign-in" in choose(on, code)
    assert on.app.test_client().get(f"/console/invitation/{code}").status_code == 404

    eve = on.app.test_client()
    assert sign_in(eve, "eve@example.org", WORDS).status_code == 302
    assert eve.get("/console/").status_code == 200
    with on.database.read() as session:
        person = session.scalars(select(Person).where(Person.alias == "Dr Eve")).one()
        assert session.scalars(select(Address).where(Address.address_index == "+447700900231")).one().person == person
        login = session.scalars(select(User).where(User.person_id == person.id)).one()
        assert not login.must_change
        assert code.encode() not in session.scalars(select(Invitation.code_hash)).all()

    page = f"/console/users/{person.id}"
    press(cor, page, f"{page}/off")
    assert eve.get("/console/").status_code == 302
    assert sign_in(on.app.test_client(), "eve@example.org", WORDS).status_code == 200
    press(cor, page, f"{page}/on")
    assert sign_in(eve, "eve@example.org", WORDS).status_code == 302

    again = code_in(press(cor, page, f"{page}/code").text)  # lost the password
    assert eve.get("/console/").status_code == 302
    assert sign_in(on.app.test_client(), "eve@example.org", WORDS).status_code == 200
    choose(on, again, PASSWORD)
    assert sign_in(eve, "eve@example.org", PASSWORD).status_code == 302
    with on.database.read() as session:
        done = session.scalars(select(AuditEntry.action)).all()
    for action in ("invited", "password chosen", "login switched off", "login switched on", "password reset"):
        assert action in done


def test_what_an_invitation_refuses(on: Stage) -> None:
    cor = on.browser("cor")
    nothing = press(cor, INVITE, INVITE).text
    for field in ("name", "email", "role-0"):
        assert f'<a href="#{field}">' in nothing
    for given, said in (
        ({"email": "ada@example.org"}, "Somebody else signs in"),
        ({"email": "new@example.org"}, "or was invited"),
        ({"number": ""}, "a facilitator or lead is paged by text"),
        ({"number": "020 7946 0000"}, "a mobile number that can be texted"),
        ({"number": "07700 900101"}, "belongs to somebody else"),
        ({"email": "eve@example"}, "an e-mail address in full"),
    ):
        assert said in press(cor, INVITE, INVITE, **{**EVE, **given}).text, given
    with on.database.read() as session:
        assert session.scalar(select(Person.id).where(Person.alias == "Dr Eve")) is None


def test_a_code_is_over_after_a_week_or_when_a_newer_one_is_made(on: Stage) -> None:
    assert on.app.test_client().get(f"/console/invitation/{CODE}").status_code == 200
    on.clock.move_to(NOW + timedelta(days=7))
    assert on.app.test_client().get(f"/console/invitation/{CODE}").status_code == 404
    on.clock.move_to(NOW)
    page = on.path("/console/users/{new}")
    newer = code_in(press(on.browser("cor"), page, f"{page}/code").text)
    assert on.app.test_client().get(f"/console/invitation/{CODE}").status_code == 404
    assert on.app.test_client().get(f"/console/invitation/{newer}").status_code == 200


def test_nobody_locks_themselves_or_everybody_out(on: Stage) -> None:
    cor = on.browser("cor")
    press(cor, "/console/users", on.path("/console/users/{cor}/off"))
    assert "cannot switch off the login you are using" in cor.get("/console/users").text
    assert press(cor, "/console/users", on.path("/console/users/{cor}/code")).status_code == 400
    assert cor.get("/console/").status_code == 200


def test_a_number_is_changed_and_the_old_one_is_no_longer_theirs(on: Stage) -> None:
    page = on.path("/console/users/{ada}")
    cor = on.browser("cor")
    assert "07700 900201" in cor.get(page).text
    assert "a mobile number" in press(cor, page, f"{page}/number", number="999").text
    press(cor, page, f"{page}/number", number="+44 7700 900299")
    text = cor.get(page).text
    assert "07700 900299" in text
    assert "07700 900201" not in text
