"""Does what a flow decided, within the transaction of the text that led to it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.conversation import changes
from companion.escalation.exclusions import let_in
from companion.escalation.leaving_out import leave_out
from companion.escalation.news import tell_of_stop
from companion.escalation.person import meet
from companion.escalation.standing import open_episode
from companion.escalation.words import Voice
from companion.messaging import optout
from companion.models import (
    Address,
    Cohort,
    Consent,
    ContactRequest,
    GroupSession,
    InboundMessage,
    JoinSource,
    Person,
    record,
)
from companion.privacy import erasure, links
from companion.programme import places, questions
from companion.programme.aliases import new_alias
from companion.programme.checkins import NONE_WANTED, SILENCES, last_check_in
from companion.programme.cohorts import move_to_cohort
from companion.programme.notices import tell_facilitators_of_request, tell_runners
from companion.programme.sessions import group_for


@dataclass
class Scene:
    """Where a change happens. `person` is None until there is one."""

    session: Session
    address: Address
    inbound: InboundMessage
    person: Person | None
    nation: str
    voice: Voice
    now: datetime
    counted: dict[str, Any] = field(default_factory=dict)  # columns of the person that are stored with what is asked

    def someone(self) -> Person:
        """Return the person. Raises LookupError when the number is nobody's."""
        if self.person is None:
            raise LookupError("this change needs a person")
        return self.person


@singledispatch
def apply(change: object, scene: Scene) -> None:  # noqa: ARG001 (the registered functions use it)
    """Do one change."""
    raise TypeError(f"no such change: {type(change).__name__}")


@apply.register
def _(change: changes.AskConsent, scene: Scene) -> None:
    if scene.person is None:
        scene.person = Person(
            role="trainee",
            alias=new_alias(scene.session),
            state="asked",
            channel=scene.address.channel,
            created_at=scene.now,
        )
        scene.session.add(scene.person)
        scene.session.flush()
        meet(scene.session, scene.address, scene.person, scene.now)
    person = scene.person
    person.cohort_id, person.asked_at = change.cohort_id, scene.now
    person.state = "asked" if person.state != "joined" else person.state
    person.source_id = person.source_id or _source(scene)
    for text in change.shown:
        shown = text.said_in(person.language)
        _consent(scene, "shown", shown.body, shown.version)


@apply.register
def _(change: changes.GiveConsent, scene: Scene) -> None:
    person = scene.someone()
    person.state, person.joined_at, person.left_at = "joined", scene.now, None
    cohort = scene.session.get_one(Cohort, change.cohort_id)
    person.cohort_id, person.nation = change.cohort_id, person.nation or cohort.nation
    person.channel, person.silent_checkins = scene.address.channel, 0
    person.time_zone, person.quiet_from, person.quiet_until = cohort.time_zone, cohort.quiet_from, cohort.quiet_until
    group = group_for(scene.session, change.cohort_id)
    person.group_id = group.id if group else None
    if optout.is_stopped(scene.session, scene.address):
        _start(scene)
    _welcome_back(scene, person)
    _consent(scene, "yes")
    record(scene.session, scene.now, "joined", person)


@apply.register
def _(_change: changes.RefuseConsent, scene: Scene) -> None:
    person = scene.someone()
    if person.state == "asked":
        person.state, person.left_at = "left", scene.now
    _consent(scene, "no")


@apply.register
def _(change: changes.Stop, scene: Scene) -> None:
    optout.stop(
        scene.session,
        scene.address,
        source=change.source,
        sender=scene.inbound.sender,
        sid=scene.inbound.provider_sid,
        now=scene.now,
    )
    episode = open_episode(scene.session, scene.address)
    if episode is not None:
        tell_of_stop(scene.session, episode, scene.now, scene.voice)
    person = scene.person
    if person is None:
        return
    if person.state == "joined":
        _consent(scene, "withdrawn")
        person.left_at = scene.now
    person.state = "left"
    places.give_up_all(scene.session, person, scene.now)
    record(scene.session, scene.now, "stopped", person, source=change.source)


@apply.register
def _(_change: changes.StartAgain, scene: Scene) -> None:
    _start(scene)
    person = scene.person
    if person is not None and person.state == "left" and person.joined_at is not None:
        person.state, person.left_at = "joined", None
        person.channel = scene.address.channel  # the other may still be stopped, and START lifts one channel's alone
        _welcome_back(scene, person)
        _consent(scene, "yes")
        record(scene.session, scene.now, "started again", person)


@apply.register
def _(change: changes.Book, scene: Scene) -> None:
    meeting = scene.session.get_one(GroupSession, change.session_id)
    places.book(scene.session, meeting, scene.someone(), change.status, scene.now)


@apply.register
def _(change: changes.SayLate, scene: Scene) -> None:
    meeting = scene.session.get_one(GroupSession, change.session_id)
    tell_runners(scene.session, meeting, scene.someone(), "late", scene.now, scene.voice)


@apply.register
def _(change: changes.SayCantGetIn, scene: Scene) -> None:
    meeting = scene.session.get_one(GroupSession, change.session_id)
    tell_runners(scene.session, meeting, scene.someone(), "cant_get_in", scene.now, scene.voice)


@apply.register
def _(change: changes.JoinBy, scene: Scene) -> None:
    scene.someone().joins_by = change.way


@apply.register
def _(change: changes.GiveCalendar, scene: Scene) -> None:
    person = scene.someone()
    if person.calendar_number != change.number:
        record(scene.session, scene.now, "calendar link given", person, number=change.number)
    person.calendar_number = change.number


@apply.register
def _(change: changes.CheckedIn, scene: Scene) -> None:
    person = scene.someone()
    if person.silent_checkins < NONE_WANTED:
        person.silent_checkins = 0
    last = last_check_in(scene.session, person)
    if last is not None:
        last.answered_at, last.score, last.said_hard = scene.now, change.score, change.said_hard


