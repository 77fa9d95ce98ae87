"""No page of the console asks more of the database when there is more in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import count

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from companion.db import new_id
from companion.models import (
    AuditEntry,
    Booking,
    Broadcast,
    BuddyMember,
    BuddyPair,
    CheckIn,
    Cohort,
    Cover,
    Duty,
    Exclusion,
    Group,
    GroupCover,
    GroupFacilitator,
    GroupSession,
    Invitation,
    JoinSource,
    Need,
    NeedAction,
    Person,
    Question,
    SupervisionDate,
    SupervisionDue,
    SurveyComment,
    SurveyTally,
    User,
    Way,
)
from tests.console_crowd import crowd
from tests.console_people import NOW, trainee
from tests.console_roles import IN, TABLE
from tests.console_stage import EPISODE, Queries, Stage, press, stage
from tests.databases import NewDatabase

MORE = 12
_numbers = count(500)  # beyond those of the stage and its crowd, so that no two are the same
LEAD, COORDINATOR = 3, 4  # places in the role table
PAGES = {
    page: "lee" if row[LEAD] == IN else "cor"
    for (method, page), row in TABLE.items()
    if method == "GET" and IN in (row[LEAD], row[COORDINATOR])
}


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    """A console with a programme in use."""
    set_up = stage(sqlite_databases())
    yield set_up
    set_up.database.close()


def test_no_page_asks_more_of_the_database_when_there_is_more_in_it(on: Stage) -> None:
    browsers = {who: on.browser(who) for who in ("lee", "cor")}
    press(browsers["lee"], "/console/account", on.path(EPISODE + "/gate/open"))
    _more(on, 2)  # one of each kind is often looked at in another way than several
    before = {page: _queries(on, browsers[who], page) for page, who in PAGES.items()}
    crowd(on)
    _more(on, MORE)
    after = {page: _queries(on, browsers[who], page) for page, who in PAGES.items()}
    assert {page: (before[page], after[page]) for page in PAGES if after[page] > before[page]} == {}


def _queries(on: Stage, browser: FlaskClient, page: str) -> int:
    browser.get(on.path(page))  # what is read for the first time is marked so
    with Queries(on.database) as queries:
        assert browser.get(on.path(page)).status_code == 200, page
    return queries.count


def _more(on: Stage, count: int) -> None:
    """Add so many of everything that a page may list."""
    for _ in range(count):
        with on.database.write() as session:
            mark = uuid.uuid4().hex[:6]
            cohort = Cohort(
                code=f"C{mark}".upper(), name=f"Cohort {mark}", nation="england", time_zone="Europe/London",
                checkin_weekday=0, checkin_at=time(18), created_at=NOW,
            )  # fmt: skip
            session.add_all([cohort, JoinSource(code=f"S{mark}".upper(), name=f"Poster {mark}", created_at=NOW)])
            session.flush()
            staff = _one_who_runs_it(session, mark, on)
            people = [trainee(session, f"P{mark}{n}", _number(), cohort_id=cohort.id)[0] for n in range(2)]
            group = _group(session, mark, cohort, staff, people)
            _around(session, group, staff, people, on)


def _number() -> str:
    return f"+447700900{next(_numbers)}"


def _one_who_runs_it(session: Session, mark: str, on: Stage) -> Person:
    staff, invited = (
        Person(role="facilitator", alias=f"{kind}{mark}", name=f"Dr {kind}{mark}", state="staff", created_at=NOW)
        for kind in "FI"
    )
    session.add_all([staff, invited])
    session.flush()
    duty = Duty(
        person_id=staff.id, role="first", time_zone="Europe/London", starts_on=NOW.date(), from_time=time(8), days=1,
        until_time=time(8), weekly=True, created_at=NOW,
    )  # fmt: skip
    session.add_all(
        [
            User(person_id=staff.id, email=f"{mark}@example.org", password="x", fs_uniquifier=mark),
            Invitation(
                person_id=invited.id, email=f"i{mark}@example.org", code_hash=uuid.uuid4().bytes * 2, created_at=NOW,
                created_by=on.ids["cor"], expires_at=NOW + timedelta(days=7),
            ),
            Way(
                person_id=staff.id, kind="sms", address=_number(), address_index=mark, created_at=NOW, verified_at=NOW
            ),
            AuditEntry(at=NOW, actor_id=staff.id, action="looked", subject_kind="person", subject_id=invited.id),
            duty,
        ]
    )  # fmt: skip
    session.flush()
    session.add(
        Cover(
            swap_id=new_id(), code=mark[:4].upper(), duty_id=duty.id, asked_by=staff.id, asked_of=on.ids["lee"],
            from_id=staff.id, to_id=on.ids["lee"], starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=2),
            state="offered", offered_at=NOW,
        )
    )  # fmt: skip
    return staff


def _group(session: Session, mark: str, cohort: Cohort, staff: Person, people: list[Person]) -> Group:
    group = Group(
        cohort_id=cohort.id, name=f"Group {mark}", time_zone="Europe/London", first_on=date(2026, 11, 24),
        local_time=time(18), join_link="https://meet.example.org/icu", created_at=NOW,
    )  # fmt: skip
    session.add(group)
    session.flush()
    session.add(GroupFacilitator(group_id=group.id, person_id=staff.id, position=0))
    for days in (-14, 1, 14):
        starts = NOW + timedelta(days=days, minutes=uuid.uuid4().int % 600)
        meeting = GroupSession(group_id=group.id, starts_at=starts, ends_at=starts + timedelta(minutes=45))
        session.add(meeting)
        session.flush()
        session.add_all(
            Booking(session_id=meeting.id, person_id=person.id, status="yes", seat=seat, offered_at=NOW)
            for seat, person in enumerate(people, 1)
        )
        if days < 0:
            session.add(SupervisionDue(session_id=meeting.id, person_id=staff.id, since=NOW, asked_at=NOW))
    for person in people:
        person.group_id = group.id
    session.add(GroupCover(group_id=group.id, kind="always", weekdays=list(range(7))))
    session.add(
        Duty(
            person_id=staff.id, group_id=group.id, role="first", time_zone="Europe/London", starts_on=NOW.date(),
            from_time=time(8), days=1, until_time=time(8), weekly=True, created_at=NOW,
        )
    )  # fmt: skip
    return group


def _around(session: Session, group: Group, staff: Person, people: list[Person], on: Stage) -> None:
    action = NeedAction(kind="food", line="There is soup.", by=staff.id, at=NOW)
    pair = BuddyPair(cohort_id=group.cohort_id, started_at=NOW)
    session.add_all([action, pair])
    session.flush()
    session.add_all(BuddyMember(pair_id=pair.id, person_id=person.id) for person in people)
    session.add_all(
        [
            *(
                Need(person_id=person.id, kind=kind, asked_at=NOW)
                for person in people
                for kind in ("food", "rest")
            ),
            *(
                CheckIn(
                    person_id=person.id, local_day=NOW.date(), question="week", asked_at=NOW, answered_at=NOW, score=6
                )
                for person in people
            ),
            Exclusion(trainee_id=people[0].id, excluded_id=staff.id, at=NOW),
            SurveyTally(group_id=group.id, quarter=date(2026, 7, 1), helpful=8, not_helpful=1),
            SurveyComment(group_id=group.id, quarter=date(2026, 7, 1), body="It helped.", agreed=True),
            SupervisionDate(at=NOW + timedelta(days=9), group_id=group.id, lead_id=on.ids["lee"], created_at=NOW),
            Question(day=date(2026, 11, 23), words="where do I leave my coat", why="nothing"),
            Broadcast(
                author_id=staff.id, audience="group", audience_key=str(group.id), purpose="broadcast", body="Room 4.",
                state="scheduled", people=2, created_at=NOW, leaves_at=NOW,
            ),
        ]
    )  # fmt: skip
