"""Groups and sessions in the console: made with a look at the dates, changed and moved with a look at who is told."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from companion.messaging.addresses import address_of
from companion.messaging.numbers import Sender
from companion.models import (
    Address,
    AuditEntry,
    Booking,
    Exclusion,
    Group,
    GroupCover,
    GroupSession,
    OutboxMessage,
    Person,
)
from tests.console_people import text_to
from tests.console_stage import Stage, press, stage

GROUP = {
    "name": "Return Friday", "first_on": "2026-12-11", "at": "12:30", "every": "FREQ=WEEKLY;INTERVAL=1", "rule": "",
    "skips_bank_holidays": "y", "skip_on": "Fri 18 December 2026", "minutes": "45", "places": "6",
    "second_facilitator": "",
    "join_link": "https://meet.example.org/return", "dial_in": "020 7946 0018", "dial_code": "4711#", "cover_note": "",
    "reminders": "1 hour, 1 day", "minimum": "2", "decide_hours": "24",
}  # fmt: skip


@pytest.fixture
def on(request: pytest.FixtureRequest) -> Iterator[Stage]:
    here = stage(request.getfixturevalue("sqlite_databases")())
    yield here
    here.database.close()


def hidden(page: TestResponse) -> dict[str, str]:
    """Return what a page's form keeps: its token, its stamps."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', page.text)
    pairs = ((re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in found)
    return {name[1]: value[1] if value else "" for name, value in pairs if name}


def send(browser: FlaskClient, path: str, page: TestResponse, **fields: str) -> TestResponse:
    return browser.post(path, data={**hidden(page), **fields})


def count(on: Stage, what: type) -> int:
    with on.database.read() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def test_a_group_says_why_it_takes_nobody_yet(on: Stage) -> None:
    with on.database.write() as session:
        session.add(GroupCover(group_id=on.ids["tuesday"], kind="always", weekdays=list(range(7))))
    cor, page = on.browser("cor"), on.path("/console/groups/{tuesday}")
    assert "There is no lead who can be reached by text. When that is mended, let people in here." in cor.get(page).text
    assert "let people in here" not in on.browser("ada").get(page).text
    with on.database.write() as session:
        address_of(session, Sender("sms", "+447700900209", "mobile"), on.clock.now()).person_id = on.ids["lee"]
    assert "Everything it needs is there." in cor.get(page).text
    press(cor, page, on.path("/console/rota/groups/{tuesday}/live"))
    assert "takes no people yet" not in cor.get(page).text


def test_a_group_is_made_once_with_a_look_at_its_dates(on: Stage) -> None:
    browser, path = on.browser("cor"), "/console/groups/new"
    page = browser.get(path)
    wrong = send(browser, path, page, **{**GROUP, "name": "", "join_link": "meet", "every": "own", "skip_on": "soon"})
    for said in ("Write the name.", "begins with https://", "Write the rule", "“soon” is no day", "Choose the cohort."):
        assert said in wrong.text, said
    assert 'value="12:30"' in wrong.text  # what was written is still there
    with on.database.read() as session:
        cohort = session.scalars(select(Group.cohort_id)).first()
    chosen = {**GROUP, "cohort": str(cohort), "first_facilitator": str(on.ids["ada"])}
    seen = send(browser, path, page, **chosen, step="look")
    assert "Friday 11 December at 12:30pm" in seen.text
    assert re.search(r"Friday 18 December at 12:30pm: <b>left out</b>", seen.text)
    assert "(Christmas Day)" in seen.text
    assert count(on, Group) == 2
    made = send(browser, path, seen, **chosen, step="keep")
    again = send(browser, path, seen, **chosen, step="keep")
    assert made.status_code == again.status_code == 302
    assert made.location == again.location
    assert count(on, Group) == 3
    shown = browser.get(made.location).text
    for words in ("Every week on Friday at 12:30pm", "020 7946 0018", "Dr Ada", "with fewer than 2 booked"):
        assert words in shown, words
    monthly = made.location + "/edit"
    by_month = send(browser, monthly, browser.get(monthly), **{**chosen, "every": "monthly"}, step="look")
    assert "Friday 8 January 2027 at 12:30pm" in by_month.text  # the second of its month, as 11 December is
    assert "Friday 18 December" not in by_month.text
    send(browser, monthly, by_month, **{**chosen, "every": "monthly"}, step="keep")
    assert "Every month on the second Friday at 12:30pm" in browser.get(made.location).text
    assert '<option selected value="monthly">' in browser.get(monthly).text
    twin = send(browser, path, browser.get(path), **chosen, step="keep")
    assert "Another group has this name" in twin.text


def test_a_change_of_the_day_shows_who_is_told_before_anybody_is(on: Stage) -> None:
    browser = on.browser("lee")
    path = on.path("/console/groups/{tuesday}/edit")
    page = browser.get(path)
    with on.database.write() as session:
        for meeting in session.scalars(select(GroupSession)):
            meeting.occurrence = meeting.starts_at.date()
        ada = session.scalars(select(Address).where(Address.person_id == on.ids["ada"])).first()
        assert ada is not None
        text_to(session, ada, "Join here", on.clock.now(), "sent", key=f"reminder:{on.ids['evening']}:1:ada:60:0")
        group = session.get_one(Group, on.ids["tuesday"])
        chosen = {
            **GROUP, "name": group.name, "cohort": str(group.cohort_id), "first_facilitator": str(on.ids["ada"]),
            "first_on": "2026-11-25", "at": "19:00", "every": "FREQ=WEEKLY;INTERVAL=2", "skip_on": "",
        }  # fmt: skip
    before = count(on, OutboxMessage)
    seen = send(browser, path, page, **chosen, step="keep")  # not before it was shown
    assert "today at 6pm moves to tomorrow at 7pm" in seen.text.replace("Today", "today")
    assert "Have a place (1): Wren" in seen.text
    assert count(on, OutboxMessage) == before
    stale = hidden(page) | {"seen": hidden(seen)["seen"]}
    done = send(browser, path, seen, **chosen, step="keep")
    assert done.status_code == 302
    # Wren and Dr Ada: one text each, for two sessions that move; and she held the old link
    assert count(on, OutboxMessage) == before + 3
    late = browser.post(path, data={**stale, **chosen, "step": "keep"})
    assert "Somebody else changed this" in late.text


def test_a_session_is_moved_cancelled_and_put_back_on(on: Stage) -> None:
    ada, bo = on.browser("ada"), on.browser("bo")
    with on.database.read() as session:
        tonight = session.scalars(
            select(GroupSession.id).where(GroupSession.starts_at > on.clock.now()).order_by(GroupSession.starts_at)
        ).first()
    at = f"/console/sessions/{tonight}"
    assert bo.get(at).status_code == 404
    page = ada.get(f"{at}/move")
    same = send(ada, f"{at}/move", page, day="2026-11-24", at="18:00", reach="one", step="look")
    assert "The session is at this time already" in same.text
    seen = send(ada, f"{at}/move", page, day="2026-11-25", at="19:00", reach="one", step="look")
    assert 'lang="cy"' not in seen.text
    assert "Have a place (1): Wren" in seen.text
    assert "has changed to Wed 25 Nov, 7pm. You keep your place." in seen.text
    moved = {**hidden(seen), "day": "2026-11-25", "at": "19:00", "reach": "one", "step": "move"}
    assert ada.post(f"{at}/move", data=moved).status_code == 302
    assert ada.post(f"{at}/move", data=moved).status_code == 302  # sent twice: nothing happens twice
    assert "tomorrow at 7pm" in ada.get(at).text
    old = ada.get(f"{at}/cancel")
    with on.database.write() as session:
        session.get_one(GroupSession, tonight).version += 1
    assert "changed while your page was open" in send(ada, f"{at}/cancel", old, reach="one").text
    page = ada.get(f"{at}/cancel")
    assert "the group ends" not in page.text
    assert "They read:" in page.text
    assert "on Wed 25 Nov, 7pm is off." in page.text
    with on.database.write() as session:
        session.get_one(Person, on.ids["wren"]).language = "cy"
    page = ada.get(f"{at}/cancel")
    assert "is off." not in page.text  # she alone is told
    [welsh] = re.findall(r'<p class="said" lang="cy">([^<]+)</p>', page.text)
    assert send(ada, f"{at}/cancel", page, reach="all").status_code == 403
    assert send(ada, f"{at}/cancel", page, reach="one").status_code == 302
    assert send(ada, f"{at}/cancel", page, reach="one").status_code == 302
    shown = ada.get(at)
    assert "This session is cancelled" in shown.text
    assert ">Had a place</h2>" in shown.text
    send(ada, f"{at}/restore", shown)
    assert "Cancel it" in ada.get(at).text
    with on.database.read() as session:
        told = session.scalars(select(OutboxMessage.purpose).where(OutboxMessage.key.startswith("changed:"))).all()
        done = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == tonight)).all()
        off = session.scalars(select(OutboxMessage.body).where(OutboxMessage.purpose == "session_cancelled")).one()
    assert sorted(told) == ["session_back_on", "session_cancelled", "session_moved"]
    assert html.unescape(welsh) == off
    assert {"session moved", "session cancelled", "session put back on"} <= set(done)


