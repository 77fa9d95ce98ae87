"""The life of an episode: opened by a flagged text, taken by a person, closed by a person (`closings`).

    open -> owned -> contacted -> closed
    owned -> open      passed on, no contact recorded in time, or the person asked for someone else (`reopening`)
    contacted -> open  a new flag, or the owner asks for help

Every change is audited in the same transaction, and nobody is told that someone has it before that is committed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from companion.escalation import bundles
from companion.escalation.carriers import count_again, withdraw
from companion.escalation.chain import drill_of, left_out, people_to_page
from companion.escalation.closings import CannotCloseError, void
from companion.escalation.exclusions import excluded_from
from companion.escalation.news import tell_owner
from companion.escalation.paging import answered, page_next
from companion.escalation.person import begin_exchange
from companion.escalation.reach import takes_no_texts
from companion.escalation.reopening import reopen, take_from
from companion.escalation.standing import ABOUT, is_kept, open_episode, person_knows
from companion.escalation.steps import one_up
from companion.escalation.words import Voice
from companion.models import (
    Address,
    Declined,
    Episode,
    Flag,
    InboundMessage,
    Page,
    Person,
    record,
    settle_alarm,
)
from companion.models.base import ask
from companion.rota.ways import can_be_texted

LINKED_WITHIN = timedelta(hours=24)
REPEATS, REPEATS_WITHIN = 3, timedelta(minutes=10)  # so many flags in that time bring in the next step
_CLOSED_SINCE = (
    select(Episode.id).where(ABOUT, Episode.closed_at >= bindparam("since")).order_by(Episode.closed_at.desc()).limit(1)
)
_FLAGS = select(func.count()).where(Flag.episode_id == bindparam("episode"), Flag.at >= bindparam("since"))


def flag(
    session: Session, inbound: InboundMessage, address: Address, flagged: Flag, now: datetime, voice: Voice
) -> Episode:
    """Open an episode for a flagged text, or add the flag to the open one, and page.

    A new flag on a contacted episode opens it again, and on one whose owner no text can reach; the third flag within
    ten minutes brings in the next step.
    """
    episode = open_episode(session, address)
    new = episode is None
    if episode is None:
        episode = _open(session, inbound, address, now)
        page_next(session, episode, now, voice)
        leader = bundles.speaker(session, episode)
        if leader.id != episode.id:
            count_again(session, leader, now, voice)
    elif episode.is_drill and drill_of(session, inbound) is None:
        _make_real(session, episode, now, voice)
    elif episode.state == "contacted":
        reopen(session, episode, now, "new flag")
        episode.step = 0
        if episode.owner not in people_to_page(session, episode, now)[:1]:
            voice.tell_owner(session, episode, "page_new_flag", now)
        page_next(session, episode, now, voice)
    elif episode.state == "owned" and episode.owner is not None and not can_be_texted(session, episode.owner):
        take_from(session, episode, episode.owner, now, voice, "owner cannot be told")
    elif episode.state == "owned":
        tell_owner(session, episode, "page_new_flag", now, voice)
    elif episode.contacted_at is not None:
        episode.contacted_at = None  # what they were reached about is not what they write of now
        tell_owner(session, episode, "page_new_flag", now, voice)
        page_next(session, episode, now, voice)
    elif _flags_since(session, episode, now - REPEATS_WITHIN) >= REPEATS - 1:
        episode.step = one_up(episode)
        page_next(session, episode, now, voice)
    if not new:
        void(session, episode, "text came", now)
    flagged.episode_id = episode.id
    session.add(flagged)
    record(session, now, "text flagged", episode, families=flagged.families, list_version=flagged.list_version)
    return episode


def take(
    session: Session, episode: Episode, person: Person, now: datetime, voice: Voice, way: str | None = None
) -> Person | None:
    """Let `person` take the episode unless another has it; return who has it then: nobody if they may not have it.

    The trainee is told once. An unknown number is taken together with those that it was paged with. `way` is how they
    answered (call), when that is known.
    """
    if episode.state in ("owned", "contacted") and episode.owner is not None:
        if episode.owner_id != person.id:
            record(session, now, "take refused", episode, actor=person.id, reason="taken")
        return episode.owner
    if episode.state == "closed":
        record(session, now, "take refused", episode, actor=person.id, reason="closed")
        return episode.owner
    declined = session.get(Declined, (episode.id, person.id)) is not None
    if declined and person not in people_to_page(session, episode, now):  # as long as there is anybody else
        record(session, now, "take refused", episode, actor=person.id, reason="declined")
        return None
    if left_out(session, episode, person, now):
        record(session, now, "take refused", episode, actor=person.id, reason="left out")
        return None
    others = _also_paged(session, episode, person)
    for each in (episode, *bundles.others_open(session, episode)):
        _give(session, each, person, now, voice, way)
        voice.tell_trainee_taken(session, each, now)
    voice.tell_others_taken(session, episode, others, now)
    if takes_no_texts(session, episode):
        voice.tell_owner(session, episode, "page_stopped", now)
    _settle(session, now)
    return person


def record_contact(session: Session, episode: Episode, person: Person, now: datetime) -> None:
    """Record that the owner has reached the person."""
    if episode.state != "owned" or episode.owner_id != person.id:
        raise CannotCloseError("Only the person who has this can record contact. Take it first.")
    episode.state, episode.contacted_at, episode.next_action_at = "contacted", now, None
    void(session, episode, "reached", now)
    record(session, now, "contact recorded", episode, actor=person.id)


def reached_after_all(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice) -> None:
    """Record that its owner has reached the person, also if it opened again while they were talking.

    Others who were paged are told; the person, who has just heard from them, is not.
    """
    if is_kept(episode, person):
        others = _also_paged(session, episode, person)
        _give(session, episode, person, now, voice, None)
        voice.tell_others_taken(session, episode, others, now)
        _settle(session, now)
    record_contact(session, episode, person, now)


def _give(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice, way: str | None) -> None:
    settings = voice.settings
    episode.state, episode.owner, episode.owned_at = "owned", person, now
    episode.contact_by = now + timedelta(minutes=settings.contact_within)
    episode.next_action_at = now + timedelta(minutes=settings.contact_reminder_after)
    answered(session, episode, person, "take", now)
    record(session, now, "episode taken", episode, actor=person.id, way=way)
    withdraw(session, episode, "taken", now, voice)
    void(session, episode, "taken", now)
    about = episode.person
    if about is not None and about.role == "trainee" and person_knows(episode):
        # What they write from now on is for the one who has it (see companion.conversation.exchange).
        begin_exchange(about, now)


def _open(session: Session, inbound: InboundMessage, address: Address, now: datetime) -> Episode:
    asked = {"address": address.id, "person": address.person_id, "since": now - LINKED_WITHIN}
    earlier = ask(session, _CLOSED_SINCE, **asked).scalar()
    drill = drill_of(session, inbound)
    episode = new_episode(session, address, now, follows=earlier, is_drill=drill is not None)
    if drill is not None:
        drill.episode_id = episode.id
        session.flush()
    if address.person_id is None and not episode.is_drill:
        episode.bundle = bundles.bundle_for(session, now) or episode.id
        session.flush()
    record(session, now, "episode opened", episode, inbound=str(inbound.id))
    return episode


def _make_real(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Somebody writes words of danger from the number of a drill that goes on: page as about any unknown number."""
    episode.is_drill, episode.step, episode.owner = False, 0, None
    reopen(session, episode, now, "new flag")
    page_next(session, episode, now, voice)


