"""`make torture`: thousands of texts while servers and workers are killed hundreds of times, on both databases."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from tests import databases
from tests.torture.run import Plan, run

SERVERS = {"sqlite": 1, "postgresql": 2}
WORKERS = {"sqlite": 2, "postgresql": 3}


@click.command()
@click.option("--texts", default=10_000, show_default=True, help="Texts that people send, on each database.")
@click.option("--kills", default=200, show_default=True, help="How often a process is killed, on each database.")
@click.option("--seed", default=1, show_default=True, help="Repeats whom it hits, when, and who texts what.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql", "both"]), default="both", show_default=True)
def main(texts: int, kills: int, seed: int, database: str) -> None:
    """Text, kill, and judge. Ends with 1 when anything is lost or doubled."""
    good = True
    for kind in ("sqlite", "postgresql") if database == "both" else (database,):
        with tempfile.TemporaryDirectory(prefix="companion-torture-") as folder:
            directory = Path(folder)
            makes = databases.sqlite(directory) if kind == "sqlite" else databases.postgresql()
            with makes as new:
                plan = Plan(new(), texts, kills, seed, SERVERS[kind], WORKERS[kind])
                verdict = run(plan, directory)
        print(verdict, flush=True)
        for line in (*verdict.lost[:20], *verdict.doubled[:20]):
            print("   ", line)
        good = good and not verdict.lost and not verdict.doubled
    sys.exit(0 if good else 1)


main()
