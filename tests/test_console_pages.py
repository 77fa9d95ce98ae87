"""What the console's pages show, to whom, and what is kept of each look."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import inspect, select

from companion.console.words import alarm
from companion.messaging.addresses import address_of
from companion.messaging.numbers import Sender
from companion.models import (
    Address,
    Alarm,
    AuditEntry,
    ContactRequest,
    Episode,
    InboundMessage,
    OutboxMessage,
    Person,
    SentWording,
    Way,
    raise_alarm,
)
from tests.console_crowd import crowd
from tests.console_people import CANARY, NOW, UNREAD, text_from, text_to
from tests.console_stage import EPISODE, Stage, audited, opened, press, press_on, stage
from tests.databases import NewDatabase

NUMBER = "07700 900101"


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    yield here
    here.database.close()


def test_today_says_what_needs_a_person_and_shows_nobodys_words(on: Stage) -> None:
    text = on.browser("ada").get("/console/").text
    assert "1 episode has nobody yet." in text
    assert "K7Q9" in text
    assert "Today at 6pm to 6:45pm" in text
    assert "1 of 6 places: Wren." in text
    assert "asked to talk to a person, yesterday at 7:30pm" in text
    assert "The phone is switched off or out of signal." in text
    assert "Somebody who should be paged cannot be reached." in text
    for words in (CANARY, UNREAD, "ring me", "07700", "+4477"):
        assert words not in text


def test_an_empty_today_says_so(sqlite_databases: NewDatabase) -> None:
    text = stage(sqlite_databases(), empty=True).browser("cor").get("/console/").text
    for words in (
        "There is no open episode",
        "No session in the next",
        "Nobody is waiting",
        "Every text has been read",
    ):
        assert words in text


def test_an_empty_today_tells_each_truly_when_they_get_a_text(sqlite_databases: NewDatabase) -> None:
    here = stage(sqlite_databases(), empty=True)
    for who, words in (
        ("ada", "you get a text as well"),
        ("lee", "nobody else can be reached"),
        ("cor", "No text tells you if one waits for long"),
    ):
        assert words in here.browser(who).get("/console/").text
    with here.database.write() as session:
        address_of(session, Sender("sms", "+447700900209", "mobile"), NOW).person_id = here.ids["cor"]
    assert "If one waits for long, you are told by text" in here.browser("cor").get("/console/").text


def test_what_is_done_leaves_today_and_a_second_press_changes_nothing(on: Stage) -> None:
    browser = on.browser("ada")
    for path in ("/console/requests/{request}/done", "/console/notices/{notice}/done"):
        press(browser, "/console/", on.path(path))
        press(browser, "/console/", on.path(path))
    assert "Nobody is waiting to be contacted." in browser.get("/console/").text
    assert len(audited(on, "request settled")) == 2
    with on.database.read() as session:
        assert session.get_one(ContactRequest, on.ids["request"]).settled_by == on.ids["ada"]

    lead = on.browser("lee")  # and who sees that it was a slip puts it back
    page = lead.get("/console/").text
    assert page.count("marked by Dr Ada, ") == page.count("Not done: put Wren back on the list") == 2
    for path in ("/console/requests/{request}/again", "/console/notices/{notice}/again"):
        press(lead, "/console/", on.path(path))
        press(lead, "/console/", on.path(path))
    page = browser.get("/console/").text
    assert "Done: Wren has been contacted" in page
    assert "Done: Wren has been looked after" in page
    assert "Not done" not in page
    assert len(audited(on, "request open again")) == 2


def test_what_worries_the_service_is_looked_after_by_a_lead_or_coordinator_or_ends_by_itself(on: Stage) -> None:
    with on.database.write() as session:
        gap = Alarm(kind="rota_gap", raised_at=NOW, last_at=NOW)
        session.add(gap)
        session.flush()
        on.ids["gap"] = gap.id
    assert "Done: it has been looked after" not in on.browser("ada").get("/console/").text
    browser = on.browser("cor")
    page = browser.get("/console/").text
    assert page.count("Done: it has been looked after") == 1
    assert "It goes from here when it is over." in page
    assert press(browser, "/console/", on.path("/console/alarms/{gap}/done")).status_code == 404
    page = press_on(browser, "/console/", on.path("/console/alarms/{alarm}/done"))
    assert "Done: it has been looked after" not in page
    assert "cannot be reached." not in page
    [entry] = audited(on, "alarm settled")
    assert entry.actor_id == on.ids["cor"]
    assert entry.details == {"kind": "responder_not_reachable"}
    with on.database.write() as session:  # and what comes back is an alarm again, of which somebody is told
        raise_alarm(session, NOW, "responder_not_reachable")
    assert "cannot be reached." in browser.get("/console/").text


def test_who_cannot_be_on_the_rota_or_be_told_is_led_to_where_that_is_mended(on: Stage) -> None:
    ada, cor = on.browser("ada"), on.browser("cor")
    assert "You cannot be on the rota yet" in ada.get("/console/").text
    page = ada.get("/console/ways").text
    assert "two different ways" in page
    assert 'value="07700 900201"' in page  # hers already: she has only to send the code
    assert "/console/ways" in ada.get("/console/account").text
    for kind, shown in (("sms", "one more way of another kind"), ("call", "You can be on the rota")):
        with on.database.write() as session:
            number = "+447700900201"
            way = Way(person_id=on.ids["ada"], kind=kind, address=number, address_index=number, created_at=NOW)
            way.verified_at = NOW
            session.add(way)
        assert shown in ada.get("/console/ways").text
    assert "You cannot be on the rota yet" not in ada.get("/console/").text
    assert "You cannot be on the rota yet" not in cor.get("/console/").text


def test_every_alarm_that_is_told_by_text_has_words_on_today(on: Stage) -> None:
    told = [each.removeprefix("alarm_") for each in on.services.words.wordings if each.startswith("alarm_")]
    assert [kind for kind in told if kind != "twilio" and alarm(kind) in (alarm("other"), alarm("twilio_other"))] == []


def test_a_conversation_holds_no_text_that_opened_an_episode(on: Stage) -> None:
    text = on.browser("ada").get(on.path("/console/messages/{wren}")).text
    assert UNREAD in text
    assert CANARY not in text
    assert "It is read there." in text
    assert "Your group meets today at 6pm." in text
    assert [entry.subject_id for entry in audited(on, "conversation read")] == [on.ids["wren"]]


def test_what_can_wait_stands_below_the_episodes_while_one_has_nobody(on: Stage) -> None:
    ada = on.browser("ada")

    def first(page: str) -> str:
        return min(("Open episodes", "You cannot be on the rota yet"), key=page.index)

    assert first(ada.get("/console/").text) == "Open episodes"
    with on.database.write() as session:
        found = session.get_one(Episode, on.ids["episode"])
        found.state, found.owner_id, found.owned_at = "owned", on.ids["ada"], NOW
    assert first(ada.get("/console/").text) == "You cannot be on the rota yet"


def test_who_wrote_what_nobody_has_read_is_marked_in_the_list(on: Stage) -> None:
    ada, texts = on.browser("ada"), on.path("/console/messages/{wren}")
    assert "not read yet" in ada.get("/console/messages").text
    press(ada, on.path(EPISODE), on.path("/console/episodes/{episode}/gate/open"))
    ada.get(on.path(EPISODE))
    press(ada, texts, f"{texts}/read", until=NOW.isoformat())
    assert "not read yet" not in ada.get("/console/messages").text


def test_our_welsh_is_marked_as_such_and_what_one_of_us_wrote_is_not(on: Stage) -> None:
    with on.database.write() as session:
        wren = session.get_one(Address, on.ids["wren_sms"])
        for version, text_id in (("a", "reminder_day"), ("b", "from_person")):
            more = {"text_id": text_id, "wording": "{words}", "first_seen_at": NOW}
            session.add(SentWording(version=version, language="cy", **more))
        text_to(session, wren, "Mae dy grŵp heddiw.", NOW, "delivered", wording_version="a", lane=2)
        more = {"wording_version": "b", "purpose": "from_person", "lane": 2}
        text_to(session, wren, "Dr Ada: see you there", NOW, "delivered", **more)
    browser, page = on.browser("ada"), on.path("/console/messages/{wren}")
    assert re.findall(r'lang="cy">([^<]+)<', browser.get(page).text) == ["Mae dy grŵp heddiw."]
    found = press(browser, "/console/messages/search", "/console/messages/search", alias="Wren", who="us")
    assert re.findall(r'lang="cy">([^<]+)<', found.text) == ["Mae dy grŵp heddiw."]


def test_what_comes_while_an_episode_is_open_is_read_in_the_episode(on: Stage) -> None:
    with on.database.write() as session:
        wren = session.get_one(Address, on.ids["wren_sms"])
        text_from(session, wren, "please hurry", NOW - timedelta(minutes=2), needs_reading=True)
    browser = on.browser("ada")
    page = on.path("/console/messages/{wren}")
    assert "please hurry" not in browser.get(page).text
    press(browser, page, page + "/read")
    with on.database.read() as session:
        unread = select(InboundMessage.body).where(InboundMessage.needs_reading, InboundMessage.read_at.is_(None))
        assert "please hurry" in session.scalars(unread).all()
    assert "please hurry" in opened(on, "ada")
    with on.database.read() as session:
        assert "please hurry" not in session.scalars(unread).all()


def test_a_coordinator_reads_no_trainees_words_anywhere(on: Stage) -> None:
    browser = on.browser("cor")
    for page in (
        "/console/",
        "/console/groups",
        "/console/groups/{tuesday}",
        "/console/people",
        "/console/people/{wren}",
        "/console/messages",
        "/console/messages/{wren}",
        "/console/audit",
    ):
        answer = browser.get(on.path(page))
        assert answer.status_code == 200
        for words in (CANARY, UNREAD, "ring me this week"):
            assert words not in answer.text, page


def test_marking_as_read_takes_only_what_was_on_the_page(on: Stage) -> None:
    browser = on.browser("ada")
    page = on.path("/console/messages/{wren}")
    assert "Mark 1 text as read" in browser.get(page).text
    seen = (NOW - timedelta(hours=3)).isoformat()
    with on.database.write() as session:
        wren = session.get_one(Address, on.ids["wren_sms"])
        text_from(session, wren, "one more thing", NOW - timedelta(hours=2), needs_reading=True)
    press(browser, page, page + "/read", until=seen)
    with on.database.read() as session:
        left = session.scalars(
            select(InboundMessage.body).where(
                InboundMessage.needs_reading,
                InboundMessage.read_at.is_(None),
                InboundMessage.person_id == on.ids["wren"],
            )
        ).all()
    assert left == ["one more thing"]
    assert audited(on, "text read")[0].details == {"count": 1}


def test_a_number_needs_a_reason_and_is_audited(on: Stage) -> None:
    browser = on.browser("ada")
    page = on.path("/console/people/{wren}/number")
    for answer in (browser.get(on.path("/console/people/{wren}")), browser.get(page), press(browser, page, page)):
        assert NUMBER not in answer.text
    assert not audited(on, "number shown")
    shown = press(browser, page, page, reason="asked").text
    assert NUMBER in shown
    assert 'href="tel:+44' in shown
    assert f'href="{on.path(EPISODE)}">Go back to the episode' in shown
    assert audited(on, "number shown")[0].details == {"reason": "asked"}


def test_a_number_that_was_silent_for_months_is_said_to_be_theirs_for_a_reason(on: Stage) -> None:
    with on.database.write() as session:
        session.get_one(Person, on.ids["wren"]).unsure_since = on.clock.now()
    person, lead = on.path("/console/people/{wren}"), on.browser("lee")
    assert "no link is sent there" in lead.get(person + "/copy").text
    page = person + "/theirs"
    browser = on.browser("ada")
    assert page in browser.get(person).text
    assert "Choose how you know" in press(browser, page, page).text
    assert "may be another" in opened(on, "ada")
    press(browser, page, page, how="told")
    assert "May be another" not in browser.get(person).text
    assert audited(on, "number is theirs")[0].details == {"how": "told"}


def test_a_person_is_shown_by_alias_with_what_they_agreed_to(on: Stage) -> None:
    text = on.browser("ada").get(on.path("/console/people/{wren}")).text
    assert "<h1>Wren</h1>" in text
    assert "Sunday 25 October at 2:30am" in text
    assert "We text reminders and a check-in a week." in text
    assert "07700" not in text


def test_people_are_found_by_alias(on: Stage) -> None:
    browser = on.browser("lee")
    assert "Finch" not in browser.get("/console/people?alias=wr").text
    assert "Show everyone" in browser.get("/console/people?alias=%25").text


def test_an_unknown_number_is_read_by_the_lead(on: Stage) -> None:
    browser = on.browser("lee")
    page = on.path("/console/messages/sender/{stranger}")
    assert page in browser.get("/console/").text
    assert "who is this" in browser.get(page).text
    press(browser, page, page + "/read")
    assert page not in browser.get("/console/").text


def test_the_audit_holds_no_words_numbers_or_names(on: Stage) -> None:
    opened(on, "ada")
    text = on.browser("lee").get("/console/audit").text
    assert "Read the texts of an episode" in text
    assert "Dr Ada" in text
    with on.database.read() as session:
        for entry in session.scalars(select(AuditEntry)):
            for words in (CANARY, "0770", "Wren"):
                assert words not in str(entry.details)


def test_no_score_level_or_colour_stands_on_a_person(on: Stage) -> None:
    for text in (opened(on, "ada"), on.browser("ada").get(on.path("/console/people/{wren}")).text):
        for word in ("score", "risk level", "severity", "priority"):
            assert word not in text.lower()


def test_a_list_is_never_longer_than_fifty_and_leads_on(on: Stage) -> None:
    crowd(on)
    browser = on.browser("lee")
    first = browser.get("/console/people").text
    assert first.count("<tr>") == 51
    assert "after=Crow+49" in first
    assert "Wren" in browser.get("/console/people?after=Crow+49").text


def test_today_counts_all_that_waits_also_what_it_does_not_list(on: Stage) -> None:
    crowd(on)
    text = on.browser("lee").get("/console/").text
    for words in (
        "61 episodes have nobody yet.",
        "61 people ask to be contacted.",
        "122 texts are unread.",
        "61 texts did not arrive.",
        "These are 50 of 61.",
        "The last of 60 like it.",
        "These are 20 of 122.",
    ):
        assert words in text


def test_a_phone_that_is_off_for_a_night_is_one_line_and_hides_nobody(on: Stage) -> None:
    with on.database.write() as session:
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.status == "undelivered")).one()
        kept = {
            c.key: getattr(row, c.key)
            for c in inspect(OutboxMessage).columns
            if c.key not in ("id", "key", "provider_sid")
        }
        for again in range(30):
            session.add(OutboxMessage(**kept | {"id": uuid.uuid4(), "key": f"again:{again}"}))
    text = on.browser("lee").get("/console/").text
    assert "31 texts did not arrive." in text
    assert text.count("The last of 31 like it.") == 1


def test_a_text_waiting_to_be_tried_again_says_when(on: Stage) -> None:
    with on.database.write() as session:
        row = session.scalars(select(OutboxMessage).where(OutboxMessage.status == "undelivered")).one()
        row.status, row.settled_at, row.attempts = "queued", None, 1
        row.not_before = NOW + timedelta(minutes=110)
    text = on.browser("ada").get(on.path("/console/messages/{wren}")).text
    assert "The phone is switched off or out of signal. Trying again at 4:20am." in text


def test_no_one_elses_ids_open_anything(on: Stage) -> None:
    browser = on.browser("lee")
    for page in ("/console/people/{}", "/console/groups/{}", "/console/episodes/{}", "/console/messages/{}"):
        assert browser.get(page.format(uuid.uuid4())).status_code == 404
    with on.database.read() as session:
        staff = session.scalars(select(Person.id).where(Person.role == "facilitator")).first()
    assert browser.get(f"/console/people/{staff}").status_code == 404


def test_a_drill_says_so_wherever_an_episode_stands(on: Stage) -> None:
    with on.database.write() as session:
        drill = session.get_one(Episode, on.ids["episode"])
        drill.is_drill, drill.person_id = True, None
    browser = on.browser("ada")
    today = browser.get("/console/").text
    assert "Drill: nobody has this yet" in today
    assert "No episode waits for a person." in today
    assert "This is a drill: nobody is in danger." in browser.get(on.path(EPISODE)).text
    assert "This is a drill." in opened(on, "ada")
