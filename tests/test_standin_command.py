"""The command that runs the stand-in, as a person or the demonstration runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from companion.simulator.store import Store

NUMBER = "+447700900000"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start `simulate` in a clean environment."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("TWILIO_")}
    process = subprocess.Popen(
        [sys.executable, "-c", "from companion.simulator.cli import simulate; simulate()",
         "--inbound-url", "http://127.0.0.1:9/inbound", *arguments],
        env={**clean, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def refusal(*arguments: str, **environment: str) -> str:
    """Return the one line with which the command ends."""
    with running(*arguments, **environment) as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode != 0
        assert "Traceback" not in errors
        return errors.strip().splitlines()[-1]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_asked_to_end(ending: signal.Signals, tmp_path: Path) -> None:
    port = free_port()
    files = ["--clock-file", str(tmp_path / "clock"), "--ledger", str(tmp_path / "ledger")]
    with running(
        "--port", str(port), "--sms-from", NUMBER, "--phone", "Asha (ICU)=whatsapp:+447700900101", *files
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"Phones: http://127.0.0.1:{port}/simulator/"
        state = requests.get(f"http://127.0.0.1:{port}/simulator/state", timeout=30).json()
        assert state["phones"] == [{"number": "+447700900101", "label": "Asha (ICU)", "showing": "whatsapp"}]
        events = requests.get(f"http://127.0.0.1:{port}/simulator/events", stream=True, timeout=30)
        process.send_signal(ending)
        _, errors = process.communicate(timeout=30)
        events.close()
        assert process.returncode == 0
        assert errors == ""


def test_a_port_in_use_gives_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 cannot be used" in refusal("--port", str(port), "--sms-from", NUMBER)


@pytest.mark.parametrize(
    "environment",
    [
        {"TWILIO_ACCOUNT_SID": "AC" + "1" * 32},
        {"TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef"},
        {"TWILIO_AUTH_TOKEN": "stand-in-token-of-no-real-account,0123456789abcdef"},
    ],
)
def test_it_does_not_start_beside_a_real_account(environment: dict[str, str]) -> None:
    line = refusal("--sms-from", NUMBER, **environment)
    assert "may be real" in line
    assert not any(value in line for value in environment.values())


def test_bad_options_are_named(tmp_path: Path) -> None:
    assert "--sms-from" in refusal()
    assert "--phone wants" in refusal("--sms-from", NUMBER, "--phone", "Asha")
    broken = tmp_path / "ledger"
    broken.write_text("this is no database, it is a text that is long enough to be read as one" * 20)
    assert "cannot be used" in refusal("--sms-from", NUMBER, "--ledger", str(broken))
    other = tmp_path / "other"
    store = Store(other)
    store.put("contact", NUMBER, {"name": "Asha"})
    store.close()
    assert "another version" in refusal("--sms-from", NUMBER, "--ledger", str(other))
