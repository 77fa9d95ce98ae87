"""A short run of what `make torture` does at length."""

from __future__ import annotations

from pathlib import Path

from tests.databases import NewDatabase
from tests.torture.run import Plan, run


def test_nothing_is_lost_or_doubled_when_servers_and_workers_are_killed(
    sqlite_databases: NewDatabase, tmp_path: Path
) -> None:
    verdict = run(Plan(sqlite_databases(), texts=100, kills=4, seed=3, servers=1, workers=2), tmp_path)
    assert verdict.lost == [], str(verdict)
    assert verdict.doubled == [], str(verdict)
    assert verdict.texts == 100
    assert verdict.kills_of_servers + verdict.kills_of_workers == 4
