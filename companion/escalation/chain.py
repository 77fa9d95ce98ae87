"""Who is paged about someone, and in which order."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from companion.escalation.exclusions import excluded_from
from companion.models import Declined, Drill, Episode, InboundMessage, Person, Reference
from companion.models.base import ask
from companion.models.programme import facilitator_ids
from companion.rota.cover import out_of_hours_lead
from companion.rota.duties import on_duty
from companion.rota.ways import any_can_be_texted, can_be_texted

PEERS = 2  # who stand before the leads: the first and the second
# Made once, as all that every flagged text asks.
_DECLINED = select(Declined.person_id).where(Declined.episode_id == bindparam("episode"))
_BY_ID = select(Drill).where(Drill.id == bindparam("id"))
_MAY_BE_PAGED = (
    select(Person)
    .where(Person.state == "staff", Person.role.in_(("facilitator", "lead", "coordinator")))
    .order_by(Person.created_at, Person.id)
)


def responders(session: Session, episode: Episode, now: datetime) -> list[Person]:
    """Return who is paged about `episode` at `now`, in order. The chain is never empty while anyone is there at all.

    1. First and second on duty, else the facilitators of the person's group, else two facilitators; then the leads on
       duty, else every lead. Outside the hours that the group states, its named lead and the leads come first.
    2. An unknown number, and anyone who runs the programme, has the leads alone.
    3. Never the person concerned, and nobody they left out. If that leaves nobody who can be reached, everyone else who
       runs the programme; then the external lead; then the coordinators, even if left out: a page says nothing about
       anyone, and somebody must know that there is an episode.

    A drill pages its own person and nobody else.
    """
    if episode.is_drill and (tester := _drill_responder(session, episode)) is not None:
        return [tester]
    about = episode.person
    out = excluded_from(session, episode.person_id)
    everyone = [p for p in _staff(session) if about is None or p.id != about.id]
    there = [p for p in everyone if p.id not in out and not p.is_external_lead]
    chain = _chain(session, about, there, now)
    if not any_can_be_texted(session, chain):
        chain = _unique([*chain, *(p for p in there if p.role != "coordinator"), *there])
        if not any_can_be_texted(session, chain):
            chain = _unique([*chain, *(p for p in everyone if p.is_external_lead)])
    return chain or [p for p in everyone if p.role == "coordinator"] or everyone


def _others(session: Session, episode: Episode) -> list[Person]:
    """Return who could look after `episode` and can be reached, whatever the chain: facilitators, leads, then external.

    Never the person concerned, and nobody they left out.
    """
    out = excluded_from(session, episode.person_id)
    able = [p for p in _staff(session) if p.role != "coordinator" and p.id not in out and p.id != episode.person_id]
    return sorted((p for p in able if can_be_texted(session, p)), key=lambda p: p.is_external_lead)


def people_to_page(session: Session, episode: Episode, now: datetime) -> list[Person]:
    """Return the chain without those whom the person asked not to have.

    If it has nobody else, whoever else there is of facilitators and leads; the whole chain if there is nobody at all.
    """
    chain = responders(session, episode, now)
    declined = set(ask(session, _DECLINED, episode=episode.id).scalars())
    if not declined:
        return chain
    left = [person for person in chain if person.id not in declined]
    return left or [person for person in _others(session, episode) if person.id not in declined] or chain


def left_out(session: Session, episode: Episode, person: Person, now: datetime) -> bool:
    """Whether the person concerned left `person` out and others are there: they take nothing and are told nothing."""
    if person.id not in excluded_from(session, episode.person_id):
        return False
    return person not in people_to_page(session, episode, now)


def open_to(session: Session, person: Person, now: datetime) -> list[Reference]:
    """Return the references of episodes that `person` was paged about, that are not closed, and that they may have."""
    found = session.scalars(
        select(Reference)
        .join(Episode)
        .where(Reference.person_id == person.id, Episode.state != "closed")
        .order_by(Episode.opened_at)
    )
    return [each for each in found if not left_out(session, each.episode, person, now)]


def sid_of_drill(drill_id: uuid.UUID) -> str:
    """Return the SID of the text that a drill sends. Sent again, it is the same text; no other text is the drill's."""
    return f"SM{drill_id.hex}"


def drill_of(session: Session, inbound: InboundMessage) -> Drill | None:
    """Return the drill that sent a text; None for what a person wrote, from whichever number."""
    return session.scalar(_BY_ID, {"id": uuid.UUID(inbound.provider_sid[2:])})


def _chain(session: Session, about: Person | None, there: list[Person], now: datetime) -> list[Person]:
    trainee = about if about is not None and about.role == "trainee" else None
    turns = on_duty(session, trainee.group_id if trainee else None, now)
    by_id = {person.id: person for person in there}
    able = [t for t in turns if t.person_id in by_id]
    leads = _unique(by_id[t.person_id] for t in able if t.role == "lead") or [p for p in there if p.role == "lead"]
    if trainee is None:
        return leads
    peers = _unique(by_id[t.person_id] for t in able if t.role != "lead")
    if len(peers) < PEERS:
        usual = [by_id[id_] for id_ in facilitator_ids(session, trainee.group_id) if id_ in by_id]
        if peers:
            peers = _unique([*peers, *usual])[:PEERS]
        else:
            peers = usual or [p for p in there if p.role == "facilitator"][:PEERS]
    if (named := _named_lead(session, trainee.group_id, now, by_id)) is not None:
        return _unique([named, *leads, *peers])
    return _unique([*peers, *leads])


def _named_lead(
    session: Session, group_id: uuid.UUID | None, now: datetime, by_id: dict[uuid.UUID, Person]
) -> Person | None:
    lead_id = out_of_hours_lead(session, group_id, now)
    return by_id.get(lead_id) if lead_id else None


def _unique(people: Iterable[Person]) -> list[Person]:
    return list({person.id: person for person in people}.values())


def _staff(session: Session) -> list[Person]:
    return list(session.scalars(_MAY_BE_PAGED))


def _drill_responder(session: Session, episode: Episode) -> Person | None:
    theirs = select(Person).join(Drill, Drill.responder_id == Person.id).where(Drill.episode_id == episode.id)
    return session.scalar(theirs.limit(1))
