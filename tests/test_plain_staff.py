"""What facilitators and leads say in plain words: they see how things stand, and nothing is done without a code."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Person
from tests.first_session import SESSION, attended
from tests.rota_world import MONDAY, code_in, on_duty, shown_code
from tests.safety.stage import flagged, reference
from tests.world import World


@pytest.mark.one_database("sqlite")
def test_a_facilitator_asks_about_a_session_in_plain_words(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    asha.texts("yes")
    asha.ignores()
    for asked in ("how many coming?", "any bookings yet", "is thursday still on", "what time is it thursday"):
        cole.texts(asked)
        cole.hears("ICU North, Thu 26 Nov, 6:30pm. Coming: ", "Waiting: 0")
    cole.texts("can you send the link")
    cole.hears("Coming: ")
    cole.hears("Join here: https://video.example.org/")
    cole.texts("can we move thursday to friday?")
    cole.hears("To move it, sign in")
    world.settle()
    for other in (asha, dunne):
        other.hears_nothing()


@pytest.mark.one_database("sqlite")
def test_who_cannot_run_a_session_is_shown_how_and_nothing_is_sent_before(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    asha.texts("yes")
    asha.ignores()
    for said in (
        "sorry can't make thursday",
        "can someone cover me thurs",
        "cancel thursday pls",
        "handover thursdays group pls",
    ):
        cole.texts(said)
        code = shown_code(cole.hears("Can't run it?", "Nothing is sent yet"), "SWAP")
    world.settle()
    dunne.hears_nothing()
    cole.texts(f"swap {code}")
    cole.hears("We are asking Dr Dunne")
    world.settle()
    dunne.hears("Dr Cole can't run ICU North")
    asha.hears_nothing()


@pytest.mark.parametrize(
    "said", ["im ill, can't run Thursday", "cant do thursdays group, got covid", "off sick, can't run it"]
)
def test_an_ill_facilitator_says_so_once_and_others_are_asked_and_told(world: World, said: str) -> None:
    cole, dunne, lead = world.staff("facilitator", 0), world.staff("facilitator", 1), world.staff("lead")
    on_duty(world, "Dr Cole")
    cole.texts(said)
    code = shown_code(
        cole.hears("asking Dr Dunne to run ICU North, Thu 26 Nov, 6:30pm, without you", "goes on with one")
    )
    cole.hears("Your next duties", "HAND OVER")
    cole.texts(said)  # again, as they did not see the answer: nobody is asked twice
    cole.ignores()
    world.settle()
    dunne.hears("Dr Cole can't run ICU North", f"YES {code}")
    told = lead.hears("Dr Cole can't run ICU North", "asking Dr Dunne to run it alone")
    assert not any(word in told.lower() for word in ("ill", "sick", "covid", "well"))  # that is theirs to tell
    for other in (dunne, lead):
        other.hears_nothing()
    dunne.texts(f"no {code}")
    dunne.hears("Dr Cole is being told")
    world.settle()
    cole.hears("Dr Dunne can't run ICU North")
    lead.hears("there is nobody else for it yet", f"OFF {code}")


@pytest.mark.one_database("sqlite")
def test_an_ill_facilitator_who_has_somebody_says_so_too_and_what_may_be_about_them_is_a_note(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    flagged(world, asha)
    world.settle()
    cole.texts(f"{reference(cole.hears('an item needs you'))} TAKE")
    cole.ignores()
    cole.texts("too ill to come to thursdays group, will ring again")
    cole.hears("Kept as a note")
    cole.texts("ive got flu, cant run thursday")
    cole.hears("asking Dr Dunne to run ICU North")
    world.settle()
    dunne.hears("Dr Cole can't run ICU North")
    asha.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_an_ill_facilitator_who_names_no_session_of_theirs_is_shown_how_and_nobody_is_told(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator", 0)
    for said in (
        "I've got covid",
        "off sick this week",
        "ill, can't run the group tonight",
        "poorly, can't do tuesday",
    ):
        cole.texts(said)
        cole.hears("Sorry to hear it. ICU North, Thu 26 Nov, 6:30pm", "Nothing is sent yet")
    cole.texts("i feel awful and can't run thursday")
    cole.hears("Can't run it?")
    cole.hears("you matter too")
    asha.texts("I want to kill myself")
    asha.ignores()
    world.settle()
    cole.hears("an item needs you now")
    cole.texts("ill with flu, can't do thursdays session")  # beside a page: of the session, and the page waits still
    cole.hears("asking Dr Dunne")
    cole.hears("Still open to you")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_an_ill_facilitator_who_runs_it_alone_has_the_lead_told(world: World) -> None:
    cole, dunne, lead = world.staff("facilitator", 0), world.staff("facilitator", 1), world.staff("lead")
    cole.texts("ill, can't run thursday")
    world.settle()
    dunne.texts("yes")
    for each in (cole, dunne, lead):
        each.ignores()
    dunne.texts("now I'm ill too and can't run thursday")
    dunne.hears("There is nobody else for ICU North", "we are telling your lead")
    cole.texts("ill, can't run thursday")
    cole.hears("runs without you already")
    world.settle()
    lead.hears("Dr Dunne can't run ICU North", "nobody else for it yet")
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_a_late_facilitator_is_told_of_to_the_other_and_only_on_the_day(world: World) -> None:
    cole, dunne, lead = world.staff("facilitator", 0), world.staff("facilitator", 1), world.staff("lead")
    cole.texts("running late")
    cole.hears("Thu 26 Nov, 6:30pm. Coming")
    world.move_to(SESSION - timedelta(hours=2))
    world.staff_ignores()
    cole.texts("stuck in theatre, will be 10 mins late")
    cole.hears("We are telling Dr Dunne that you will be late")
    lead.texts("running late")  # who does not run it tells nobody
    lead.hears("Coming: ")
    world.settle()
    dunne.hears("Dr Cole will be late for ICU North at 6:30pm")
    cole.hears_nothing()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_nobody_is_told_that_a_trainee_is_late_who_left_them_out(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator", 0), world.staff("facilitator", 1)
    asha.texts("yes")
    asha.texts("exclude Dr Cole")
    asha.ignores()
    with world.database.write() as session:
        session.scalars(select(Person).where(Person.role == "trainee")).one().name = "A Name Somebody Wrote Down"
    world.move_to(SESSION - timedelta(hours=1))
    world.staff_ignores()
    asha.ignores()
    asha.texts("running late")
    asha.hears("told the people who run it")
    world.settle()
    assert "A Name Somebody Wrote Down" not in dunne.hears("will be late for ICU North")
    cole.hears_nothing()


@pytest.mark.one_database("postgresql")
def test_lists_of_a_session_leave_out_whoever_left_one_out(world: World) -> None:
    asha, ben = world.member(), world.member("+447700900131")
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    for each in (asha, ben):
        each.texts("yes")
    asha.texts("exclude Dr Cole")
    dunne.texts("who")
    asha_alias, ben_alias = re.findall(r"Coming: (.+), (.+)\. Waiting", dunne.ignores()[-1])[0]
    cole.texts("who")
    seen_by_cole = cole.hears("Coming: ")
    if asha_alias in seen_by_cole:
        asha_alias, ben_alias = ben_alias, asha_alias
    assert asha_alias not in seen_by_cole
    assert ben_alias in seen_by_cole
    world.move_to(SESSION + timedelta(minutes=46))
    heard = " ".join(cole.ignores())
    assert ben_alias in heard
    assert asha_alias not in heard
    dunne.ignores()
    dunne.texts("came all")
    dunne.hears(asha_alias)
    cole.texts("came all")
    assert asha_alias not in cole.hears("Came: ")
    assert attended(world) == ["attended"] * 2
    for each in (asha, ben):
        each.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_what_else_they_say_gets_an_answer_of_its_own(world: World) -> None:
    world.member()
    cole = world.staff("facilitator")
    cole.texts("on leave next week")
    cole.hears("Pages can't be paused by text")
    for said in ("how do I log in", "i forgot my password"):
        cole.texts(said)
        cole.hears("Sign in here: ", "a new code to begin with")
    cole.texts("thanks")
    cole.hears("You're welcome")
    for said in ("not great", "feeling rough after last week"):
        cole.texts(said)
        cole.hears("you matter too", "SUPERVISION", "Samaritans")
    cole.texts("one of mine has debt problems, who can help")
    cole.hears("These may help, you or them")
    cole.texts("what now")
    cole.hears("TAKE or PASS")
    cole.texts("worried about one of the trainees")  # it pages, and says how it comes to be about the one they mean
    cole.hears("We are alerting your lead")
    cole.hears("Text CONCERN, the number or name")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_plain_words_beside_an_open_item_are_about_the_item(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts("I want to die")
    asha.ignores()
    world.settle()
    cole.ignores()
    cole.texts("can't make thursday")
    cole.hears("we are not sure what you mean", "TAKE")


def test_how_things_stand_is_answered_and_nobody_hears_of_whom_they_were_left_out_by(world: World) -> None:
    asha = world.member()
    cole, dunne, lead = world.staff("facilitator", 0), world.staff("facilitator", 1), world.staff("lead")
    for asked in ("any open items?", "is anything waiting", "what's open"):
        lead.texts(asked)
        lead.hears("No item is open")
    lead.texts("how many people have joined")
    lead.hears("Joined now: ICU North: 1")
    cole.texts("who's on call tonight")
    cole.hears("Nobody is on duty by the rota now")
    cole.texts("am I on call tonight")
    cole.hears("You have no duty in the next 14 days")
    asha.texts("exclude Dr Dunne")
    asha.texts("I want to die")
    asha.ignores()
    world.settle()
    code = re.findall(r"Reply (\w{4}) TAKE", cole.ignores()[0])[0]
    cole.texts("am I on call tonight")  # not "on call", which would pass it on
    cole.hears("You have no duty")
    cole.texts("open items")
    cole.hears(f"{code}: nobody has it yet")
    lead.texts("any open items?")
    lead.hears("Open that you were not paged about: 1")
    dunne.texts("any open items?")
    dunne.hears("No item is open")
    cole.texts("take")
    cole.texts("who has it")
    assert f"{code}: you have it" in cole.ignores()[-1]
    cole.texts("reached")
    cole.texts("status")
    assert f"{code}: you reached them" in cole.ignores()[-1]
    world.settle()
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_who_is_away_or_has_a_new_phone_hears_what_to_do(world: World) -> None:
    cole = world.staff("facilitator")
    for said in (
        "I'm away next week",
        "on leave tomorrow",
        "can someone cover my on call tonight",
        "on holiday til 3rd",
    ):
        cole.texts(said)
        cole.hears("HAND OVER gives a duty")
    for said in ("I lost my phone", "my number has changed"):
        cole.texts(said)
        cole.hears("Pages still go to the old phone", "Ways to reach me")
    cole.texts("away on thursday")
    cole.hears("Can't run it?")


@pytest.mark.one_database("postgresql")
def test_a_bare_answer_counts_where_one_thing_was_asked_and_else_it_is_asked_again(world: World) -> None:
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    on_duty(world, "Dr Cole")
    cole.texts("hand over dunne")
    cole.texts("yes")
    cole.ignores()
    world.settle()
    code = code_in(dunne.hears("Dr Cole asks you to take first"))
    dunne.texts("let me look at my diary first ok?")
    dunne.hears("Dr Cole asks you to take first", f"{code} YES")
    cole.texts("swap tonight")
    cole.hears("We are asking Dr Dunne")
    world.settle()
    dunne.hears("Dr Cole can't run ICU North")
    dunne.texts("yes")  # to which of the two?
    dunne.hears("Dr Cole asks you to take first")
    dunne.hears("Dr Cole can't run ICU North", "Reply YES")
    dunne.texts(f"{code} no")
    dunne.hears("Nothing has changed")
    dunne.texts("yes, happy to run it")
    dunne.hears("You run ICU North")
    world.settle()
    cole.hears("Dr Dunne can't. Your duty")
    cole.hears("Dr Dunne runs ICU North")
    dunne.texts("no")
    dunne.hears("When an item comes")


@pytest.mark.parametrize(
    "said",
    [
        "I'm leaving the programme at the end of the month",
        "this is my last week with the programme, moving to Leeds",
        "stepping down as facilitator after christmas",
    ],
)
def test_a_facilitator_who_leaves_hears_what_stays_theirs_and_the_coordinator_is_told(world: World, said: str) -> None:
    cole, frances, lead = world.staff("facilitator"), world.staff("coordinator"), world.staff("lead")
    on_duty(world, "Dr Cole")
    cole.texts(said)
    cole.hears("We are telling Frances", "pages still come", "stay yours")
    cole.hears("Your next duties", "HAND OVER")
    cole.texts(said)  # again on the same day: nobody is told twice
    cole.ignores()
    world.settle()
    frances.hears("Dr Cole writes that they are leaving", "Nothing has changed yet")
    frances.hears_nothing()
    lead.hears_nothing()


@pytest.mark.one_database("sqlite")
def test_where_no_coordinator_can_be_told_a_lead_is_and_else_it_is_said(world: World) -> None:
    cole, frances, lead = world.staff("facilitator"), world.staff("coordinator"), world.staff("lead")
    frances.texts("STOP")
    cole.texts("I'm leaving the programme")
    cole.hears("We are telling Dr Erskine")
    world.settle()
    lead.hears("leaving the programme")
    lead.texts("STOP")
    cole.texts("I'm leaving the programme")
    cole.hears("We can text no coordinator or lead", "ring one")
    cole.texts("she is leaving the programme")
    assert "telling" not in cole.ignores()[0]
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_hand_over_and_a_day_is_about_the_duty_of_that_day_or_says_which_there_are(world: World) -> None:
    cole, dunne = world.staff("facilitator", 0), world.staff("facilitator", 1)
    cole.texts("HAND OVER thursday")  # no duty at all: the group meets on Thursday
    cole.hears("You have no duty in the next 14 days")
    shown_code(cole.hears("ICU North, Thu 26 Nov, 6:30pm", "Can't run it?"), "SWAP")
    on_duty(world, "Dr Cole")
    on_duty(world, "Dr Cole", on=MONDAY + timedelta(days=2))
    cole.texts("hand over friday")
    cole.hears("You have no duty then", "Mon 23 Nov, 6pm", "Wed 25 Nov, 6pm", "its day and a name")
    cole.texts("hand over my wednesday night to dr dunne")
    code = code_in(cole.hears("Your duty as first, Wed 25 Nov, 6pm"))
    cole.texts(f"{code} YES")
    cole.hears("asked Dr Dunne")
    world.settle()
    dunne.hears("asks you to take first, Wed 25 Nov")
    cole.texts("hand over tonight dr dunne")
    cole.hears("Your duty as first, Mon 23 Nov, 6pm")
    cole.texts("hand over wed")
    cole.hears("Who should have Wed 25 Nov, 6pm", "the day and one name")
    world.staff_ignores()
