"""The tables: what the migrations make, what the database refuses, and what nobody can read in it."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from companion.db import Database
from companion.models import AuditEntry, Base, Heartbeat, OptOut, OutboxMessage
from companion.schema import require_current, upgrade
from tests.databases import KEY, NewDatabase
from tests.world import START, World

CANARIES = ("7700900101", "canarybird", "KJQXW")  # the trainee's number, and words that stand nowhere else


def test_models_are_what_the_migrations_make(new_database: NewDatabase) -> None:
    database = Database(new_database(), (KEY,))
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_upgrading_twice_changes_nothing(new_database: NewDatabase) -> None:
    database = Database(new_database(), (KEY,))
    upgrade(database)
    upgrade(database)
    require_current(database)
    database.close()


@pytest.mark.parametrize("table", ["audit", "opt_outs"])
def test_what_is_written_down_for_good_stays(world: World, table: str) -> None:
    with world.database.write() as session:
        session.add(AuditEntry(at=START, action="test", subject_kind="test", details={}))
        session.add(
            OptOut(channel="sms", address_index="+447700900101", sender="", action="stop", source="word", at=START)
        )
    count = text(f"SELECT count(*) FROM {table}")
    with world.database.read() as session:
        before = session.scalar(count)
    assert before
    attempts = [f"DELETE FROM {table}", f"UPDATE {table} SET at = at"]
    if not world.database.is_sqlite:
        attempts.append(f"TRUNCATE {table}")
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="append-only"), world.database.write() as session:
            session.execute(text(attempt))
    with world.database.read() as session:
        assert session.scalar(count) == before


def test_a_moment_without_a_zone_is_refused(world: World) -> None:
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="needs a time zone"), world.database.write() as session:
        session.add(Heartbeat(job="test", at=naive))
    with pytest.raises(StatementError, match="needs a time zone"), world.database.write() as session:
        session.execute(insert(AuditEntry).values(at=naive, action="x", subject_kind="x"))


def test_moments_come_back_in_utc(world: World) -> None:
    with world.database.write() as session:
        session.add(Heartbeat(job="test", at=START))
    with world.database.read() as session:
        found = session.scalars(select(Heartbeat.at).where(Heartbeat.job == "test")).one()
    assert found == START
    assert found.utcoffset() == START.utcoffset()


def talk(world: World) -> None:
    """Hold a whole conversation in which the canaries are said: joining, check-ins, danger, a page, leaving."""
    asha = world.member()
    for words in ("canarybird", "I am a bit low, canarybird", "6", "help canarybird", "what about KJQXW money worries"):
        asha.texts(words)
    asha.texts("canarybird I want to kill myself KJQXW")
    world.settle()
    page = world.staff("facilitator").hears("TAKE")
    world.staff("facilitator").texts("canarybird")
    reference = re.search(r"\b[A-Z][A-Z0-9]{3}\b (?=TAKE)|(?<=TAKE )[A-Z0-9]{4}\b", page)
    world.staff("facilitator").texts(f"TAKE {reference[0] if reference else ''}")
    world.advance(minutes=15)
    asha.texts("canarybird", NumMedia="1")
    asha.texts("STOP canarybird")
    asha.texts("STOP")
    world.talker("+447700900102").texts("JOIN canarybird")
    world.settle()
    for talker in list(world._talkers.values()):
        talker.ignores()


def test_numbers_and_words_cannot_be_read_in_the_database(world: World) -> None:
    talk(world)
    with world.database.read() as session:
        assert any("canarybird" in (body or "") or body for body in session.scalars(select(OutboxMessage.body)))
    stored = _everything(world)
    assert len(stored) > 10_000
    for canary in CANARIES:
        assert canary.encode() not in stored, canary


def _everything(world: World) -> bytes:
    """Return all that is stored: the database's files, or every column as the server gives it."""
    if world.database.is_sqlite:
        file = Path(world.database.engine.url.database or "")
        return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    with world.database.engine.connect() as connection:
        found = []
        for table in Base.metadata.sorted_tables:
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table.name}"'):
                found += [bytes(v) if isinstance(v, memoryview | bytes) else str(v).encode() for v in row]
    return b"\0".join(found)


def test_logs_hold_no_number_and_no_words(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    talk(world)
    logged = "\n".join(record.getMessage() + str(record.exc_text or "") for record in caplog.records)
    for canary in CANARIES:
        assert canary not in logged, canary


def test_an_error_of_the_database_logs_no_number_and_no_words(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="companion")
    asha = world.member()
    with world.database.write() as session:
        session.execute(text("ALTER TABLE outbox_messages RENAME TO elsewhere"))
    asha.texts("canarybird KJQXW")
    with world.database.write() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO outbox_messages"))
    asha.hears("our system is not working", "999")
    assert len(world.expects_errors()) == 1
    assert "a text could not be taken" in caplog.text
    for canary in CANARIES:
        assert canary not in caplog.text, canary
