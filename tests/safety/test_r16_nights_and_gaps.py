"""SAFETY 16: somebody is there for every hour, the reply says who, gaps show and alarm, clocks change."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from companion import jobs
from companion.models import Group, GroupCover, OptOut, Person
from companion.rota import duties
from companion.rota.cover import gaps, go_live, missing
from companion.rota.duties import RotaError, TwiceError
from companion.rota.schedule import Turn, at, stretches, turns_of, uncovered, with_covers
from companion.rota.ways import ways_of
from tests.rota_world import MONDAY, close_all, code_in, on_duty, person
from tests.safety.stage import DANGER
from tests.world import World

ADA, BO = uuid.uuid4(), uuid.uuid4()


def duty(**changes: object) -> SimpleNamespace:
    given = {
        "id": uuid.uuid4(), "person_id": ADA, "group_id": None, "role": "first", "time_zone": "Europe/London",
        "starts_on": date(2026, 3, 28), "from_time": time(20), "days": 1, "until_time": time(8), "weekly": True,
        "last_on": None, "ended_at": None,
    }  # fmt: skip
    return SimpleNamespace(**(given | changes))


@pytest.mark.parametrize(
    ("first_on", "hours"),
    [
        (date(2026, 3, 28), 11),  # the night in March that is an hour short
        (date(2026, 10, 24), 13),  # the night in October that is an hour long
        (date(2026, 7, 1), 12),
    ],
)
def test_r16_a_night_is_a_night_in_local_time_when_the_clocks_change(first_on: date, hours: int) -> None:
    night = duty(starts_on=first_on)
    day = duty(starts_on=first_on + timedelta(days=1), from_time=time(8), days=0, until_time=time(20), person_id=BO)
    start = datetime.combine(first_on, time(0), UTC)
    turns = [*turns_of(night, start, start + timedelta(days=2)), *turns_of(day, start, start + timedelta(days=2))]
    assert turns[0].ends_at - turns[0].starts_at == timedelta(hours=hours)
    assert turns[1].ends_at - turns[1].starts_at == timedelta(hours=12)
    assert turns[0].ends_at == turns[1].starts_at  # no gap and no overlap where one follows the other


def test_r16_a_duty_that_begins_in_the_hour_that_is_skipped_leaves_no_gap() -> None:
    before = duty(starts_on=date(2026, 3, 28), from_time=time(12), until_time=time(1, 30))
    after = duty(starts_on=date(2026, 3, 29), from_time=time(1, 30), days=0, until_time=time(12), person_id=BO)
    start, end = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 11, tzinfo=UTC)
    turns = [turn for each in (before, after) for turn in turns_of(each, start, end)]
    assert uncovered(turns, start, end) == []
    assert [turn.person_id for turn in at(turns, datetime(2026, 3, 29, 1, 45, tzinfo=UTC))] == [BO]


def test_r16_weekly_duties_are_found_years_later_and_end_when_they_are_over() -> None:
    weekly = duty(starts_on=date(2020, 1, 6), from_time=time(9), days=0, until_time=time(17))
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    (turn,) = turns_of(weekly, monday, monday + timedelta(days=7))
    assert turn.starts_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    weekly.last_on = date(2026, 11, 16)
    assert list(turns_of(weekly, monday, monday + timedelta(days=7))) == []
    weekly.last_on, weekly.ended_at = None, datetime(2026, 11, 23, 12, tzinfo=UTC)
    (turn,) = turns_of(weekly, monday, monday + timedelta(days=7))
    assert turn.ends_at == weekly.ended_at


def test_r16_part_of_a_duty_can_be_handed_over_and_a_part_of_that_again() -> None:
    night = duty(starts_on=date(2026, 7, 1), weekly=False)
    start = datetime(2026, 7, 1, 19, tzinfo=UTC)
    cedric = uuid.uuid4()

    def cover(giver: uuid.UUID, taker: uuid.UUID, begins: int, ends: int) -> SimpleNamespace:
        hours = [start + timedelta(hours=hour) for hour in (begins, ends)]
        return SimpleNamespace(duty_id=night.id, from_id=giver, to_id=taker, starts_at=hours[0], ends_at=hours[1])

    turns = with_covers(
        turns_of(night, start, start + timedelta(days=1)), [cover(ADA, BO, 2, 6), cover(BO, cedric, 3, 4)]
    )
    assert [(t.person_id, (t.starts_at - start).seconds // 3600) for t in turns] == [
        (ADA, 0), (BO, 2), (cedric, 3), (BO, 4), (ADA, 6),
    ]  # fmt: skip
    assert uncovered(turns, start, start + timedelta(hours=12)) == []
    assert len(stretches(turns)) == 5
    joined: list[Turn] = stretches(with_covers(turns_of(night, start, start + timedelta(days=1)), []))
    assert len(joined) == 1


@pytest.mark.one_database("postgresql")
def test_r16_the_rota_decides_who_is_paged_and_where_it_ends_the_group_does(world: World) -> None:
    on_duty(world, "Dr Dunne", "first")
    on_duty(world, "Dr Erskine", "second")
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    world.move_to(datetime(2026, 11, 23, 18, 1, tzinfo=UTC))
    for who in (dunne, world.staff("lead")):
        who.texts(code_in(who.hears("test page")))
        who.hears("test page is answered")
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    dunne.hears("an item needs you")
    cole.hears_nothing()  # not on duty tonight
    close_all(world, "Dr Dunne")
    world.move_to(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))  # nobody is on the rota in the morning
    world.staff_ignores()
    asha.ignores()
    basil = world.member("+447700900102")
    basil.texts(DANGER)
    basil.ignores()
    world.settle()
    cole.hears("an item needs you")
    world.staff_ignores()
    on_duty(world, "Dr Dunne", on=date(2027, 6, 7), start=time(0), days=0)  # from midnight, which is 11pm in UTC
    with world.database.read() as session:
        turns = duties.on_duty(session, None, datetime(2027, 6, 6, 23, 0, tzinfo=UTC))
    assert [turn.person_id for turn in turns] == [person(world, "Dr Dunne").id]


def test_r16_a_gap_in_two_days_tells_the_coordinator_and_one_later_only_shows(world: World) -> None:
    now = world.clock.now()
    frances = world.staff("coordinator")
    with world.database.read() as session:
        assert gaps(session, now) == []  # no rota at all: the group's facilitators and the leads, at all hours
    on_duty(world, "Dr Cole", start=time(0), end=time(0), days=10)
    jobs.audit(world.services)
    world.settle()
    frances.hears_nothing()
    with world.database.read() as session:
        (gap,) = gaps(session, now)
    assert gap.starts_at == datetime(2026, 12, 3, tzinfo=UTC)
    assert gap.role == "first"
    # A STOP is a hole in the rota, and alarms.
    world.staff("facilitator").texts("STOP")
    jobs.audit(world.services)
    world.settle()
    told = " ".join(frances.ignores())
    assert "has stopped our texts" in told
    assert "nobody on duty" in told
    with world.database.read() as session:
        assert gaps(session, now)[0].starts_at == now
    world.staff("facilitator").texts("START")
    jobs.audit(world.services)
    with world.database.read() as session:
        assert len(gaps(session, now)) == 1
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r16_a_dead_number_is_a_gap(world: World) -> None:
    on_duty(world, "Dr Cole", start=time(0), end=time(0), days=14)
    with world.database.write() as session:
        way = next(w for w in ways_of(session, person(world, "Dr Cole")) if w.kind == "call")
        way.dead_since = world.clock.now()
    with world.database.read() as session:
        assert gaps(session, world.clock.now())[0].who == (person(world, "Dr Cole").id,)


@pytest.mark.one_database("sqlite")
def test_r16_a_group_cannot_go_live_without_somebody_for_every_hour(world: World) -> None:
    now = world.clock.now()
    lead = person(world, "Dr Erskine")
    with world.database.write() as session:
        group = session.scalars(select(Group)).one()
        cover = session.get_one(GroupCover, group.id)
        assert cover.live_at == now  # the demonstration's group has a lead who can be reached
        cover.live_at, cover.kind = None, "hours"
        cover.from_time, cover.until_time, cover.out_of_hours_id = time(9), time(17), person(world, "Dr Cole").id
        assert "no lead who can be reached is named" in missing(session, group, now)[0]
        assert go_live(session, group, now, lead.id)
    early = world.member()  # nobody is put into a group that is not live
    with world.database.write() as session:
        assert session.scalars(select(Person.group_id).where(Person.role == "trainee")).one() is None
        group = session.scalars(select(Group)).one()
        session.get_one(GroupCover, group.id).out_of_hours_id = lead.id
        session.flush()
        assert go_live(session, group, now, lead.id) == []
    world.member("+447700900102")
    with world.database.write() as session:
        assert len(session.scalars(select(Person.group_id).where(Person.group_id.is_not(None))).all()) == 1
        # No lead can be reached any more: a new group could not begin.
        for address in session.scalars(select(OptOut)):
            session.expunge(address)
    early.ignores()
    world.staff("lead").texts("STOP")
    with world.database.write() as session:
        group = session.scalars(select(Group)).one()
        assert "There is no lead who can be reached by text." in missing(session, group, now)
    world.settle()
    early.hears("Your group ICU North meets")  # it takes people since, and has a place for who came before that
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_r16_the_reply_says_which_hours_are_covered_and_the_named_lead_is_paged_outside_them(world: World) -> None:
    asha = world.member()
    asha.texts(DANGER)
    asha.hears("no person has read")
    asha.hears("111", "We page by day and by night")
    with world.database.write() as session:
        cover = session.scalars(select(GroupCover)).one()
        cover.kind, cover.from_time, cover.until_time = "hours", time(9), time(17)
        cover.weekdays, cover.out_of_hours_id = [0, 1, 2, 3, 4], person(world, "Dr Erskine").id
    close_all(world, "Dr Erskine")
    world.jump_to(world.clock.now() + timedelta(minutes=5))  # one page a person in two minutes
    basil = world.member("+447700900102")
    basil.texts(DANGER)
    basil.hears("no person has read")
    basil.hears("Their hours are 9am to 5pm, Mon to Fri")
    world.settle()
    world.staff("facilitator").hears("an item needs you")
    world.staff_ignores()
    world.jump_to(datetime(2026, 11, 23, 19, 0, tzinfo=UTC))
    world.jump_to(world.clock.now() + timedelta(minutes=3))  # everyone was paged about the others that wait
    world.staff_ignores()
    asha.ignores(), basil.ignores()
    cem = world.member("+447700900103")
    cem.texts(DANGER)
    cem.hears("no person has read")
    cem.hears("out of hours (9am to 5pm, Mon to Fri)", "alerting the lead on call")
    world.settle()
    world.staff("lead").hears("an item needs you")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r16_a_hand_over_is_confirmed_by_both(world: World) -> None:
    on_duty(world, "Dr Cole")
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    cole.texts("rota")
    cole.hears("first: Mon 23 Nov, 6pm to Tue 24 Nov, 8am")
    cole.texts("hand over")
    cole.hears("Who should it be", "Dr Dunne", "Dr Erskine")
    cole.texts("HAND OVER dr dunne")
    confirm = cole.hears("Your duty as first", "Dr Dunne", "stays yours")
    dunne.hears_nothing()
    cole.texts(f"{code_in(confirm)} yes")
    cole.hears("We have asked Dr Dunne")
    world.settle()
    asked = dunne.hears("Dr Cole asks you to take first", "6pm")
    dunne.texts(f"{code_in(asked)} NO")
    dunne.hears("we have told Dr Cole")
    world.settle()
    cole.hears("Dr Dunne can't")
    world.standin.fault(None, "outage")
    for _ in range(2):  # while texts wait: the first is over by the time they go, and is not sent
        cole.texts("Hand over to Dunne please")
        cole.texts("yes")
        cole.ignores()
        world.settle()
    world.standin.lift()
    world.advance(minutes=2)
    world.settle()
    asked = dunne.hears("asks you to take first")
    dunne.hears_nothing()
    dunne.texts(f"yes {code_in(asked)}")
    dunne.hears("Agreed: you now have", "as first")
    world.settle()
    cole.hears("Dr Dunne has agreed")
    dunne.texts("rota")
    dunne.hears("6pm")
    world.move_to(datetime(2026, 11, 23, 18, 1, tzinfo=UTC))
    dunne.hears("test page")
    cole.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r16_nobody_is_handed_a_second_place_beside_their_own(world: World) -> None:
    on_duty(world, "Dr Cole")
    on_duty(world, "Dr Dunne", "second")
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    cole.texts("hand over")  # of all there are one is free at these hours, and is asked for
    confirm = cole.hears("Your duty as first", "we ask Dr Erskine to take it")
    cole.texts("hand over dunne")
    cole.hears("Dr Dunne is on duty then already, as second", "Nothing has changed", "SWAP and their name")
    dunne.hears_nothing()
    cole.texts("swap dunne")  # to change places is something else: nobody stands twice
    confirm = cole.hears("you as second, Dr Dunne as first")
    cole.texts(f"{code_in(confirm)} yes")
    cole.hears("We have asked Dr Dunne")
    world.settle()
    asked = dunne.hears("asks to swap")
    dunne.texts(f"{code_in(asked)} yes")
    dunne.hears("Agreed: you now have", "as first")
    world.settle()
    cole.hears("Dr Dunne has agreed")
    cole.texts("rota")
    cole.hears("second: Mon 23 Nov, 6pm")
    with pytest.raises(TwiceError, match="Dr Dunne is on duty as first for some of these hours already"):
        on_duty(world, "Dr Dunne", "second", start=time(20))
    on_duty(world, "Dr Erskine", "lead")
    on_duty(world, "Dr Erskine", "second", on=MONDAY + timedelta(days=1), start=time(7), days=0)  # a lead may be both
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r16_an_offer_of_before_makes_nobody_first_and_second(world: World) -> None:
    on_duty(world, "Dr Cole")
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    cole.texts("hand over dunne")
    cole.texts("yes")
    cole.ignores()
    world.settle()
    asked = dunne.hears("asks you to take first")
    on_duty(world, "Dr Dunne", "second")  # in the meantime
    dunne.texts(f"{code_in(asked)} yes")
    dunne.hears("You are on duty then already", "Please tell Dr Cole")
    cole.texts("rota")
    cole.hears("first: Mon 23 Nov, 6pm")
    world.staff_ignores()


def test_r16_a_swap_changes_both_or_neither(world: World) -> None:
    on_duty(world, "Dr Cole")
    on_duty(world, "Dr Dunne", on=MONDAY + timedelta(days=2))
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    cole.texts("swap dunne")
    confirm = cole.hears("Mon 23 Nov, 6pm", "Wed 25 Nov, 6pm", "nothing changes")
    cole.texts(f"{code_in(confirm)} YES")
    cole.hears("We have asked")
    world.settle()
    asked = dunne.hears("you take Mon 23 Nov, 6pm", "they take Wed 25 Nov, 6pm")
    dunne.texts(f"{code_in(asked)} yes")
    dunne.hears("you now have Mon 23 Nov")
    world.settle()
    cole.hears("has agreed")
    cole.texts("my duties")
    cole.hears("Wed 25 Nov, 6pm")
    dunne.texts(f"{code_in(asked)} yes")  # again: it is over
    dunne.hears("That offer is over")
    # Two that cross: the later one stands, as a whole, and a yes to the other is answered with what stands now.
    cole.texts("swap dunne")
    cole.texts("yes")
    cole.ignores()
    world.settle()
    dunne.hears("you take Wed 25 Nov", "they take Mon 23 Nov")
    dunne.texts("hand over erskine")
    dunne.texts("yes")
    dunne.ignores()
    world.settle()
    cole.hears("What you asked Dr Dunne is over", "Your duty Wed 25 Nov")
    dunne.texts("yes")
    dunne.hears("That offer is over. Nothing has changed")
    dunne.hears("We have asked Dr Erskine")
    cole.texts("my duties")
    cole.hears("Wed 25 Nov, 6pm")
    # Nobody answers the next one: it lapses when the duty begins, and who asked hears of it.
    cole.texts("hand over dunne")
    cole.texts("yes")
    cole.ignores()
    world.move_to(datetime(2026, 11, 25, 18, 1, tzinfo=UTC))
    assert any("has not answered" in text for text in cole.ignores())
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r17_nobody_is_rostered_without_two_ways_that_were_checked(world: World) -> None:
    with world.database.write() as session:
        way = next(w for w in ways_of(session, person(world, "Dr Cole")) if w.kind == "call")
        way.verified_at = None
    with pytest.raises(RotaError, match="in 1 way that a code has shown to work, and it takes two"):
        on_duty(world, "Dr Cole")
    with pytest.raises(RotaError, match="is not a lead"):
        on_duty(world, "Dr Dunne", "lead")
    with pytest.raises(RotaError, match="neither a facilitator nor a lead"):
        on_duty(world, "Frances")
