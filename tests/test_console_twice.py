"""A form that is sent twice, as by a second press while the first is on its way, does what it does once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from companion.models import AuditEntry, Base, Need, Way
from tests.console_people import NOW
from tests.console_stage import Stage, press, stage, token
from tests.databases import NewDatabase
from tests.html_forms import Seen

EPISODE = "/console/episodes/{episode}"
DUTY = {"starts_on": "2026-12-01", "from_time": "20:00", "ends_on": "2026-12-02", "until_time": "08:00"}
LOCAL = "/console/content/places/local-occupational-health"
MAY_DIFFER = (AuditEntry.__tablename__,)  # that somebody pressed is on record each time
TWICE: tuple[tuple[str, str, dict[str, str]], ...] = (  # who, where, and what is sent with what the page holds
    ("lee", f"{EPISODE}/close", {"outcome": "could not reach", "second": "{ada}"}),
    ("lee", f"{EPISODE}/write", {"said": "May I ring you?", "do": "send"}),
    ("lee", f"{EPISODE}/note", {"body": "She is with a friend."}),
    ("lee", "/console/people/{finch}/concern", {"words": "I am worried about her."}),
    ("lee", "/console/people/{wren}/write", {"words": "Hello there.", "step": "send"}),
    ("lee", "/console/people/{finch}/copy", {}),
    ("lee", "/console/supervision", {"group": "{tuesday}", "day": "2026-12-10", "at": "18:00"}),
    ("lee", "/console/supervision/dates/{supervision}", {"day": "2026-12-11", "at": "18:00"}),
    ("cor", "/console/rota/add", {"person": "{ada}", "role": "first", "group": "", **DUTY}),
    ("cor", "/console/cohorts/new", {"code": "WARDS", "name": "Wards", "weekday": "0", "at": "18:00"}),
    ("cor", "/console/sources", {"code": "TALK", "name": "A talk"}),
    ("cor", "/console/users/invite", {"name": "Dr Fox", "email": "fox@example.org", "role": "coordinator"}),
    ("cor", "/console/users/{bo}/number", {"number": "07700 900778"}),
    ("cor", "/console/needs/food", {"words": "There is food in room 4.", "step": "preview"}),
    ("cor", LOCAL, {"phone": "0113 496 0456", "review_by": "2027-05-01"}),
    (
        "ada",
        "/console/messages/group/new",
        {"audience": "group:{tuesday}", "words": "Room 5 today.", "step": "preview"},
    ),
    ("ada", "/console/sessions/{over}/attendance", {"came": "{wren}"}),
    ("lee", "/console/sessions/{evening}/cancel", {"reach": "one"}),
    ("lee", "/console/sessions/{evening}/restore", {}),
    ("bo", "/console/ways", {"kind": "call", "address": "07700 900555"}),
    ("ada", "/console/requests/{request}/done", {}),
    ("ada", "/console/notices/{notice}/done", {}),
    ("cor", "/console/alarms/{alarm}/done", {}),
    ("ada", "/console/messages/{wren}/read", {}),
    ("ada", "/console/rota/calendar/new", {}),
    ("lee", "/console/people/{finch}/left-out/{bo}/exclude", {}),
    ("ada", "/console/content/families/wants_to_die/down", {"reason": "Our wards use one of its words every day."}),
)


@pytest.fixture(scope="module")
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    with here.database.write() as session:
        session.add(Need(person_id=here.ids["wren"], kind="food", asked_at=NOW))
        number = "+447700900201"  # Ada's, at which two ways have been shown to work
        for kind in ("sms", "call"):
            way = Way(person_id=here.ids["ada"], kind=kind, address=number, address_index=number, created_at=NOW)
            way.verified_at = NOW
            session.add(way)
    lee, page = here.browser("lee"), here.path(EPISODE)
    press(lee, page, f"{page}/gate/open")
    press(lee, page, f"{page}/take")
    yield here
    here.database.close()


@pytest.fixture(scope="module")
def browsers(on: Stage) -> Mapping[str, FlaskClient]:
    return {who: on.browser(who) for who in ("ada", "bo", "lee", "cor")}


def rows(on: Stage) -> Mapping[str, int]:
    """Return how many rows each table has."""
    with on.database.read() as session:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in MAY_DIFFER]
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@pytest.mark.parametrize(("who", "where", "given"), TWICE, ids=lambda value: value if isinstance(value, str) else "")
def test_a_second_press_does_nothing_more(
    on: Stage, browsers: Mapping[str, FlaskClient], who: str, where: str, given: Mapping[str, str]
) -> None:
    browser, path = browsers[who], on.path(where)
    fields = {name: on.path(value) for name, value in given.items()}
    page = browser.get(path)
    kept: dict[str, object] = {}
    for form in Seen(page.text).forms if page.status_code == 200 else ():
        if any(name in form.kinds for name in fields):
            kept |= {name: values for name, values in form.values.items() if values}
    data = {**kept, "csrf_token": token(browser.get("/console/account")), **fields}
    before = rows(on)
    first = browser.post(path, data=data)
    after = rows(on)
    second = browser.post(path, data=data)
    assert {first.status_code, second.status_code} <= {200, 302}, (first.status_code, second.status_code)
    assert rows(on) == after
    assert before != after or first.status_code == 302, first.text  # it did something the first time


def test_a_second_press_on_invite_leads_to_whoever_was_invited(on: Stage, browsers: Mapping[str, FlaskClient]) -> None:
    form = {"name": "Dr Hill", "email": "hill@example.org", "role": "coordinator"}
    data = {"csrf_token": token(browsers["cor"].get("/console/account")), **form}
    assert "Dr Hill" in browsers["cor"].post("/console/users/invite", data=data).text
    again = browsers["cor"].post("/console/users/invite", data=data, follow_redirects=True)
    assert again.request.path.startswith("/console/users/")
    assert "Dr Hill is invited. The code was shown once" in again.text
    other = browsers["cor"].post("/console/users/invite", data={**data, "role": "auditor"})
    assert "Dr Hill is taken by someone else" in other.text