@apply.register
def _(change: changes.AskAt, scene: Scene) -> None:
    person = scene.someone()
    person.checkin_weekday, person.checkin_at = change.weekday, change.at
    if person.silent_checkins > SILENCES:
        person.silent_checkins = 0


@apply.register
def _(change: changes.AskWeekly, scene: Scene) -> None:
    scene.someone().silent_checkins = 0 if change.wanted else NONE_WANTED


@apply.register
def _(_change: changes.NeedsNobody, scene: Scene) -> None:
    person = scene.someone()
    waiting = (ContactRequest.person_id == person.id, ContactRequest.settled_at.is_(None))
    for request in scene.session.scalars(select(ContactRequest).where(*waiting)):
        request.settled_at = scene.now
    record(scene.session, scene.now, "wants no call after all", person)


@apply.register
def _(_change: changes.Helped, scene: Scene) -> None:
    if scene.person is not None:
        scene.counted["helped"] = scene.person.helped + 1


@apply.register
def _(change: changes.Unanswered, scene: Scene) -> None:
    questions.put_on_list(scene.session, scene.inbound.body, change.why, change.topic, scene.nation, scene.now)


@apply.register
def _(change: changes.HelpWas, scene: Scene) -> None:
    questions.count(scene.session, change.topic, scene.now, needed=change.needed)
    if not change.needed:
        asked = questions.last_need(scene.session, scene.someone())
        questions.put_on_list(scene.session, asked, "not needed", change.topic, scene.nation, scene.now)


@apply.register
def _(change: changes.WantsPerson, scene: Scene) -> None:
    person = scene.someone()
    waiting = scene.session.scalar(
        select(ContactRequest.id).where(ContactRequest.person_id == person.id, ContactRequest.settled_at.is_(None))
    )
    if waiting is None:
        scene.session.add(ContactRequest(person_id=person.id, kind=change.kind, asked_at=scene.now))
        tell_facilitators_of_request(scene.session, person, scene.now, scene.voice)
    record(scene.session, scene.now, "asked for a person", person)


@apply.register
def _(change: changes.Pause, scene: Scene) -> None:
    person = scene.someone()
    person.paused_until = change.until
    if change.until is None:
        person.silent_checkins = 0


@apply.register
def _(change: changes.QuietHours, scene: Scene) -> None:
    person = scene.someone()
    person.quiet_from, person.quiet_until = change.start, change.end


@apply.register
def _(change: changes.LivesIn, scene: Scene) -> None:
    scene.someone().nation = change.nation


@apply.register
def _(change: changes.ChooseGroup, scene: Scene) -> None:
    person = scene.someone()
    if person.group_id != change.group_id:
        places.give_up_all(scene.session, person, scene.now)
        person.group_id = change.group_id
        record(scene.session, scene.now, "group chosen", person, group=str(change.group_id))


@apply.register
def _(change: changes.MoveCohort, scene: Scene) -> None:
    person = scene.someone()
    move_to_cohort(scene.session, person, change.cohort_id, scene.now)
    places.give_up_all(scene.session, person, scene.now)


@apply.register
def _(change: changes.UseChannel, scene: Scene) -> None:
    scene.someone().channel = change.channel


@apply.register
def _(change: changes.Speak, scene: Scene) -> None:
    scene.someone().language = change.language


@apply.register
def _(change: changes.OpenCopy, scene: Scene) -> None:
    links.open_link(scene.session, scene.someone(), change.token, scene.now)


@apply.register
def _(_change: changes.Erase, scene: Scene) -> None:
    person = scene.someone()
    if erasure.ask(scene.session, person, scene.now):
        scene.person, scene.inbound.body = None, None


@apply.register
def _(_change: changes.KeepData, scene: Scene) -> None:
    _keep_data(scene, scene.someone())


@apply.register
def _(change: changes.LeaveOut, scene: Scene) -> None:
    person, other = scene.someone(), scene.session.get_one(Person, change.person_id)
    leave_out(scene.session, person, other, scene.now, scene.voice)


@apply.register
def _(change: changes.LetIn, scene: Scene) -> None:
    let_in(scene.session, scene.someone(), scene.session.get_one(Person, change.person_id), scene.now)


def _source(scene: Scene) -> uuid.UUID | None:
    """Return the source whose word stands in the text that asked to join ("JOIN ICU MESS"), or None."""
    words = re.findall(r"[A-Z][A-Z0-9]{2,11}", (scene.inbound.body or "").upper())
    return scene.session.scalar(select(JoinSource.id).where(JoinSource.code.in_(words)).limit(1)) if words[2:] else None


def _start(scene: Scene) -> None:
    optout.start(
        scene.session, scene.address, sender=scene.inbound.sender, sid=scene.inbound.provider_sid, now=scene.now
    )


def _welcome_back(scene: Scene, person: Person) -> None:
    """End what was to hold while they were away: a pause, and an erasure that waits for an episode."""
    person.paused_until = None
    _keep_data(scene, person)


def _keep_data(scene: Scene, person: Person) -> None:
    if person.erase_asked_at is not None:
        person.erase_asked_at = None
        record(scene.session, scene.now, "erasure taken back", person)


def _consent(scene: Scene, event: str, wording: str | None = None, version: str | None = None) -> None:
    person = scene.someone()
    scene.session.add(
        Consent(
            person_id=person.id,
            cohort_id=person.cohort_id,
            event=event,
            channel=scene.address.channel,
            wording=wording,
            wording_version=version,
            provider_sid=scene.inbound.provider_sid,
            at=scene.now,
        )
    )
