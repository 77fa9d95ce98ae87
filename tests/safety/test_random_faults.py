"""A few alarms with random faults, as `python -m tests.safety.faults` lets many happen."""

from __future__ import annotations

import pytest

from tests.databases import NewDatabase
from tests.safety.faults import never, table
from tests.safety.faults_world import LIMIT, run


@pytest.mark.one_database("sqlite")
def test_whatever_is_broken_somebody_gets_a_page_and_takes_it(sqlite_databases: NewDatabase) -> None:
    alarms = run(sqlite_databases(), "in the tests", count=3, teams=3)
    assert len(alarms) == 3
    assert never(alarms) == (0, 0, 0)
    assert any(alarm.wrong for alarm in alarms)
    assert all(0 <= (alarm.received or 0) <= (alarm.owned or 0) < LIMIT.total_seconds() for alarm in alarms)
    assert any(line.startswith("| all | 3 |") for line in table(alarms))
