"""The demonstration as a person starts it: real processes, Ctrl-C, and what stands in its way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from companion.demo import TRAINEE, DemoError, run
from companion.models import ReadinessCheck
from companion.seed import STAFF, seed_rota
from tests.world import START, World

WITHIN = 120.0  # seconds; a slow machine's start
ROOT = Path(__file__).parent.parent
CANARY = "canarybird"


class Demonstration:
    """A running `companion demo`, and what it prints."""

    def __init__(self, data: Path, *more: str) -> None:
        self.port = two_free_ports()
        quiet = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "COMPANION_"))}
        command = [sys.executable, "-m", "companion", "demo", "--port", str(self.port), "--data", str(data), *more]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.printed: list[str] = []
        self._reader = threading.Thread(target=lambda: self.printed.extend(self.process.stdout or ()), daemon=True)
        self._reader.start()

    def wait_until_ready(self) -> None:
        """Wait for the line that says how to end it."""
        wait_until(lambda: "Ctrl-C ends it.\n" in self.printed or self.process.poll() is not None)
        assert "Ctrl-C ends it.\n" in self.printed, "".join(self.printed)

    def end(self, number: int = signal.SIGINT) -> int:
        """Press Ctrl-C (or send another signal) and return the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(WITHIN)
        self._reader.join(WITHIN)
        return status

    def get(self, path: str, *, phones: bool = False) -> Any:
        """Read JSON from the server, or from the phones."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port + phones}{path}", timeout=10) as answer:
            return json.load(answer)

    def texts(self, body: str, number: str = TRAINEE[1]) -> None:
        """Text from a phone, the trainee's if none is named, as the page does."""
        data = json.dumps({"number": number, "channel": "sms", "body": body}).encode()
        address = f"http://127.0.0.1:{self.port + 1}/simulator/texts"
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def shown(self) -> str:
        """Return everything on the phones."""
        return json.dumps(self.get("/simulator/state", phones=True))


@contextmanager
def demonstration(data: Path, *more: str) -> Iterator[Demonstration]:
    """Start it, and end it whatever happens."""
    running = Demonstration(data, *more)
    try:
        running.wait_until_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.end()


def wait_until(ready: Callable[[], object]) -> None:
    until = time.monotonic() + WITHIN
    while not ready():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def two_free_ports() -> int:
    """Return a port that is free, as is the next one, and that nobody is given who asks for any: until we use it.

    Those are below what systems hand out (32768 on Linux), and each process that runs tests has its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + 500 * (worker % 20)
    return next(port for port in range(first, first + 500, 2) if is_free(port) and is_free(port + 1))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def test_it_runs_ends_and_goes_on(tmp_path: Path) -> None:
    with demonstration(tmp_path) as first:
        first.texts("JOIN ICU")
        first.texts(f"YES {CANARY}")
        wait_until(lambda: "YES to join" in first.shown())
        first.texts("who is on duty?", STAFF[0].number)
        wait_until(lambda: "On duty now: Dr Cole" in first.shown())
        assert first.get("/healthz") == {"ok": True}
        assert first.end() == 0
    assert is_free(first.port)
    assert is_free(first.port + 1)
    printed = "".join(first.printed)
    assert f"http://127.0.0.1:{first.port}/" in printed
    assert "lead@example.org" in printed
    assert "Traceback" not in printed
    assert CANARY not in printed
    assert TRAINEE[1] not in printed

    with demonstration(tmp_path) as second:
        assert CANARY in second.shown(), "the phones remember"
        assert "YES to join" in second.shown()
        assert second.end(signal.SIGTERM) == 0
    assert is_free(second.port)
    again = next(line for line in second.printed if "lead@example.org" in line).split()[-1]
    assert again in printed, "the password stays"

    with demonstration(tmp_path, "--reset") as third:
        assert CANARY not in third.shown()
        assert third.end(signal.SIGHUP) == 0, "the window was closed"
    assert is_free(third.port)
    assert is_free(third.port + 1)


def test_it_says_when_a_part_ends_by_itself(tmp_path: Path) -> None:
    (tmp_path / "phones.sqlite3").write_bytes(b"this is no database" * 100)
    running = Demonstration(tmp_path)
    assert running.process.wait(WITHIN) == 1
    running._reader.join(WITHIN)
    printed = "".join(running.printed)
    assert "the phones ended by itself" in printed or "phones.sqlite3" in printed
    assert "Traceback" not in printed
    assert is_free(running.port)


def test_who_is_on_duty_in_it(world: World) -> None:
    cole, dunne = world.staff("facilitator"), world.staff("facilitator", 1)
    with world.database.write() as session:
        seed_rota(session, world.clock.now(), world.settings)
    a_week_begins = datetime.combine(START.date() + timedelta(weeks=9), clock_time(8, 5), UTC)
    for moment in (START, a_week_begins):
        world.jump_to(moment)
        world.staff_ignores()
        cole.texts("who is on duty?")
        cole.hears("Dr Cole", "Dr Dunne", "Dr Erskine")
        cole.texts("am i on duty?")
        cole.hears("first")
        dunne.texts("am i on duty?")
        dunne.hears("second")
    with world.database.read() as session:
        assert session.scalars(select(ReadinessCheck)).all() == [], "no test page comes between"


@pytest.mark.parametrize("which", [0, 1])
def test_a_port_in_use(tmp_path: Path, which: int) -> None:
    port = two_free_ports()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the test before may still linger
        taken.bind(("127.0.0.1", port + which))
        taken.listen()
        says = one_line(port, tmp_path)
    assert f"port {port + which} is in use" in says
    assert "PORT=" in says
    assert list(tmp_path.iterdir()) == []


def test_a_broken_database(tmp_path: Path) -> None:
    (tmp_path / "companion.sqlite3").write_bytes(b"this is no database" * 100)
    says = one_line(two_free_ports(), tmp_path)
    assert "companion.sqlite3" in says
    assert "make demo-reset" in says


def test_a_database_of_another_time(tmp_path: Path) -> None:
    """The keys were lost and made anew: nothing in the database can be read with them."""
    from companion.demo import _environment, _prepare, _secrets

    kept = _secrets(tmp_path / "secrets.json")
    _prepare(_environment(5000, tmp_path, kept), kept)
    (tmp_path / "secrets.json").unlink()
    assert "ENCRYPTION_KEYS" in one_line(two_free_ports(), tmp_path)


@pytest.mark.parametrize("held", ["", "{", "[]", "{}", '{"secret_key": 1}', "null", "\udcff"], ids=range(7))
def test_broken_secrets(tmp_path: Path, held: str) -> None:
    (tmp_path / "secrets.json").write_bytes(held.encode("utf-8", "surrogateescape"))
    says = one_line(two_free_ports(), tmp_path)
    assert "secrets.json" in says
    assert "make demo-reset" in says


def test_a_place_where_nothing_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    says = one_line(two_free_ports(), tmp_path / "file")
    assert str(tmp_path / "file") in says


def one_line(port: int, data: Path) -> str:
    """Start it in vain; return the one line that it ends with."""
    with pytest.raises(DemoError) as problem:
        run(port, data)
    said = str(problem.value)
    assert "\n" not in said
    return said