def new_episode(session: Session, address: Address, now: datetime, **more: Any) -> Episode:
    """Store an episode about an address that begins now, with `more` of its columns. Nobody is paged yet."""
    episode = Episode(
        address_id=address.id,
        person_id=address.person_id,
        state="open",
        opened_at=now,
        started_at=now,
        next_action_at=now,
        step=0,
        rounds=0,
        **more,
    )
    session.add(episode)
    session.flush()
    return episode


def _settle(session: Session, now: datetime) -> None:
    session.flush()
    still_waiting = select(Episode.id).where(Episode.state == "open", Episode.alarmed_at.is_not(None)).limit(1)
    if session.scalar(still_waiting) is None:
        settle_alarm(session, now, "episode_not_taken")


def _flags_since(session: Session, episode: Episode, since: datetime) -> int:
    return ask(session, _FLAGS, episode=episode.id, since=since).scalar_one()


def _also_paged(session: Session, episode: Episode, person: Person) -> list[Person]:
    """Return who else was paged in this round and did not answer."""
    paged = select(Page.person_id).where(
        Page.episode_id == episode.id, Page.at >= episode.started_at, Page.answered_at.is_(None)
    )
    out = excluded_from(session, episode.person_id)
    found = session.scalars(select(Person).where(Person.id.in_(paged), Person.id != person.id))
    return [each for each in found if each.id not in out]
