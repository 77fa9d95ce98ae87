"""The whole service in one process, with phones: tests read like conversations.

The web server answers on a loopback port, the stand-in Twilio on another, the real twilio client talks between them.
The worker's jobs are called when time is moved; nothing sleeps. A text that nobody expected fails the test.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from companion import create_app, jobs
from companion.agenda import next_due
from companion.clock import FixedClock
from companion.db import Database
from companion.seed import STAFF
from companion.services import Services
from companion.settings import Settings, load_settings
from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from companion.simulator.phone import Phone
from companion.simulator.standin import StandIn
from companion.web import CONSOLE, build_doors
from tests.databases import KEY, START, filled

SERVICE = "+447700900000"
TRAINEE = "+447700900101"


class Talker:
    """A phone, and what its owner expects to hear."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.number = phone.number
        self._spoken = 0

    def texts(self, body: str, **more: str | None) -> str:
        """Send a text; return its SID."""
        return self.phone.texts(body, **more)

    def hears(self, *fragments: str) -> str:
        """Read the next text, which must hold every one of `fragments` (in any case), and return it."""
        unread = self.phone.unread()
        assert unread, f"{self.number} hears nothing, not {fragments}"
        first = unread[0]
        for fragment in fragments:
            assert fragment.lower() in first.body.lower(), f"{fragment!r} is not in {first.body!r}"
        self.phone.reads(1)
        return first.body

    def hears_nothing(self) -> None:
        """Fail if there is anything unread."""
        assert [text.body for text in self.phone.unread()] == []

    def rings(self) -> None:
        """Fail unless this phone rings."""
        call = self.phone.ringing()
        assert (call.status if call else "silent") == "ringing", f"{self.number} does not ring"

    def rings_not(self) -> None:
        """Fail if this phone rings."""
        assert self.phone.ringing() is None, f"{self.number} rings"

    def answers_call(self, *, machine: bool = False) -> None:
        """Pick up (or let a mailbox do it) and listen."""
        self._spoken = 0
        self.phone.answers_call(machine=machine)

    def presses(self, digit: str) -> None:
        """Press a key."""
        self.phone.presses(digit)

    def hears_spoken(self, *fragments: str) -> str:
        """Return what was said in the last call since this was last asked; it must hold all of `fragments`."""
        said = " ".join(self.phone.calls[-1].heard[self._spoken :])
        for fragment in fragments:
            assert fragment.lower() in said.lower(), f"{fragment!r} was not said in {said!r}"
        self._spoken = len(self.phone.calls[-1].heard)
        return said

    def ignores(self) -> list[str]:
        """Read everything, and return it."""
        return [text.body for text in self.phone.reads()]


