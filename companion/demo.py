"""Everything on one machine: server, worker, a stand-in for Twilio, and phones in the browser."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from cryptography.fernet import Fernet
from sqlalchemy import select

from companion.clock import MovableClock
from companion.console.users import create_user, new_password
from companion.content.templates import definitions
from companion.crypto import CannotDecryptError
from companion.db import DatabaseError
from companion.messaging import templates
from companion.models import Person
from companion.schema import require_current
from companion.seed import STAFF, seed, seed_rota
from companion.services import Services, open_services
from companion.settings import Settings, load_settings
from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN

COMPANION = [sys.executable, "-m", "companion"]
SERVICE_NUMBER = "+447700900000"
TRAINEE = ("Asha, trainee", "+447700900101")
LOGIN = "lead@example.org"
READY_WITHIN = 180.0  # seconds; a first start on a slow machine that is busy takes a minute
REASSURE_AFTER = 10.0  # seconds
PATIENCE = 10.0  # seconds that a process gets to end by itself


class DemoError(Exception):
    """The demonstration cannot run; the message is one line that says why."""


def run(port: int, data: Path, *, reset: bool = False) -> None:
    """Run until Ctrl-C. What was there before is kept unless `reset`. Raises DemoError."""
    for wanted in (port, port + 1):
        _require_free(wanted)
    if reset:
        shutil.rmtree(data, ignore_errors=True)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"nothing can be kept in {data}: {error.strerror}") from None
    secret = _secrets(data / "secrets.json")
    environment = _environment(port, data.resolve(), secret)
    _prepare(environment, secret)
    commands = _commands(port, data.resolve())
    with _ended_by_signal(), _processes(commands, environment) as processes:
        _wait_until_ready(port, processes)
        _make_templates(environment)
        _say(port, secret)
        _watch(processes)


def _secrets(path: Path) -> dict[str, str]:
    """Return this demonstration's own keys and console password, made the first time."""
    if path.exists():
        try:
            kept: dict[str, str] = json.loads(path.read_text())
            if all(isinstance(kept[name], str) for name in ("secret_key", "encryption_keys", "password")):
                return kept
        except (OSError, ValueError, LookupError, TypeError):
            pass
        raise DemoError(f"{path} cannot be read; `make demo-reset` begins anew")
    made = {
        "secret_key": secrets.token_urlsafe(48),
        "encryption_keys": Fernet.generate_key().decode(),
        "password": new_password(),
    }
    path.write_text(json.dumps(made))
    path.chmod(0o600)
    return made


def _environment(port: int, data: Path, secret: dict[str, str]) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{data / 'companion.sqlite3'}",
        "SECRET_KEY": secret["secret_key"],
        "ENCRYPTION_KEYS": secret["encryption_keys"],
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": DEMO_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": DEMO_AUTH_TOKEN,
        "TWILIO_SMS_FROM": SERVICE_NUMBER,
        "TWILIO_WHATSAPP_FROM": SERVICE_NUMBER,
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{port + 1}",
        "COMPANION_CLOCK_FILE": str(data / "clock"),
        "COMPANION_TICK_SECONDS": "1",
    }


def _prepare(environment: dict[str, str], secret: dict[str, str]) -> None:
    # As on a server: worked out in a process of its own, the watch list's plan takes none of the others' memory.
    upgraded = subprocess.run([*COMPANION, "db", "upgrade"], env=_clean(environment), capture_output=True, text=True)  # noqa: S603, PLW1510
    if upgraded.returncode:
        why = (upgraded.stderr.strip().splitlines() or ["the database cannot be prepared"])[-1].removeprefix("Error: ")
        raise DemoError(f"{why}; `make demo-reset` begins anew")
    services = open_services(_settings(environment))
    try:
        require_current(services.database)
        _seed(services, secret["password"])
    except (DatabaseError, CannotDecryptError) as error:
        raise DemoError(f"{error}; `make demo-reset` begins anew") from None
    finally:
        services.database.close()


