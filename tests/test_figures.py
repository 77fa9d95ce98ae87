"""Figures about the programme: right, frozen, and of many people only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from companion.console.evaluation import bars
from companion.models import (
    Address,
    Booking,
    CheckIn,
    Consent,
    Episode,
    FrozenFigure,
    GroupSession,
    JoinSource,
    Need,
    NeedAction,
    Person,
)
from companion.programme.figures import SUPPRESSED, Cell, Table, View, as_csv, suppress, tables
from companion.programme.monthly import NAME, freeze
from tests.console_people import NOW, trainee
from tests.console_stage import Stage, stage
from tests.databases import NewDatabase

OCTOBER = datetime(2026, 10, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("counts", "least", "shown"),
    [
        ([], 5, []),
        ([0, 0], 5, [0, 0]),
        ([12, 30], 5, [12, 30]),
        ([3, 12, 30], 5, [SUPPRESSED, SUPPRESSED, 30]),
        ([3, 4, 30], 5, [SUPPRESSED, SUPPRESSED, 30]),
        ([1, 1, 6, 30], 5, [SUPPRESSED, SUPPRESSED, SUPPRESSED, 30]),  # 2 people in two rows are one each
        ([3], 5, [SUPPRESSED]),
        ([3, 0], 5, [SUPPRESSED, 0]),
        ([9, 12, 30], 10, [SUPPRESSED, SUPPRESSED, 30]),
    ],
)
def test_few_are_suppressed_and_cannot_be_worked_out(counts: list[int], least: int, shown: list[object]) -> None:
    assert suppress(counts, least) == shown


@pytest.mark.parametrize(
    ("counts", "people", "shown"),
    [
        ([20, 30], [4, 10], [SUPPRESSED, SUPPRESSED]),
        ([20, 20, 30, 40], [4, 4, 10, 11], [SUPPRESSED, SUPPRESSED, SUPPRESSED, 40]),  # the same four, perhaps
        ([0, 30], [0, 10], [0, 30]),
    ],
)
def test_what_few_people_did_often_is_suppressed(counts: list[int], people: list[int], shown: list[object]) -> None:
    assert suppress(counts, 10, people) == shown


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    with here.database.write() as session:
        source = session.scalars(select(JoinSource)).one()
        for number in range(12):
            person, address = trainee(session, f"Crow {number:02}", f"+447700900{400 + number}")
            person.created_at, person.joined_at = OCTOBER, OCTOBER
            person.source_id = source.id if number < 7 else None
            for days, channel in enumerate(("sms" if number < 7 else "whatsapp", "whatsapp", "sms")):
                at = OCTOBER + timedelta(days=days)  # the first counts, whatever they did later
                session.add(Consent(person_id=person.id, event="shown", channel=channel, provider_sid="SM2", at=at))
            session.add(Need(person_id=person.id, kind="parking", asked_at=OCTOBER))
            session.add(
                CheckIn(
                    person_id=person.id,
                    local_day=date(2026, 10, 13),
                    question="checkin_week",
                    asked_at=OCTOBER,
                    answered_at=OCTOBER if number < 6 else None,
                    score=0,
                )
            )
            if number < 7:
                session.add(
                    Episode(
                        address_id=address.id,
                        person_id=person.id,
                        is_drill=number == 6,  # never counted
                        state="owned",
                        owner_id=here.ids["ada"],
                        opened_at=OCTOBER,
                        started_at=OCTOBER,
                        next_action_at=OCTOBER,
                        owned_at=OCTOBER + timedelta(minutes=number + 2),
                        step=1,
                        rounds=1,
                    )
                )
        freeze(session, NOW)
    yield here
    here.database.close()


def shown(on: Stage, table: str, view: View) -> Table:
    with on.database.write() as session:
        return next(t for t in tables(session, view, NOW) if t.id == table)


def rows(on: Stage, table: str, view: View) -> list[tuple[Cell, ...]]:
    return list(shown(on, table, view).rows)


def test_what_is_counted(on: Stage) -> None:
    assert sorted(rows(on, "uptake", "inside")) == [("Not known", 7, 7, 7), ("Poster in the mess", 7, 7, 7)]
    assert sorted(rows(on, "uptake", "outside")) == [
        (n, *[SUPPRESSED] * 3) for n in ("Not known", "Poster in the mess")
    ]
    by_sms = ("Text message (SMS)", 8, 8, 8)
    few = [(name, *[SUPPRESSED] * 3) for name in ("WhatsApp", "Not known")]  # 5 and 1: one alone could be worked out
    assert rows(on, "channels", "inside") == [by_sms, *few]
    assert rows(on, "checkins", "inside")[-1] == ("October 2026", 12, 6)
    assert rows(on, "responses", "inside")[-1][:3] == ("October 2026", 6, 4)
    assert rows(on, "responses", "outside")[-1][1:] == (SUPPRESSED,) * 3
    assert rows(on, "needs", "outside") == [("Parking", 12)]
    with on.database.write() as session:
        file = as_csv(tables(session, "outside", NOW), NOW)
    assert "Weekly questions,October 2026,Questions asked,12,2026-11-24" in file.splitlines()
    assert "Crow" not in file
    assert {
        f"How people came by channel,{name},Asked to join,suppressed,2026-11-24"
        for name in ("Text message (SMS)", "WhatsApp", "Not known")
    } <= set(file.splitlines())


def test_few_people_who_answer_often_are_few(on: Stage) -> None:
    """In November four people are asked five times each, and have a place and an episode each time."""
    november = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with on.database.write() as session:
        crows = session.scalars(select(Person).where(Person.alias.like("Crow %")).order_by(Person.alias)).all()[:4]
        for day in range(5):
            at = november + timedelta(days=day)
            meeting = GroupSession(group_id=on.ids["tuesday"], starts_at=at, ends_at=at + timedelta(hours=1))
            session.add(meeting)
            session.flush()
            for seat, crow in enumerate(crows, 1):
                session.add(
                    CheckIn(
                        person_id=crow.id, local_day=at.date(), question="checkin_week", asked_at=at, answered_at=at
                    )
                )
                session.add(
                    Booking(session_id=meeting.id, person_id=crow.id, status="attended", seat=seat, offered_at=at)
                )
                address = session.scalars(select(Address).where(Address.person_id == crow.id)).one()
                session.add(
                    Episode(
                        address_id=address.id,
                        person_id=crow.id if seat > 1 else None,  # opened before it was known whose number it is
                        state="closed",
                        outcome="spoke",
                        owner_id=on.ids["ada"],
                        opened_at=at,
                        started_at=at,
                        owned_at=at + timedelta(minutes=3),
                        closed_by=on.ids["ada"],
                        closed_at=at + timedelta(hours=1),
                        step=1,
                        rounds=1,
                    )
                )
        done = NeedAction(kind="parking", line="There is parking.", by=on.ids["ada"], at=november)
        session.add(done)
        session.flush()
        session.add(Need(person_id=crows[0].id, kind="parking", asked_at=november, action_id=done.id))
        assert freeze(session, datetime(2026, 12, 9, tzinfo=UTC)) == 1
        kept = session.get_one(FrozenFigure, (NAME, date(2026, 11, 1))).data
    for name in ("asked", "answered", "attended", "episodes"):
        assert (kept[name], kept["people"][name]) == (20, 4)
    for table, figures in (("checkins", 2), ("responses", 3)):  # the one month alone could be worked out from a total
        assert [row[1:] for row in rows(on, table, "inside")] == [(SUPPRESSED,) * figures] * 2
    assert rows(on, "attendance", "inside")[-1][3] == SUPPRESSED
    assert rows(on, "needs", "outside") == [("Parking", 12)]
    with on.database.write() as session:
        for month in session.scalars(select(FrozenFigure).where(FrozenFigure.name == NAME)):
            month.data = {name: value for name, value in month.data.items() if name != "people"}  # as it was once kept
    assert [row[1:] for row in rows(on, "checkins", "outside")] == [(12, SUPPRESSED), (20, SUPPRESSED)]
    assert rows(on, "responses", "inside")[-1] == ("November 2026", 20, 3, 3)
    for table in ("attendance", "checkins", "responses"):
        assert "Up to November 2026 only the count itself is known" in shown(on, table, "outside").about


def test_a_month_is_frozen_a_week_after_its_end_and_never_again(on: Stage) -> None:
    with on.database.write() as session:
        months = session.scalars(select(FrozenFigure.month)).all()
        assert date(2026, 10, 1) in months
        assert date(2026, 11, 1) not in months
        for row in session.scalars(select(CheckIn)):
            row.answered_at = OCTOBER
        assert freeze(session, NOW) == 0
        assert freeze(session, datetime.combine(date(2026, 12, 7), time(23), UTC)) == 0
        assert freeze(session, datetime.combine(date(2026, 12, 8), time(1), UTC)) == 1
    assert [row for row in rows(on, "checkins", "inside") if row[0] == "October 2026"] == [("October 2026", 12, 6)]


def test_the_page_has_a_bar_under_each_count_and_the_report_shows_less(on: Stage) -> None:
    lee = on.browser("lee")
    page = lee.get("/console/evaluation").text
    assert page.count("<table") > 3
    assert 'class="bar"' in page
    assert "<script>" not in page
    assert ">7<svg" in page
    report = lee.get("/console/evaluation/report").text
    assert ">7<svg" not in report
    assert "A count with fewer than 10 people behind it is “suppressed”" in report
    assert "These are replies, not people" in report
    assert lee.get("/console/evaluation.csv").mimetype == "text/csv"


def test_bars_are_as_long_as_their_counts_and_what_is_suppressed_or_nought_has_none() -> None:
    def drawn(*rows: tuple[Cell, ...]) -> dict[tuple[int, int], int]:
        return bars(Table("joining", "Joining", "By month.", ("Month", "Joined", "Left"), rows, (1, 2)))

    assert drawn() == {}
    assert drawn(("October", 0, SUPPRESSED)) == {}
    assert drawn(("October", 3, 0)) == {(0, 1): 100}
    assert drawn(("September", 200, 50), ("October", SUPPRESSED, 1)) == {(0, 1): 100, (0, 2): 25, (1, 2): 1}
