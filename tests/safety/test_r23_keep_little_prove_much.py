"""SAFETY 23: the audit is a chain that shows every change; words go at Twilio as well; nothing leaks into logs."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from companion import jobs
from companion.escalation.closings import close
from companion.escalation.episodes import record_contact, take
from companion.models import AuditEntry, AuditSeal, Episode, Person, TwilioPurge, record
from companion.proof.sealing import seal, verify
from tests.rota_world import person
from tests.world import World

CANARIES = ("canarybird", "KJQXW", "7700900101")


def write(world: World, what: str, **details: Any) -> None:
    with world.database.write() as session:
        record(session, world.clock.now(), what, session.merge(person(world, "Dr Cole")), **details)


def unlocked(world: World, table: str, statement: str) -> None:
    """Do to a table what only somebody with the database's own password could."""
    with world.database.write() as session:
        if world.database.is_sqlite:
            names = session.scalars(text(f"SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='{table}'"))
            for name in names.all():
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        session.execute(text(statement))


def test_r23_every_change_of_the_audit_shows(world: World) -> None:
    world.settle()
    for number in range(4):
        write(world, "test", number=number)
    other = world.new_services()  # two writers, two sealers: one chain
    with other.database.write() as session:
        record(session, world.clock.now(), "test", session.merge(person(world, "Dr Dunne")), number=9)
    jobs.tick(other)
    other.database.close()
    write(world, "test", number=5)
    jobs.tick(world.services)
    with world.database.read() as session:
        good = verify(session)
        assert good.wrong == ()
        assert good.entries == session.query(AuditEntry).count()
        assert verify(session, (good.position, good.hash)).wrong == ()
        assert verify(session, (good.position, "00")).wrong
        assert "cut off" in verify(session, (good.position + 1, good.hash)).wrong[0]
    for table in ("audit", "audit_seals"):
        with pytest.raises(Exception, match="append-only"), world.database.write() as session:
            session.execute(text(f"DELETE FROM {table}"))
        with pytest.raises(Exception, match="append-only"), world.database.write() as session:
            session.execute(text(f"UPDATE {table} SET at = at"))
    # What the database refuses, the chain shows where somebody got around it.
    unlocked(world, "audit", "UPDATE audit SET action = 'nothing' WHERE action = 'test'")
    with world.database.read() as session:
        assert len(verify(session).wrong) == 6


def test_r23_entries_removed_or_slipped_in_show(world: World) -> None:
    for number in range(3):
        write(world, "test", number=number)
    jobs.tick(world.services)
    with world.database.write() as session:
        early = AuditEntry(at=world.clock.now(), action="slipped in", subject_kind="people", details={})
        early.id = uuid.UUID(int=0x1234)
        session.add(early)
        seal(session, world.clock.now())
    with world.database.read() as session:
        assert "slipped in" in verify(session).wrong[0]
    unlocked(world, "audit", "DELETE FROM audit WHERE action = 'test'")
    with world.database.read() as session:
        assert sum("entry is gone" in line for line in verify(session).wrong) == 3
    unlocked(world, "audit_seals", "DELETE FROM audit_seals WHERE position = 2")
    with world.database.read() as session:
        assert any("links are missing" in line for line in verify(session).wrong)


def test_r23_what_is_sealed_late_is_sealed_all_the_same(world: World) -> None:
    write(world, "first")
    with world.database.write() as session:
        assert seal(session, world.clock.now())
        assert seal(session, world.clock.now()) == 0
    write(world, "second")
    with world.database.write() as session:
        assert seal(session, world.clock.now()) == 1
        assert [s.position for s in session.scalars(select(AuditSeal).order_by(AuditSeal.position))][-1] >= 2


def test_r23_words_are_purged_thirty_days_after_close_here_and_at_twilio(world: World) -> None:
    asha = world.member()
    asha.texts("canarybird I want to kill myself")
    world.settle()
    cole = person(world, "Dr Cole")
    with world.database.write() as session:
        episode, owner = session.scalars(select(Episode)).one(), session.merge(cole)
        take(session, episode, owner, world.clock.now(), world.services.voice)
        record_contact(session, episode, owner, world.clock.now())
        close(session, episode, owner, "spoke", world.clock.now(), world.services.voice)
    world.settle()
    asha.ignores()
    world.staff_ignores()

    def at_twilio() -> list[str]:
        return [m.body for m in world.standin.messages if "canarybird" in m.body]

    world.jump_to(world.clock.now() + timedelta(days=29))
    jobs.purge(world.services)
    jobs.purge_at_twilio(world.services)
    assert at_twilio()
    world.jump_to(world.clock.now() + timedelta(days=2))
    jobs.purge(world.services)
    world.standin.fault(asha.number, "http 500")
    jobs.purge_at_twilio(world.services)
    world.standin.lift()
    world.clock.advance(timedelta(hours=1))
    jobs.purge_at_twilio(world.services)
    assert at_twilio() == []
    with world.database.read() as session:
        assert session.scalars(select(TwilioPurge).where(TwilioPurge.done_at.is_(None))).all() == []
        kept = session.scalars(select(Episode)).one()
        assert (kept.outcome, kept.closed_by) == ("spoke", cole.id)
    jobs.purge(world.services)  # again: nothing is asked twice
    jobs.purge_at_twilio(world.services)
    world.staff_ignores()
    asha.ignores()


def test_r23_the_audit_knows_people_by_alias_after_they_are_erased(world: World) -> None:
    asha = world.member()
    with world.database.read() as session:
        alias = session.scalars(select(Person.alias).where(Person.role == "trainee")).one()
    asha.texts("delete my data")
    asha.texts("ERASE")
    asha.texts("YES")
    asha.ignores()
    world.settle()
    jobs.tick(world.services)
    with world.database.read() as session:
        assert session.scalars(select(Person).where(Person.role == "trainee")).all() == []
        erased = session.scalars(select(AuditEntry).where(AuditEntry.action == "person erased")).one()
        assert erased.details["alias"] == alias
        assert verify(session).wrong == ()
    world.staff_ignores()


def test_r23_no_log_of_the_new_parts_holds_a_number_or_a_word(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asha = world.member()
    for words in ("canarybird NOT DR COLE", "NOT DR COLE", "canarybird I want to kill myself KJQXW"):
        asha.texts(words)
    world.settle()
    for job in (jobs.audit, jobs.purge, jobs.purge_at_twilio, jobs.heartbeat, jobs.drill, jobs.reconcile):
        job(world.services)
    logged = "\n".join(f"{r.getMessage()}{r.exc_text or ''}" for r in caplog.records if r.name.startswith("companion"))
    for canary in CANARIES:
        assert canary not in logged
    world.staff_ignores()
    asha.ignores()
