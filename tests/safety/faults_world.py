"""One world in which many teams live, and what goes wrong in it: see `tests.safety.faults`, which lets it happen.

Each team has a trainee in danger at a time, two facilitators of its own, and shares the lead with the others. The whole
service runs, with the real Twilio client, the stand-in and a mail server. The clock is moved by `LOOKS`, so all times
are those of the simulation, not of the machine, and a tick is as late as that at most.

A page counts as received when a text of it arrives on a phone, its call is picked up by a person, or its e-mail comes.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from companion.escalation.closings import close
from companion.escalation.episodes import record_contact
from companion.models import Call, Email, Episode, OutboxMessage, Page, Person, Reference
from companion.models import Group as GroupRow
from companion.programme.plan import CohortPlan, GroupPlan, PersonPlan, Programme
from companion.programme.setup import load_programme
from companion.rota.ways import add_way
from tests.safety.stage import Postbox, give_logins
from tests.world import Talker, World

TEAMS = 20  # that are in one world at a time
LOOKS = timedelta(seconds=10)  # how often the worker ticks and phones are looked at
LIMIT = timedelta(hours=3)  # after it, an alarm counts as never received or never taken
WORDS = "I want to end my life"
TEXT_FAULTS: tuple[tuple[str, dict[str, int]], ...] = (
    ("failed", {"code": 30008}),
    ("undelivered", {"code": 30003}),
    ("refuse", {"code": 21612}),
    ("refuse", {"code": 21610}),
    ("stays_sent", {}),
    ("no_receipts", {}),
    ("http 500", {"times": 3}),
    ("http 503", {"times": 3}),
    ("http 429", {"times": 5}),
)
WHATSAPP_FAULTS = (*TEXT_FAULTS, ("refuse", {"code": 63016}))
CALL_FAULTS = ("call_busy", "call_failed", "call_voicemail")
ALL_DOWN = (("twilio", 0.15), ("worker", 0.1), ("mail", 0.25))  # what fails for all, and its share of the time


@dataclass
class Alarm:
    """One alarm, what was wrong during it, and its times in seconds; None where it never came."""

    team: int
    began: datetime
    wrong: set[str] = field(default_factory=set)
    replied: bool = False
    received: float | None = None
    owned: float | None = None
    by: str = ""  # the way by which it was received first


@dataclass
class Member:
    """One of those who are paged: phones, and how they answer at present."""

    id: uuid.UUID
    sms: Talker
    whatsapp: Talker
    mailbox: str
    picks_up: bool = True
    after: timedelta | None = timedelta(minutes=1)  # until a page is answered; None: not at all
    answers: dict[uuid.UUID, datetime] = field(default_factory=dict)  # by episode


class Run:
    """One world and the alarms in it."""

    def __init__(self, world: World, box: Postbox, chance: random.Random, teams: int) -> None:
        self.world, self.box, self.chance = world, box, chance
        self.ids: dict[uuid.UUID, Alarm] = {}  # by episode, of those that are going on
        self.down: dict[str, datetime] = {}  # what fails for all at present, and until when
        self.next_round = world.clock.now()
        self.seen = 0  # letters
        with world.database.read() as session:
            self.names = {person.name: person.id for person in session.scalars(select(Person))}
        self.free_at = [world.clock.now() + timedelta(seconds=20 * team) for team in range(teams)]
        self.peers = [[self._member(1 + 2 * team + each) for each in range(2)] for team in range(teams)]
        self.lead = self._member(0)
        self.by_mailbox = {m.mailbox: m for m in self.everyone()}

    def everyone(self) -> Iterator[Member]:
        """Yield all who are paged."""
        yield self.lead
        for two in self.peers:
            yield from two

    def _member(self, place: int) -> Member:
        sms = self.world.talker(_staff_number(place))
        whatsapp = self.world.talker(sms.number, "whatsapp")
        return Member(self.names[f"Dr Peer{place}"], sms, whatsapp, f"peer{place}@example.org")

    def alarms(self, count: int) -> list[Alarm]:
        """Let `count` alarms happen, and return them when each was taken or its time is over."""
        for member in self.everyone():
            member.whatsapp.texts("hello")  # so that WhatsApp is open to each of them for a day
        done: list[Alarm] = []
        started = 0
        while len(done) < count:
            now = self.world.clock.now()
            self._what_fails_for_all(now)
            for team, free_at in enumerate(self.free_at):
                if started < count and now >= free_at:
                    self._start(team, started, now)
                    started += 1
            self._work()
            for member in self.everyone():
                self._look(member, now)
            self._read_mail(now)
            done += self._finished(now)
            self.world.clock.move_to(now + LOOKS)
        return done

    def _work(self) -> None:
        if "worker" in self.down:
            self.world.standin.settle()  # webhooks are answered; nothing else is done
        else:
            self.world.settle()

    def _what_fails_for_all(self, now: datetime) -> None:
        for kind in [kind for kind, until in self.down.items() if now >= until]:
            del self.down[kind]
        if now >= self.next_round:
            self.next_round = now + timedelta(minutes=10)
            for kind, share in ALL_DOWN:
                if kind not in self.down and self.chance.random() < share:
                    self.down[kind] = now + timedelta(minutes=self.chance.uniform(1, 10))
                    if kind == "twilio":
                        self.world.standin.fault(None, "outage", until=self.down[kind])
        self.box.refuses = "mail" in self.down
        for alarm in self.ids.values():
            alarm.wrong |= set(self.down)

    def _start(self, team: int, number: int, now: datetime) -> None:
        self.free_at[team] = now + 2 * LIMIT  # busy until it is over
        trainee = self.world.member(f"+447700900{300 + number}")
        with self.world.database.write() as session:
            newest = select(Person).where(Person.role == "trainee").order_by(Person.created_at.desc(), Person.id.desc())
            person = session.scalars(newest.limit(1)).one()
            person.group_id = session.scalars(select(GroupRow.id).where(GroupRow.name == f"Team {team}")).one()
            person_id = person.id
        alarm = Alarm(team, now, set(self.down))
        self._break(team, alarm, now)
        trainee.texts(WORDS)
        said = " ".join(trainee.ignores())  # what the webhook itself answered: no worker has run
        alarm.replied = "no person has read" in said and "999" in said
        with self.world.database.read() as session:
            self.ids[session.scalars(select(Episode.id).where(Episode.person_id == person_id)).one()] = alarm

    def _break(self, team: int, alarm: Alarm, now: datetime) -> None:
        chance = self.chance
        for place, member in enumerate(self.peers[team]):
            silent = place == 0 and chance.random() < 0.3
            member.after = None if silent else timedelta(seconds=chance.uniform(20, 360))
            member.picks_up = not silent and chance.random() < 0.6
            alarm.wrong |= {"silent"} if silent else set()
            for wrong, share, channel, kinds in (
                ("sms", 0.35, "sms", TEXT_FAULTS),
                ("whatsapp", 0.35, "whatsapp", WHATSAPP_FAULTS),
                ("calls", 0.35, None, [(kind, {}) for kind in CALL_FAULTS]),
            ):
                if chance.random() < share:
                    kind, options = chance.choice(kinds)
                    until = now + timedelta(minutes=chance.uniform(5, 60))
                    self.world.standin.fault(member.sms.number, kind, channel=channel, until=until, **options)
                    alarm.wrong.add(wrong)

    def _look(self, member: Member, now: datetime) -> None:
        """Let one of them look at the phone: a page that is there is answered after a while, a call is picked up."""
        for talker, way in ((member.sms, "sms"), (member.whatsapp, "whatsapp")):
            for text in talker.phone.reads():
                if "you now" in text.body:
                    self._received(member, way, OutboxMessage.provider_sid == text.sid, now)
        if member.picks_up and (call := member.sms.phone.ringing()) is not None and call.status == "ringing":
            self._received(member, "call", Call.provider_sid == call.sid, now)
            member.sms.answers_call()
            if (still := member.sms.phone.ringing()) is not None and still.listening:  # nobody else has it yet
                member.sms.presses("1")
        for episode_id, at in list(member.answers.items()):
            if at <= now:
                del member.answers[episode_id]
                if (code := self._code(episode_id, member)) is not None and episode_id in self.ids:
                    member.sms.texts(f"{code} TAKE")

    def _read_mail(self, now: datetime) -> None:
        letters, self.seen = self.box.letters[self.seen :], len(self.box.letters)
        for letter in letters:
            member = self.by_mailbox.get(letter["To"])
            if member is not None and "you now" in letter["Subject"]:
                email_id = uuid.UUID(letter["Message-ID"].strip("<>").partition("@")[0])
                self._received(member, "email", Email.id == email_id, now)

    def _received(self, member: Member, way: str, carrier: ColumnElement[bool], now: datetime) -> None:
        with self.world.database.read() as session:
            query = select(Page.episode_id).outerjoin(OutboxMessage, Page.outbox_id == OutboxMessage.id)
            query = query.outerjoin(Call, Page.call_id == Call.id).outerjoin(Email, Page.email_id == Email.id)
            found = session.scalars(query.where(carrier, Page.person_id == member.id).distinct()).all()
        for episode_id in found:
            alarm = self.ids.get(episode_id)
            if alarm is None:
                continue  # it is over
            if alarm.received is None:
                alarm.received, alarm.by = (now - alarm.began).total_seconds(), way
            if member.after is not None:
                member.answers.setdefault(episode_id, now + member.after)

    def _code(self, episode_id: uuid.UUID, member: Member) -> str | None:
        wanted = (Reference.episode_id == episode_id) & (Reference.person_id == member.id)
        with self.world.database.read() as session:
            return session.scalar(select(Reference.code).where(wanted))

    def _finished(self, now: datetime) -> list[Alarm]:
        """Close what somebody has, as its owner would in the console, and give the team another trainee later."""
        over: list[Alarm] = []
        with self.world.database.write() as session:
            for episode in session.scalars(select(Episode).where(Episode.id.in_(self.ids), Episode.state == "owned")):
                alarm = self.ids.pop(episode.id)
                assert episode.owned_at is not None
                alarm.owned = (episode.owned_at - alarm.began).total_seconds()
                owner = session.get_one(Person, episode.owner_id)
                record_contact(session, episode, owner, now)
                close(session, episode, owner, "spoke", now, self.world.services.voice)
                over.append(alarm)
        for key, alarm in list(self.ids.items()):
            if now - alarm.began > LIMIT:
                over.append(self.ids.pop(key))
        for alarm in over:
            self._mend(alarm.team)
            self.free_at[alarm.team] = now + timedelta(minutes=self.chance.uniform(3, 10))  # paged once in two minutes
        return over

    def _mend(self, team: int) -> None:
        """Lift what was wrong with the phones of a team; a text from each makes a number good that was given up."""
        for member in self.peers[team]:
            self.world.standin.lift(number=member.sms.number)
            member.answers.clear()
            for talker in (member.sms, member.whatsapp):
                talker.texts("START")
                talker.ignores()


def _staff_number(place: int) -> str:
    return f"+447700900{200 + place}"


def _set_up(world: World, teams: int) -> None:
    """Make a programme: a lead (Peer0), and teams of two facilitators with a group of their own."""
    now = world.clock.now()
    names = [f"Dr Peer{place}" for place in range(1 + 2 * teams)]
    people = [
        PersonPlan(name=name, role="facilitator" if place else "lead", number=_staff_number(place))
        for place, name in enumerate(names)
    ]
    people.append(PersonPlan(name="Frances", role="coordinator", number="+447700900299"))
    groups = [
        GroupPlan(
            name=f"Team {team}",
            cohort="ICU",
            first_on=(now + timedelta(days=60)).date(),
            at=datetime.min.time().replace(hour=18, minute=30),
            join_link="https://video.example.org/j/team",
            facilitators=(names[1 + 2 * team], names[2 + 2 * team]),
        )
        for team in range(teams)
    ]
    cohort = CohortPlan(code="ICU", name="ICU", quiet_from=None, quiet_until=None)
    settings = world.settings
    with world.database.write() as session:
        load_programme(
            session,
            Programme(cohorts=(cohort,), people=tuple(people), groups=tuple(groups)),
            now,
            zone_name=settings.companion_time_zone,
            nation=settings.companion_nation,
            countries=settings.companion_countries,
        )
        session.flush()
        numbers = {plan.name: plan.number for plan in people}
        for person in session.scalars(select(Person).where(Person.state == "staff")):
            for kind in ("sms", "call"):  # as if each had typed in the codes
                number = numbers[person.name or ""]
                add_way(session, person, kind, number, settings.companion_countries, now).verified_at = now
    give_logins(world)


def run(database_url: str, seed: str, count: int, teams: int = TEAMS) -> list[Alarm]:
    """Let `count` alarms happen in a world of its own and return them; errors of the service end it."""
    with Postbox().open() as box:
        world = World(database_url, smtp_url=box.url, mail_from="companion@example.org")
        try:
            _set_up(world, teams)
            alarms = Run(world, box, random.Random(seed), teams).alarms(count)
            assert world.standin.violations == (), "requests that Twilio would refuse"
            assert world.expects_errors() == []
            return alarms
        finally:
            world.close()
