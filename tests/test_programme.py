"""Places, reminders, check-ins and signposting, as trainees and facilitators live them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from companion.models import CheckIn, ContactRequest, InboundMessage, OutboxMessage
from tests.world import World

SESSION = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)


@pytest.mark.one_database("sqlite")
def test_booked_trainee_and_facilitators_are_reminded_a_day_and_an_hour_before(world: World) -> None:
    asha = world.member()
    asha.texts("yeah go on then")
    asha.hears("you have a place on Thu 26 Nov, 6:30pm")
    world.move_to(datetime(2026, 11, 25, 18, 29, tzinfo=UTC))
    asha.ignores()  # Tuesday's check-in
    world.move_to(datetime(2026, 11, 25, 18, 31, tzinfo=UTC))
    asha.hears("ICU North", "Thu 26 Nov, 6:30pm", "/s/")
    for which in (0, 1):
        world.staff("facilitator", which).hears("You are leading ICU North", "Coming: ")
    world.move_to(datetime(2026, 11, 26, 17, 31, tzinfo=UTC))
    asha.hears("starts at 6:30pm", "/s/")
    for which in (0, 1):
        world.staff("facilitator", which).hears("6:30pm")
    world.move_to(datetime(2026, 11, 26, 19, 16, tzinfo=UTC))
    assert not any("Your group" in text for text in asha.ignores())
    for which in (0, 1):
        assert any("Who came to ICU North? 1 " in text for text in world.staff("facilitator", which).ignores())


@pytest.mark.one_database("postgresql")
def test_a_reminder_that_has_lost_its_sense_is_dropped_and_says_why(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    world.jump_to(datetime(2026, 11, 26, 19, 0, tzinfo=UTC))  # the worker was down until half an hour after the start
    asha.hears_nothing()
    with world.database.read() as session:
        dropped = session.scalars(select(OutboxMessage.reason).where(OutboxMessage.key.like("reminder:%"))).all()
    assert set(dropped) == {"too late"}


@pytest.mark.one_database("sqlite")
def test_no_gives_the_place_up_and_no_reminder_comes(world: World) -> None:
    asha = world.member()
    asha.texts("Yes please")
    asha.hears("you have a place")
    asha.texts("No sorry, on nights. can't make it thursday")
    asha.hears("You have no place")
    world.move_to(SESSION)
    assert not any("Join here" in text for text in asha.ignores())
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_a_seventh_waits(world: World) -> None:
    for last in range(6):
        trainee = world.member(f"+4477009001{10 + last}")
        trainee.texts("YES")
        trainee.hears("you have a place")
    seventh = world.member("+447700900120")
    seventh.texts("YES")
    seventh.hears("full", "waiting list")


@pytest.mark.one_database("postgresql")
def test_the_invitation_goes_out_a_week_before_to_those_not_asked(world: World) -> None:
    asha = world.member()
    asha.texts("no")
    asha.ignores()
    world.move_to(datetime(2026, 12, 3, 18, 31, tzinfo=UTC))
    assert any("Thu 10 Dec, 6:30pm" in text and "Can you come" in text for text in asha.ignores())
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_link_only_for_those_with_a_place(world: World) -> None:
    asha = world.member()
    asha.texts("LINK")
    asha.hears("do not have a place")
    asha.texts("YES")
    asha.hears("you have a place")
    asha.texts("link?")
    asha.hears("/s/")
    asha.texts("NEXT")
    asha.hears("Thu 26 Nov, 6:30pm", "You have a place")


@pytest.mark.parametrize("answer", ["7", "7/10", "seven", "about a 7"])
@pytest.mark.one_database("postgresql")
def test_a_number_is_a_fine_answer_to_the_check_in(world: World, answer: str) -> None:
    asha = world.member()
    world.move_to(datetime(2026, 11, 24, 19, 1, tzinfo=UTC))
    asha.hears("no", "999")
    asha.texts(answer)
    asha.hears("Thanks, noted")
    with world.database.read() as session:
        assert session.scalars(select(CheckIn.score)).all() == [7]


@pytest.mark.one_database("postgresql")
def test_a_low_answer_gets_one_resource_and_an_offer(world: World) -> None:
    asha = world.member()
    world.move_to(datetime(2026, 11, 24, 19, 1, tzinfo=UTC))
    asha.ignores()
    asha.texts("2")
    asha.hears("sounds hard", "CALL ME")
    asha.texts("call me")
    asha.hears("on the list for a facilitator")
    world.settle()
    for which in (0, 1):
        world.staff("facilitator", which).hears("would like a person")
    with world.database.read() as session:
        assert len(session.scalars(select(ContactRequest)).all()) == 1


@pytest.mark.one_database("sqlite")
def test_a_wish_for_a_person_comes_to_the_lead_where_no_facilitator_gets_texts(world: World) -> None:
    asha, lead = world.member(), world.staff("lead")
    for which in (0, 1):
        world.staff("facilitator", which).texts("STOP")
    world.settle()
    world.staff_ignores()
    asha.texts("call me")
    asha.hears("on the list for a facilitator")
    world.settle()
    lead.hears("would like a person")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_two_low_answers_offer_contact_and_only_yes_leads_to_it(world: World) -> None:
    asha = world.member()
    for day in (24, 31):
        when = datetime(2026, 11, 24, 19, 1, tzinfo=UTC) if day == 24 else datetime(2026, 12, 1, 19, 1, tzinfo=UTC)
        world.move_to(when)
        asha.ignores()
        asha.texts("1")
    assert any("get in touch? Reply YES or NO" in text for text in asha.ignores())
    world.staff_ignores()
    asha.texts("No thanks")
    asha.hears("That's fine")
    world.settle()
    world.staff("facilitator").hears_nothing()


@pytest.mark.one_database("sqlite")
def test_silence_is_fine_and_after_three_it_stops(world: World) -> None:
    asha = world.member()
    world.move_to(datetime(2026, 12, 29, 20, 0, tzinfo=UTC))
    heard = [text for text in asha.ignores() if "Companion:" in text or "three questions" in text]
    assert ["three questions" in text for text in heard] == [False, False, False, True]
    world.staff_ignores()


@pytest.mark.parametrize(
    ("text", "help_", "told"),
    [
        ("SLEEP", "Practitioner Health", False),
        ("anyone to ask about sleep?", "Practitioner Health", False),
        ("cant sleep after nights", "Practitioner Health", True),
        ("my mum died last week", "Cruse", True),
        ("worried about money, rent is late", ".", True),
    ],
)
@pytest.mark.one_database("sqlite")
def test_free_text_and_keywords_are_answered_with_help_and_what_is_told_is_read(
    world: World, text: str, help_: str, told: bool
) -> None:
    asha = world.member()
    asha.texts(text)
    asha.hears("This may help", help_)
    with world.database.read() as session:  # it may hold what no list of phrases finds
        assert session.scalars(select(InboundMessage.needs_reading).order_by(InboundMessage.id)).all()[-1] is told


@pytest.mark.one_database("postgresql")
def test_menu_number_and_more(world: World) -> None:
    asha = world.member()
    asha.texts("MENU")
    asha.hears("1 ", "CALL ME")
    asha.texts("1")
    first = asha.hears("This may help")
    asha.texts("more")
    assert asha.hears("Some others") != first


@pytest.mark.one_database("sqlite")
def test_the_alcohol_warning_comes_before_any_number(world: World) -> None:
    asha = world.member()
    for words in ("think im drinking too much, who can i talk to", "wine is the only thing getting me through"):
        asha.texts(words)
        first, *places = asha.ignores()
        assert "dangerous to stop" in first
        assert places
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_pause_and_resume(world: World) -> None:
    asha = world.member()
    asha.texts("PAUSE 3 WEEKS")
    asha.hears("paused until Mon 14 Dec")
    world.move_to(datetime(2026, 12, 13, 20, 0, tzinfo=UTC))
    asha.hears_nothing()
    asha.texts("on leave from tomorrow for a year, stop the texts until then please")
    asha.hears("paused until Sun 12 Dec 2027")
    asha.texts("we had a girl!!")
    asha.hears("congratulations")
    asha.texts("happy new year everyone")
    asha.hears("the same to you")
    for _ in range(2):
        asha.texts("wibble wobble")
        asha.ignores()  # at last, the offer of a person: RESUME is no answer to that
    asha.texts("resume")
    asha.hears("on again")
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_two_misunderstandings_offer_a_person(world: World) -> None:
    asha = world.member()
    asha.texts("zxqv wpl")
    asha.hears("didn't understand", "MENU")
    asha.texts("grmf blarg")
    asha.hears("CALL ME")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("QUIET 22-8", "between 10pm and 8am"),
        ("quiet 10-7", "between 10pm and 7am"),
        ("quiet 9-17", "between 9am and 5pm"),
        ("quiet 10am-7am", "between 10am and 7am"),
        ("quiet 10pm to 7:30am", "between 10pm and 7:30am"),
        ("Quiet 22–8.", "between 10pm and 8am"),
        ("quiet from midnight to 7", "between 12am and 7am"),
        ("NIGHTS", "between 8am and 5pm"),
    ],
)
@pytest.mark.one_database("sqlite")
def test_quiet_hours_are_set_by_text(world: World, text: str, span: str) -> None:
    asha = world.member()
    asha.texts(text)
    asha.hears(span)
    asha.texts("quiet off")
    asha.hears("no quiet hours")


@pytest.mark.one_database("postgresql")
def test_quiet_hours_put_a_text_off_or_drop_it_when_it_would_come_too_late(world: World) -> None:
    asha = world.member()
    asha.texts("yes")
    asha.ignores()
    asha.texts("quiet 18:00 to 20:00")
    asha.ignores()
    world.move_to(datetime(2026, 11, 24, 19, 30, tzinfo=UTC))
    asha.hears_nothing()
    world.move_to(datetime(2026, 11, 24, 20, 1, tzinfo=UTC))
    asha.hears("Companion:")  # the check-in of seven o'clock, still about the same week
    world.move_to(datetime(2026, 11, 25, 20, 1, tzinfo=UTC))
    asha.hears("Thu 26 Nov")
    asha.texts("quiet 17:00 to 19:00")
    asha.ignores()
    world.move_to(SESSION)
    asha.hears_nothing()
    world.staff_ignores()
    with world.database.read() as session:
        reasons = session.scalars(select(OutboxMessage.reason).where(OutboxMessage.status == "dropped")).all()
    assert reasons == ["quiet hours"]


@pytest.mark.one_database("sqlite")
def test_help_is_right_for_the_nation_someone_names(world: World) -> None:
    asha = world.member()
    asha.texts("Scotland")
    asha.hears("look for help in Scotland")
    asha.texts("anxious all the time")
    asha.hears("This may help")
    asha.texts("i am not safe at home, my partner hits me")
    assert any("999" in text for text in asha.ignores())
    asha.texts("the recycling bin is embarrassing me now, gin mostly, how do other drs cut down")
    asha.hears("dangerous to stop all at once")
    asha.hears("This may help")
    asha.texts("I want to end my life")
    assert any("999" in text for text in asha.ignores())
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_the_demonstration_says_that_something_due_has_not_gone_out_yet(world: World) -> None:
    pages = world.app.test_client()
    asha = world.member()
    world.settle()
    assert pages.get("/simulator/next-due").get_json()["busy"] is False
    due = world.next_due()
    assert due is not None
    world.clock.move_to(due + timedelta(seconds=9))
    assert pages.get("/simulator/next-due").get_json()["busy"] is True  # moving on now would make it too late
    world.settle()
    assert pages.get("/simulator/next-due").get_json()["busy"] is False
    asha.ignores()
    world.staff_ignores()
