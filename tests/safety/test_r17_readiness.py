"""SAFETY 17: a duty starts with a test page, and nobody is on the rota who cannot be reached in two ways."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from companion import jobs
from companion.messaging.mail import Mail
from companion.models import Alarm, OutboxMessage, ReadinessCheck
from companion.rota.importing import ImportFailedError, import_rota, read_rota
from companion.rota.ways import AGAIN_AFTER, CODE_LASTS, WayError, add_way, live_ways, new_code, verify, ways_of
from tests.console_stage import press, sign_in, stage
from tests.databases import NewDatabase
from tests.rota_world import MONDAY, code_in, on_duty, person
from tests.safety.stage import DANGER, PASSWORD_OF_ALL, Postbox, flagged, mailbox, open_alarms, reference
from tests.world import World

SIX = datetime(2026, 11, 23, 18, tzinfo=UTC)


@pytest.mark.one_database("postgresql")
def test_r17_a_duty_starts_with_a_test_page_once_whoever_works(world: World) -> None:
    on_duty(world, "Dr Cole")
    on_duty(world, "Dr Cole", on=MONDAY + timedelta(days=1), start=time(8), days=0, end=time(12))  # goes on at once
    cole = world.staff("facilitator")
    world.move_to(SIX - timedelta(minutes=1))
    cole.hears_nothing()
    world.move_to(SIX + timedelta(minutes=1))
    page = cole.hears("test page, nothing is wrong")
    other = world.new_services()  # a second worker, and a restart, send no second one
    jobs.tick(other)
    other.database.close()
    world.settle()
    cole.texts(code_in(page))
    cole.hears("test page is answered")
    cole.texts(code_in(page))
    cole.hears("test page is answered")
    world.move_to(SIX + timedelta(hours=16))
    cole.hears_nothing()  # what follows at once is one stretch, and tested once
    world.staff("coordinator").ignores()
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ReadinessCheck)) == 1
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r17_no_answer_in_a_quarter_of_an_hour_asks_the_next_and_tells_the_coordinator(world: World) -> None:
    on_duty(world, "Dr Cole")
    on_duty(world, "Dr Dunne", "second")
    asha = world.member()
    cole, dunne, frances = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("coordinator")
    world.move_to(SIX + timedelta(minutes=1))
    cole.hears("test page")
    dunne.texts(code_in(dunne.hears("test page")))
    dunne.hears("is answered")
    frances.ignores()
    world.move_to(SIX + timedelta(minutes=14))
    frances.hears_nothing()
    world.move_to(SIX + timedelta(minutes=16))
    frances.hears("someone on duty missed the test page")
    world.staff("lead").hears("Dr Cole did not answer", "you are next until 8am tomorrow")
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    dunne.hears("an item needs you")  # who answered stands first
    cole.hears_nothing()
    world.advance(minutes=12)
    assert any("an item needs you" in text for text in cole.ignores())  # but nobody is left out for it
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("said", ["ok got it", "yes I'm here", "received, thanks", "👍"])
def test_r17_a_test_page_is_answered_in_plain_words(world: World, said: str) -> None:
    on_duty(world, "Dr Cole")
    cole = world.staff("facilitator")
    world.move_to(SIX + timedelta(minutes=1))
    page = cole.hears("test page")
    for other in ("I'm driving and will see your text later", "take me off", "busy"):  # a phone may say so by itself
        cole.texts(other)
        cole.hears("A test page waits for your answer", code_in(page))
    cole.texts(said)
    cole.hears("test page is answered")
    world.move_to(SIX + timedelta(minutes=17))
    cole.hears_nothing()
    world.staff("lead").hears_nothing()
    world.staff("coordinator").ignores()


@pytest.mark.one_database("sqlite")
def test_r17_who_answers_late_stands_first_again(world: World) -> None:
    on_duty(world, "Dr Cole")
    asha, cole = world.member(), world.staff("facilitator")
    world.move_to(SIX + timedelta(minutes=20))
    page = cole.hears("test page")
    cole.texts(f"sorry, {code_in(page)}")
    cole.hears("later than 15 minutes, so the coordinator was told", "still on duty")
    with world.database.read() as session:  # who can be reached after all is no alarm any more
        assert session.scalars(select(Alarm.settled_at).where(Alarm.kind == "readiness_missed")).one() is not None
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    cole.hears("an item needs you")
    world.staff_ignores()


def test_r17_a_way_counts_once_its_code_came_back(world: World) -> None:
    now, countries = world.clock.now(), world.settings.companion_countries
    cole = person(world, "Dr Cole")
    with world.database.write() as session:
        for wrong in ("cole", "cole@", "@x.org", "a b@x.org"):
            with pytest.raises(WayError, match="in full"):
                add_way(session, cole, "email", wrong, countries, now)
        with pytest.raises(WayError, match="UK mobile"):
            add_way(session, cole, "call", "020 7946 0000", countries, now)
        with pytest.raises(WayError, match="somebody else"):
            add_way(session, cole, "sms", "07700 900202", countries, now)
        way = add_way(session, session.merge(cole), "email", " Cole@Example.org ", countries, now)
        assert way.address == "cole@example.org"
        assert len(live_ways(session, cole)) == 2
        code = new_code(session, way, now)
        with pytest.raises(WayError, match="less than a minute"):
            new_code(session, way, now + AGAIN_AFTER / 2)
        with pytest.raises(WayError, match="not the code"):
            verify(session, way, "000000" if code != "000000" else "111111", now)
        with pytest.raises(WayError, match="too old"):
            verify(session, way, code, now + CODE_LASTS + timedelta(seconds=1))
        verify(session, way, f" {code[:3]} {code[3:]} ", now)
        assert len(live_ways(session, cole)) == 3
        # Another address of the same kind begins anew.
        other = add_way(session, session.merge(cole), "email", "c@example.org", countries, now)
        assert [w.id for w in ways_of(session, cole) if w.kind == "email"] == [other.id]
        assert len(live_ways(session, cole)) == 2
        code = new_code(session, other, now)
        for _ in range(5):
            with pytest.raises(WayError, match="not the code"):
                verify(session, other, "12", now)
        with pytest.raises(WayError, match="too many"):
            verify(session, other, code, now)
    with world.database.read() as session:
        assert code.encode() not in bytes(session.get_one(type(other), other.id).code_index or b"")
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_r17_a_stop_meant_for_a_session_alarms_and_is_told_by_another_way(mailed: World, postbox: Postbox) -> None:
    world, cole, frances = mailed, mailed.staff("facilitator"), mailed.staff("coordinator")
    asha, by_whatsapp = world.member(), world.talker("+447700900201", "whatsapp")
    by_whatsapp.texts("hello")
    by_whatsapp.ignores()
    cole.texts("CANCEL")  # the session, they thought; the network ends its texts and answers by itself
    cole.hears("successfully been unsubscribed")
    cole.hears_nothing()
    world.settle()
    by_whatsapp.hears("the word you sent ended our texts there", "Text START there to undo it", "text OFF")
    frances.hears("a facilitator has stopped our texts")
    letter = next(each for each in postbox.to(mailbox("Dr Cole")) if "by SMS now" in str(each["Subject"]))
    assert "text START to us there" in letter.get_content()
    coordinator, facilitator = signed_in_as(world, "Frances"), signed_in_as(world, "Dr Cole")
    assert "Texted STOP" in coordinator.get("/console/users").text
    who = re.search(r'href="(/console/users/[^"]+)">Dr Cole<', coordinator.get("/console/users").text)
    assert who is not None
    assert "no page goes there until they text START" in coordinator.get(who[1]).text
    assert "Now: Dr Cole." in coordinator.get("/console/").text
    assert "Your phone has stopped our texts" in facilitator.get("/console/").text

    # Pages and all else that they must hear goes the other way at once.
    flagged(world, asha)
    world.settle()
    code = reference(by_whatsapp.hears("an item needs you now"))
    by_whatsapp.texts(f"{code} TAKE")
    by_whatsapp.hears("You have")
    assert "They have 1 open episode, which stays theirs" in coordinator.get(who[1]).text  # if they were to leave
    world.advance(minutes=10)
    by_whatsapp.hears("no contact is recorded")
    cole.hears_nothing()

    # A second one tells no more; START, by the word that a network takes for it, ends the alarm.
    cole.texts("quit")
    cole.ignores()
    world.settle()
    by_whatsapp.hears_nothing()
    assert "facilitator_stopped" in open_alarms(world)
    cole.texts("YES")
    cole.hears("re-subscribed")  # the network
    cole.hears("come to you here again")
    assert "facilitator_stopped" not in open_alarms(world)
    assert "Texted STOP" not in coordinator.get("/console/users").text
    cole.texts("End.")  # no word of the network's: our answer arrives
    cole.hears("the word you sent ended our texts there")
    cole.texts("START")
    assert "come to you here again" in cole.ignores()[-1]
    world.settle()
    world.staff_ignores()
    by_whatsapp.ignores()
    asha.ignores()


def signed_in_as(world: World, name: str) -> FlaskClient:
    browser = world.app.test_client()
    assert sign_in(browser, mailbox(name), PASSWORD_OF_ALL).status_code == 302
    return browser


def test_r17_a_stop_that_the_network_tells_of_alarms(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    world.standin.fault(cole.number, "refuse", code=21610)
    flagged(world, asha)
    world.settle()
    assert "facilitator_stopped" in open_alarms(world)
    world.settle()
    world.staff_ignores()


GOOD = """\
name,role,group,starts,ends,repeats,until
Dr Cole,first,,2026-11-23 18:00,2026-11-24 08:00,weekly,2027-03-29
dunne,second,ICU North,2026-11-23 18:00,2026-11-24 08:00,,
"""
GOOD_YAML = """\
duties:
  - {name: Dr Cole, role: first, starts: 2026-11-23 18:00, ends: 2026-11-24 08:00, repeats: weekly, until: 2027-03-29}
  - name: dunne
    role: second
    group: ICU North
    starts: 2026-11-23 18:00
    ends: 2026-11-24 08:00