def _clean(environment: dict[str, str]) -> dict[str, str]:
    """Return the demonstration's settings, and of the shell's what is no setting of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "COMPANION_"))}
    return {**kept, **environment}


def _settings(environment: dict[str, str]) -> Settings:
    return load_settings(_env_file=None, **{name.lower(): value for name, value in environment.items()})


def _seed(services: Services, password: str) -> None:
    settings = services.settings
    with services.database.write() as session:
        now = MovableClock(Path(settings.companion_clock_file or "")).now()
        if seed(session, now, settings):
            seed_rota(session, now, settings)
            lead = session.scalars(select(Person).where(Person.role == "lead")).one()
            create_user(session, lead, LOGIN, password)


def _make_templates(environment: dict[str, str]) -> None:
    """Make the WhatsApp templates at the stand-in, which approves at once."""
    services = open_services(_settings(environment))
    require_current(services.database)
    wanted = list(definitions(services.words.with_standing(url=services.voice.console_url)).values())
    try:
        templates.create_missing(services.database, services.twilio, services.clock, wanted)
        templates.submit_new(services.database, services.twilio, wanted)
        templates.sync(services.database, services.twilio, services.clock)
    finally:
        services.database.close()


def _commands(port: int, data: Path) -> dict[str, list[str]]:
    base = f"http://127.0.0.1:{port}"
    phones = [TRAINEE, *((f"{s.name}, {s.role}", s.number) for s in STAFF if s.role != "coordinator")]
    simulate = [
        *COMPANION, "simulate", "--port", str(port + 1), "--inbound-url", f"{base}/twilio/inbound",
        "--sms-from", SERVICE_NUMBER, "--whatsapp-from", SERVICE_NUMBER,
        "--clock-file", str(data / "clock"), "--ledger", str(data / "phones.sqlite3"),
        "--service-name", "Companion", "--console-url", f"{base}/console/",
        "--next-due-url", f"{base}/simulator/next-due",
    ]  # fmt: skip
    for label, number in phones:
        simulate += ["--phone", f"{label}={number}"]
    return {
        "phones": simulate,
        "server": [*COMPANION, "serve", "--port", str(port)],
        "worker": [*COMPANION, "worker"],
    }


@contextlib.contextmanager
def _processes(
    commands: dict[str, list[str]], environment: dict[str, str]
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start each command in a session of its own, so that Ctrl-C ends them in order and not all at once."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            running[name] = subprocess.Popen(  # noqa: S603 (our own commands)
                command, env=_clean(environment), stdout=subprocess.DEVNULL, start_new_session=True
            )
        yield running
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # pressed again: what is left must still end
            signal.signal(number, signal.SIG_IGN)
        for process in reversed(running.values()):
            process.terminate()
        for process in running.values():
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(port: int, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    began, told = time.monotonic(), False
    while (waited := time.monotonic() - began) < READY_WITHIN:
        _require_running(processes)
        if waited > REASSURE_AFTER and not told:
            sys.stdout.write("Still starting: the first start takes longest.\n")
            sys.stdout.flush()
            told = True
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise DemoError("the server and the worker did not become ready; see the lines above")


def _watch(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _require_running(processes)
        time.sleep(0.5)


def _require_running(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise DemoError(f"the {name} ended by itself (exit {process.returncode}); see the lines above")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise DemoError(
                f"port {port} is in use. End what uses it, or choose another: make demo PORT=5100"
            ) from None
        except OverflowError:
            raise DemoError(f"there is no port {port}. Choose another: make demo PORT=5100") from None


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and the closing of the window end the block quietly."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # SIGHUP is the closing of the window; SIGINT too, for a shell starts background jobs with it ignored.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end)
    try:
        yield
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # the window may be gone
            sys.stdout.write("\nEnded. Everything is kept; `make demo` goes on from here.\n")
            sys.stdout.flush()


def _say(port: int, secret: dict[str, str]) -> None:
    started = datetime.now(UTC).astimezone().strftime("%H:%M")
    sys.stdout.write(
        f"\nCompanion is running since {started}. No real text leaves this machine.\n\n"
        f"  Open      http://127.0.0.1:{port}/\n"
        f"  Try       text JOIN ICU from Asha's phone, answer YES, and move the clock\n"
        f"  Console   http://127.0.0.1:{port}/console/   {LOGIN}   {secret['password']}\n\n"
        f"Ctrl-C ends it.\n"
    )
    sys.stdout.flush()
