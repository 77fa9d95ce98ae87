"""A year of meetings at the same time on the clock, wherever and whenever the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from companion.bank_holidays import bank_holidays
from companion.models import Cohort, Group
from companion.programme import recurrence
from companion.programme.recurrence import RuleError, at_local, check_rule, days, in_words
from companion.programme.sessions import days_of, meetings


def group(zone: str = "Europe/London", at: time = time(18, 30), **more: object) -> Group:
    given = {"rule": "FREQ=WEEKLY;INTERVAL=2", "skip_on": [], "skips_bank_holidays": False, "minutes": 45, **more}
    cohort = Cohort(code="ICU", name="ICU", nation="england", time_zone=zone)
    return Group(name="x", cohort=cohort, time_zone=zone, first_on=date(2026, 1, 8), local_time=at, **given)


# London and New York change on other dates, Sydney and Santiago the other way round, Lord Howe by half an hour.
ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Sydney",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_fortnights_is_at_the_same_time_on_the_clock(zone: str) -> None:
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    found = list(meetings(group(zone), begins, begins + timedelta(days=365)))
    local = [moment.astimezone(ZoneInfo(zone)) for moment in found]
    assert len(found) == 26
    assert {each.time() for each in local} == {time(18, 30)}
    assert {each.weekday() for each in local} == {3}
    assert all(later - earlier == timedelta(days=14) for earlier, later in pairwise(local))
    offsets = {each.utcoffset() for each in local}
    assert len(offsets) == (1 if zone == "Asia/Kolkata" else 2)


def test_a_time_that_does_not_exist_and_one_that_comes_twice() -> None:
    london = ZoneInfo("Europe/London")
    assert at_local(date(2026, 3, 29), time(1, 30), london) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 02:30 there
    assert at_local(date(2026, 10, 25), time(1, 30), london) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first
    nights = group(at=time(1, 30), rule="FREQ=WEEKLY;INTERVAL=1;BYDAY=SU")
    found = list(meetings(nights, datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)))
    assert len({moment.astimezone(london).date() for moment in found}) == len(found) == 34


def test_bank_holidays_and_other_days_are_left_out() -> None:
    fridays = group(rule="FREQ=WEEKLY;INTERVAL=1;BYDAY=FR", skips_bank_holidays=True, skip_on=["2026-04-10"])
    april = days_of(fridays, date(2026, 4, 1), date(2026, 4, 30))
    assert april == [date(2026, 4, 17), date(2026, 4, 24)]  # not Good Friday, not the 10th
    assert date(2026, 11, 30) in bank_holidays("scotland", date(2026, 11, 1), date(2026, 12, 1))
    assert bank_holidays("england", date(2026, 11, 1), date(2026, 12, 1)) == {}


@pytest.mark.parametrize(
    ("rule", "stored", "words"),
    [
        ("rrule:freq=weekly;interval=1", "FREQ=WEEKLY;INTERVAL=1", "every week on Thursday"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
            "every 2 weeks on Monday and Wednesday",
        ),
        ("FREQ=MONTHLY", "FREQ=MONTHLY", "every month on day 8"),
        ("FREQ=WEEKLY;UNTIL=20261231", "FREQ=WEEKLY;UNTIL=20261231", "every week on Thursday until 31 December 2026"),
        ("FREQ=MONTHLY;BYDAY=1TU", "FREQ=MONTHLY;BYDAY=1TU", "every month on the first Tuesday"),
        ("FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=MONTHLY;BYDAY=1TU,3TU"),
    ],
)
def test_rules_that_hold(rule: str, stored: str, words: str) -> None:
    assert check_rule(rule) == stored
    assert in_words(stored, date(2026, 1, 8)) == words
    assert next(days(stored, date(2026, 1, 8), date(2026, 1, 1), date(2027, 1, 1)))


@pytest.mark.parametrize(
    "rule",
    [
        "", "every week", "FREQ=DAILY", "FREQ=HOURLY", "FREQ=WEEKLY;BYHOUR=3", "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=x", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;FREQ=WEEKLY",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2", "FREQ=WEEKLY;UNTIL=20261231T000000Z",
    ],
)  # fmt: skip
def test_rules_that_are_refused(rule: str) -> None:
    with pytest.raises(RuleError):
        check_rule(rule)


@pytest.mark.parametrize(
    ("rule", "first_on", "old", "new", "moved", "next_days"),
    [
        # two weekdays every other week, over the end of the week: the days stay as far apart as they were
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", "2026-11-24", "2026-11-24", "2026-11-26",
         "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH,TU;WKST=WE", ["2026-11-26", "2026-12-01", "2026-12-10"]),
        ("FREQ=MONTHLY;BYDAY=1TU", "2026-11-03", "2026-12-01", "2026-12-09",
         "FREQ=MONTHLY;BYDAY=2WE", ["2026-12-09", "2027-01-13", "2027-02-10"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27", "2026-12-25", "2026-12-30",
         "FREQ=MONTHLY;BYDAY=-1WE", ["2026-12-30", "2027-01-27", "2027-02-24"]),
        ("FREQ=MONTHLY;BYMONTHDAY=3", "2026-11-03", "2026-12-03", "2026-12-05",
         "FREQ=MONTHLY", ["2026-12-05", "2027-01-05", "2027-02-05"]),
        ("FREQ=WEEKLY;COUNT=4", "2026-11-03", "2026-11-17", "2026-11-18",
         "FREQ=WEEKLY;COUNT=2", ["2026-11-18", "2026-11-25"]),
        ("FREQ=WEEKLY;UNTIL=20261124", "2026-11-03", "2026-11-17", "2026-11-18",
         "FREQ=WEEKLY;UNTIL=20261125", ["2026-11-18", "2026-11-25"]),
    ],
)  # fmt: skip
def test_a_rule_moves_from_here_on(
    rule: str, first_on: str, old: str, new: str, moved: str, next_days: list[str]
) -> None:
    day = date.fromisoformat
    found, first = recurrence.shifted(rule, day(first_on), day(old), day(new))
    assert found == moved
    ahead = list(recurrence.days(found, first, first, date(2027, 12, 1)))
    assert [each.isoformat() for each in ahead[:3]] == next_days


@pytest.mark.parametrize("rule", ["FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=1"])
def test_a_rule_with_no_place_for_each_date_moves_in_time_only(rule: str) -> None:
    day = date(2026, 12, 1)
    assert recurrence.shifted(rule, day, day, day) == (rule, day)
    with pytest.raises(recurrence.RuleError, match="only its time"):
        recurrence.shifted(rule, day, day, date(2026, 12, 2))
