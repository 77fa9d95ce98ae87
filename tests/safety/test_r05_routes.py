"""What a family does is a setting of the deployment: up by one person, down by two."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from companion import jobs
from companion.escalation.cli import watchlist
from companion.escalation.routes import set_route
from companion.escalation.watchlist import load_watchlist
from companion.models import AuditEntry, FamilyProposal, FamilyRoute, Person
from tests.console_logins import again, signed_in
from tests.console_stage import PASSWORD, press, press_on, token
from tests.world import Talker, World

NOT_COPING = "i cant cope"
WHY = "Three nights in a row it was about exams."


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
    run, asha, cole = _commands(world, monkeypatch), world.member(), world.staff("facilitator")
    asha.texts(NOT_COPING)  # as the list says: read by the next working day, nobody paged
    asha.ignores()
    world.settle()
    cole.hears_nothing()

    assert run("page", "not_coping", "--by", "Cole").startswith("0 ")
    pages_now(world, asha)
    cole.hears("an item needs you now")
    cole.texts("take")
    cole.hears("You have")
    world.settle()
    asha.ignores()
    assert "is nobody" in run("page", "not_coping", "--by", "Asha")
    assert "no family 'no_such'" in run("page", "no_such", "--by", "Cole")
    assert "already" in run("page", "not_coping", "--by", "Cole")
    assert "not_coping             page    Is not coping (set by Dr Cole, " in run("routes")

    # Down: Dr Cole proposes it and cannot agree to it. Until a lead does, it pages.
    facilitator, lead = signed_in(world, "facilitator"), signed_in(world, "lead")
    down, families = "/console/content/families/not_coping/down", "/console/content/families"
    assert "proposed. Facilitators go on" in press_on(facilitator, down, down, reason=WHY)
    assert "proposed already" in press(facilitator, down, down, reason=WHY).text
    own = _proposal(facilitator)
    assert "you proposed that it no longer pages" in facilitator.get("/console/").text
    assert "Do you agree?" not in facilitator.get(own).text
    assert "Somebody else must" in press_on(facilitator, families, own, answer="agreed")
    assert "Dr Cole proposes that it no longer pages" in lead.get("/console/").text
    bilal = world.member("+447700900102")
    pages_now(world, bilal)

    # The lead is asked for the password again after a while, reads the reason, and agrees.
    world.staff_ignores()
    with lead.session_transaction(path="/console/") as kept:
        kept["fs_paa"] = time.time() - 601  # the library's own clock
    assert "/password-again" in press(lead, families, own, answer="agreed").headers["Location"]
    press(lead, "/console/password-again", "/console/password-again", password=PASSWORD)
    assert WHY in lead.get(own).text
    assert "from the next text on nobody is paged" in press_on(lead, own, own, answer="agreed")
    assert "Is not coping: no longer pages" in facilitator.get("/console/").text
    assert "Set by Dr Cole, agreed by Dr Erskine" in facilitator.get(families).text
    assert "set by Dr Cole, agreed by Dr Erskine" in run("routes")
    chloe = world.member("+447700900103")
    chloe.texts(NOT_COPING)
    assert "no person has read" not in " ".join(chloe.ignores())
    # A page of before says what became of it; anybody moves it up again.
    assert "Nothing was changed: this proposal is over" in press_on(lead, families, own, answer="refused")
    press(facilitator, families, f"{families}/not_coping/up")
    pages_now(world, chloe)

    with world.database.read() as session:
        audited = session.scalars(select(AuditEntry).where(AuditEntry.action.like("family %"))).all()
        made = ["family proposal agreed", "family proposal made", *["family route set"] * 3]
        assert sorted(entry.action for entry in audited) == made
        assert all(entry.actor_id is not None for entry in audited)

    for talker in (asha, bilal, chloe):
        talker.ignores()
    world.staff_ignores()


def test_r05_whatever_is_found_pages_where_what_was_set_cannot_be_read(world: World) -> None:
    with world.database.write() as session:
        session.execute(text("ALTER TABLE family_routes RENAME TO away"))
    pages_now(world, world.member())
    assert any("could not be read" in error for error in world.expects_errors())
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r05_a_proposal_is_refused_withdrawn_void_or_over_and_changes_nothing(world: World) -> None:
    browsers = {role: signed_in(world, role) for role in ("facilitator", "lead", "coordinator")}
    facilitator, lead, coordinator = browsers.values()
    families, down = "/console/content/families", "/console/content/families/abuse/down"

    def proposed(by: FlaskClient) -> str:
        press(by, down, down, reason=WHY)
        return _proposal(by)

    # Neither of the two is a lead; the other may still refuse.
    path = proposed(facilitator)
    assert "a lead must agree" in coordinator.get(path).text
    assert "must be a lead" in press_on(coordinator, path, path, answer="agreed")
    assert "Only who proposed" in press_on(lead, path, f"{path}/withdraw")
    assert "you refused it" in press_on(coordinator, path, path, answer="refused")
    assert "refused by Dr Cole" not in facilitator.get(families).text
    assert "refused by Frances" in facilitator.get(families).text

    path = proposed(lead)
    assert "you withdrew it" in press_on(lead, path, f"{path}/withdraw")
    assert "was withdrawn and changed nothing" in coordinator.get(path).text

    # Two agree at once, each with a page of before: one does, and the other is told.
    path = proposed(lead)
    one, two = token(coordinator.get(path)), token(facilitator.get(path))
    assert coordinator.post(path, data={"answer": "agreed", "csrf_token": one}).headers["Location"].endswith(families)
    late = facilitator.post(path, data={"answer": "agreed", "csrf_token": two}, follow_redirects=True).text
    assert "Nothing was changed" in late
    assert "Agreed to" not in late.split("It was agreed to.")[0]
    press(facilitator, families, f"{families}/abuse/up")

    # A week without an answer ends it, to the second, whether or not a job has run since.
    path = proposed(facilitator)
    world.clock.move_to(world.clock.now() + timedelta(days=7))
    lead = again(world, "lead")
    assert "Nobody answered it in time" in lead.get(path).text
    assert "proposes that it no longer pages" not in lead.get("/console/").text
    stale = press_on(lead, families, path, answer="agreed")
    assert "Nothing was changed" in stale

    # Moved in another way: what was proposed before is void, though it pages again.
    facilitator = again(world, "facilitator")
    path = proposed(facilitator)
    with world.database.write() as session:
        staff = {person.label: person for person in session.scalars(select(Person))}
        both = (staff["Dr Dunne"], staff["Dr Erskine"])
        set_route(session, load_watchlist(), "abuse", "notice", *both, world.clock.now())
        set_route(session, load_watchlist(), "abuse", "page", both[0], None, world.clock.now())
    assert "It is void" in press_on(lead, families, path, answer="agreed")

    path = proposed(facilitator)
    world.clock.move_to(world.clock.now() + timedelta(days=8))
    jobs.purge(world.services)
    with world.database.read() as session:
        states = session.scalars(select(FamilyProposal.state).order_by(FamilyProposal.id)).all()
        assert states == ["refused", "withdrawn", "agreed", "expired", "void", "expired"]
        assert dict(session.execute(select(FamilyRoute.family, FamilyRoute.route)).tuples().all()) == {"abuse": "page"}
        told = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("family proposal %"))).all()
        assert sorted(each.removeprefix("family proposal ") for each in told) == sorted(states + ["made"] * 6)
    world.staff_ignores()


def test_r05_the_database_refuses_a_move_down_by_one(world: World) -> None:
    with world.database.read() as session:
        staff = {person.label: person.id for person in session.scalars(select(Person))}
    cole, dunne, now = staff["Dr Cole"], staff["Dr Dunne"], world.clock.now()

    def put_in(agreed_by: uuid.UUID | None) -> None:
        with world.database.write() as session:
            session.add(FamilyRoute(family="abuse", route="notice", set_by=cole, agreed_by=agreed_by, at=now))

    def put_in_proposal(state: str, by: uuid.UUID | None, **more: object) -> None:
        given = {"proposed_at": now, "expires_at": now + timedelta(days=7), "settled_at": now, "settled_by": by}
        with world.database.write() as session:
            session.add(FamilyProposal(family="abuse", reason="", proposed_by=cole, state=state, **{**given, **more}))

    for alone in (None, cole):
        with pytest.raises(IntegrityError):
            put_in(alone)
        for state in ("agreed", "refused"):
            with pytest.raises(IntegrityError):
                put_in_proposal(state, alone)
    put_in(dunne)
    put_in_proposal("agreed", dunne)
    for other in (None, dunne):
        with pytest.raises(IntegrityError):
            put_in_proposal("withdrawn", other)
    with pytest.raises(IntegrityError):
        put_in_proposal("agreed", dunne, expires_at=now)
    put_in_proposal("open", None, settled_at=None)
    with pytest.raises(IntegrityError):  # one at a time
        put_in_proposal("open", None, settled_at=None)


def pages_now(world: World, talker: Talker) -> None:
    """Let somebody who has no episode write that they do not cope, and see that it pages."""
    talker.texts(NOT_COPING)
    talker.hears("no person has read", "999")
    talker.ignores()
    world.settle()


def _proposal(browser: FlaskClient) -> str:
    """Return the path of the open proposal, as Today shows it."""
    found = re.search(r"/console/content/families/proposals/[0-9a-f-]+", browser.get("/console/").text)
    assert found
    return found.group()


def _commands(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    settings = world.settings
    for name in ("database_url", "secret_key", "public_url", "twilio_account_sid", "twilio_sms_from"):
        monkeypatch.setenv(name.upper(), getattr(settings, name))
    monkeypatch.setenv("TWILIO_API_BASE_URL", settings.twilio_api_base_url or "")
    monkeypatch.setenv("ENCRYPTION_KEYS", settings.encryption_keys[0])
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", settings.twilio_auth_token[0])

    def run(*words: str) -> str:
        done = CliRunner().invoke(watchlist, list(words))
        return f"{done.exit_code} {done.output}"

    return run
