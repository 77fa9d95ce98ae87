"""The worker: APScheduler calls the jobs, and nothing else. What is due, and when, stands in the tables."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from companion import jobs
from companion.messaging.outbox import WAKE
from companion.schema import require_current
from companion.services import Services

log = logging.getLogger(__name__)

URGENT_EVERY = 0.5  # seconds; on PostgreSQL a notification wakes it sooner
DELIVER_EVERY = 1.0
MAIL_EVERY = 2.0


def run(services: Services) -> None:
    """Run until SIGTERM or SIGINT, then finish the jobs under way and return. Raises DatabaseError at the start."""
    require_current(services.database)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scheduler = build(services)
    _guarded(jobs.keep_journal)(services)  # before anything is sent, lest the database is a backup that was put back
    scheduler.start()
    listener = threading.Thread(target=_listen, args=(services, scheduler, stop), daemon=True)
    listener.start()
    stop.wait()
    scheduler.shutdown(wait=True)


def build(services: Services) -> BackgroundScheduler:
    """Return the scheduler with its jobs, not started."""
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(8)},
        # A job that is late still runs, once: the default of one second would skip it in silence.
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    tick_every = services.settings.companion_tick_seconds
    every: tuple[tuple[Callable[[Services], None], float], ...] = (
        (jobs.tick, tick_every),
        (jobs.deliver_urgent, min(URGENT_EVERY, tick_every)),
        (jobs.place_calls, min(DELIVER_EVERY, tick_every)),
        (jobs.send_mail, min(MAIL_EVERY, tick_every)),
        (jobs.deliver, min(DELIVER_EVERY, tick_every)),
        (jobs.reconcile, services.settings.companion_reconcile_seconds),
        (jobs.keep_journal, tick_every),
        (jobs.audit, 60),
        (jobs.sync_templates, 3_600),
        (jobs.heartbeat, 60),
        (jobs.drill, 5),
        (jobs.purge, 3_600),
        (jobs.purge_at_twilio, 3_600),
    )
    for job, seconds in every:
        scheduler.add_job(
            _guarded(job), "interval", (services,), seconds=seconds, id=job.__name__, next_run_time=datetime.now(UTC)
        )
    return scheduler


def _listen(services: Services, scheduler: BackgroundScheduler, stop: threading.Event) -> None:
    """Run the urgent delivery as soon as PostgreSQL tells that something waits. Losing the connection costs nothing:
    the job runs twice a second anyway, and a minute later the connection is tried again.
    """
    if services.database.is_sqlite:
        return
    while not stop.is_set():
        try:
            with services.database.engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert isinstance(raw, psycopg.Connection)  # noqa: S101 (the only PostgreSQL driver there is)
                raw.autocommit = True
                raw.execute(f"LISTEN {WAKE}".encode())
                while not stop.is_set():
                    for _ in raw.notifies(timeout=1.0, stop_after=1):
                        scheduler.modify_job(jobs.deliver_urgent.__name__, next_run_time=datetime.now(UTC))
        except (SQLAlchemyError, psycopg.Error):
            log.warning("the connection that wakes this worker was lost")
            stop.wait(60)


def _guarded(job: Callable[[Services], None]) -> Callable[[Services], None]:
    def run_job(services: Services) -> None:
        try:
            job(services)
        except Exception:
            # The next run tries again; healthz tells of it when the heartbeat is a minute old.
            log.exception("%s failed", job.__name__)

    return run_job
