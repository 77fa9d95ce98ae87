"""What a family does is a setting of the deployment: up by one person, down by two."""

from __future__ import annotations

import uuid

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from companion.escalation.cli import watchlist
from companion.escalation.watchlist import load_watchlist
from companion.models import AuditEntry, FamilyRoute, Flag, Person
from tests.console_stage import press
from tests.test_console_writing import signed_in
from tests.world import World

NOT_COPING = "i cant cope"


@pytest.mark.parametrize(
    "text",
    [
        "not suicidal but I can't go on",
        "lol i want to die haha",
        "don't worry about me but i've taken an overdose",
        "loved the session, thanks! also i keep thinking about ending it all",
    ],
)
def test_r05_nothing_stops_a_page(text: str) -> None:
    assert load_watchlist().read(text).route == "page"


def test_r05_a_family_moves_up_by_one_and_down_by_two(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = world.settings
    for name in ("database_url", "secret_key", "public_url", "twilio_account_sid", "twilio_sms_from"):
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    monkeypatch.setenv("TWILIO_API_BASE_URL", settings.twilio_api_base_url or "")
    monkeypatch.setenv("ENCRYPTION_KEYS", settings.encryption_keys[0])
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", settings.twilio_auth_token[0])
    asha, cole = world.member(), world.staff("facilitator")

    def run(*words: str) -> str:
        done = CliRunner().invoke(watchlist, list(words))
        return f"{done.exit_code} {done.output}"

    asha.texts(NOT_COPING)  # as the list says: read by the next working day, nobody paged
    asha.ignores()
    world.settle()
    cole.hears_nothing()

    assert run("route", "not_coping", "page", "--by", "Cole").startswith("0 ")
    asha.texts(NOT_COPING)
    asha.hears("no person has read", "999")
    asha.ignores()
    world.settle()
    cole.hears("an item needs you now")
    cole.texts("take")
    cole.hears("You have")
    world.settle()
    asha.ignores()

    # Down: not by one, not by one under two names, not by a trainee or a stranger, and not again.
    assert "takes two different people" in run("route", "not_coping", "notice", "--by", "Dr Cole")
    assert "takes two different" in run("route", "not_coping", "notice", "--by", "Dr Cole", "--agreed-by", "cole")
    assert "is nobody" in run("route", "not_coping", "notice", "--by", "Dr Cole", "--agreed-by", "Asha")
    assert "no family 'no_such'" in run("route", "no_such", "page", "--by", "Cole")
    assert "already" in run("route", "wants_to_die", "page", "--by", "Cole")
    assert "not_coping             page    Is not coping (set by Dr Cole, " in run("routes")
    assert run("route", "not_coping", "notice", "--by", "Cole", "--agreed-by", "Erskine").startswith("0 ")
    assert "set by Dr Cole, agreed by Dr Erskine" in run("routes")
    # Everybody who signs in is told for two weeks, and anybody may move it up again.
    facilitator, page = signed_in(world, "facilitator"), "/console/content/families"
    shown = facilitator.get("/console/").text + facilitator.get(page).text
    assert all(each in shown for each in ("Is not coping: no longer pages", "Set by Dr Cole, agreed by Dr Erskine"))
    press(facilitator, page, f"{page}/not_coping/up")
    assert run("route", "not_coping", "notice", "--by", "Cole", "--agreed-by", "Erskine").startswith("0 ")
    bilal = world.member("+447700900102")
    bilal.texts(NOT_COPING)
    assert "no person has read" not in " ".join(bilal.ignores())

    with world.database.read() as session:
        assert session.scalars(select(Flag.route).order_by(Flag.at, Flag.id)).all() == ["notice", "page", "notice"]
        audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "family route set")).all()
        assert sorted(entry.details["route"] for entry in audited) == ["notice", "notice", "page", "page"]
        assert all(entry.actor_id is not None for entry in audited)

    # Where what was set cannot be read, whatever is found pages.
    with world.database.write() as session:
        session.execute(text("ALTER TABLE family_routes RENAME TO away"))
    bilal.texts(NOT_COPING)
    bilal.hears("no person has read")
    bilal.ignores()
    assert any("could not be read" in error for error in world.expects_errors())
    world.staff_ignores()


def test_r05_the_database_refuses_a_move_down_by_one(world: World) -> None:
    with world.database.read() as session:
        staff = {person.label: person.id for person in session.scalars(select(Person))}
    cole, dunne = staff["Dr Cole"], staff["Dr Dunne"]

    def put_in(agreed_by: uuid.UUID | None) -> None:
        with world.database.write() as session:
            row = FamilyRoute(family="abuse", route="notice", set_by=cole, agreed_by=agreed_by, at=world.clock.now())
            session.add(row)

    for alone in (None, cole):
        with pytest.raises(IntegrityError):
            put_in(alone)
    put_in(dunne)
