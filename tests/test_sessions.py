"""Sessions as people live them: a freed place, a moved evening, the page behind the link, a calendar."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from companion.models import Booking, Group, GroupSession, Person
from companion.programme import changing, reminders
from companion.programme.joining_ways import tell_new_ways, ways_of
from tests.first_session import SESSION, attended, first_session
from tests.world import Talker, World


def crowd(world: World, count: int = 6) -> list[Talker]:
    """Return so many trainees who have said yes to the first session."""
    found = []
    for number in range(count):
        trainee = world.member(f"+4477009001{10 + number}")
        trainee.texts("YES")
        trainee.hears("you have a place")
        found.append(trainee)
    return found


def path_in(said: str, kind: str = "s") -> str:
    """Return the path of the link in a text."""
    found = re.search(rf"https?://[^/]+(/{kind}/\S+)", said)
    assert found is not None, said
    return found[1]


def statuses(world: World) -> list[str]:
    with world.database.read() as session:
        return sorted(session.scalars(select(Booking.status).where(Booking.seat.is_not(None))))


def test_a_freed_place_goes_to_whoever_waits_longest_and_on_when_they_say_nothing(world: World) -> None:
    booked = crowd(world)
    seventh, eighth = world.member("+447700900120"), world.member("+447700900121")
    for late in (seventh, eighth):
        late.texts("yes please")
        late.hears("full", "waiting list")
    seventh.texts("YES")  # said again: still first in the queue
    seventh.hears("waiting list")
    booked[0].texts("CANCEL MY PLACE")
    booked[0].hears("You have no place")
    world.settle()
    seventh.hears("A place has come up", "Thu 26 Nov, 6:30pm", "kept for you until", "YES")
    eighth.hears_nothing()
    world.advance(minutes=1)
    booked[0].texts("actually yes i can come")
    booked[0].hears("waiting list")  # it is kept for someone, and one waits before them
    seventh.texts("NEXT")
    seventh.hears("kept for you")
    world.advance(hours=24, minutes=1)
    eighth.hears("A place has come up")
    eighth.texts("yes")
    eighth.hears("you have a place")
    seventh.texts("yes i will come on thursday")
    assert any("waiting list" in text for text in seventh.ignores())
    assert statuses(world) == ["yes"] * 6
    for each in (*booked, eighth):
        each.ignores()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_a_place_freed_an_hour_before_is_offered_for_minutes_not_days(world: World) -> None:
    booked = crowd(world)
    waits = world.member("+447700900120")
    waits.texts("yes")
    waits.ignores()
    world.move_to(SESSION - timedelta(hours=1))
    waits.ignores()
    booked[0].texts("cant make it tonight")
    booked[0].ignores()
    world.settle()
    waits.hears("kept for you until 5:45pm")
    waits.texts("NO")
    waits.hears("You have no place")
    world.settle()
    world.move_to(SESSION)
    waits.hears_nothing()
    for each in booked:
        each.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_a_moved_session_is_told_once_and_reminded_of_anew_and_a_cancelled_one_not_at_all(world: World) -> None:
    asha, ben, cal = (world.member(f"+44770090013{n}") for n in range(3))
    asha.texts("yes")
    asha.texts("DIAL ALWAYS")
    ben.texts("no")
    for each in (asha, ben):
        each.ignores()
    meeting = first_session(world)
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    with world.database.write() as session:
        doctor = session.scalars(select(Person).where(Person.role == "facilitator").order_by(Person.alias)).first()
        assert doctor is not None
        found = session.get_one(GroupSession, meeting.id)
        told = changing.move(
            session, found, SESSION + timedelta(days=1), world.clock.now(), world.services.voice, doctor.id
        )
        assert told == 3
    world.settle()
    asha.hears("Thu 26 Nov, 6:30pm has changed to Fri 27 Nov, 6:30pm", "You keep your place")
    cal.hears("has changed to Fri 27 Nov, 6:30pm", "Reply YES for a place")
    cal.texts("yes")
    cal.hears("you have a place on Fri 27 Nov")
    dunne.hears("has changed to Fri 27 Nov")
    world.move_to(SESSION - timedelta(minutes=1))  # the old time passes in silence, but for the reminder of the new one
    reminded = [text for text in asha.ignores() if "Your group" in text]
    assert reminded == []
    world.move_to(SESSION + timedelta(minutes=1))
    assert "Fri 27 Nov, 6:30pm" in asha.hears("Your group", "call 020 7946 0018")
    for each in (ben, cal, cole, dunne):
        each.ignores()
    with world.database.write() as session:  # Cal has a page of their own, which leads to the new link
        now, group = world.clock.now(), session.get_one(GroupSession, meeting.id).group
        old = ways_of(group)
        reminders.remind(session, SESSION + timedelta(hours=23, minutes=30), world.services.voice)
        group.join_link, group.dial_code, group.version = "https://meet.example.org/new", "97531#", group.version + 1
        session.flush()
        assert tell_new_ways(session, group, old, now, world.services.voice, doctor.id) == 2
    world.settle()
    asha.hears("The number or code", "020 7946 0018, then key in 97531#")
    dunne.hears("The link for", "Join here: https://meet.example.org/new")
    world.advance(hours=23, minutes=31)  # what had waited says the new ones
    asha.hears("97531#")
    for who in (cole, dunne):
        who.hears("Join here: https://meet.example.org/new")
    cal.hears("starts at")
    with world.database.write() as session:
        found = session.get_one(GroupSession, meeting.id)
        assert changing.cancel(session, found, world.clock.now(), world.services.voice, None) == 4
    world.settle()
    asha.hears("Sorry", "Fri 27 Nov, 6:30pm is off")
    cal.hears("is off")
    for who in (cole, dunne):
        who.hears("is off")
    asha.texts("NEXT")
    asha.hears("Thu 10 Dec")
    world.move_to(SESSION + timedelta(days=1, hours=2))
    for each in (asha, ben, cal, cole, dunne):
        each.hears_nothing()


def test_a_group_that_meets_later_from_now_on_tells_each_person_once(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900131")
    asha.texts("yes")
    ben.texts("no")
    for each in (asha, ben):
        each.ignores()
    with world.database.write() as session:
        group = session.scalars(select(Group)).one()
        group.local_time, group.skip_on, group.made_until = time(19), ["2026-12-24"], None  # as a loaded file does
    world.settle()
    asha.hears("Thu 26 Nov, 6:30pm has changed to Thu 26 Nov, 7pm", "You keep your place")
    for which in (0, 1):
        world.staff("facilitator", which).hears("has changed to Thu 26 Nov, 7pm", "Later dates change too")
    with world.database.read() as session:
        planned = session.scalars(
            select(GroupSession.starts_at).where(GroupSession.status == "planned").order_by(GroupSession.starts_at)
        ).all()
    assert [f"{each:%d %b %H}" for each in planned] == ["26 Nov 19", "10 Dec 19", "07 Jan 19"]
    for each in (asha, ben):
        each.hears_nothing()
    with world.database.write() as session:  # it ends, and whoever has no place now would wait for dates in vain
        group = session.scalars(select(Group)).one()
        changing.end_from(session, group, date(2026, 12, 10), world.clock.now(), world.services.voice, None)
    world.settle()
    for each in (asha, ben):
        each.hears("ICU North has ended: it does not meet on Thu 10 Dec, 7pm or after that", "Text GROUP")
    for which in (0, 1):
        world.staff("facilitator", which).hears("ICU North has ended", "Everybody in it is told")
    asha.texts("NEXT")
    asha.hears("Thu 26 Nov, 7pm", "You have a place")


def test_the_page_behind_the_link_counts_the_button_and_nothing_else(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.texts("LINK")
    said = asha.ignores()[-1]
    page, browser = path_in(said), world.app.test_client()
    shown = browser.get(page)
    for words in ("Thursday 26 November", "6:30pm", "Dr Cole and Dr Dunne", "tel:+442079460018", "Check-in", "therapy"):
        assert words in shown.text, words
    assert "video.example.org" not in shown.text  # a preview learns nothing of the call
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in shown.headers["Cache-Control"]
    assert "form-action 'self' https://video.example.org;" in shown.headers["Content-Security-Policy"]
    assert not shown.headers.getlist("Set-Cookie")
    enters(browser, page)
    assert attended(world) == []  # days before: a look at whether it works
    world.move_to(SESSION - timedelta(minutes=5))
    assert browser.get(page).status_code == browser.head(page).status_code == 200
    assert browser.get(f"{page}/join").status_code == 303
    assert attended(world) == []
    enters(browser, page)
    enters(browser, page)
    assert attended(world) == ["attended"]
    world.jump_to(SESSION + timedelta(hours=2))
    assert browser.get(page).status_code == 410
    person, _, proof = page.rpartition(".")
    forged = ("A" if proof[0] != "A" else "B") + proof[1:]  # the last letter has bits that say nothing
    assert browser.get(f"{person}.{forged}").status_code == 404
    assert browser.get("/s/nonsense").status_code == 404
    asha.ignores()
    world.staff_ignores()


def enters(browser: FlaskClient, page: str) -> None:
    answer = browser.post(f"{page}/join")
    assert (answer.status_code, answer.location) == (303, "https://video.example.org/j/icu-north")


def test_who_cannot_use_video_gets_a_number_to_call(world: World) -> None:
    asha = world.member(code="SHIELDING")
    asha.texts("DIAL")
    asha.hears("no group session planned")
    ben = world.member("+447700900131")
    ben.texts("dial in")
    ben.hears("do not have a place")
    ben.texts("yes")
    ben.hears("you have a place")
    ben.texts("DIAL")
    ben.hears("call 020 7946 0018, then key in 246810#", "DIAL ALWAYS")
    ben.texts("Dial always.")
    ben.hears("the number to call, not the link")
    world.move_to(SESSION - timedelta(hours=24) + timedelta(minutes=1))
    assert any("call 020 7946 0018" in text and "/s/" not in text for text in ben.ignores())
    ben.texts("video")
    ben.hears("text you the link")
    world.move_to(SESSION - timedelta(minutes=59))
    ben.hears("/s/")
    asha.ignores()
    world.staff_ignores()


def test_a_calendar_follows_every_change_until_its_link_is_renewed(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.texts("CALENDAR")
    feed = path_in(asha.ignores()[-1], "c")
    browser = world.app.test_client()

    def entry(path: str = feed) -> tuple[str, int, str]:
        calendar = Calendar.from_ical(browser.get(path).data)
        assert isinstance(calendar, Calendar)
        (event,) = calendar.events
        assert "ICU" not in str(event["SUMMARY"])
        return str(event["STATUS"]), event.sequence, event.start.isoformat()

    on = entry()
    assert (on[0], on[2]) == ("CONFIRMED", "2026-11-26T18:30:00+00:00")
    asha.texts("LINK")
    assert entry(path_in(asha.ignores()[-1]) + "/calendar.ics") == on
    with world.database.write() as session:
        found = session.get_one(GroupSession, first_session(world).id)
        changing.move(session, found, SESSION + timedelta(hours=1), world.clock.now(), world.services.voice, None)
    moved = entry()
    assert moved[2] == "2026-11-26T19:30:00+00:00"
    asha.texts("no cant come")
    off = entry()
    assert off[0] == "CANCELLED"
    assert on[1] < moved[1] < off[1]
    asha.texts("calendar new")
    renewed = path_in(asha.ignores()[-1], "c")
    assert browser.get(feed).status_code == 404
    assert entry(renewed) == off
    asha.texts("STOP")
    assert browser.get(renewed).status_code == 404
    world.settle()
    asha.ignores()
    world.staff_ignores()


def test_being_late_is_told_to_those_who_run_it_by_alias(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.texts("LATE")
    assert "noted that you will be late" in asha.ignores()[-1]  # days before: a person reads it
    world.move_to(SESSION - timedelta(minutes=20))
    asha.ignores()
    world.staff_ignores()
    asha.texts("running 10 mins late sorry")
    asha.hears("told the people who run it")
    world.settle()
    for which in (0, 1):
        world.staff("facilitator", which).hears("will be late for ICU North at 6:30pm")
    asha.texts("late")
    asha.ignores()
    world.settle()
    world.staff("facilitator").hears_nothing()


def test_who_answers_before_they_hear_that_a_session_moved_is_not_asked_again(world: World) -> None:
    asha, ben, cal, dan, eve = (
        world.member(f"+44770090013{n}", channel) for n, channel in enumerate((*["sms"] * 3, "whatsapp", "sms"))
    )
    ben.texts("yes")
    ben.ignores()
    for each in (asha, ben, cal, dan, eve):
        each.texts("QUIET 10AM TO 8AM")
        each.ignores()
    world.advance(hours=2)
    for each in (asha, ben, cal, dan, eve):
        each.ignores()
    with world.database.write() as session:
        meetings = session.scalars(select(GroupSession).order_by(GroupSession.starts_at)).all()
        changing.move(session, meetings[0], SESSION + timedelta(days=1), world.clock.now(), world.services.voice, None)
    world.settle()
    for phone, answer, hears in (
        (asha, "yes", "you have a place on Fri 27 Nov"),
        (ben, "no", "You have no place on Fri 27 Nov"),
        (dan, "yes", "you have a place on Fri 27 Nov"),
    ):
        phone.texts(answer)
        phone.hears(hears)
    eve.texts("move shielding")
    eve.hears("shielding")
    world.move_to(first_session(world).starts_at - timedelta(days=3))
    assert not any("has changed to" in text for text in eve.ignores())  # it is another group's now
    asha.hears("has changed to Fri 27 Nov, 6:30pm. You keep your place. Can't come?")
    ben.hears_nothing()
    cal.hears("has changed to Fri 27 Nov, 6:30pm. Reply YES for a place.")
    dan.hears("has changed to Fri 27 Nov, 6:30pm. You keep your place. Can't come?")
    for each in (asha, cal, dan):
        each.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_who_waits_or_finds_it_full_is_not_told_to_book_for_a_link(world: World) -> None:
    booked, late = crowd(world), world.member("+447700900120")
    for asked in ("LINK", "DIAL"):
        late.texts(asked)
        late.hears("is full. Reply YES to go on the waiting list. The link is for those with a place")
    late.texts("NEXT")
    late.hears("It is full. Reply YES to wait for a place.")
    late.texts("yes")
    late.hears("so you are on the waiting list")
    for asked in ("LINK", "DIAL", "running 10 mins late"):
        late.texts(asked)
        late.hears("You are on the waiting list for Thu 26 Nov, 6:30pm, so there is no link yet")
    booked[0].texts("no")
    booked[0].hears("You have no place")
    world.settle()
    late.hears("A place has come up")
    late.texts("LINK")
    late.hears("Reply YES to book and we will send the link")
    late.texts("yes")
    late.hears("you have a place")
    late.texts("LINK")
    late.hears("Your group, Thu 26 Nov, 6:30pm: http")


@pytest.mark.one_database("sqlite")
def test_a_place_in_another_session_is_not_said_to_be_had(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.hears("you have a place on Thu 26 Nov")
    for asked in ("book me on the 10th december too", "can i book the next two sessions", "yes and the one after"):
        asha.texts(asked)
        asha.hears("We ask about one session at a time")
        asha.hears_nothing()
    for said in ("yes im coming thursday", "see you on the 26th", "yes"):
        asha.texts(said)
        assert "one session at a time" not in asha.ignores()[-1]
