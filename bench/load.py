"""Phones that text as fast as they are answered, or at a steady rate. A process of its own: JSON in, JSON out.

Every text is signed and ready before the first is sent. Connections are kept alive, as Twilio's are. At a steady rate
the time of an answer counts from when its text was due, so that a server that falls behind cannot hide it.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

# What people write: orders, numbers, questions, feelings, thanks, and now and then what rings a facilitator.
TEXTS = (
    "menu", "7", "Yes please", "when is the next session?", "I can't sleep after nights, any ideas", "thanks",
    "6", "who can I talk to about my rota", "Couldn’t finish my lunch again today, bit fed up tbh", "help",
    "is there anywhere for money worries? rent is due", "no", "ok 👍", "Bit better than last week. Boss was kind.",
    "What is this again?", "next session", "4 - knackered but fine", "my e-portfolio is a mess and arcp is in june",
    "link", "I made a mistake yesterday and keep going over it in my head, does that get easier?",
)  # fmt: skip
RARE = "I don't want to be here any more"  # every fiftieth text
TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Plan:
    """What to send. `rate` is in texts per second; without one, each connection sends as soon as it is answered."""

    port: int
    public_url: str
    token: str
    count: int
    seconds: float
    connections: int = 8
    senders: int = 64
    first: int = 0
    rate: float | None = None
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What came of it: how many were answered, in how many seconds, and how long single answers took (seconds)."""

    answered: int
    failed: int
    seconds: float
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        """Texts answered per second."""
        return self.answered / self.seconds


def requests_of(plan: Plan) -> list[bytes]:
    """Return the plan's signed requests, ready to be written to a socket."""
    validator = RequestValidator(plan.token)
    mix = [text for fifty in range(plan.count // 50 + 1) for text in (*islice(cycle(TEXTS), 49), RARE)]
    made = []
    for index in range(plan.count):
        number = plan.first + index
        text = plan.texts[(index // plan.senders) % len(plan.texts)] if plan.texts else mix[index]
        form = {
            "MessageSid": f"SM{number:032x}",
            "SmsMessageSid": f"SM{number:032x}",
            "SmsSid": f"SM{number:032x}",
            "AccountSid": "AC" + "0" * 32,
            "From": f"+4477009001{index % plan.senders:02d}",
            "To": "+447700900000",
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        }
        body = urlencode(form).encode()
        signature = validator.compute_signature(f"{plan.public_url}/twilio/inbound", form)
        head = (
            f"POST /twilio/inbound HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def run(plan: Plan) -> Result:
    """Send the plan's texts for at most its seconds, and measure."""
    made, lock = iter(list(enumerate(requests_of(plan)))), threading.Lock()
    times: list[float] = []
    failures: list[int] = []
    begin = time.perf_counter() + 0.05

    def phone() -> None:
        connection = _connect(plan.port)
        while True:
            with lock:
                index, request = next(made, (0, b""))
            due = begin if plan.rate is None else begin + index / plan.rate
            if not request or max(due, time.perf_counter()) - begin > plan.seconds:
                return
            _wait_until(due)
            started = due if plan.rate is not None else time.perf_counter()
            try:
                status = _exchange(connection, request)
            except OSError:
                status, connection = 0, _connect(plan.port)
            times.append(time.perf_counter() - started)
            if status != 200:
                failures.append(status)

    threads = [threading.Thread(target=phone) for _ in range(plan.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    times.sort()
    return Result(
        len(times) - len(failures), len(failures), seconds, times[len(times) // 2], times[int(len(times) * 0.99)]
    )


def _wait_until(moment: float) -> None:
    left = moment - time.perf_counter()
    if left > 0:
        time.sleep(left)


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _exchange(connection: socket.socket, request: bytes) -> int:
    """Send one request and read its answer; return the status."""
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _more(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _more(connection)
    return int(head[9:12])


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65_536)
    if not piece:
        raise ConnectionError("the server closed the connection")
    return piece


if __name__ == "__main__":
    json.dump(asdict(run(Plan(**json.load(sys.stdin)))), sys.stdout)
