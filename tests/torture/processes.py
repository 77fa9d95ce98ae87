"""Servers and workers as processes of their own that can be killed without warning and started again."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from tests.databases import KEY

SERVICE = "+447700900000"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(database_url: str, public_url: str, twilio_url: str, clock_file: Path) -> dict[str, str]:
    """Return the settings of one process."""
    return {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "not-a-secret-" * 4,
        "ENCRYPTION_KEYS": KEY,
        "PUBLIC_URL": public_url,
        "TWILIO_ACCOUNT_SID": DEMO_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": DEMO_AUTH_TOKEN,
        "TWILIO_SMS_FROM": SERVICE,
        "TWILIO_WHATSAPP_FROM": SERVICE,
        "TWILIO_API_BASE_URL": twilio_url,
        "COMPANION_CLOCK_FILE": str(clock_file),
        "COMPANION_TICK_SECONDS": "0.5",
        "COMPANION_RECONCILE_SECONDS": "2",
        "COMPANION_SMS_RATE": "1000",
        "COMPANION_WHATSAPP_RATE": "1000",
    }


class Victim:
    """A server (with a port) or a worker (without one)."""

    def __init__(self, settings: dict[str, str], log: Path, port: int | None = None) -> None:
        self.port = port
        self.kills = 0
        arguments = ["serve", "--port", str(port)] if port else ["worker"]
        self._command = [sys.executable, "-m", "companion", *arguments]
        self._settings = settings
        self._log = log
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "COMPANION_"))}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env={**kept, **self._settings}, stdout=log, stderr=log, start_new_session=True
            )
        self._started = time.monotonic()

    @property
    def ready(self) -> bool:
        """Whether it has come up: a server answers, a worker has had the time that one needs to start."""
        if self.port is None:
            return time.monotonic() - self._started > 2.0
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until it has come up. Raises RuntimeError when it does not, or ended by itself."""
        until = time.monotonic() + seconds
        while not self.ready:
            with self._lock:
                ended = self._process.poll()
            if ended is not None and ended >= 0:
                raise RuntimeError(f"a process ended by itself ({ended}); see {self._log}")
            if time.monotonic() > until:
                raise RuntimeError(f"a process did not come up; see {self._log}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill -9 the process and all it started, and start it again at once."""
        with self._lock:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self.kills += 1
            self._start()

    def end(self) -> None:
        """Let it end in order."""
        with self._lock:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def start_killing(
    victims: list[Victim],
    kills: int,
    rng: random.Random,
    turn: threading.Semaphore,
    done: threading.Semaphore,
    wrong: list[BaseException],
) -> threading.Thread:
    """Kill `kills` times in a thread of its own: a server and a worker in turn; which, and when, is up to `rng`.

    Each waits for its `turn` and releases `done`, so that kills and texts come to their end together.
    """
    kinds = ([v for v in victims if v.port], [v for v in victims if not v.port])
    plan = [(rng.choice(kinds[n % 2]), rng.uniform(0.0, 0.6)) for n in range(kills)]

    def run() -> None:
        try:
            for victim, delay in plan:
                turn.acquire()
                victim.wait_ready()
                time.sleep(delay)
                victim.kill()
                done.release()
        except BaseException as error:
            wrong.append(error)
            done.release(kills)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
