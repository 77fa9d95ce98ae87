"""One run: people text, processes die, and at the end everything must have arrived once."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from companion.clock import MovableClock
from companion.content.catalogue import Text
from companion.messaging.addresses import address_of
from companion.messaging.numbers import read_sender
from companion.messaging.outbox import enqueue
from companion.models import InboundMessage, OutboxMessage
from companion.seed import seed as seed_programme
from companion.services import Services, open_services
from companion.settings import load_settings
from companion.simulator.carrier import Delays
from companion.simulator.phone import Phone
from companion.simulator.standin import StandIn
from companion.simulator.switchboard import Endpoints
from tests.torture.judge import Verdict, judge
from tests.torture.processes import SERVICE, Victim, environment, free_port, start_killing

DANGER = "i want to kill myself"
# Words that mean nothing and are on no list: one that paged would bring later texts of its own.
NONSENSE = ("wibble", "the quince is blue", "teapot", "forty two ducks", "marmalade and toast")
WHEN_DOWN = 0.1  # the share of texts that are sent without caring whether the server is up
NO_CHANGE = 300.0  # seconds in which no text more comes to rest: then none will; a busy machine takes its time


@dataclass(frozen=True)
class Plan:
    """What happens in a run."""

    database_url: str
    texts: int
    kills: int
    seed: int
    servers: int
    workers: int


def run(plan: Plan, directory: Path) -> Verdict:
    """Do one run. Raises RuntimeError when a process cannot be kept up or nothing comes to rest."""
    began = time.monotonic()
    clock = MovableClock(directory / "clock")
    ports = [free_port() for _ in range(plan.servers)]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    standin = StandIn(
        clock=clock,
        inbound_url=f"{urls[0]}/twilio/inbound",
        numbers=[SERVICE],
        whatsapp=[SERVICE],
        check=plan.texts <= 1_000,  # what is asked is checked by many other tests
        live=True,
        delays=Delays(queued=0.01, sent=0.01),
    )
    twilio = standin.serve()
    settings = [environment(plan.database_url, url, twilio, directory / "clock") for url in urls]
    services = open_services(load_settings(_env_file=None, **{k.lower(): v for k, v in settings[0].items()}))
    services.database.unlock()
    with services.database.write() as session:
        seed_programme(session, clock.now(), services.settings)
    log = directory / "processes.log"
    servers = [Victim(given, log, port) for given, port in zip(settings, ports, strict=True)]
    workers = [Victim(settings[n % plan.servers], log) for n in range(plan.workers)]
    try:
        crowd = _Crowd(plan, standin, servers, urls)
        notices = crowd.text_while_killing(services, [*servers, *workers])
        for victim in (*servers, *workers):
            victim.wait_ready()
        _come_to_rest(standin, services, clock)
        verdict = judge(
            standin,
            services.database,
            crowd.counted,
            notices,
            services.words.render("system_down").body,
        )
    finally:
        for victim in (*workers, *servers):
            victim.end()
        standin.close()
        services.database.close()
    verdict.seed, verdict.database = plan.seed, services.database.engine.dialect.name
    verdict.kills_of_servers = sum(victim.kills for victim in servers)
    verdict.kills_of_workers = sum(victim.kills for victim in workers)
    verdict.seconds = time.monotonic() - began
    return verdict


class _Crowd:
    """Phones of strangers (one answer to each text), of people who join, and of a few in danger."""

    def __init__(self, plan: Plan, standin: StandIn, servers: list[Victim], urls: list[str]) -> None:
        self._plan = plan
        self._standin = standin
        self._servers = servers
        self._urls = urls
        rng = random.Random(plan.seed)
        count = max(20, min(600, plan.texts // 4))
        phones = [standin.phone(f"+447700900{300 + n}", rng.choice(("sms", "sms", "whatsapp"))) for n in range(count)]
        joining = count // 4
        self._scripts: list[list[tuple[Phone, str]]] = [[] for _ in range(4)]
        members, strangers = phones[:joining], phones[joining:]
        self.counted = [phone.address for phone in strangers]
        texts = [(phone, text) for phone in members for text in ("JOIN ICU", "YES")][: plan.texts // 2]
        texts += [(rng.choice(members), DANGER) for _ in range(max(1, plan.texts // 200))]
        texts += [(rng.choice(strangers), rng.choice(NONSENSE)) for _ in range(plan.texts - len(texts))]
        for phone, text in texts:  # the texts of one phone stay in their order
            self._scripts[int(phone.number[-3:]) % 4].append((phone, text))
        self._rng = rng

    def text_while_killing(self, services: Services, victims: list[Victim]) -> dict[str, str]:
        """Send every text, and queue notices, while processes are killed. Return the notices: words to number."""
        turn, done, wrong = threading.Semaphore(0), threading.Semaphore(0), list[BaseException]()
        for victim in victims:
            victim.wait_ready()
        killing = start_killing(victims, self._plan.kills, self._rng, turn, done, wrong)
        portions = self._plan.kills + 1
        notices: dict[str, str] = {}
        for portion in range(portions):
            turn.release()
            threads = [
                threading.Thread(
                    target=self._text,
                    args=(script[len(script) * portion // portions : len(script) * (portion + 1) // portions], portion),
                )
                for script in self._scripts
            ]
            for thread in threads:
                thread.start()
            notices |= self._queue(services, portion, portions)
            if portion < self._plan.kills:
                done.acquire()
            for thread in threads:
                thread.join()
        killing.join()
        if wrong:
            raise RuntimeError("killing went wrong") from wrong[0]
        return notices

    def _text(self, script: list[tuple[Phone, str]], portion: int) -> None:
        rng = random.Random(self._plan.seed * 1_000_003 + portion)
        for phone, text in script:
            which = rng.randrange(len(self._servers))
            if rng.random() > WHEN_DOWN:
                self._servers[which].wait_ready()
            self._standin.switchboard.endpoints = Endpoints(f"{self._urls[which]}/twilio/inbound")
            phone.texts(text)

    def _queue(self, services: Services, portion: int, portions: int) -> dict[str, str]:
        count = self._plan.texts // 4
        numbers = range(count * portion // portions, count * (portion + 1) // portions)
        notices = {f"Notice {n} of {count}.": f"+447700900{900 + n % 100}" for n in numbers}
        with services.database.write() as session:
            now = services.clock.now()
            for words, number in notices.items():
                address = address_of(session, read_sender(number, ("GB",)), now)
                lane = "reminder" if int(number) % 2 else "bulk"
                enqueue(session, key=words, lane=lane, to=address, text=Text("notice", "1", words), now=now)
        return notices


def _come_to_rest(standin: StandIn, services: Services, clock: MovableClock) -> None:
    """Wait until nothing more happens, moving the clock over the leases that killed workers left behind."""
    until = time.monotonic() + NO_CHANGE
    before: tuple[object, ...] = ()
    fewest = None
    while time.monotonic() < until:
        time.sleep(3.0)
        standin.wait_quiet(20.0)
        now_ = _open(services)
        missing = {message.sid for message in standin.messages if message.inbound} - now_[1]
        left = len(now_[0]) + len(missing)
        if not left:
            return
        if fewest is None or left < fewest:
            fewest, until = left, time.monotonic() + NO_CHANGE
        if now_ == before:  # only what waits for its time is left: nobody is calling at this moment
            clock.advance(timedelta(seconds=30))
        before = now_
    raise RuntimeError(f"it never comes to rest: {fewest} texts are open")


def _open(services: Services) -> tuple[tuple[tuple[str, str], ...], set[str]]:
    with services.database.read() as session:
        due = services.clock.now() + timedelta(seconds=30)
        open_ = session.execute(
            select(func.lower(OutboxMessage.key), OutboxMessage.status)
            .where(
                OutboxMessage.status.in_(("sending", "unknown", "handed"))
                | ((OutboxMessage.status == "queued") & (OutboxMessage.not_before <= due))
            )
            .order_by(OutboxMessage.key)
        ).tuples()
        return tuple(open_), set(session.scalars(select(InboundMessage.provider_sid)))
