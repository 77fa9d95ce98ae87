"""Writing from the console to one person and to a group, and finding what was written: seen from the phones too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from companion.console.queries import LATEST
from companion.console.search import LOOKED_AT
from companion.models import Address, AuditEntry, Need, Person
from tests.console_logins import again, hidden, signed_in
from tests.console_people import CANARY, NOW, UNREAD, text_from
from tests.console_stage import Stage, press, press_on, stage, token
from tests.databases import NewDatabase
from tests.rota_world import code_in, on_duty, person
from tests.world import World

SEARCH = "/console/messages/search"
NEW = "/console/messages/group/new"


@pytest.mark.one_database("postgresql")
def test_one_person_is_written_to_and_a_second_press_sends_nothing_twice(world: World) -> None:
    asha = world.member()
    browser = signed_in(world)
    with world.database.read() as session:
        person = session.scalars(select(Person).where(Person.role == "trainee")).one()
    page = f"/console/people/{person.id}/write"
    empty = press(browser, page, page, step="preview", key=hidden(browser.get(page).text, "key"))
    assert "Write what you want to say." in empty.text
    shown = press(browser, page, page, step="preview", words="Can we  talk\nat 3pm?", key=hidden(empty.text, "key"))
    assert "Dr Cole, Companion: Can we talk at 3pm?" in shown.text
    assert "1 part, about £0.04" in shown.text
    asha.hears_nothing()
    fields = {name: hidden(shown.text, name) for name in ("csrf_token", "key", "words")}
    for _ in range(2):
        browser.post(page, data={**fields, "step": "send"})
    world.settle()
    asha.hears("Dr Cole", "at 3pm?")
    assert "was sent already" in browser.get(f"/console/messages/{person.id}").text

    world.move_to(world.clock.now().replace(hour=23))  # she has quiet hours now
    with world.database.write() as session:
        here = session.get_one(Person, person.id)
        here.quiet_from, here.quiet_until = here.created_at.time().replace(hour=22), here.created_at.time()
    asha.ignores()
    world.staff_ignores()
    browser = again(world)
    shown = press(browser, page, page, step="preview", words="See you soon", key=hidden(browser.get(page).text, "key"))
    assert "They have quiet hours until tomorrow at 9am" in shown.text
    browser.post(page, data={**{n: hidden(shown.text, n) for n in ("csrf_token", "key", "words")}, "step": "send"})
    world.settle()
    asha.hears_nothing()
    world.advance(hours=11)
    asha.hears("See you soon")
    asha.texts("STOP")
    asha.ignores()
    assert "They texted STOP" in again(world).get(page).text


@pytest.mark.one_database("sqlite")
def test_a_group_is_written_to_with_a_preview_and_a_minute_to_undo(world: World) -> None:
    asha = world.member()
    browser = signed_in(world)
    group = re.search(r'<option value="(group:[^"]+)">ICU North', browser.get(NEW).text)
    assert group
    assert "Choose who gets it." in press(browser, NEW, NEW, words="Hello").text
    assert "Take out 10 characters" in press(browser, NEW, NEW, audience=group[1], words="x" * 230).text
    shown = press(browser, NEW, NEW, audience=group[1], words="We meet in room 4").text
    assert "1 person" in shown
    assert "about £0.04" in shown
    page = re.search(r'action="(/console/messages/group/[^"]+)/send"', shown)
    assert page
    fields = {"csrf_token": hidden(shown, "csrf_token"), "shown": hidden(shown, "shown")}
    press(browser, NEW, NEW, audience=group[1], words="We meet in room 5")  # on another page, meanwhile
    browser.post(f"{page[1]}/send", data=fields)
    assert "were changed on another page" in browser.get(NEW).text
    newer = press(browser, NEW, NEW, audience=group[1], words="We meet in room 5").text
    fields["shown"] = hidden(newer, "shown")
    for _ in range(2):
        browser.post(f"{page[1]}/send", data=fields)
    assert "Stop it" in browser.get(page[1]).text
    press(browser, page[1], f"{page[1]}/undo")
    world.advance(minutes=2)
    asha.hears_nothing()
    assert "It was stopped" in browser.get(page[1]).text

    last = press(browser, NEW, NEW, audience=group[1], words="We meet in room 6").text
    sent = re.search(r'action="(/console/messages/group/[^"]+)/send"', last)
    assert sent
    assert sent[1] != page[1]
    browser.post(f"{sent[1]}/send", data={"csrf_token": token(browser.get(NEW)), "shown": hidden(last, "shown")})
    world.advance(minutes=2)
    asha.hears("Dr Cole, ICU North: We meet in room 6", "STOP to leave")
    assert "<dd>1</dd>" in browser.get(sent[1]).text


@pytest.mark.one_database("sqlite")
def test_a_text_to_a_group_is_shown_in_welsh_too_where_somebody_in_it_chose_welsh(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900102")
    browser = signed_in(world)
    group = re.search(r'<option value="(group:[^"]+)">ICU North', browser.get(NEW).text)
    assert group
    assert "chose Welsh" not in press(browser, NEW, NEW, audience=group[1], words="We meet in room 4").text
    ben.texts("CYMRAEG")
    ben.ignores()
    shown = press(browser, NEW, NEW, audience=group[1], words="We meet in room 4").text
    assert "room 4\nSTOP to leave." in shown
    assert shown.index("chose Welsh") < shown.index("Dr Cole, ICU North: We meet in room 4\nSTOP i adael.")
    sent = re.search(r'action="(/console/messages/group/[^"]+/send)"', shown)
    assert sent
    browser.post(sent[1], data={name: hidden(shown, name) for name in ("csrf_token", "shown")})
    world.advance(minutes=2)
    asha.hears("Dr Cole, ICU North: We meet in room 4", "STOP to leave.")
    ben.hears("Dr Cole, ICU North: We meet in room 4", "STOP i adael.")

    with world.database.read() as session:
        alone = session.scalars(select(Person).where(Person.language == "cy")).one()
    page = f"/console/people/{alone.id}/write"
    one = press(browser, page, page, step="preview", words="Yn y tŷ bach", key=hidden(browser.get(page).text, "key"))
    assert "Dr Cole, Companion: Yn y ty bach" in one.text  # as it is sent: GSM-7 has no circumflex
    assert "1 part, about £0.04" in one.text


def test_what_answers_a_need_is_shown_in_welsh_without_telling_who_of_a_few_reads_it(on: Stage) -> None:
    cor, page = on.browser("cor"), "/console/needs/rest"
    with on.database.write() as session:
        session.add(Need(person_id=on.ids["wren"], kind="rest", asked_at=NOW))
    assert "chose Welsh" not in press(cor, page, page, words="There are beds").text
    with on.database.write() as session:
        session.get_one(Person, on.ids["finch"]).language = "cy"  # who asked for nothing
    shown = press(cor, page, page, words="There are beds").text
    assert "fewer than 5 people" in shown
    assert "You told us about a place to rest. There are beds" in shown
    assert "Dywedoch wrthym am" in shown


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    yield here
    here.database.close()


def test_what_still_waits_is_not_said_to_have_gone_out(on: Stage) -> None:
    text = on.browser("ada").get(on.path("/console/messages/group/{broadcast}")).text
    assert "1 person waits" in text
    assert "Going out since" in text
    assert "Went out" not in text


def test_texts_are_found_within_ones_own_groups_and_the_words_looked_for_are_kept_nowhere(on: Stage) -> None:
    with on.database.write() as session:
        finch = session.get_one(Address, on.ids["finch_sms"])
        text_from(session, finch, "my lunch is not for Ada to read", NOW - timedelta(hours=2))
    ada = on.browser("ada")
    found = press(ada, SEARCH, SEARCH, words="LUNCH thurs", who="both").text
    assert UNREAD in found
    assert "not for Ada" not in press(ada, SEARCH, SEARCH, words="lunch", who="them").text
    assert "not for Ada" in press(on.browser("lee"), SEARCH, SEARCH, words="lunch", who="them").text
    assert CANARY not in press(ada, SEARCH, SEARCH, words="canary", who="both").text
    assert "room 4" in press(ada, SEARCH, SEARCH, alias="wre", who="us").text
    day = (NOW - timedelta(days=1)).date().isoformat()
    assert "room 4" in press(ada, SEARCH, SEARCH, since=day, until=day, who="us").text
    assert "No texts" in press(ada, SEARCH, SEARCH, since="2026-11-25", who="both").text
    assert "every one that fits" in found
    with on.database.write() as session:
        for number in range(LATEST + 20):
            wren = session.get_one(Address, on.ids["wren_sms"])
            text_from(session, wren, f"lunch {number}", NOW - timedelta(days=2, minutes=number))
    full = press(ada, SEARCH, SEARCH, words="lunch", who="both").text
    assert f"until {LATEST} fitted. There may be older ones" in full
    assert "lunch 3" in full
    assert f"lunch {LATEST}" not in full  # and was not opened: the count below says so
    assert "Write a word, an alias or a date" in press(ada, SEARCH, SEARCH, who="both").text
    with on.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "searched texts")).all()
    assert max(entry.details["count"] for entry in entries) <= LATEST + 10 < LOOKED_AT
    assert "lunch" not in str([entry.details for entry in entries])


def test_a_coordinator_sees_what_was_started_and_not_what_was_answered(on: Stage) -> None:
    page = on.browser("cor").get(on.path("/console/messages/{wren}")).text
    assert "Your group meets today at 6pm." in page
    assert "The phone is switched off" in on.browser("cor").get("/console/messages/delivery").text
    assert "waiting to be sent" in on.browser("ada").get("/console/messages/delivery?state=waiting").text


@pytest.mark.one_database("sqlite")
def test_a_duty_is_handed_over_in_the_console_once_the_other_agrees_by_text(world: World) -> None:
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    duty = on_duty(world, "Dr Cole")
    browser, page = signed_in(world), "/console/rota"
    turn = browser.get(page).text.split(f'value="{duty.id}:')[1].split('"')[0]
    form = {"turn": f"{duty.id}:{turn}", "to": str(person(world, "Frances").id)}
    wrong = press(browser, page, f"{page}/hand-over", **form).text
    assert 'href="#to">Choose one of those that are offered.' in wrong
    press(browser, page, f"{page}/hand-over", **form | {"to": str(person(world, "Dr Dunne").id)})
    assert "Dr Dunne is asked by text. Until they agree nothing changes." in browser.get(page).text
    world.settle()
    asked = dunne.hears("Dr Cole asks you to take first")
    dunne.texts(f"{code_in(asked)} YES")
    world.settle()
    dunne.ignores()
    cole.hears("Dr Dunne")
    assert "hand-over" not in browser.get(page).text


def test_two_duties_are_swapped_in_the_console(world: World) -> None:
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    duties = [on_duty(world, "Dr Cole"), on_duty(world, "Dr Dunne", "second", on=date(2026, 11, 26))]
    browser, page = signed_in(world), "/console/rota"
    text = browser.get(page).text
    mine, theirs = (f"{each.id}:" + text.split(f'value="{each.id}:')[1].split('"')[0] for each in duties)
    form = {"turn": mine, "back": theirs}
    wrong = press(browser, page, f"{page}/hand-over", **form, to=str(person(world, "Dr Erskine").id)).text
    assert 'href="#back">That is a duty of somebody else.' in wrong
    press(browser, page, f"{page}/hand-over", **form, to=str(person(world, "Dr Dunne").id))
    world.settle()
    dunne.hears("Dr Cole asks to swap")
    assert "Take it back" in browser.get(page).text
    other = signed_in(world, which=1)
    assert "You are asked to take a duty." in other.get("/console/").text
    offered = other.get(page).text
    assert offered.count(">Agree<") == 1  # the two halves of a swap are one
    assert "<b>Dr Dunne</b> takes first from Dr Cole: " in offered
    yes = re.search(r'"(/console/rota/offers/[^"]+/yes)"', offered)
    assert yes
    agreed = press_on(other, page, yes[1])
    assert "You have agreed, and the rota shows it." in agreed
    world.settle()
    cole.hears("Dr Dunne")
    agreed = browser.get(page).text
    assert "<b>Dr Dunne</b>, first: " in agreed
    assert "<b>Dr Cole</b>, second: " in agreed
