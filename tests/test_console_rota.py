"""The rota in the console: several nights at once, and who is on duty now."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from companion.models import Duty, Way
from tests.console_people import NOW
from tests.console_stage import Stage, press, press_on, stage
from tests.databases import NewDatabase

NIGHT = {"role": "first", "group": "", "from_time": "20:00", "until_time": "08:00", "weekly": "y"}
WEEKDAYS = ["0", "1", "2", "3", "4"]


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    with here.database.write() as session:
        for who, number in (("ada", "+447700900201"), ("bo", "+447700900202")):
            for kind in ("sms", "call"):
                way = Way(person_id=here.ids[who], kind=kind, address=number, address_index=number, created_at=NOW)
                way.verified_at = NOW
                session.add(way)
    yield here
    here.database.close()


def duties(on: Stage) -> list[tuple[str, str, int]]:
    """Return the day on which each duty begins, who has it as what, and after how many days it ends."""
    names = {id_: who for who, id_ in on.ids.items()}
    with on.database.read() as session:
        found = session.scalars(select(Duty).order_by(Duty.role, Duty.starts_on))
        return [(f"{each.starts_on:%a}", f"{names[each.person_id]} {each.role}", each.days) for each in found]


def test_the_same_hours_on_several_days_are_put_on_the_rota_at_once(on: Stage) -> None:
    cor, ada = on.browser("cor"), str(on.ids["ada"])
    night = {**NIGHT, "person": ada, "starts_on": "2026-11-24"}  # a Tuesday, and Monday comes after it
    page = press_on(cor, "/console/rota/add", "/console/rota/add", **night, also_on=WEEKDAYS)
    assert "They are on the rota, on 5 days." in page
    assert duties(on) == [(day, "ada first", 1) for day in ("Tue", "Wed", "Thu", "Fri", "Mon")]
    press(cor, "/console/rota/add", "/console/rota/add", **night, also_on=WEEKDAYS)  # a second time
    assert len(duties(on)) == 5


def test_of_several_days_all_or_none_are_put_on_the_rota(on: Stage) -> None:
    cor, ada = on.browser("cor"), str(on.ids["ada"])
    press(cor, "/console/rota/add", "/console/rota/add", **NIGHT, person=ada, starts_on="2026-11-27")
    night = {**NIGHT, "person": ada, "starts_on": "2026-11-24", "role": "second"}
    page = press(cor, "/console/rota/add", "/console/rota/add", **night, also_on=WEEKDAYS).text
    assert "Dr Ada is on duty as first for some of these hours already" in page
    assert page.count("checked") == len(WEEKDAYS) + 1  # what was chosen stands there still
    assert duties(on) == [("Fri", "ada first", 1)]


def test_ending_a_duty_says_first_what_that_does(on: Stage) -> None:
    cor, night = on.browser("cor"), {**NIGHT, "person": str(on.ids["ada"]), "starts_on": "2026-11-24"}
    rota = press_on(cor, "/console/rota/add", "/console/rota/add", **night)
    asked = re.search(
        r"<details.*?End this duty of Dr Ada.*?in any week.*?puts them on the rota anew.*?</details>", rota, re.S
    )
    assert asked
    action = re.search(r'action="(/console/rota/duties/[^"]+/end)"', asked[0])
    assert action
    rota = press_on(cor, "/console/rota", action[1])
    assert "It is off the rota from now on." in rota
    assert "End this duty" not in rota


def test_who_is_on_duty_now_stands_on_today_and_on_the_rota(on: Stage) -> None:
    cor = on.browser("cor")
    assert "On duty now" not in cor.get("/console/").text
    bo, ada = ({**NIGHT, "person": str(on.ids[who])} for who in ("bo", "ada"))
    rota = press_on(cor, "/console/rota/add", "/console/rota/add", **bo, starts_on="2026-11-25")
    assert "Nobody is on the rota now" in rota
    rota = press_on(cor, "/console/rota/add", "/console/rota/add", **ada, starts_on="2026-11-23")  # it is Tuesday, 2:30
    assert "<b>Dr Ada</b>, first: until today at 8am" in rota
    over, _, ahead = rota.partition("Days that are over")[2].partition("</details>")
    assert "<h3>Monday 23 November</h3>" in over
    assert "<b>Dr Ada</b>, first: 8pm until 8am the next day" in over
    assert "<b>Dr Ada</b>, first: until 8am, since 8pm the day before" in ahead
    assert "On duty now: Dr Ada (first)." in cor.get("/console/").text