def test_who_came_is_kept_and_may_be_put_right(on: Stage) -> None:
    browser, path = on.browser("ada"), on.path("/console/sessions/{over}/attendance")
    page = browser.get(path)
    assert "Wren" in page.text
    assert send(browser, path, page, came=str(on.ids["wren"])).status_code == 302
    assert send(browser, path, page, came=str(on.ids["wren"])).status_code == 302  # sent twice
    assert "Somebody else kept who came" in send(browser, path, page).text
    assert send(browser, path, browser.get(path)).status_code == 302
    with on.database.read() as session:
        statuses = session.scalars(select(Booking.status).where(Booking.session_id == on.ids["over"])).all()
        kept = session.get_one(GroupSession, on.ids["over"]).attendance_by
    assert statuses == ["yes"]
    assert kept == on.ids["ada"]


def test_whoever_is_left_out_does_not_see_who_has_a_place_and_takes_nobody_out_who_came(on: Stage) -> None:
    at = on.path("/console/sessions/{over}")
    came = on.browser("cor")
    assert press(came, f"{at}/attendance", f"{at}/attendance", came=str(on.ids["wren"])).status_code == 302
    with on.database.write() as session:
        session.add(Exclusion(trainee_id=on.ids["wren"], excluded_id=on.ids["ada"], at=on.clock.now()))
    ada = on.browser("ada")
    pages = [ada.get(f"{at}{page}").text for page in ("", "/run-sheet", "/attendance")]
    assert not any("Wren" in page or str(on.ids["wren"]) in page for page in pages)
    with on.database.write() as session:
        before = session.get_one(GroupSession, on.ids["evening"])
        at_evening = select(Booking.status).where(Booking.session_id == before.id, Booking.person_id == on.ids["wren"])
        assert session.scalar(at_evening) == "yes"
    told = ada.get(on.path("/console/sessions/{evening}/cancel")).text
    assert ("Have a place" in told, "Wren" in told) == (True, False)
    assert "1 of 6 taken" in pages[0]  # how many is no secret, and an empty list would be untrue
    assert "Nobody had a place" not in pages[0]
    assert press(ada, f"{at}/attendance", f"{at}/attendance").status_code == 302
    with on.database.read() as session:
        statuses = session.scalars(select(Booking.status).where(Booking.session_id == on.ids["over"])).all()
    assert statuses == ["attended"]


