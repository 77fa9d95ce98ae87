"""Starting what is measured, each as a process of its own, and looking at it from outside."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from bench.load import Plan, Result
from companion.escalation.watchlist import load_watchlist
from companion.schema import upgrade
from companion.seed import seed
from companion.services import open_services
from companion.settings import load_settings
from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN

READY_WITHIN = 30.0  # seconds
SERVICE_NUMBER = "+447700900000"
THREADS = "8"


@dataclass(frozen=True)
class Running:
    """A process that answers; `started_in` is in seconds, from its start to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    started_in: float

    @property
    def public_url(self) -> str:
        """The address that texts are signed for."""
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def prepared(database_url: str, port: int) -> dict[str, str]:
    """Make the small programme in a new database; return the environment that serves it."""
    environment = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "not-a-secret-" * 4,
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": DEMO_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": DEMO_AUTH_TOKEN,
        "TWILIO_SMS_FROM": SERVICE_NUMBER,
        "TWILIO_API_BASE_URL": "http://127.0.0.1:9",  # nothing is sent while we measure
        "COMPANION_WEB_THREADS": THREADS,
    }
    settings = load_settings(_env_file=None, **{name.lower(): value for name, value in environment.items()})
    services = open_services(settings)
    upgrade(services.database)
    load_watchlist()  # and keeps its plan, as `companion db upgrade` does
    with services.database.write() as session:
        seed(session, services.clock.now(), settings)
    services.database.close()
    return environment


@contextmanager
def companion(environment: dict[str, str], port: int) -> Iterator[Running]:
    """Run `companion serve`."""
    with _running([sys.executable, "-m", "companion", "serve", "--port", str(port)], environment, port) as running:
        yield running


@contextmanager
def bare(database_url: str, port: int) -> Iterator[Running]:
    """Run the bare view by the same server, with the same options."""
    command = [
        sys.executable, "-m", "gunicorn", "bench.bare:app", "--bind", f"127.0.0.1:{port}", "--workers", "1",
        "--worker-class", "gthread", "--threads", THREADS, "--keep-alive", "15", "--log-level", "warning",
        "--no-control-socket",
    ]  # fmt: skip
    environment = {
        "BENCH_DATABASE_URL": database_url,
        "BENCH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BENCH_TOKEN": DEMO_AUTH_TOKEN,
    }
    with _running(command, environment, port) as running:
        yield running


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `companion worker`."""
    with _process([sys.executable, "-m", "companion", "worker"], environment) as process:
        yield process


@contextmanager
def stand_in(directory: Path, port: int) -> Iterator[Running]:
    """Run `companion simulate`, as the demonstration does."""
    command = [
        sys.executable, "-m", "companion", "simulate", "--port", str(port), "--inbound-url", "http://127.0.0.1:9/",
        "--sms-from", SERVICE_NUMBER, "--ledger", str(directory / "phones.sqlite3"),
    ]  # fmt: skip
    with _running(command, {}, port, "/simulator/") as running:
        yield running


def drive(plan: Plan) -> Result:
    """Run the load in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(plan)).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=plan.seconds + 120,
    )
    return Result(**json.loads(done.stdout))


def answers(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_it_answers(process: subprocess.Popen[bytes], url: str) -> float:
    """Wait for `url` to answer 200; return how many seconds it took. Raises RuntimeError when it never does."""
    started = time.perf_counter()
    while time.perf_counter() - started < READY_WITHIN:
        if answers(url):
            return time.perf_counter() - started
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended by itself, exit {process.returncode}")
        time.sleep(0.02)
    raise RuntimeError(f"{url} did not answer within {READY_WITHIN:.0f} s")


def memory(process: subprocess.Popen[bytes]) -> list[float]:
    """Return the resident memory, in MB, of the process and of each of its children."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return [rss / 1024 for pid, parent, rss in rows if process.pid in (pid, parent)]


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Return the processor time that the process and its children have had; NaN where there is no /proc."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    try:
        stats = [
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            for pid, parent in pairs
            if process.pid in (pid, parent)
        ]
    except OSError:
        return math.nan
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _running(command: list[str], environment: dict[str, str], port: int, path: str = "/privacy") -> Iterator[Running]:
    with _process(command, environment) as process:
        started_in = wait_until_it_answers(process, f"http://127.0.0.1:{port}{path}")
        yield Running(process, port, started_in)


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "COMPANION_"))}
    process = subprocess.Popen(command, env={**kept, **environment}, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
