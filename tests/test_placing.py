"""Which cohort and which group: on joining, and at any time later."""

from __future__ import annotations

from datetime import date, time

import pytest
from sqlalchemy import select

from companion.models import Booking, Group, Person
from companion.programme import changing
from companion.programme.cohorts import usual_cohorts
from companion.programme.plan import CohortPlan, GroupPlan, Programme, SetupError
from companion.programme.setup import load_programme
from companion.seed import STAFF
from tests.world import World

PAEDS = CohortPlan(code="PAEDS", name="Paediatrics", nation="scotland", aliases=("KIDS", "NEONATES"))


def load(world: World, plan: Programme) -> None:
    with world.database.write() as session:
        load_programme(
            session,
            plan,
            world.clock.now(),
            zone_name="Europe/London",
            nation="england",
            countries=("GB",),
        )


def group(name: str, cohort: str, first_on: date) -> GroupPlan:
    link = f"https://video.example.org/{first_on}"
    return GroupPlan(
        name=name, cohort=cohort, first_on=first_on, at=time(19), join_link=link, facilitators=("Dr Cole", "Dr Dunne")
    )


def whole_programme(world: World) -> World:
    """Add every usual cohort, one of a coordinator's own in Scotland, and a second ICU group on Saturdays."""
    load(
        world,
        Programme(
            cohorts=(
                *(CohortPlan(code=code) for code in usual_cohorts()),  # type: ignore[call-arg]
                PAEDS,
            ),
            people=STAFF,
            groups=(group("ICU South", "ICU", date(2026, 11, 28)), group("Returners", "RETURN", date(2026, 11, 29))),
        ),
    )
    return world


@pytest.mark.one_database("postgresql")
def test_bare_join_asks_which_and_any_word_for_a_cohort_will_do(world: World) -> None:
    whole_programme(world)
    asha = world.talker()
    asha.texts("Join")
    asha.hears("Which of these fits you?", "JOIN ANY", "RETURN: Returning to work", "PAEDS: Paediatrics")
    asha.texts("skip")
    asha.hears("We suggest Resident doctors")
    asha.hears("join Resident doctors")
    asha.ignores()
    for text, name in (("KIDS", "Paediatrics"), ("join neonates", "Paediatrics"), ("paeds.", "Paediatrics")):
        asha.texts(text)
        asha.hears(f"join {name}")
        asha.ignores()
    asha.texts("JOIN ORTHO")
    asha.hears("no group called ORTHO", "FOUNDATION", "PAEDS")
    asha.texts("elephant")
    asha.hears("reply YES or NO")
    asha.texts("JOIN KIDS")
    asha.ignores()
    asha.texts("yes")
    asha.hears("Welcome", "help in Scotland", "ENGLAND, SCOTLAND, WALES or NI")
    asha.hears("no group session planned")
    asha.texts("Wales")
    asha.hears("help in Wales")
    with world.database.read() as session:
        assert session.scalars(select(Person.nation).where(Person.role == "trainee")).all() == ["wales"]
    world.settle()
    load(world, Programme(cohorts=(PAEDS,), people=STAFF, groups=(group("Paeds", "PAEDS", date(2026, 11, 27)),)))
    world.settle()  # she was told that she would hear of one
    asha.hears("Your group Paeds meets Fri 27 Nov, 7pm", "YES or NO")
    with world.database.write() as session:
        ended = session.scalars(select(Group).where(Group.name == "Paeds")).one()
        changing.end_from(session, ended, date(2026, 11, 27), world.clock.now(), world.services.voice, None)
    world.settle()
    asha.hears("Paeds has ended")
    world.staff_ignores()
    load(world, Programme(cohorts=(PAEDS,), people=STAFF, groups=(group("Paeds Two", "PAEDS", date(2026, 11, 28)),)))
    world.settle()
    asha.hears("Your group Paeds Two meets Sat 28 Nov")


@pytest.mark.one_database("sqlite")
def test_a_group_is_suggested_with_a_choice_and_moving_is_one_text(world: World) -> None:
    whole_programme(world)
    asha = world.talker()
    asha.texts("JOIN ICU")
    asha.ignores()
    asha.texts("YES")
    asha.hears("Welcome", "help in England")
    asha.hears("We suggest this group: ICU North, Thursday 6:30pm", "GROUP 2: ICU South, Saturday 7pm")
    asha.hears("ICU North meets Thu 26 Nov")
    # Everything works while the offer waits for its answer, and the answer is still understood.
    asha.texts("maybe, depends on my shifts")
    asha.hears("nothing changes for now. Reply YES or NO")
    asha.texts("GROUP")
    asha.hears("GROUP 1: ICU North, Thursday 6:30pm", "GROUP 2: ICU South")
    asha.texts("yes")
    asha.hears("you have a place on Thu 26 Nov")
    asha.texts("Group saturday")
    asha.hears("Your group is now ICU South, Saturday 7pm")
    world.settle()
    asha.hears("ICU South meets Sat 28 Nov, 7pm")
    with world.database.read() as session:
        assert sorted(session.scalars(select(Booking.status))) == ["no", "offered"]
    asha.texts("GROUP 9")
    asha.hears("To choose a group")
    asha.texts("JOIN RETURN")
    asha.hears("text MOVE RETURN")
    asha.texts("move")
    asha.hears("MOVE and the word in capitals", "NEW: New to the area")
    asha.texts("MOVE ICU")
    asha.hears("you are in ICU")
    asha.texts("move me to returners")
    asha.hears("You are now in Returning to work")
    world.settle()
    asha.hears("Returners meets Sun 29 Nov, 7pm")
    world.advance(days=4)  # to Friday: nothing of the old group, one weekly question
    asha.hears("Companion:")
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_one_word_means_one_cohort(world: World) -> None:
    plan = Programme(cohorts=(CohortPlan(code="PAEDS", name="Children", aliases=("SHIELDING",)),))
    with pytest.raises(SetupError, match="SHIELDING already joins SHIELDING"):
        load(world, plan)
    with pytest.raises(ValueError, match="none of the topics"):
        CohortPlan(code="PAEDS", name="Children", topic="astrology")
