"""A model of the six invariants: whatever people, provider, clock and crashes do, they hold.

Members, strangers and staff text words of danger and ordinary ones; pages are taken, passed and misunderstood by text,
by key and in the console; people stop and start; workers die before and after a commit; Twilio fails and comes back.
`COMPANION_WHOLE=1` looks longer (`COMPANION_MODEL_EXAMPLES` says how much). A failure prints the steps.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, update

from companion import jobs
from companion.escalation import closings, episodes, reopening
from companion.escalation.closings import CannotCloseError
from companion.models import OUTCOMES, Address, Episode, Person
from companion.seed import STAFF
from companion.services import Services
from tests.databases import NewDatabase
from tests.machines import RequestFailedError, dies_after_the_answer, dies_at_a_commit, run_machine
from tests.safety.invariants import Judge, Witness
from tests.safety.stage import Postbox, give_logins, reference
from tests.world import World

WHOLE = bool(os.environ.get("COMPANION_WHOLE"))
EXAMPLES = int(os.environ.get("COMPANION_MODEL_EXAMPLES", "150")) if WHOLE else 3
STEPS = 40 if WHOLE else 20

MEMBERS = {"+447700900101": "Asha Quillfeather", "+447700900102": "Bilal Thistlewood"}
STRANGERS = ("+447700900301", "+447700900302")
ANSWERING = [staff.number for staff in STAFF if staff.role != "coordinator"]
DANGER = (
    "i want to end my life",
    "i have been cutting myself again",
    "please, i can't go on, i want to kill myself, my bleep was 4471",
)
ORDINARY = (
    "STOP", "START", "CHANGE", "HELP", "YES", "CALL ME", "JOIN ICU",
    "the marmalade skylark sang over the multi storey", "ever so grateful that you rang me back",
)  # fmt: skip
PLAIN = (
    "TAKE", "PASS", "got it", "can't, in theatre, pass it on", "reached them", "STOP", "START", "HELP",
    "is it the one from this morning", "K7Q9 TAKE", "K7Q2 TAKE", "9999 PASS",
)  # fmt: skip
FAULTS = (
    ("undelivered", 30003), ("undelivered", 30005), ("failed", 30008), ("refuse", 21211), ("refuse", 21610),
    ("refuse", 63016), ("stays_sent", None), ("no_receipts", None), ("receipts_twice", None), ("http 500", None),
    ("http_500_after_accept", None), ("reset_after_accept", None), ("http 429", None), ("inbound_lost", None),
    ("inbound_twice", None), ("call_busy", None), ("call_voicemail", None),
)  # fmt: skip
JOBS = ("tick", "deliver_urgent", "deliver", "place_calls", "send_mail", "audit", "reconcile")
ANYONE = [*MEMBERS, *STRANGERS, *(staff.number for staff in STAFF)]
ON = st.sampled_from(("sms", "sms", "whatsapp"))


class Invariants(RuleBasedStateMachine):
    """The whole service, two workers and a stand-in, driven by Hypothesis."""

    new_database: NewDatabase
    postbox: Postbox

    def __init__(self) -> None:
        super().__init__()
        self.ends = ExitStack()

    @initialize(mail=st.booleans())
    def open(self, mail: bool) -> None:
        more = {"smtp_url": self.postbox.url, "mail_from": "companion@example.org"} if mail else {}
        self.postbox.letters.clear()
        self.world = World(type(self).new_database(), **more).seeded()
        self.ends.callback(self.world.close)
        self.clock = self.world.clock
        give_logins(self.world)
        for where, name in MEMBERS.items():
            self.world.member(where)
            with self.world.database.write() as session:
                person = select(Address.person_id).where(Address.address_index == where).scalar_subquery()
                session.execute(update(Person).where(Person.id == person).values(name=name))
        names = tuple(word for name in MEMBERS.values() for word in (name, name.split()[1]))
        self.judge = Judge(self.world, self.postbox, DANGER, names)
        self.witness = Witness()
        self.witness.watch(self.world.database)
        self.workers = [self._worker(), self._worker()]
        self.world.standin.phone(next(iter(MEMBERS))).texts(DANGER[0])  # so that something goes on from the start
        self._work(self.workers[0])
        self.world.standin.settle()

    def _worker(self) -> Services:
        services = self.world.new_services()
        for part in ("directory", "words"):  # read once: parsing them again would take longer than all else
            vars(services)[part] = getattr(self.world.services, part)
        self.witness.watch(services.database)
        self.ends.callback(services.database.close)
        return services

    def teardown(self) -> None:
        """Let everything come to rest, and judge once more."""
        try:
            if hasattr(self, "world"):
                self._come_to_rest()
        finally:
            self.ends.close()

    # What people do.

    @rule(who=st.sampled_from(ANYONE), channel=ON, words=st.sampled_from(DANGER))
    def danger(self, who: str, channel: Any, words: str) -> None:
        self.clock.advance(timedelta(seconds=1))
        self.world.standin.phone(who, channel).texts(words)
        self.judge.every_flag_is_answered()

    @rule(
        said=st.one_of(
            st.tuples(st.sampled_from([*MEMBERS, *STRANGERS]), ON, st.sampled_from(ORDINARY)),
            st.tuples(st.sampled_from(ANSWERING), st.just("sms"), st.sampled_from(PLAIN)),
        )
    )
    def says(self, said: tuple[str, Any, str]) -> None:
        self.clock.advance(timedelta(seconds=1))
        self.world.standin.phone(*said[:2]).texts(said[2])

    @rule(
        who=st.sampled_from(ANSWERING),
        verb=st.sampled_from(("TAKE", "PASS", "reached", "I am free at six, ring the ward", "hm")),
        whose=st.sampled_from((None, *ANSWERING)),
    )
    def staff_orders(self, who: str, verb: str, whose: str | None) -> None:
        """With the reference of the last page they got, or of somebody else's."""
        pages = [t.body for t in self.world.standin.phone(whose or who).inbox if "needs you now" in t.body]
        if pages:
            self.clock.advance(timedelta(seconds=1))
            self.world.standin.phone(who).texts(f"{reference(pages[-1])} {verb}")

    @precondition(lambda self: any(self.world.standin.phone(who).ringing() for who in ANSWERING))
    @rule(who=st.sampled_from(ANSWERING), key=st.sampled_from(("1", "1", "2", "7", "mailbox", "declined")))
    def call(self, who: str, key: str) -> None:
        phones = [self.world.standin.phone(each) for each in (who, *ANSWERING)]
        phone = next(each for each in phones if each.ringing())  # theirs, else the first that rings
        ringing = phone.ringing()
        assert ringing is not None
        if ringing.status == "ringing" and key == "declined":
            phone.declines_call()
        elif ringing.status == "ringing":
            phone.answers_call(machine=key == "mailbox")
        if key.isdigit() and phone.ringing() is not None:
            phone.presses(key)

    @rule(
        who=st.sampled_from([staff.name for staff in STAFF if staff.role != "coordinator"]),
        which=st.integers(0, 3),
        deed=st.sampled_from(("take", "pass", "contact", "contact", "close", "help", "other")),
        outcome=st.sampled_from(OUTCOMES),
        mine=st.sampled_from((True, True, False)),
    )
    def console(self, who: str, which: int, deed: str, outcome: str, mine: bool) -> None:
        """As the console's pages do it; `mine` lets whoever has it do it."""
        voice, now = self.world.services.voice, self.clock.now()
        try:
            with self.world.database.write() as session:
                found = session.scalars(select(Episode).where(Episode.state != "closed").with_for_update()).all()
                if not found:
                    return
                episode = found[which % len(found)]
                staff = {p.name: p for p in session.scalars(select(Person).where(Person.state == "staff"))}
                person = episode.owner if mine and episode.owner is not None else staff[who]
                if deed == "contact":
                    episodes.record_contact(session, episode, person, now)
                elif deed == "close" and outcome != closings.NOBODY:
                    closings.close(session, episode, person, outcome, now, voice)
                elif deed == "close":
                    second, proposal = staff["Dr Dunne"], closings.waiting(session, episode)
                    if proposal is None:
                        closings.propose(session, episode, person, second, now, voice)
                    else:
                        closings.settle(session, episode, proposal, "agreed", second, now, voice)
                elif deed == "help":
                    reopening.ask_for_help(session, episode, person, now, voice)
                elif deed == "other":
                    reopening.ask_for_other(session, episode, now, voice)
                elif deed == "pass":
                    reopening.pass_on(session, episode, person, now, voice)
                else:
                    episodes.take(session, episode, person, now, voice)
        except CannotCloseError:
            pass

    # What time, workers and the provider do.

    @rule(
        minutes=st.sampled_from((1, 2, 3, 5, 11, 16, 21, 31)),
        which=st.integers(0, 1),
        carried=st.sampled_from((1, 1, 0)),
    )
    def minutes_pass(self, minutes: int, which: int, carried: int) -> None:
        """A worker works at their end; mostly the stand-in carries what it has."""
        self.clock.advance(timedelta(minutes=minutes))
        self._work(self.workers[which])
        if carried:
            self.world.standin.settle()

    @rule(hours=st.sampled_from((1, 3, 7)), which=st.integers(0, 1))
    def hours_pass(self, hours: int, which: int) -> None:
        """No worker ran for that long (texts that never got in are fetched for a day)."""
        self.clock.advance(timedelta(hours=hours))
        self._work(self.workers[which])

    @rule(which=st.integers(0, 1), job=st.sampled_from(JOBS), seconds=st.sampled_from((0, 5, 61)))
    def one_job(self, which: int, job: str, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        getattr(jobs, job)(self.workers[which])

    @rule(
        what=st.sampled_from(FAULTS),
        who=st.sampled_from([*ANYONE, *ANSWERING]),
        times=st.sampled_from((1, 3, None)),
    )
    def fault(self, what: tuple[str, int | None], who: str, times: int | None) -> None:
        self.world.standin.fault(who, what[0], code=what[1], times=times)

    @rule(minutes=st.sampled_from((0, 2, 20, 90)))
    def twilio_is_down(self, minutes: int) -> None:
        """For so long; for none: all that is wrong is mended."""
        if minutes:
            self.world.standin.fault(None, "outage", until=self.clock.now() + timedelta(minutes=minutes))
        else:
            self.world.standin.lift()

    @rule(
        which=st.integers(0, 1),
        job=st.sampled_from(JOBS),
        commit=st.integers(0, 4),
        when=st.sampled_from(("before", "after", "after the answer")),
    )
    def a_worker_dies(self, which: int, job: str, commit: int, when: str) -> None:
        """Before or after a commit, or once Twilio has taken a text and before that is written down."""
        worker = self.workers[which]
        if when == "after the answer":
            with dies_after_the_answer(worker):
                jobs.deliver(worker)
        else:
            with dies_at_a_commit(worker.database, commit, after=when == "after"):
                getattr(jobs, job)(worker)
        self.workers[which] = self._worker()

    @rule(who=st.sampled_from(ANYONE), words=st.sampled_from(DANGER), after=st.booleans())
    def the_server_fails_on_a_text(self, who: str, words: str, after: bool) -> None:
        self.clock.advance(timedelta(seconds=1))
        with dies_at_a_commit(self.world.database, 0, after=after, error=RequestFailedError):
            self.world.standin.phone(who).texts(words)

    # What must hold.

    @invariant()
    def every_commit_was_in_order(self) -> None:
        if hasattr(self, "world"):
            assert self.witness.broken == []
            assert self.world.standin.violations == ()

    def _work(self, worker: Services) -> None:
        for job in ("tick", "deliver_urgent", "deliver", "place_calls", "send_mail"):
            getattr(jobs, job)(worker)
        self.judge.nobody_waits_unseen()  # before the auditor can mend it
        jobs.audit(worker)
        self.judge.nobody_waits_unseen()
        self.judge.every_flag_is_answered()
        self.judge.nothing_is_given_away()

    def _come_to_rest(self) -> None:
        self.world.standin.lift()
        for turn in range(6):
            self.clock.advance(timedelta(minutes=3))
            jobs.reconcile(self.workers[turn % 2])
            self._work(self.workers[turn % 2])
            self.world.standin.settle()
        assert self.witness.broken == []
        self.judge.every_flag_is_answered(in_the_end=True)
        self.judge.nothing_is_given_away()


def test_the_six_invariants_hold_whatever_happens(sqlite_databases: NewDatabase) -> None:
    with Postbox().open() as postbox:
        run_machine(
            Invariants, sqlite_databases, examples=EXAMPLES, steps=STEPS, same_each_time=not WHOLE, postbox=postbox
        )
