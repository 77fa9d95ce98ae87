"""Backups, and a database that is put back: nobody who said STOP since hears from us, and nothing goes out twice."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from companion.db import Database
from companion.machine.backup import KEPT, BackupError, Restored, back_up, restore
from companion.messaging.outbox import enqueue
from companion.models import InboundMessage
from companion.schema import require_current
from companion.services import Services
from tests.world import World

ANOTHER = "+447700900102"


def made(world: World, folder: Path) -> Path:
    return back_up(world.database, folder, world.clock.now())


def put_back(world: World, backup: Path) -> Restored:
    """Put a backup back, some minutes later."""
    world.clock.advance(timedelta(minutes=5))
    return restore(world.services, backup)


def database_file(world: World) -> Path:
    return Path(world.database.engine.url.database or "")


def files_beside(world: World) -> list[Path]:
    place = database_file(world)
    return sorted(place.parent.glob(f"{place.name}.*"))


def texts_in(path: Path, keys: tuple[str, ...]) -> int:
    database = Database(f"sqlite:///{path}", keys)
    try:
        require_current(database)
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(InboundMessage)) or 0
    finally:
        database.close()


@pytest.mark.one_database("sqlite")
def test_a_backup_is_one_file_for_its_owner_that_our_keys_open(world: World, tmp_path: Path) -> None:
    asha = world.member()
    backup = made(world, tmp_path)
    asha.texts("menu")
    asha.ignores()
    assert [path.name for path in tmp_path.iterdir()] == [backup.name]
    assert stat.S_IMODE(os.stat(backup).st_mode) == 0o600
    assert texts_in(backup, world.settings.encryption_keys) == 2  # JOIN ICU and YES
    assert b"JOIN ICU" not in backup.read_bytes()


@pytest.mark.one_database("sqlite")
def test_backups_of_two_weeks_are_kept_and_nothing_else_is_touched(world: World, tmp_path: Path) -> None:
    (tmp_path / "companion-of-somebody-else.sqlite3").write_text("not ours")
    backups = []
    for _ in range(KEPT.days + 2):
        world.clock.advance(timedelta(days=1))
        backups.append(made(world, tmp_path))
    assert sorted(tmp_path.glob("companion-2*")) == backups[2:]
    for _ in range(KEPT.days + 2):  # before an update, say: what is younger stays, however many there are
        world.clock.advance(timedelta(minutes=1))
        backups.append(made(world, tmp_path))
    assert sorted(tmp_path.glob("companion-2*")) == backups[2:]
    newest = back_up(world.database, tmp_path, world.clock.now() + timedelta(days=15))  # in which none was made
    assert list(tmp_path.glob("companion-2*")) == [newest]
    assert (tmp_path / "companion-of-somebody-else.sqlite3").exists()


@pytest.mark.one_database("sqlite")
def test_who_said_stop_after_the_backup_hears_nothing_after_it_is_put_back(world: World, tmp_path: Path) -> None:
    asha, bo = world.member(channel="whatsapp"), world.member(ANOTHER)
    for each in (asha, bo):
        each.texts("yes")
        each.ignores()
    world.settle()
    backup = made(world, tmp_path)
    world.advance(hours=1)
    asha.texts("STOP")
    asha.hears("no more texts")
    bo.texts("sleep")
    bo.ignores()
    world.database.close()
    database_file(world).write_bytes(b"what a bad disk left")
    done = put_back(world, backup)
    assert done.fetched == 2
    assert done.aside is not None
    assert done.aside.read_bytes() == b"what a bad disk left"
    world.settle()
    world.staff_ignores()
    asha.ignores()  # STOP is answered once more
    bo.ignores()
    world.advance(days=8)  # reminders, the weekly question
    asha.hears_nothing()
    assert bo.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_what_waited_in_a_backup_and_was_due_is_not_sent_again_but_a_page_is(world: World, tmp_path: Path) -> None:
    asha = world.member()
    world.settle()
    with world.database.write() as session:
        address = session.scalars(select(InboundMessage)).all()[0].address
        text = world.services.words.render("thanks")
        for key, later in (("due", 0), ("not due", 60)):
            enqueue(
                session,
                key=key,
                lane="reply",
                to=address,
                text=text,
                now=world.clock.now(),
                not_before=world.clock.now() + timedelta(minutes=later),
            )
    asha.texts("i want to end my life")
    asha.ignores()
    backup = made(world, tmp_path)
    world.settle()
    asha.hears(text.body)
    world.staff_ignores()
    done = put_back(world, backup)
    assert done.made_good.dropped == 1
    world.settle()
    asha.hears_nothing()
    world.staff("facilitator").hears("an item needs you")
    world.advance(minutes=61)
    assert text.body in asha.ignores()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_what_cannot_be_put_back_leaves_all_as_it_was(world: World, tmp_path: Path) -> None:
    asha = world.member()
    world.settle()
    backup, beside = made(world, tmp_path), files_beside(world)
    server = world.new_services().database
    with server.read() as session:
        session.scalar(select(func.count()).select_from(InboundMessage))
    with pytest.raises(BackupError, match="has the database open"):  # though it does nothing at the moment
        restore(world.services, backup)
    server.close()
    for name, content in (("a letter.txt", b"Dear all"), ("empty", b""), ("half", backup.read_bytes()[:50_000])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackupError):
            restore(world.services, tmp_path / name)
    other = world.settings.model_copy(update={"encryption_keys": (Fernet.generate_key().decode(),)})
    stranger = Services(other, world.clock, Database(world.settings.database_url, other.encryption_keys))
    with pytest.raises(BackupError, match="cannot be used"):
        restore(stranger, backup)
    stranger.database.close()
    asha.texts("menu")
    asha.hears("1")
    assert files_beside(world) == beside


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("in_the_way", ["", "-shm"])
def test_what_could_not_be_moved_aside_is_moved_back(world: World, tmp_path: Path, in_the_way: str) -> None:
    world.member()
    world.settle()
    world.advance(hours=3)
    backup = made(world, tmp_path)
    world.database.close()
    place = database_file(world)
    there = {place: b"what a bad disk left", Path(f"{place}-shm"): b"and what lay beside it"}
    for path, left in there.items():
        path.write_bytes(left)
    moment = world.clock.now() + timedelta(minutes=5)  # when it is put back
    folder = Path(f"{place}.before-{moment:%Y%m%d-%H%M%S}{in_the_way}")
    folder.mkdir()
    beside = files_beside(world)
    try:
        with pytest.raises(BackupError, match="was not put back: Is a directory"):
            put_back(world, backup)
        assert {path: path.read_bytes() for path in there} == there
        assert files_beside(world) == beside
    finally:
        folder.rmdir()
        world.clock.advance(timedelta(minutes=5))
        done = put_back(world, backup)
    assert done.aside is not None
    assert done.aside.read_bytes() == there[place]
    world.settle()
    world.staff_ignores()
    world.talker().ignores()


@pytest.mark.one_database("postgresql")
def test_a_server_is_left_to_its_own_tools(world: World, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="pg_dump"):
        made(world, tmp_path)
