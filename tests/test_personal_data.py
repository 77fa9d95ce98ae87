"""MY DATA, DELETE MY DATA and the language someone is texted in, from the phone; keys taken out of use."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from companion import jobs
from companion.content.catalogue import load_catalogue
from companion.db import Database
from companion.models import (
    Address,
    AuditEntry,
    Booking,
    Consent,
    Episode,
    InboundMessage,
    OptOut,
    OutboxMessage,
    Person,
    SentWording,
)
from companion.privacy.holdings import HOLDINGS, leading_columns
from companion.rotation import rotate
from tests.console_stage import press_on
from tests.databases import KEY, NewDatabase
from tests.safety.stage import DANGER, closed, give_logins, hears_crisis_lines, reference
from tests.safety.test_r17_readiness import signed_in_as
from tests.world import START, TRAINEE, World


def link_in(said: str) -> str:
    """Return the path of the link in a text."""
    found = re.search(r"https?://[^/]+(/copy/\S+)", said)
    assert found is not None, said
    return found[1]


def test_every_column_that_leads_to_a_person_is_thought_of() -> None:
    thought_of = [holding.column for holding in HOLDINGS]
    assert sorted(thought_of) == sorted(leading_columns()), (
        "say in companion/privacy/holdings.py what erasure does to it"
    )
    for holding in HOLDINGS:
        kept = holding.erasure in ("detach", "blank")
        assert not kept or holding.leads.nullable or "addresses." in str(holding.leads.foreign_keys), holding.column
        for name in (*holding.shows, *holding.words):
            assert name in holding.table.c, holding.column


def test_a_copy_is_asked_for_confirmed_and_opens_once(world: World) -> None:
    asha = world.member()
    asha.texts("I would love some quiet hours")
    asha.ignores()
    asha.texts("my data")
    asha.hears("copy of what we hold", "YES")
    asha.texts("YES")
    path = link_in(asha.hears("works once"))
    browser, other = world.app.test_client(), world.app.test_client()
    for _ in range(2):  # a messenger looks at the link for its preview
        asked = other.get(path)
        assert asked.status_code == 200
        assert b"quiet hours" not in asked.data
    assert b"+447700900101" not in asked.data
    opened = browser.post(path, follow_redirects=True)
    assert opened.status_code == 200
    for held in (b"I would love some quiet hours", b"+447700900101", b"Reply YES to join", b"Places in sessions"):
        assert held in opened.data
    assert opened.headers["Cache-Control"] == "no-store, private"
    file = browser.get(f"{path}/file").get_json()
    assert {part["title"] for part in file["parts"]} >= {
        "About you",
        "Texts you sent",
        "What you were shown and agreed to",
    }
    assert other.get(path).status_code == 404
    assert other.post(path).status_code == 404
    assert other.get(f"{path}/file").status_code == 404
    world.advance(minutes=16)
    assert browser.get(path).status_code == 404


def test_who_runs_the_programme_sees_no_link_of_theirs_and_no_words_of_an_episode_beside_it(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    for said in ("yes", "MY DATA", "yes", "my weeks", "CALENDAR"):
        asha.texts(said)
    asha.ignores()
    world.advance(minutes=1)
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    code = reference(cole.hears("an item"))
    cole.texts(f"{code} TAKE")
    cole.texts(f"{code} shall I ring you tonight")
    world.settle()
    assert "shall I ring you tonight" in asha.ignores()[-1]
    give_logins(world)
    with world.database.read() as session:
        person = session.scalars(select(Person.id).where(Person.role == "trainee")).one()
        coordinator = session.scalars(select(Person.name).where(Person.role == "coordinator")).first() or ""
    for who in ("Dr Dunne", "Dr Erskine", coordinator):
        texts = signed_in_as(world, who).get(f"/console/messages/{person}").text
        assert not re.search(r"/(copy|weeks|s|c)/[A-Za-z0-9_-]{8}", texts), who
        assert ("theirs alone" in texts) == (who != coordinator)
        assert "ring you tonight" not in texts, who  # it is read in the episode, after its question
    browser = signed_in_as(world, "Dr Dunne")
    found = press_on(browser, "/console/account", "/console/messages/search", words="t", who="both")
    assert "ring you tonight" not in found
    assert "/copy/" not in found
    assert "theirs alone" in found
    world.staff_ignores()
    asha.ignores()


def test_a_link_that_is_not_used_ends_after_a_day_or_with_the_next(world: World) -> None:
    asha = world.member()
    paths = []
    for _ in range(2):
        asha.texts("MY DATA")
        asha.ignores()
        asha.texts("yes please")
        paths.append(link_in(asha.ignores()[-1]))
    assert world.app.test_client().get(paths[0]).status_code == 404
    assert world.app.test_client().get(paths[1]).status_code == 200
    world.advance(hours=25)
    assert world.app.test_client().get(paths[1]).status_code == 404
    asha.texts("my data")
    asha.ignores()
    asha.texts("no")
    asha.hears("No link was made")
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("postgresql")
def test_delete_my_data_removes_all_but_what_was_said_to_stay(world: World) -> None:
    asha = world.member()
    asha.texts("my bike is called canarybird")
    asha.ignores()
    asha.texts("delete my data")
    asha.hears("delete what we hold", "YES")
    asha.texts("yes but what happens to my place?")  # no plain yes: nothing goes
    asha.ignores()
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Person).where(Person.role == "trainee")) == 1
    asha.texts("DELETE MY DATA")
    asha.ignores()
    asha.texts("Yes.")
    asha.hears("We have deleted", "one code made from your number")
    with world.database.read() as session:
        assert session.scalars(select(Person).where(Person.role == "trainee")).all() == []
        for table in (Consent, Booking):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        about = session.scalars(select(Address).where(Address.address_index == TRAINEE)).one()
        assert (about.address, about.person_id) == ("", None)
        heard = session.scalars(select(InboundMessage.body).where(InboundMessage.address_id == about.id)).all()
        assert set(heard) == {None}
        told = session.scalars(
            select(OutboxMessage).where(OutboxMessage.address_id == about.id).order_by(OutboxMessage.id)
        ).all()
        assert [row.body for row in told if row.body is not None] == [told[-1].body]
        assert session.scalars(select(OptOut.action).where(OptOut.address_index == TRAINEE)).all() == ["stop"]
        assert session.scalar(select(func.count()).where(AuditEntry.action == "person erased")) == 1
    world.advance(days=8)  # no invitation, no question
    asha.texts("JOIN ICU")  # and she may come back
    assert "Reply YES to join" in asha.ignores()[-1]
    asha.texts("YES")
    asha.hears("Welcome")
    asha.ignores()
    world.staff_ignores()


def test_erasure_waits_for_an_open_episode_and_is_done_when_it_is_closed(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    hears_crisis_lines(asha)
    world.settle()
    cole.texts(f"{reference(cole.hears('an item'))} TAKE")
    cole.ignores()
    world.settle()
    asha.ignores()
    asha.texts("delete my data")
    asha.ignores()
    asha.texts("yes")
    asha.hears("wait until that is closed")
    world.settle()
    cole.ignores()
    with world.database.read() as session:
        assert session.scalars(select(Person).where(Person.erase_asked_at.is_not(None))).one().state == "left"
    closed(world)
    jobs.purge(world.services)
    with world.database.read() as session:
        assert session.scalars(select(Person).where(Person.role == "trainee")).all() == []
        episode = session.scalars(select(Episode)).one()
        assert (episode.person_id, episode.outcome) == (None, "spoke")
    world.staff_ignores()


def test_someone_who_left_may_still_ask(world: World) -> None:
    asha = world.talker()
    asha.texts("JOIN ICU")
    asha.texts("NO")
    asha.ignores()
    asha.texts("delete my data")
    asha.hears("Reply YES to delete")
    asha.texts("no")
    asha.hears("deleted nothing")


def test_welsh_is_spoken_to_those_who_ask_for_it(world: World) -> None:
    words = load_catalogue()
    asha = world.member(code="ICU")
    asha.texts("Cymraeg")
    asha.hears("yn Gymraeg")
    asha.texts("NEXT")
    assert "Iau 26 Tach, 6:30pm" in asha.hears("Mae eich grwp", "yn cwrdd")
    asha.texts("yes")
    asha.hears("mae gennych le")
    world.move_to(START + timedelta(days=2, hours=9, minutes=31))
    assert any("Ymunwch yma" in said for said in asha.ignores())  # what the service starts, too
    asha.texts(DANGER)
    hears_crisis_lines(asha)  # no Welsh crisis text is signed: it comes in English, which is
    for text_id, wording in words.wordings.items():
        if wording.kind == "crisis":
            assert wording.cy is None or wording.welsh is None, text_id
    asha.texts("ENGLISH")
    asha.hears("in English from now on")
    world.settle()
    world.staff_ignores()


def test_wordings_are_kept_and_survive_a_change_of_the_files(world: World) -> None:
    jobs.purge(world.services)
    jobs.purge(world.services)
    asha = world.member()
    asha.texts("MENU")
    asha.ignores()
    with world.database.read() as session:
        sent = session.scalars(select(OutboxMessage.wording_version)).all()
        assert sent
        assert set(sent) <= set(session.scalars(select(SentWording.version)))


def test_an_old_key_can_be_taken_out_of_use(new_database: NewDatabase) -> None:
    url, new = new_database(), Fernet.generate_key().decode()
    old = Database(url, (KEY,))
    old.unlock()
    with old.write() as session:
        session.add(Address(channel="sms", address=TRAINEE, address_index=TRAINEE, created_at=START))
    assert rotate(old, (new, KEY)) == 1
    assert rotate(old, (new, KEY)) == 0
    old.close()
    only = Database(url, (new,))
    only.unlock()
    with only.read() as session:
        assert session.scalars(select(Address.address).where(Address.address_index == TRAINEE)).one() == TRAINEE
    only.close()