class World:
    """Service, stand-in and clock. Use as a context manager."""

    def __init__(self, database_url: str, **settings: Any) -> None:
        self.clock = FixedClock(START)
        self._log = _Log(logging.DEBUG)
        logging.getLogger("companion").setLevel(logging.DEBUG)
        logging.getLogger().addHandler(self._log)
        self._talkers: dict[str, Talker] = {}
        self._web = make_server("127.0.0.1", 0, _not_yet, threaded=True)
        url = f"http://127.0.0.1:{self._web.server_port}"
        self.standin = StandIn(
            clock=self.clock, inbound_url=f"{url}/twilio/inbound", numbers=[SERVICE], whatsapp=[SERVICE]
        )
        given = {
            "database_url": database_url,
            "secret_key": "not-a-secret-" * 4,
            "encryption_keys": KEY,
            "public_url": url,
            "twilio_account_sid": DEMO_ACCOUNT_SID,
            "twilio_auth_token": DEMO_AUTH_TOKEN,
            "twilio_sms_from": SERVICE,
            "twilio_whatsapp_from": SERVICE,
            "companion_sms_rate": 1000,
            "companion_sends_at_once": 1,  # so that what goes out at one moment goes in one order; some tests want more
            "companion_whatsapp_rate": 1000,
            "twilio_api_base_url": self.standin.serve(),
            **settings,
        }
        self.settings: Settings = load_settings(_env_file=None, **given)
        self._databases: list[Database] = []
        self.services = self.new_services()
        self.doors = build_doors(self.services)
        self._web.app = self._answer
        threading.Thread(target=self._web.serve_forever, args=(0.01,), daemon=True).start()

    @cached_property
    def app(self) -> Flask:
        """The whole application. Made when it is asked for, as few tests need the console's pages."""
        return create_app(self.services)

    def _answer(self, environ: Any, start_response: Any) -> Any:
        app = self.app if environ["PATH_INFO"].startswith(CONSOLE) else self.doors
        return app(environ, start_response)

    @property
    def database(self) -> Database:
        """The database of the first server."""
        return self.services.database

    def new_services(self) -> Services:
        """Return services of their own on the same database: another process, as far as they can tell."""
        database = _opened(self.settings, len(self._databases))
        self._databases.append(database)
        database.unlock()
        return Services(self.settings, self.clock, database)

    def seeded(self) -> World:
        """Add the small programme of the demonstration."""
        filled(self.database, self.settings, self.clock.now())
        for staff in STAFF:
            self.talker(staff.number)
        return self

    def talker(self, number: str = TRAINEE, channel: str = "sms") -> Talker:
        """Return the owner of a phone."""
        key = f"{channel}:{number}"
        if key not in self._talkers:
            self._talkers[key] = Talker(self.standin.phone(number, channel))  # type: ignore[arg-type]
        return self._talkers[key]

    def staff(self, role: str, which: int = 0) -> Talker:
        """Return one of those who run the programme."""
        return self.talker([s.number for s in STAFF if s.role == role][which])

    def member(self, number: str = TRAINEE, channel: str = "sms", code: str = "ICU") -> Talker:
        """Return a trainee who has joined, with nothing unread."""
        talker = self.talker(number, channel)
        talker.texts(f"JOIN {code}")
        talker.texts("YES")
        talker.ignores()
        return talker

    def settle(self) -> None:
        """Run the worker's jobs and the stand-in until nothing is left to do at this moment."""
        for _ in range(50):
            self.standin.settle()
            jobs.tick(self.services)
            jobs.deliver_urgent(self.services)
            jobs.deliver(self.services)
            jobs.place_calls(self.services)
            jobs.send_mail(self.services)
            if not self.standin.settle():
                return
        raise AssertionError("it never comes to rest")

    def advance(self, **by: float) -> None:
        """Move the clock (timedelta's arguments), stopping at everything that falls due on the way."""
        self.move_to(self.clock.now() + timedelta(**by))

    def staff_ignores(self) -> None:
        """Let those who run the programme read what they got, in tests about something else."""
        for staff in STAFF:
            self.talker(staff.number).ignores()

    def move_to(self, moment: datetime) -> None:
        """Move the clock to `moment`, stopping at everything that falls due on the way."""
        self.settle()
        while (due := self.next_due()) is not None and due <= moment:
            self.clock.move_to(max(due, self.clock.now() + timedelta(seconds=1)))
            self.settle()
        self.clock.move_to(moment)
        self.settle()

    def jump_to(self, moment: datetime) -> None:
        """Move the clock at one stroke, as when the worker was down."""
        self.clock.move_to(moment)
        self.settle()

    def next_due(self) -> datetime | None:
        """Return when anything happens next by itself (UTC), of the service and of the stand-in."""
        with self.database.read() as session:
            found = next_due(session, self.clock.now(), self.settings.zone)
        moments = [found[0] if found else None, self.standin.next_due()]
        return min((moment for moment in moments if moment is not None), default=None)

    def post(self, path: str, form: dict[str, str], *, sign: bool = True, **headers: str) -> Any:
        """Post a form as Twilio would (or, unsigned, as anyone could)."""
        if sign:
            headers["X-Twilio-Signature"] = self.standin.sign(self.settings.public_url + path, form)
        app = self.doors if path.startswith("/twilio/") else self.app
        return app.test_client().post(path, data=form, headers=headers)

    def expects_errors(self) -> list[str]:
        """Take the errors logged so far as expected, and return them."""
        seen, self._log.errors = self._log.errors, []
        return seen

    def finish(self) -> None:
        """Fail for texts nobody expected, errors in the log, and requests Twilio's documents do not allow.

        Fail as well when anything in the log holds words that somebody texted, or their number.
        """
        self.settle()
        assert self._log.errors == []
        texted = [message for message in self.standin.messages if message.inbound]
        secrets = {" ".join(run) for message in texted for run in _threes(message.body)}
        secrets |= {number[-9:] for message in texted if (number := message.from_ or "")[-9:].isdecimal()}
        logged = "\n".join(" ".join(line.split()) for line in self._log.lines)
        assert [secret for secret in secrets if secret in logged] == []
        assert self.standin.violations == ()
        unread = {name: [t.body for t in talker.phone.unread()] for name, talker in self._talkers.items()}
        assert {name: texts for name, texts in unread.items() if texts} == {}

    def close(self) -> None:
        """Stop serving."""
        logging.getLogger().removeHandler(self._log)
        self._web.shutdown()
        self._web.server_close()
        self.standin.close()
        for database in self._databases:
            database.close()


_OPENED: dict[tuple[str, tuple[str, ...], int], Database] = {}


def _opened(settings: Settings, number: int) -> Database:
    """Return a database opened as one process does; the tests after this one use it again, with its prepared questions.

    Every test has a fresh copy of the data, under the same name (`tests.databases.in_slots`).
    """
    key = (settings.database_url, settings.encryption_keys, number)
    if "slot" not in settings.database_url:
        return Database(settings.database_url, settings.encryption_keys)
    if key not in _OPENED:
        _OPENED[key] = Database(settings.database_url, settings.encryption_keys)
    return _OPENED[key]


class _Log(logging.Handler):
    """Remembers all that is logged, and apart what the service logs as an error."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.lines: list[str] = []
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self.lines.append(line)
        if record.levelno >= logging.ERROR and record.name.split(".")[0] == "companion":
            self.errors.append(line)


def _threes(text: str) -> Iterator[list[str]]:
    """Yield every three words in a row of a text, if they are long enough to be told from others."""
    words = text.split()
    for at in range(len(words) - 2):
        if sum(map(len, words[at : at + 3])) > 9:
            yield words[at : at + 3]


def _not_yet(_environ: object, start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [])
    return []


__all__ = ["SERVICE", "START", "TRAINEE", "Talker", "World"]
