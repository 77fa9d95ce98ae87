"""SAFETY 20: whom a trainee leaves out gets no page, no status, no search hit; and the chain is never empty."""

from __future__ import annotations

from itertools import chain as flat
from itertools import combinations

import pytest
from sqlalchemy import select

from companion.escalation.chain import responders
from companion.escalation.exclusions import excluded_from
from companion.models import Address, Episode, Exclusion, Person
from tests.console_people import text_from
from tests.console_stage import Stage, stage
from tests.databases import NewDatabase
from tests.rota_world import person
from tests.safety.stage import DANGER, open_alarms
from tests.world import World

STAFF = ("Dr Cole", "Dr Dunne", "Dr Erskine", "Frances")


def test_r20_somebody_left_out_by_text_is_passed_over_and_can_be_let_in_again(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    asha.texts("exclude")
    asha.hears("Reply EXCLUDE and a name", "Dr Cole", "Dr Dunne", "Dr Erskine", "Frances")
    asha.texts("not sure I can come")  # nobody's name: an ordinary text
    asha.ignores()
    asha.texts("NOT DR COLE")
    asha.hears("Dr Cole won't see your texts")
    asha.texts("Exclude dr erskin please")  # one letter off
    asha.hears("Dr Erskine won't see your texts")
    asha.texts("allow Erskine")
    asha.hears("Dr Erskine can see your texts again")
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    dunne.hears("an item needs you")
    world.advance(minutes=30)
    cole.hears_nothing()  # through every round of the chain
    dunne.texts("got it")
    world.settle()
    dunne.ignores(), world.staff("lead").ignores(), world.staff("coordinator").ignores()
    cole.hears_nothing()  # nor who has it
    asha.ignores()
    asha.texts("I need to talk to somebody")
    world.settle()
    cole.hears_nothing()
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_r20_the_list_of_names_says_when_it_does_not_hold_all(world: World) -> None:
    asha = world.member()
    with world.database.write() as session:
        for name in ("Dr Amy Gale", "Dr Ben Gale", "Dr Hart"):
            now = world.clock.now()
            session.add(Person(role="facilitator", alias=name, name=name, state="staff", created_at=now))
    asha.texts("EXCLUDE")
    assert "Hart" not in asha.hears("Dr Cole", "Frances, Dr Amy Gale. Not shown: 2 more")
    asha.texts("EXCLUDE GALE")  # two have it, so nobody is left out yet
    assert "Cole" not in asha.hears("Reply EXCLUDE and a name", "run the service: Dr Amy Gale, Dr Ben Gale.")
    asha.texts("EXCLUDE HART")  # whom the list did not show
    asha.hears("Dr Hart won't see your texts")


@pytest.mark.one_database("postgresql")
def test_r20_a_chain_without_a_second_alarms(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    for name in ("Dunne", "Erskine", "Frances"):
        asha.texts(f"EXCLUDE {name}")
        asha.ignores()
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    cole.hears("an item needs you")
    coordinator = world.staff("coordinator")
    coordinator.hears_nothing()
    world.advance(minutes=5)  # the second's turn, and there is none
    world.settle()
    assert "chain_short" in open_alarms(world)
    coordinator.hears("fewer people than needed are on the rota")
    world.staff_ignores()
    asha.ignores()


def test_r20_leaving_out_the_one_who_has_it_pages_the_next_at_once(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    asha.texts(DANGER)
    world.settle()
    cole.texts("take")
    world.settle()
    asha.ignores(), cole.ignores()
    dunne.hears_nothing()
    asha.texts("don't show Dr Cole")
    asha.hears("won't see your texts")
    world.settle()
    asha.hears("has to pass your text on")
    lead = world.staff("lead")
    dunne.hears("an item needs you")  # first, now; the lead comes after the facilitators
    world.advance(minutes=4)
    lead.hears_nothing()
    with world.database.read() as session:
        episode = session.scalars(select(Episode)).one()
    assert (episode.state, episode.owner_id) == ("open", None)
    world.advance(minutes=2)
    lead.hears("an item needs you")
    dunne.texts("take")
    world.settle()
    assert not any("an item needs you" in text for text in lead.ignores())
    asha.texts("EXCLUDE DUNNE")  # who was paged with others in the meantime: all of them, by one way every two minutes
    world.advance(minutes=2)
    lead.hears("an item needs you")
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_r20_every_set_of_people_left_out_leaves_somebody_to_page(world: World) -> None:
    """The complete table: each subset of those who run the programme, without and with an external lead."""
    world.member().texts(DANGER)
    with world.database.write() as session:
        episode = session.scalars(select(Episode)).one()
        now = world.clock.now()
        everyone = {p.label: p for p in session.scalars(select(Person).where(Person.state == "staff"))}
        outside = Person(
            role="lead",
            alias="Dr Quill",
            name="Dr Quill",
            state="staff",
            is_external_lead=True,
            created_at=world.clock.now(),
        )
        subsets = list(flat.from_iterable(combinations(STAFF, size) for size in range(len(STAFF) + 1)))
        assert len(subsets) == 16
        for external in (False, True):
            if external:
                session.add(outside)
                session.flush()
            for left_out in subsets:
                rows = [
                    Exclusion(trainee_id=episode.person_id, excluded_id=everyone[n].id, at=world.clock.now())
                    for n in left_out
                ]
                session.add_all(rows)
                session.flush()
                paged = [p.label for p in responders(session, episode, now)]
                assert paged, left_out
                assert len(paged) == len(set(paged))
                if len(left_out) < len(STAFF):
                    assert not set(paged) & set(left_out), (left_out, paged)
                    assert "Dr Quill" not in paged
                elif external:
                    assert paged == ["Dr Quill"]
                else:  # nobody else in the world: the coordinator, whom a page tells nothing
                    assert paged == ["Frances"]
                for row in rows:
                    session.delete(row)
                session.flush()
        assert [p.label for p in responders(session, episode, now)] == ["Dr Cole", "Dr Dunne", "Dr Erskine"]
    world.settle()
    world.staff_ignores()
    world.talker().ignores()


@pytest.mark.one_database("sqlite")
def test_r20_the_external_lead_cannot_be_left_out(world: World) -> None:
    with world.database.write() as session:
        session.merge(person(world, "Dr Erskine")).is_external_lead = True
    asha = world.member()
    asha.texts("EXCLUDE ERSKINE")
    asha.hears("Dr Erskine works outside the service")
    with world.database.read() as session:
        assert not session.scalars(select(Exclusion)).all()


@pytest.mark.one_database("postgresql")
def test_r20_who_is_left_out_finds_no_trace_in_the_console(new_database: NewDatabase) -> None:
    """Every page that can be opened, for a facilitator, a lead and a coordinator: neither the alias nor a count."""
    on = stage(new_database())
    try:
        before = {who: _pages(on, who) for who in ("ada", "lee", "cor")}
        assert any("Wren" in page for page in before["ada"].values())
        with on.database.write() as session:
            text_from(
                session, session.get_one(Address, on.ids["wren_sms"]), "unread", on.clock.now(), needs_reading=True
            )
            session.add_all(
                Exclusion(trainee_id=on.ids["wren"], excluded_id=on.ids[who], at=on.clock.now())
                for who in ("ada", "lee", "cor")
            )
        for who in ("ada", "lee", "cor"):
            for path, page in _pages(on, who).items():
                assert "Wren" not in page, (who, path)
                if who == "ada" and path != "/console/messages/group":  # how many get it
                    assert "1 person" not in page, (who, path)
        with on.database.read() as session:
            assert len(excluded_from(session, on.ids["wren"])) == 3
    finally:
        on.database.close()


def _pages(on: Stage, who: str) -> dict[str, str]:
    """Return every page that a GET without more in its address shows, and those of Wren's group and person."""
    browser = on.browser(who)
    paths = [
        rule.rule
        for rule in on.app.url_map.iter_rules()
        if rule.rule.startswith("/console") and "GET" in (rule.methods or ()) and not rule.arguments
        and not rule.endpoint.endswith("static") and not rule.endpoint.startswith("security.")
    ]  # fmt: skip
    named = (
        "/console/groups/{tuesday}",
        "/console/people/{wren}",
        "/console/messages/{wren}",
        "/console/episodes/{episode}",
    )
    shown = {}
    for path in [*paths, *(on.path(each) for each in named), "/console/people?alias=Wren"]:
        answer = browser.get(path)
        text = answer.text if answer.status_code == 200 else ""
        shown[path] = text.replace('value="Wren"', "").replace("has “Wren” in it", "")
    return shown