def test_the_hours_of_a_group_are_stated_and_taken_back(on: Stage) -> None:
    browser, path = on.browser("cor"), on.path("/console/groups/{tuesday}/hours")
    shown = browser.get(path)
    assert "<h1>Hours of " in shown.text
    wrong = press(browser, path, path, kind="hours", from_time="09:00").text
    for message in ("Write when the hours end", "Choose at least one day", "Choose who comes first"):
        assert wrong.count(message) == 2, message  # at the top and at the field
    assert 'value="09:00"' in wrong
    with on.database.write() as session:
        reached = address_of(session, Sender("sms", "+447700900208", "mobile"), on.clock.now())
        reached.person_id = on.ids["lee"]
    old = hidden(shown)["stamp"]
    given = {"from_time": "09:00", "until_time": "09:00", "weekdays": "0", "lead": str(on.ids["lee"]), "stamp": old}
    same = press(browser, path, path, kind="hours", **given)
    assert "It must end at another time than it begins." in same.text
    kept: dict[str, Any] = {
        "kind": "hours",
        "stamp": old,
        "from_time": "09:00",
        "until_time": "17:00",
        "weekdays": list("01234"),
    }
    facilitator = press(browser, path, path, lead=str(on.ids["ada"]), **kept).text
    assert facilitator.count("Choose a lead who can be reached by text.") == 2
    assert press(browser, path, path, lead=str(on.ids["lee"]), **kept).status_code == 302
    assert "9am to 5pm, Mon to Fri, then" in browser.get("/console/rota").text
    assert 'value="17:00"' in browser.get(path).text
    assert press(browser, path, path, lead=str(on.ids["lee"]), **kept).status_code == 302  # sent twice
    late = press(browser, path, path, kind="always", stamp=old)
    assert "Somebody else stated the hours while your page was open: 9am to 5pm, Mon to Fri." in late.text
    assert press(browser, path, path, kind="always", stamp=hidden(late)["stamp"]).status_code == 302
    with on.database.read() as session:
        cover = session.get_one(GroupCover, on.ids["tuesday"])
        assert (cover.kind, cover.from_time, cover.out_of_hours_id) == ("always", None, None)
        actions = session.scalars(select(AuditEntry.action)).all()
    assert actions.count("hours stated") == 2
