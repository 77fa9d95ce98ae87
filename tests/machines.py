"""What the model tests share: processes that die at the worst moment, and how a machine is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy.orm import Session

from companion.db import Database
from companion.messaging.provider import Accepted
from tests.databases import NewDatabase


class Died(BaseException):
    """The worker's process ended."""


class RequestFailedError(RuntimeError):
    """One request of the web server failed."""


@contextmanager
def dies_after_the_answer(services: Any) -> Iterator[None]:
    """Let the worker die once Twilio has taken its text and before that is written down."""
    twilio = services.twilio
    real = twilio.send

    def send(*given: Any, **named: Any) -> Accepted:
        real(*given, **named)
        raise Died

    twilio.send = send
    try:
        yield
    except Died:
        pass
    finally:
        twilio.send = real


@contextmanager
def dies_at_a_commit(
    database: Database, which: int, *, after: bool, error: type[BaseException] = Died
) -> Iterator[None]:
    """Let the process die just before or just after the transaction with this number, counted from 0, is committed."""
    real = database.write
    numbers = count()

    @contextmanager
    def write() -> Iterator[Session]:
        number = next(numbers)
        with real() as session:
            yield session
            if number == which and not after:
                raise error
        if number == which:
            raise error

    database.write = write  # type: ignore[method-assign]
    try:
        yield
    except error:
        pass
    finally:
        database.write = real  # type: ignore[method-assign]


def run_machine(
    machine: type[RuleBasedStateMachine],
    new_database: NewDatabase,
    *,
    examples: int,
    steps: int,
    same_each_time: bool,
    **given: Any,
) -> None:
    """Run a machine whose worlds are made on `new_database`; `given` are more attributes of it."""
    made = type(machine.__name__, (machine,), {"new_database": staticmethod(new_database), **given})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            database=None,
            derandomize=same_each_time,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
