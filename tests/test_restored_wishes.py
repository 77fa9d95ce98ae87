"""A backup is put back: who was erased since is gone again, and who said STOP since hears nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import select

from companion import jobs
from companion.cli import main
from companion.clock import MovableClock
from companion.doctor import examine
from companion.machine import making_good
from companion.machine.backup import Restored, after_restore, back_up, restore
from companion.machine.journal import NAME, Journal
from companion.models import Address, AuditEntry, Booking, OptOut, Person
from companion.privacy import erasure, moving
from companion.privacy.wishes import Redone
from tests.databases import NewDatabase
from tests.deliveries import open_alarms
from tests.safety.stage import closed
from tests.world import TRAINEE, Talker, World

ROOT = Path(__file__).parent.parent
ANOTHER, THIRD = "+447700900102", "+447700900103"


class Deployment:
    """A world with a folder for backups, on a database of its own that may be lost and put back."""

    def __init__(self, url: str, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.journal = folder, folder / NAME
        self.world = World(url, companion_backup_dir=folder).seeded()
        self.copy = ""

    @property
    def place(self) -> Path:
        """The file of the database."""
        return Path(self.world.database.engine.url.database or "")

    def back_up(self) -> None:
        """Make a backup, as `companion backup` or a server's own tools do, and let an hour pass."""
        self.world.settle()
        self.world.staff_ignores()
        if self.world.database.is_sqlite:
            self.copy = str(back_up(self.world.database, self.folder, self.world.clock.now()))
        else:
            name = self.place.name
            self.copy = f"copy_of_{name}"
            self._ask(f'CREATE DATABASE "{self.copy}" TEMPLATE "{name}"')
        self.world.advance(hours=1)

    def lose(self) -> None:
        """Let the journal be kept once more, some minutes pass, and the disk of the database break."""
        jobs.keep_journal(self.world.services)
        self.world.clock.advance(timedelta(minutes=5))
        self.world.database.close()
        if self.world.database.is_sqlite:
            self.place.write_bytes(b"what a bad disk left")

    def put_back(self) -> Restored:
        """Put the backup back, as the page "Going live" says."""
        if self.world.database.is_sqlite:
            return restore(self.world.services, Path(self.copy))
        self.put_back_by_hand()
        return after_restore(self.world.services)

    def put_back_by_hand(self) -> None:
        """Put the backup back and do nothing else."""
        self.world.database.close()
        if self.world.database.is_sqlite:
            self.place.write_bytes(Path(self.copy).read_bytes())
        else:
            name = self.place.name
            self._ask(f'DROP DATABASE "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{self.copy}"')

    def start_worker(self) -> None:
        """Do what a worker does first, and then all that is due."""
        jobs.keep_journal(self.world.services)
        self.world.settle()

    def people(self) -> dict[str, str]:
        """Return the state of every trainee by number; "gone" where the number is not held any more."""
        with self.world.database.read() as session:
            rows = session.execute(select(Address, Person).join(Person, isouter=True)).tuples().all()
            return {
                address.address or "gone": person.state if person else ""
                for address, person in rows
                if person is None or person.role == "trainee"
            }

    def stopped(self) -> list[str]:
        """Return what the ledger says, in its order."""
        with self.world.database.read() as session:
            return list(session.scalars(select(OptOut.action).order_by(OptOut.at, OptOut.id)))

    def _ask(self, *statements: str) -> None:
        self.world.database.close()
        url = self.world.database.engine.url.set(database="postgres")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with the small programme."""
    deployment = Deployment(request.getfixturevalue(f"{request.param}_databases")(), tmp_path / "backups")
    try:
        yield deployment
        deployment.world.finish()
    finally:
        deployment.world.close()


def erase(world: World, number: str) -> bool:
    """Erase as the console and `companion erase` do; return whether it is done."""
    with world.database.write() as session:
        person = session.scalars(select(Person).join(Address).where(Address.address_index == number)).one()
        return erasure.ask(session, person, world.clock.now())


def deletes_data(talker: Talker) -> None:
    talker.texts("DELETE MY DATA")
    talker.texts("YES")
    talker.ignores()


def hears_nothing_for_long(world: World, *talkers: Talker) -> None:
    """Let the reminders and questions of a week come; none of them is for `talkers`."""
    jobs.reconcile(world.services)
    world.advance(days=7)
    for talker in talkers:
        talker.hears_nothing()
    world.staff_ignores()


@pytest.mark.parametrize("words_left_at_twilio", [True, False])
def test_who_was_erased_since_the_backup_is_gone_again(there: Deployment, words_left_at_twilio: bool) -> None:
    world = there.world
    asha, bo, fay = world.member(), world.member(ANOTHER, channel="whatsapp"), world.member("+447700900104")
    there.back_up()
    cy = world.member(THIRD)  # joined and was erased, all since the backup
    deletes_data(asha)
    for number in (ANOTHER, THIRD):
        assert erase(world, number)
    if not words_left_at_twilio:
        jobs.purge(world.services)
        jobs.purge_at_twilio(world.services)
    there.lose()
    done = there.put_back()
    assert done.made_good.redone == Redone(erased=2)
    assert done.made_good.whole
    assert there.people() == {"gone": "", fay.number: "joined"}
    there.start_worker()
    for phone in (asha, bo, cy):
        phone.hears_nothing()
    hears_nothing_for_long(world, asha, bo, cy)
    assert fay.ignores()
    assert there.people() == {"gone": "", fay.number: "joined"}
    bo.texts("JOIN ICU")
    bo.texts("YES")
    assert len(bo.ignores()) >= 2  # and may come back
    assert open_alarms(world) <= {"texts_unread"}


def test_who_said_stop_since_hears_nothing_even_if_twilio_never_tells(there: Deployment) -> None:
    world = there.world
    asha, bo, cy = world.member(), world.member(ANOTHER), world.member(THIRD)
    also_asha = world.talker(TRAINEE, "whatsapp")
    also_asha.texts("menu")  # has both channels, and prefers the first
    also_asha.ignores()
    there.back_up()
    asha.texts("please stop texting me")
    asha.hears("stopped your texts")
    cy.texts("STOP")
    world.advance(minutes=1)
    cy.texts("START")
    cy.ignores()
    there.lose()
    world.standin.fault(None, "outage")
    done = there.put_back()
    assert done.fetched is None
    assert done.made_good.redone == Redone(stops=1, starts=1)
    there.start_worker()
    world.expects_errors()
    assert there.people()[TRAINEE] == "left"
    assert there.people()[THIRD] == "joined"
    assert there.stopped() == ["stop", "stop", "start"]
    world.standin.lift()
    world.advance(days=8)  # nobody asks Twilio for the texts since: reminders wait, whoever they are for
    for phone in (asha, also_asha, bo, cy):
        phone.hears_nothing()
    assert "texts_since_backup" in open_alarms(world)
    assert "Twilio has not told" in findings(world)["Backup put back"]
    jobs.reconcile(world.services)
    assert "texts_since_backup" not in open_alarms(world)
    world.settle()
    hears_nothing_for_long(world, asha, also_asha)
    assert bo.ignores()
    assert cy.ignores()


@pytest.mark.parametrize("told", [True, False])
def test_who_has_another_number_since_the_backup_is_texted_there_and_not_at_the_old_one(
    there: Deployment, told: bool
) -> None:
    world = there.world
    asha, new = world.member(), world.talker(ANOTHER)
    there.back_up()
    with world.database.write() as session:
        person = session.scalars(select(Person).join(Address).where(Address.address_index == TRAINEE)).one()
        cole = session.scalars(select(Person).where(Person.role == "facilitator").limit(1)).one()
        moving.ask(session, person, ANOTHER, cole, world.clock.now(), world.services.voice, ("GB",))
        somebody = person.id
    world.settle()
    new.hears("is it yours")
    asha.hears("KEEP")
    new.texts("yes")
    new.hears("Your texts come to this number now")
    there.lose()
    journal = there.journal.read_text()
    assert not any(words in journal for words in (ANOTHER[3:], str(somebody), somebody.hex))
    if not told:
        world.standin.fault(None, "outage")
    assert there.put_back().made_good.redone == Redone(moved=1)
    assert there.people() == {TRAINEE: "", ANOTHER if told else "gone": "joined"}
    if not told:
        world.standin.lift()
        world.expects_errors()
        new.texts("next")
        new.hears("ICU North")
        assert there.people() == {TRAINEE: "", ANOTHER: "joined"}
    there.start_worker()
    jobs.reconcile(world.services)
    new.texts("MY DATA")
    new.hears("we show it here from")
    hears_nothing_for_long(world, asha)
    assert new.ignores()  # the reminders and the question of the week
    with world.database.read() as session:
        taken = select(Booking.status).where(Booking.person_id == somebody)
        assert "yes" not in session.scalars(taken).all()  # the YES was to the number


def test_a_page_and_an_answer_go_out_while_twilio_has_not_told(there: Deployment) -> None:
    world = there.world
    asha = world.member()
    there.back_up()
    there.lose()
    world.standin.fault(None, "outage")
    assert there.put_back().fetched is None
    world.standin.lift()
    asha.texts("i want to end my life")
    asha.hears("999", "116 123")
    there.start_worker()
    assert any("an item needs you" in text.lower() for text in world.staff("facilitator").ignores())
    asha.ignores()
    world.staff_ignores()


def test_a_worker_that_starts_on_a_backup_does_it_by_itself(there: Deployment) -> None:
    world = there.world
    asha, bo, cole = world.member(), world.member(ANOTHER), world.staff("facilitator")
    there.back_up()
    asha.texts("please stop texting me")
    asha.ignores()
    assert erase(world, ANOTHER)
    cole.texts("wrong number")
    cole.hears("We won't text or call this number again")
    there.lose()
    there.put_back_by_hand()
    assert there.people() == {TRAINEE: "joined", ANOTHER: "joined"}
    other = world.new_services()  # a worker that starts at the same moment, and has looked already
    assert other.journal is not None
    known = other.journal.keep(world.clock.now())
    there.start_worker()
    assert there.people() == {TRAINEE: "left", "gone": "", cole.number: ""}
    assert open_alarms(world) >= {"texts_since_backup", "number_not_theirs"}
    assert known is not None
    making_good._write(other.database, known.wishes, world.clock.now(), whole=True, by_itself=True)
    with world.database.read() as session:
        assert session.scalars(select(AuditEntry.action)).all().count("backup restored") == 1
    other.database.close()
    fay = world.member("+447700900104")
    fay.texts("i want to end my life")
    world.settle()
    assert cole.ignores() == []  # the phone is a stranger's
    assert any("an item needs you" in text.lower() for text in world.staff("facilitator", 1).ignores())
    closed(world)
    ledger, journal = there.stopped(), there.journal.read_text()
    there.start_worker()
    assert (there.stopped(), there.journal.read_text()) == (ledger, journal)  # once is enough
    fay.ignores()
    world.staff_ignores()
    hears_nothing_for_long(world, asha, bo, cole)
    fay.ignores()


def test_an_erasure_waits_again_where_the_episode_is_open_in_the_backup(there: Deployment) -> None:
    world = there.world
    asha = world.member()
    asha.texts("i want to end my life")
    asha.ignores()
    there.back_up()
    asha.ignores()
    closed(world)
    assert erase(world, TRAINEE)
    there.lose()
    assert there.put_back().made_good.redone == Redone(waiting=1)
    there.start_worker()
    assert any("an item needs you" in text.lower() for text in world.staff("facilitator").ignores())
    assert there.people() == {TRAINEE: "left"}
    closed(world)
    jobs.purge(world.services)
    assert there.people() == {"gone": ""}
    asha.ignores()  # that nobody has taken it yet
    hears_nothing_for_long(world, asha)


def test_what_was_removed_for_its_age_is_removed_again(there: Deployment) -> None:
    world = there.world
    stranger, cy = world.talker("+447700900188"), world.talker(THIRD)
    stranger.texts("hello")
    stranger.ignores()
    cy.texts("JOIN ICU")  # and never says YES
    cy.ignores()
    there.back_up()
    world.advance(days=31)
    jobs.purge(world.services)
    assert there.people() == {"gone": "asked"}
    there.lose()
    there.put_back()
    assert set(there.people()) == {stranger.number, THIRD}
    jobs.purge(world.services)
    assert there.people() == {"gone": "asked"}
    world.settle()
    cy.ignores()
    world.staff_ignores()


def test_two_workers_that_keep_it_while_people_stop_take_nothing_for_a_backup(there: Deployment) -> None:
    database, now = there.world.database, there.world.clock.now()
    done, found = threading.Event(), []

    def keep() -> None:
        journal = Journal(database, there.folder)
        while not done.is_set():
            found.append(journal.keep(now))

    workers = [threading.Thread(target=keep) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for n in range(150):
            with database.write() as session:
                at = {"address_index": b"%032d" % n, "channel": "sms", "sender": ""}
                session.add(OptOut(**at, action="stop", source="word", at=now))
    finally:
        done.set()
        for worker in workers:
            worker.join()
    assert any(found)
    assert all(read is None or read.wishes == () for read in found)


@pytest.mark.one_database("sqlite")
@pytest.mark.parametrize("harm", ["none there", "of another database", "damaged", "a folder"])
def test_a_journal_that_cannot_be_used_is_said_and_stays_said(there: Deployment, harm: str) -> None:
    world = there.world
    asha, bo = world.member(), world.member(ANOTHER)
    there.back_up()
    assert erase(world, ANOTHER)
    asha.texts("please stop texting me")
    asha.ignores()
    there.lose()
    lines = there.journal.read_text().splitlines(keepends=True)
    if harm == "none there":
        there.journal.unlink()
    elif harm == "a folder":
        there.journal.unlink()
        there.journal.mkdir()
    elif harm == "damaged":
        there.journal.write_text("".join([lines[0], lines[1].replace('"stop"', '"st0p"'), *lines[2:]]))
    else:
        there.journal.write_text("".join(f"{line.rsplit(' ', 1)[0]} {'0' * 32}\n" for line in lines))
    left = there.journal.read_bytes() if there.journal.is_file() else b""
    done = there.put_back()
    assert not done.made_good.whole
    assert done.made_good.damaged == {"none there": 0, "damaged": 1, "of another database": 3, "a folder": 1}[harm]
    assert "erasures_unknown" in open_alarms(world)
    assert "is not known" in findings(world)["Backup put back"]
    if there.journal.is_dir():
        there.journal.rmdir()
    there.start_worker()
    assert left[len(lines[0]) :] in there.journal.read_bytes()  # what is there is left as it is
    assert there.people()[TRAINEE] == "left"  # Twilio told of the STOP, whatever the journal says
    assert asha.ignores() == [] or harm != "damaged"
    world.settle()
    bo.ignores()
    hears_nothing_for_long(world, asha)
    assert "erasures_unknown" in open_alarms(world)  # until somebody says that it is looked after
    bo.ignores()
    world.staff_ignores()


@pytest.mark.one_database("postgresql")
def test_the_journal_leads_to_nobody_without_the_keys_and_heals_itself(there: Deployment) -> None:
    world = there.world
    asha = world.member()
    asha.texts("STOP")
    jobs.keep_journal(world.services)
    assert stat.S_IMODE(os.stat(there.journal).st_mode) == 0o600
    before = there.journal.read_text()
    assert asha.number[3:] not in before
    assert len(before.splitlines()) == 2
    asha.texts("START")
    asha.ignores()
    there.journal.write_text(before + '{"id":"01a2')  # where a power cut came
    jobs.keep_journal(world.services)
    after = there.journal.read_text()
    assert len(after.splitlines()) == 3
    assert after.startswith(before)
    there.journal.write_text(after + after[-40:-1])
    jobs.keep_journal(world.services)
    assert there.journal.read_text() == after
    assert findings(world)["STOPs and erasures"].startswith("They are copied")
    there.journal.unlink()
    assert findings(world)["STOPs and erasures"].startswith("No copy")
    assert findings(world)["Backups"].startswith("There is none")  # the journal is no backup
    jobs.keep_journal(world.services)
    assert there.journal.read_text() == after
    world.clock.advance(timedelta(minutes=6))
    assert "for minutes" in findings(world)["STOPs and erasures"]
    there.journal.unlink()
    there.journal.mkdir()
    jobs.keep_journal(world.services)
    assert open_alarms(world) == {"journal_not_kept"}
    there.journal.rmdir()
    jobs.keep_journal(world.services)
    assert open_alarms(world) == set()
    world.settle()
    world.staff_ignores()


def test_the_commands_say_what_was_done_and_what_is_left(
    there: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = there.world
    asha, bo = world.member(), world.member(ANOTHER)
    there.back_up()
    asha.texts("please stop texting me")
    asha.ignores()
    assert erase(world, ANOTHER)
    there.lose()
    for name, value in environment(there, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    if world.database.is_sqlite:
        done = CliRunner().invoke(main, ["restore", there.copy])
    else:
        refused = CliRunner().invoke(main, ["restore", str(there.journal), "--yes"])
        assert "then run `companion restore` without a file" in refused.output
        there.put_back_by_hand()
        assert CliRunner().invoke(main, ["restore"], input="n\n").exit_code == 1
        done = CliRunner().invoke(main, ["restore"], input="y\n")
    assert done.exit_code == 0, done.output
    assert "Done again: 1 erased, 1 left by STOP, 0 back by START." in done.output
    assert "They are known up to Monday 23 November 2026, 10:0" in done.output
    assert "texts that came since were fetched from Twilio" in done.output
    assert "The journal is missing" not in done.output
    assert there.people() == {TRAINEE: "left", "gone": ""}
    hears_nothing_for_long(world, asha, bo)


@pytest.mark.parametrize(
    ("event", "which", "left"),
    [("os.link", 1, "as it was"), ("os.rename", 1, "as it was"), ("socket.connect", 1, "in place")],
)
def test_who_is_killed_while_putting_it_back_may_do_it_again(
    sqlite_databases: NewDatabase, tmp_path: Path, event: str, which: int, left: str
) -> None:
    there = Deployment(sqlite_databases(), tmp_path / "backups")
    world = there.world
    try:
        asha, bo = world.member(), world.member(ANOTHER)
        there.back_up()
        asha.texts("please stop texting me")
        asha.ignores()
        assert erase(world, ANOTHER)
        world.clock.advance(timedelta(minutes=5))
        world.database.close()
        died = subprocess.run(
            [sys.executable, "-c", DIES, event, str(which), str(there.place.parent), "restore", there.copy],
            env={**os.environ, **environment(there, tmp_path), "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert there.people() == {TRAINEE: "left", "gone": ""}
        there.start_worker()
        assert ("texts_since_backup" in open_alarms(world)) == (left == "in place")
        assert there.put_back().made_good.redone == Redone(erased=1, stops=1)
        assert there.people() == {TRAINEE: "left", "gone": ""}
        world.settle()
        for phone in (asha, bo):
            phone.hears_nothing()
        world.staff_ignores()
        world.finish()
    finally:
        world.close()


# Runs a command that is killed when it does something for the n-th time: a file of the database is moved, say.
DIES = """
import os, signal, sys
event, which, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def watch(name, args):
    global which
    if name == event and (not name.startswith("os.") or str(args[0]).startswith(folder)):
        which -= 1
        if not which:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
sys.argv[1:] = sys.argv[4:]
from companion.cli import main
main()
"""


def environment(there: Deployment, folder: Path) -> dict[str, str]:
    """Return the settings of a world as a command reads them, and a clock that stands where the world's does."""
    settings, clock = there.world.settings, folder / "clock"
    MovableClock(clock).move_to(there.world.clock.now())
    return {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "PUBLIC_URL": settings.public_url,
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": ",".join(settings.twilio_auth_token),
        "TWILIO_SMS_FROM": settings.twilio_sms_from or "",
        "TWILIO_WHATSAPP_FROM": settings.twilio_whatsapp_from or "",
        "TWILIO_API_BASE_URL": settings.twilio_api_base_url or "",
        "COMPANION_BACKUP_DIR": str(there.folder),
        "COMPANION_CLOCK_FILE": str(clock),
    }


def findings(world: World) -> dict[str, str]:
    return {finding.name: finding.says for finding in examine(world.services)}
