"""After a session: help and one question to those who came, debriefing and supervision for facilitators."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from companion.models import (
    AuditEntry,
    Booking,
    Group,
    InboundMessage,
    OutboxMessage,
    Person,
    SupervisionDate,
    SurveyComment,
    SurveyTally,
)
from companion.programme import supervision, survey
from companion.retention import purge
from tests.console_logins import hidden, signed_in
from tests.console_stage import press
from tests.safety.stage import give_logins
from tests.safety.test_r17_readiness import signed_in_as
from tests.world import Talker, World

OVER = datetime(2026, 11, 26, 19, 45, tzinfo=UTC)  # half an hour after the first session's end


def after_the_session(world: World, *numbers: str) -> list[Talker]:
    """Let people come to the first session, and everything up to its end be heard."""
    people = [world.member(number) for number in numbers]
    for person in people:
        person.texts("YES")
    world.move_to(OVER - timedelta(minutes=1))
    for person in people:
        person.ignores()
    world.staff_ignores()
    world.move_to(OVER)
    return people


@pytest.mark.one_database("postgresql")
def test_who_came_gets_help_and_one_question_that_leaves_no_trace(world: World) -> None:
    home = world.member("+447700900109")  # has a place offered and never answers
    asha, ben, cara, dev = after_the_session(world, "+447700900101", "+447700900102", "+447700900103", "+447700900104")
    home.ignores()
    for person in (asha, ben, cara, dev):
        person.hears(
            "If you came to ICU North", "Guardian of Safe Working Hours", "Reply YES or NO", "without your name"
        )
    world.staff_ignores()
    asha.texts("yes")
    asha.hears("make it better")
    ben.texts("No")
    ben.hears("make it better")
    # A text that answers and asks gets both; words beside the answer are asked about.
    cara.texts("yes it was good with Dr Patel, a bit longer would be better, my number is 07700 900103")
    cara.hears("May we show these words", "YES or NO")
    cara.texts("sleep")  # anything else works meanwhile
    cara.hears("This may help")
    cara.texts("yes")
    cara.hears("kept without your name")
    asha.texts("shorter check-in would be good")
    asha.hears("May we show these words")
    asha.texts("no")
    asha.hears("Your words are removed")
    ben.texts("nothing")
    ben.ignores()
    # What worries the watch list goes to a person whatever was asked.
    dev.texts("no, and I am not coping at all")
    world.settle()
    dev.hears("That sounds hard")
    with world.database.read() as session:
        tally = session.scalars(select(SurveyTally)).one()
        assert (tally.helpful, tally.not_helpful, tally.quarter) == (2, 2, date(2026, 10, 1))
        words = session.scalars(select(SurveyComment)).one()
        assert words.body == "yes it was good with [removed], a bit longer would be better, my number is [removed]"
        assert words.agreed
        kept = session.scalars(
            select(InboundMessage.body).where(InboundMessage.received_at >= OVER, InboundMessage.body.is_not(None))
        ).all()
        assert sorted(map(str, kept)) == ["no, and I am not coping at all", "nothing", "sleep"]
    # It is closed after three days, and nobody is reminded.
    world.advance(hours=73)
    for person in (asha, ben, cara, dev, home):
        person.ignores()
    dev.texts("yes")
    dev.ignores()
    with world.database.read() as session:
        tally = session.scalars(select(SurveyTally)).one()
        assert tally.helpful + tally.not_helpful == 4
        assert len(session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "survey_helpful")).all()) == 4
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_only_those_marked_as_there_are_asked_and_unanswered_words_go(world: World) -> None:
    with world.database.write() as session:
        group = session.scalars(select(Group)).one()
        group.cohort.topic = None
    asha, ben = (world.member(number) for number in ("+447700900101", "+447700900102"))
    asha.texts("YES")
    ben.texts("YES")
    world.move_to(OVER - timedelta(minutes=20))
    asha.ignores()
    ben.ignores()
    with world.database.write() as session:
        first = session.scalar(select(Booking.id).join(Person).order_by(Person.created_at).limit(1))
        session.execute(update(Booking).where(Booking.id == first).values(status="attended"))
    world.advance(minutes=30)
    asha.hears("If you came to ICU North", "Text MENU for places that help")
    ben.hears_nothing()
    asha.texts("good but the room was cold")
    asha.hears("May we show these words")
    world.move_to(OVER + timedelta(hours=80))
    with world.database.write() as session:
        purge(session, world.clock.now(), keep_months=24)
        assert session.scalars(select(SurveyComment)).all() == []
    asha.ignores()
    ben.ignores()
    world.staff_ignores()


def test_facilitators_are_asked_how_it_was_and_the_lead_sees_who_waits(world: World) -> None:
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    with world.database.write() as session:
        lead = session.scalars(select(Person).where(Person.role == "lead")).one()
        group = session.scalars(select(Group)).one()
        supervision.plan(session, datetime(2026, 12, 3, 18, tzinfo=UTC), group.id, lead, world.clock.now(), lead.id)
        supervision.plan(session, datetime(2026, 12, 9, 18, tzinfo=UTC), None, lead, world.clock.now(), lead.id)
    after_the_session(world)
    for facilitator in (cole, dunne):
        facilitator.hears("ICU North is over", "text CONCERN", "next supervision is Thu 3 Dec, 6pm", "SUPERVISION")
    dunne.texts("Supervision please")
    dunne.hears("told 1 lead", "Thu 3 Dec")
    world.settle()
    erskine.hears("Dr Dunne would like supervision sooner")
    dunne.texts("supervision")  # asked again on the same day, the lead is not told twice
    dunne.hears("told 1 lead")
    cole.texts("SUPERVISED")
    cole.hears("noted that you had supervision")
    cole.texts("supervised.")
    cole.hears("none due for you")
    world.advance(days=4)  # over Monday morning
    erskine.hears("no supervision since their last group: Dr Dunne")
    erskine.texts("SUPERVISION")
    erskine.hears("These wait for it: Dr Dunne")
    erskine.texts("SUPERVISED DUNNE")
    erskine.hears("noted that Dr Dunne had supervision")
    erskine.texts("SUPERVISED Dunne")
    erskine.hears("none due for Dr Dunne")
    erskine.texts("supervised")
    erskine.hears("Everyone has had supervision")
    with world.database.read() as session:
        assert supervision.waiting(session) == []
    world.staff("coordinator").ignores()


@pytest.mark.one_database("sqlite")
def test_a_date_is_set_once_and_who_heard_of_it_hears_that_it_moves_or_is_off(world: World) -> None:
    cole, dunne, erskine = world.staff("facilitator"), world.staff("facilitator", 1), world.staff("lead")
    lead, cor, dates = signed_in(world, "lead"), signed_in(world, "coordinator"), "/console/supervision"
    with world.database.read() as session:
        group = session.scalars(select(Group.id)).one()
    third = {"group": str(group), "day": "2026-12-03", "at": "18:00"}
    press(lead, dates, dates, **third)
    press(cor, dates, dates, **third)  # the same again, by somebody who leads none
    twice = SupervisionDate(at=datetime(2026, 12, 3, 18, tzinfo=UTC), group_id=group, created_at=world.clock.now())
    with pytest.raises(IntegrityError), world.database.write() as session:  # nor by two in one moment
        session.add(twice)
    page = lead.get(dates).text
    assert "set already" in cor.get(dates).text
    assert page.count("ICU North, with Dr Erskine.") == 1
    press(lead, dates, dates, **third | {"day": "2026-12-10"})
    world.settle()
    date = lead.get(dates).text.split('href="/console/supervision/dates/')[1].split('"')[0]
    path = f"{dates}/dates/{date}"
    seen = hidden(lead.get(path).text, "seen")
    moved = {"day": "2026-12-04", "at": "17:30", "lead": "", "seen": seen}
    assert "set for this time already" in press(cor, path, path, **moved | {"day": "2026-12-10", "at": "18:00"}).text
    press(cor, path, path, **moved)
    press(cor, path, path, **moved)  # sent twice
    assert "was changed while your page was open" in press(lead, path, path, **moved | {"day": "2026-12-05"}).text
    world.settle()
    erskine.hears("You no longer lead the supervision on Thu 3 Dec, 6pm.")
    for each in (cole, dunne):
        each.hears("Supervision on Thu 3 Dec, 6pm moves to Fri 4 Dec, 5:30pm.")
    for _ in range(2):
        press(cor, dates, f"{path}/cancel")
    world.settle()
    cole.hears("Supervision on Fri 4 Dec, 5:30pm is off.", "next supervision is Thu 10 Dec, 6pm")
    dunne.ignores()
    with world.database.read() as session:
        audited = select(AuditEntry.action, AuditEntry.details).where(AuditEntry.subject_kind == "supervision_dates")
        found = [tuple(row) for row in session.execute(audited.order_by(AuditEntry.id))]
    assert [action for action, _ in found] == ["supervision planned"] * 2 + [
        "supervision changed",
        "supervision cancelled",
    ]
    assert found[2][1]["lead"] == ["Dr Erskine", None]


@pytest.mark.one_database("sqlite")
def test_the_weekly_line_is_due_in_the_zone_of_the_programme(world: World) -> None:
    with world.database.write() as session:
        session.execute(update(Group).values(time_zone="America/New_York"))
    after_the_session(world)
    world.staff_ignores()
    with world.database.read() as session:
        due = supervision.next_digest(session, world.clock.now(), world.settings.zone)
    assert due == datetime(2026, 11, 30, 9, tzinfo=UTC)
    world.move_to(due)
    world.staff("lead").hears("no supervision since their last group: Dr Cole, Dr Dunne")


@pytest.mark.parametrize(
    ("replies", "helpful", "shown"),
    [
        (5, 5, "most found it helpful"),
        (5, 0, "most did not find it helpful"),
        (6, 3, "mixed"),
        (9, 6, "most found it helpful"),
        (10, 10, "more than 95 in 100 found it helpful"),
        (10, 0, "fewer than 5 in 100 found it helpful"),
        (40, 39, "more than 95 in 100 found it helpful"),
        (12, 7, "about 60 in 100 found it helpful"),
    ],
)
def test_no_result_says_none_or_all(replies: int, helpful: int, shown: str) -> None:
    assert survey.share(replies, helpful) == shown


@pytest.mark.parametrize(
    ("groups", "counted"),
    [
        ([(7, 5), (3, 0)], (7, 5)),  # three people could be worked out from the total, so they are not in it
        ([(7, 5), (3, 0), (2, 2)], (12, 7)),  # five could not
        ([(4, 4), (4, 0)], (8, 4)),
        ([(4, 4)], (0, 0)),
        ([], (0, 0)),
    ],
)
def test_a_total_leaves_no_small_group_to_be_worked_out(
    groups: list[tuple[int, int]], counted: tuple[int, int]
) -> None:
    assert survey.pooled(groups) == counted


def test_results_wait_for_enough_and_are_frozen_once_shown(world: World) -> None:
    quarter = date(2026, 7, 1)
    with world.database.write() as session:
        group = session.scalars(select(Group.id)).one()
        survey.open_tally(session, group, quarter)
        seen = []
        for number in range(1, 13):
            survey.count(session, group, quarter, helpful=number != 6)
            session.expire_all()
            inside, outside = survey.inside(session, group, quarter), survey.outside(session, quarter)
            seen.append((inside.replies, inside.suppressed, outside.replies, outside.suppressed))
        assert seen[0] == (1, True, None, True)
        assert seen[3] == (4, True, None, True)
        # The sixth answer, the only no, changes nothing that is shown; five more do.
        assert [each[:2] for each in seen[4:9]] == [(5, False)] * 5
        assert [each[:2] for each in seen[9:]] == [(10, False)] * 3
        assert [each[2:] for each in seen[8:]] == [(None, True), (10, False), (10, False), (10, False)]
        for number in range(5):
            id_ = uuid.uuid4()
            survey.keep_words(session, id_, group, quarter, f"words {number}")
            survey.settle_words(session, id_, agreed=True)
            found = survey.comments(session, group, quarter, date(2026, 10, 1))
            assert len(found) == (5 if number == 4 else 0)
        assert survey.comments(session, group, quarter, date(2026, 9, 30)) == ()
    give_logins(world)
    page = signed_in_as(world, "Dr Cole").get(f"/console/groups/{group}").text
    assert "July to September 2026" in page
    assert "10 replies: about 90 in 100 found it helpful." in page
    assert all(f"<li>words {number}</li>" in page for number in range(5))


def test_no_column_of_an_answer_leads_to_who_gave_it() -> None:
    for table in (SurveyTally.__table__, SurveyComment.__table__):
        assert not {column.name for column in table.columns} - {
            *("id", "group_id", "quarter", "helpful", "not_helpful", "body", "agreed")
        }


@pytest.mark.one_database("sqlite")
def test_who_could_not_come_is_thanked_for_nothing_and_counted_nowhere(world: World) -> None:
    (asha,) = after_the_session(world, "+447700900101")
    asha.hears("If you came to ICU North, was it helpful?")
    asha.texts("sorry couldn't make it last night")
    asha.hears("It is fine to miss one", "NEXT")
    with world.database.read() as session:
        assert session.scalars(select(SurveyComment)).all() == []
        assert session.scalars(select(SurveyTally.helpful + SurveyTally.not_helpful)).one() == 0
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_nobody_is_asked_about_a_session_to_which_nobody_came(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts("YES")
    world.move_to(OVER - timedelta(minutes=20))
    asha.ignores()
    cole.ignores()
    cole.texts("CAME NONE")
    cole.hears("Came: nobody so far")
    world.move_to(OVER + timedelta(minutes=5))
    asha.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_what_is_asked_in_place_of_an_answer_or_beside_it_is_answered(world: World) -> None:
    asha, ben, cara = after_the_session(world, "+447700900101", "+447700900102", "+447700900103")
    for person in (asha, ben, cara):
        person.hears("was it helpful?")
    asha.texts("i moved to belfast, who can i call")  # no comment on the group
    asha.hears("look for help in Northern Ireland")
    asha.hears("This may help")
    ben.texts("can i bring a friend?")
    ben.hears("for those who have joined", "INVITE")
    cara.texts("it was ok but when is the next one?")
    cara.hears("make it better")
    cara.hears("ICU North meets Thu 10 Dec")
    asha.texts("yes")  # is still an answer to what was asked
    asha.hears("make it better")
    with world.database.read() as session:
        assert session.scalars(select(SurveyComment)).all() == []
        assert session.scalars(select(SurveyTally.helpful)).one() == 2
    world.staff_ignores()