"""


GOOD_SHEET = re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", GOOD)  # as a spreadsheet saves it in the UK


@pytest.mark.parametrize("text", [GOOD, GOOD_YAML, GOOD_SHEET])
@pytest.mark.one_database("postgresql")
def test_r17_a_rota_is_brought_in_from_a_file_once(world: World, text: str) -> None:
    with world.database.write() as session:
        assert import_rota(session, read_rota(text), "Europe/London", world.clock.now(), None) == 2
        assert import_rota(session, read_rota(text), "Europe/London", world.clock.now(), None) == 0
    world.move_to(SIX + timedelta(minutes=1))
    world.staff("facilitator").hears("test page")
    world.staff("facilitator", 1).hears("test page")
    world.staff_ignores()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: there is no duty"),
        ("name,rank\n", "line 1: there is no column 'rank'"),
        (GOOD.replace("first", "third"), "line 2: role is 'third', not one of first, second, lead"),
        (GOOD.replace("2026-11-23 18:00", "23/11/2026"), "line 2: starts is '23/11/2026': write local day and time"),
        (
            GOOD.replace("2026-11-23 18:00", "11/23/2026 18:00"),
            "line 2: starts is '11/23/2026 18:00', not a day and time",
        ),
        (GOOD.replace("2026-11-24 08:00", "2026-11-22 08:00"), "line 3: ends must be after starts"),
        (GOOD.replace("weekly", "daily"), "line 2: repeats is 'daily': write weekly, or nothing"),
        (GOOD.replace(",,\n", ",,2026-12-01\n"), "line 3: until is only for what repeats weekly"),
        ("- name: Dr Cole\n  role: [", "this is neither CSV nor YAML"),
        ("- name: Dr Cole\n  roll: first\n", "line 1: there is no 'roll'"),
        (GOOD.replace("dunne", "Dr Nobody"), "line 3: 'Dr Nobody' is nobody who runs the programme"),
        (GOOD.replace("ICU North", "ICU South"), "line 3: there is no group 'ICU South'"),
        (GOOD.replace("dunne", "Frances"), "line 3: Frances is neither a facilitator nor a lead"),
    ],
)
@pytest.mark.one_database("sqlite")
def test_r17_what_is_wrong_in_a_file_is_named_by_its_line(world: World, text: str, said: str) -> None:
    with world.database.write() as session, pytest.raises(ImportFailedError) as caught:
        import_rota(session, read_rota(text), "Europe/London", world.clock.now(), None)
    assert said in str(caught.value)


def test_r17_ones_own_duties_are_a_calendar_at_a_secret_address(world: World) -> None:
    from companion.rota.feed import new_address, revoke

    on_duty(world, "Dr Cole")
    on_duty(world, "Dr Dunne")
    browser = world.app.test_client()
    with world.database.write() as session:
        first = new_address(session, person(world, "Dr Cole"), world.clock.now(), world.settings)
    path = first.removeprefix(world.settings.public_url)
    shown = browser.get(path)
    assert shown.mimetype == "text/calendar"
    assert shown.text.count("BEGIN:VEVENT") == 1
    assert "DTSTART:20261123T180000Z" in shown.text
    assert "Dunne" not in shown.text
    assert browser.get(path[:-6] + "x.ics").status_code == 404
    with world.database.write() as session:
        second = new_address(session, person(world, "Dr Cole"), world.clock.now(), world.settings)
    assert browser.get(path).status_code == 404
    path = second.removeprefix(world.settings.public_url)
    assert browser.get(path).status_code == 200
    with world.database.write() as session:
        revoke(session, person(world, "Dr Cole"), world.clock.now())
    assert browser.get(path).status_code == 404


def test_r17_an_e_mail_address_counts_once_the_code_that_was_mailed_came_back(
    sqlite_databases: NewDatabase, postbox: Postbox
) -> None:
    plain, path = stage(sqlite_databases()), "/console/ways"
    assert 'value="email"' not in plain.browser("ada").get(path).text  # no mail server, no such way
    assert press(plain.browser("ada"), path, path, kind="email", address="ada@example.org").status_code == 200
    plain.database.close()
    on = stage(sqlite_databases(), smtp_url=postbox.url, mail_from="companion@example.org")
    ada = on.browser("ada")
    assert "Type an e-mail address in full" in press(ada, path, path, kind="email", address="ada at home").text
    there = press(ada, path, path, kind="email", address="Ada.Home@Example.org").location or ""
    Mail(on.database, on.clock, on.services.settings).run()
    (letter,) = postbox.to("ada.home@example.org")
    found = re.search(r"\d{6}", letter.get_content())
    assert found
    assert found.group() not in letter["Subject"]
    wrong = f"{(int(found.group()) + 1) % 1_000_000:06d}"
    assert "That is not the code we sent" in press(ada, there, there, code=wrong).text
    assert "Shown to work" not in ada.get(path).text
    press(ada, there, there, code=found.group())
    assert "E-mail</b>" in ada.get(path).text
    assert "Shown to work" in ada.get(path).text
    on.database.close()
