"""The weekly question and its answers, a person's own weeks, and the hour they choose."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from companion.conversation.intents import understand
from companion.models import CheckIn, ContactRequest
from companion.programme.weeks import person_of, token_for
from companion.web import build_app
from tests.world import START, World

TUESDAY = datetime(2026, 11, 24, 19, 1, tzinfo=UTC)  # the cohort asks on Tuesdays at seven


def asked(world: World, talker: object, at: datetime) -> str:
    """Move to a week's question and return it."""
    world.move_to(at)
    world.staff_ignores()
    texts = [text for text in talker.ignores() if "999" in text]  # type: ignore[attr-defined]
    assert len(texts) == 1, texts
    return str(texts[0])


@pytest.mark.one_database("sqlite")
def test_a_number_answers_the_last_question_until_the_next_may_come(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.ignores()
    asked(world, asha, TUESDAY)
    world.advance(days=4)
    asha.texts("4")
    asha.hears("Thanks, noted")
    asked(world, asha, TUESDAY + timedelta(days=7))
    world.advance(days=5)
    asha.ignores()  # a place was offered since
    asha.texts("rubbish, 2")
    asha.hears("Thanks for telling us")
    asha.texts("MY WEEKS")
    asha.hears("24 Nov: 4", "1 Dec: 2")
    asked(world, asha, TUESDAY + timedelta(days=14))
    world.advance(days=6, hours=1)
    asha.texts("4")
    asha.hears("we have not asked a question just now")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_number_may_be_put_right_and_one_off_the_scale_is_asked_again(world: World) -> None:
    asha = world.member()
    asha.texts("NO")
    world.advance(days=2)
    asha.ignores()
    asha.texts("11")
    asha.hears("a number from 0 (hardest) to 10")
    asha.texts("8")
    asha.hears("Thanks, noted")
    asha.texts("no i meant 7")
    asha.hears("Thanks, noted")
    asha.texts("MY WEEKS")
    asha.hears("24 Nov: 7")
    world.advance(hours=3)
    asha.texts("5")
    asha.hears("we have not asked a question just now")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_low_answers_are_met_and_nobody_is_called_without_a_yes(world: World) -> None:
    asha = world.member()
    asha.texts("no")  # no place, so no reminder takes the week's question
    asha.ignores()
    asked(world, asha, TUESDAY)
    asha.texts("bit rubbish tbh")
    asha.hears("Thanks for telling us. That sounds hard.", "CALL ME")
    asked(world, asha, TUESDAY + timedelta(days=7))
    asha.texts("about a 2")
    low_again = asha.hears("still hard", "YES or NO")
    assert not re.search(r"score|low|diagnos", low_again)
    with world.database.read() as session:
        assert session.scalars(select(ContactRequest)).all() == []
    asha.texts("MY WEEKS")  # asks something else and answers nothing
    asha.hears("1 Dec: 2")
    asha.texts("no thanks")
    asha.hears("will not ask a facilitator")
    asked(world, asha, TUESDAY + timedelta(days=14))
    asha.texts("9!! passed my exam")
    asha.hears("Thanks, noted")
    asked(world, asha, TUESDAY + timedelta(days=21))
    asha.texts("5")  # not low, but a fall of four
    asha.hears("YES or NO")
    asha.texts("yes please")
    asha.hears("on the list for a facilitator")
    world.settle()
    world.staff_ignores()
    with world.database.read() as session:
        assert len(session.scalars(select(ContactRequest)).all()) == 1
        given = session.execute(select(CheckIn.score, CheckIn.said_hard).order_by(CheckIn.asked_at)).all()
    assert [tuple(row) for row in given] == [(None, True), (2, None), (9, None), (5, None)]

    asha.texts("MY WEEKS")
    told = asha.hears("8 Dec: 9", "15 Dec: 5", "/weeks/")
    token = re.search(r"/weeks/(\S+)", told)
    assert token is not None
    pages = build_app(world.services).test_client()
    shown = pages.get(f"/weeks/{token[1]}")
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store, private"
    assert all(f"<td>{number}</td>" in shown.text for number in (2, 9, 5))
    drawn = pages.get(f"/weeks/{token[1]}/picture.svg")
    assert drawn.mimetype == "image/svg+xml"
    assert b"<svg" in drawn.data
    assert b"<script" not in drawn.data
    world.advance(hours=25)
    assert pages.get(f"/weeks/{token[1]}").status_code == 404
    assert pages.get(f"/weeks/{token[1]}/picture.svg").status_code == 404
    asha.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_number_answers_the_question_though_something_else_was_asked_since(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.ignores()
    asked(world, asha, TUESDAY)
    asha.texts("NEXT")
    asha.hears("ICU North")
    asha.texts("late")
    asha.hears("do not have a place", "Reply YES to book")
    asha.texts("7")
    asha.hears("Thanks, noted")
    asha.texts("yes")
    asha.hears("you have a place")
    asha.texts("7")  # the question has its answer, and it stays the same
    asha.hears("Thanks, noted")
    with world.database.read() as session:
        assert session.scalar(select(CheckIn.score)) == 7

    asked(world, asha, TUESDAY + timedelta(days=7))
    asha.texts("link")
    asha.hears("You do not have a place", "Reply YES")
    asha.texts("4 - knackered but fine")  # is no yes
    asha.hears("Thanks, noted")
    with world.database.read() as session:
        assert session.scalars(select(CheckIn.score).order_by(CheckIn.asked_at)).all() == [7, 4]
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("late", ["sorry only seeing this now, 6", "Sorry for the late reply. 6", "just seen this, 6"])
def test_a_number_that_comes_late_is_no_answer_about_a_place(world: World, late: str) -> None:
    asha = world.member()
    asked(world, asha, TUESDAY)
    asha.texts("YES")
    asha.hears("you have a place")
    world.move_to(TUESDAY + timedelta(hours=25))
    asha.ignores()  # the reminder
    asha.texts(late)
    asha.hears("Thanks, noted")
    asha.texts("NEXT")
    asha.hears("You have a place")
    with world.database.read() as session:
        assert session.scalar(select(CheckIn.score)) == 6
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_the_hour_is_the_persons_own(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.ignores()
    asha.texts("MY WEEKS")
    asha.hears("not given us a number yet")
    asha.texts("CHECKIN")
    asha.hears("CHECKIN TUE 7PM")
    asha.texts("QUIET 10PM TO 8AM")
    asha.ignores()
    asha.texts("checkin sunday 11pm")
    asha.hears("quiet hours")
    asha.texts("Checkin Sun 7.30pm")
    asha.hears("Sundays at 7:30pm")
    world.move_to(TUESDAY + timedelta(hours=1))
    asha.hears_nothing()
    asked(world, asha, datetime(2026, 11, 29, 19, 31, tzinfo=UTC))
    asha.texts("PAUSE 2 weeks")
    asha.hears("paused until")
    world.move_to(datetime(2026, 12, 8, 20, 0, tzinfo=UTC))
    assert not [text for text in asha.ignores() if "week" in text]
    asha.texts("checkin usual")
    asha.hears("everyone else")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_quiet_hours_put_a_question_off_and_danger_goes_before_a_number(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.texts("QUIET 5PM TO 8AM")
    asha.ignores()
    world.move_to(TUESDAY + timedelta(hours=12))
    asha.hears_nothing()
    asked(world, asha, TUESDAY + timedelta(hours=13))
    asha.texts("8 but honestly i want to end my life")
    asha.hears("Thank you for telling us", "999", "116 123")
    asha.ignores()
    world.settle()
    assert world.staff("facilitator").ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_no_question_on_the_day_of_a_reminder(world: World) -> None:
    asha = world.member()
    asha.texts("yes")  # a place on Thursday: the reminder comes on Wednesday
    asha.texts("CHECKIN WED 9AM")
    asha.ignores()
    world.move_to(TUESDAY + timedelta(hours=15))
    asha.hears_nothing()
    asha.texts("CHECKIN FRI 9AM")
    asha.ignores()
    world.move_to(TUESDAY + timedelta(days=2, hours=20))
    assert [text for text in asha.ignores() if "Not read live" in text]
    world.staff_ignores()


LOW = (
    "failed my exam. feel like such an idiot",
    "nothing good",
    "got another complaint",
    "didnt get the job",
    "bit rubbish tbh",
    "Hard",
    "very hard",
    "exhausted",
    "not great",
    "😭",
    "cried twice",
    "really tough week",
)
NOT_LOW = (
    "passed the exam i failed last time",
    "not bad",
    "could be worse",
    "Good",
    "Mixed",
    "tired but ok",
    "not too bad, busy",
    "better than last week",
    "ok",
)


@pytest.mark.parametrize("text", LOW)
def test_words_that_say_it_is_hard(text: str) -> None:
    assert understand(text, "checkin_prompt").slots == {"low": 1}


@pytest.mark.parametrize("text", NOT_LOW)
def test_words_that_do_not(text: str) -> None:
    got = understand(text, "checkin_prompt")
    assert got.intent == "checkin_word"
    assert "low" not in got.slots


def test_a_link_to_ones_weeks_cannot_be_made_up() -> None:
    person = uuid.uuid4()
    token = token_for("secret", person, START)
    assert person_of("secret", token, START) == person
    assert person_of("secret", token, START + timedelta(hours=24)) is None
    assert person_of("another", token, START) is None
    for wrong in ("", "x", token[:-1], token[:-2] + "AA", "é" * 30, "=" * 48):
        assert person_of("secret", wrong, START) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("my week has been a 3, rota is killing me", "That sounds hard"),
        ("feeling about a 2 today", "That sounds hard"),
        ("this week was a 7 for me", "we have not asked a question"),
    ],
)
def test_a_number_for_the_week_that_nothing_asked_for_is_answered(world: World, text: str, answer: str) -> None:
    asha = world.member()
    asha.texts(text)
    asha.hears(answer)


@pytest.mark.one_database("sqlite")
def test_a_link_that_lost_a_piece_leads_to_plain_words(world: World) -> None:
    cut_off = build_app(world.services).test_client().get("/week")
    assert cut_off.status_code == 404
    assert "open it again from the text" in cut_off.text
    assert "call 999" in cut_off.text
