"""Joining, leaving and coming back, and what is held of somebody."""

from __future__ import annotations

import re
import uuid

from sqlalchemy import select, update

from companion.conversation import changes
from companion.conversation.doing.scene import Scene, apply
from companion.escalation.news import tell_of_stop
from companion.escalation.person import meet
from companion.escalation.standing import open_episode
from companion.messaging import optout
from companion.models import Cohort, JoinSource, OutboxMessage, Person, record
from companion.privacy import erasure, leaving, links, moving, whose
from companion.programme.aliases import new_alias
from companion.programme.sessions import group_for


@apply.register
def _(change: changes.AskConsent, scene: Scene) -> None:
    former = scene.person
    if former is None or former.unsure_since is not None:
        scene.person = Person(
            role="trainee",
            alias=new_alias(scene.session),
            state="asked",
            channel=scene.address.channel,
            created_at=scene.now,
        )
        scene.session.add(scene.person)
        scene.session.flush()
        if former is not None:
            whose.begin_anew(scene.session, former, scene.person, scene.now)
        meet(scene.session, scene.address, scene.person, scene.now)
    person = scene.someone()
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
    leaving.welcome_back(scene.session, person, scene.now)
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
    if (move := moving.open_at(scene.session, scene.address, scene.now)) is not None:
        moving.settle(scene.session, move, "refused", scene.now)
    episode = open_episode(scene.session, scene.address)
    if episode is not None:
        tell_of_stop(scene.session, episode, scene.now, scene.voice)
    if scene.person is not None:
        channel, sid = scene.address.channel, scene.inbound.provider_sid
        leaving.leave(scene.session, scene.person, scene.now, channel=channel, source=change.source, sid=sid)


@apply.register
def _(_change: changes.StartAgain, scene: Scene) -> None:
    _start(scene)
    if scene.person is not None:
        channel, sid = scene.address.channel, scene.inbound.provider_sid
        leaving.come_back(scene.session, scene.person, scene.now, channel=channel, sid=sid)


@apply.register
def _(_change: changes.DropHeld, scene: Scene) -> None:
    scene.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.address_id == scene.address.id, OutboxMessage.status.in_(("queued", "handed")))
        .where(OutboxMessage.purpose.startswith("join_"))
        .values(status="dropped", reason="changed", lease_until=None, settled_at=scene.now, updated_at=scene.now)
    )


@apply.register
def _(change: changes.OpenCopy, scene: Scene) -> None:
    links.open_link(scene.session, scene.someone(), change.token, scene.now)


@apply.register
def _(_change: changes.NumberIsTheirs, scene: Scene) -> None:
    whose.is_theirs(scene.session, scene.someone(), scene.now)


@apply.register
def _(_change: changes.MoveHere, scene: Scene) -> None:
    move = moving.open_at(scene.session, scene.address, scene.now)
    if move is not None and moving.move_to(scene.session, move, scene.inbound.provider_sid, scene.now):
        scene.person = move.person


@apply.register
def _(_change: changes.RefuseMove, scene: Scene) -> None:
    if (move := moving.open_at(scene.session, scene.address, scene.now)) is not None:
        moving.settle(scene.session, move, "refused", scene.now)


@apply.register
def _(_change: changes.KeepNumber, scene: Scene) -> None:
    if (move := moving.open_of(scene.session, scene.someone(), scene.now)) is not None:
        moving.settle(scene.session, move, "kept", scene.now)
        moving.tell_it_was_not_them(scene.session, move, scene.now, scene.voice)
        record(scene.session, scene.now, "number kept", move.person)


@apply.register
def _(_change: changes.Erase, scene: Scene) -> None:
    person = scene.someone()
    if erasure.ask(scene.session, person, scene.now):
        scene.person, scene.inbound.body = None, None


@apply.register
def _(_change: changes.KeepData, scene: Scene) -> None:
    leaving.keep_data(scene.session, scene.someone(), scene.now)


def _source(scene: Scene) -> uuid.UUID | None:
    """Return the source whose word stands in the text that asked to join ("JOIN ICU MESS"), or None."""
    words = re.findall(r"[A-Z][A-Z0-9]{2,11}", (scene.inbound.body or "").upper())
    return scene.session.scalar(select(JoinSource.id).where(JoinSource.code.in_(words)).limit(1)) if words[2:] else None


def _start(scene: Scene) -> None:
    optout.start(
        scene.session, scene.address, sender=scene.inbound.sender, sid=scene.inbound.provider_sid, now=scene.now
    )


def _consent(scene: Scene, event: str, wording: str | None = None, version: str | None = None) -> None:
    channel, sid = scene.address.channel, scene.inbound.provider_sid
    leaving.consent(
        scene.session, scene.someone(), scene.now, event, channel=channel, sid=sid, wording=wording, version=version
    )
