"""The worker: APScheduler calls the jobs, and nothing else. What is due, and when, stands in the tables."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from companion import jobs
from companion.schema import require_current
from companion.services import Services

log = logging.getLogger(__name__)

DELIVER_EVERY = 1.0  # seconds


def run(services: Services) -> None:
    """Run until SIGTERM or SIGINT, then finish the jobs under way and return. Raises DatabaseError at the start."""
    require_current(services.database)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scheduler = build(services)
    scheduler.start()
    stop.wait()
    scheduler.shutdown(wait=True)


def build(services: Services) -> BackgroundScheduler:
    """Return the scheduler with its four jobs, not started."""
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(4)},
        # A job that is late still runs, once: the default of one second would skip it in silence.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    tick_every = services.settings.companion_tick_seconds
    every: tuple[tuple[Callable[[Services], None], float], ...] = (
        (jobs.tick, tick_every),
        (jobs.deliver, min(DELIVER_EVERY, tick_every)),
        (jobs.audit, 60),
        (jobs.purge, 3_600),
    )
    for job, seconds in every:
        scheduler.add_job(
            _guarded(job), "interval", (services,), seconds=seconds, id=job.__name__, next_run_time=datetime.now(UTC)
        )
    return scheduler


def _guarded(job: Callable[[Services], None]) -> Callable[[Services], None]:
    def run_job(services: Services) -> None:
        try:
            job(services)
        except Exception:
            # The next run tries again; healthz tells of it when the heartbeat is a minute old.
            log.exception("%s failed", job.__name__)

    return run_job
