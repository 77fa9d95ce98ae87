"""Closing an episode: with an outcome, by its owner or a lead, signed in.

"Could not reach" takes two. A lead proposes it; a second person who may see the episode agrees, signed in, and only
then it is closed. Until then nothing at all changes: pages, promises and reminders go on. Whatever is known anew makes
a proposal void: a text of the person, somebody who takes it or reached them. The tables refuse an author who agrees.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from companion.escalation import bundles
from companion.escalation.carriers import withdraw
from companion.escalation.exclusions import excluded_from
from companion.escalation.words import Voice
from companion.models import (
    OUTCOMES,
    Call,
    ClosingProposal,
    Email,
    Episode,
    GroupFacilitator,
    InboundMessage,
    OutboxMessage,
    Page,
    Person,
    record,
)
from companion.models.base import ask

NOBODY = "could not reach"
Answer = Literal["agreed", "refused", "withdrawn"]
Void = Literal["text came", "taken", "reached", "closed", "concern", "proposer left out", "gone"]
_WROTE = exists().where(
    or_(InboundMessage.address_id == Episode.address_id, InboundMessage.person_id == Episode.person_id),
    InboundMessage.received_at > ClosingProposal.proposed_at,
)
_OVERTAKEN = (  # made once: asked every few seconds
    select(ClosingProposal.id)
    .join(Episode, Episode.id == ClosingProposal.episode_id)
    .where(ClosingProposal.state == "open", _WROTE)
    .limit(1)
)


class CannotCloseError(Exception):
    """The episode cannot be closed like this; the message says why and who can."""


class SettledError(CannotCloseError):
    """The proposal is over: the page that was answered was older than what became of it."""


def close(session: Session, episode: Episode, person: Person, outcome: str, now: datetime, voice: Voice) -> None:
    """Close with an outcome; pages about it that wait are withdrawn.

    Raises CannotCloseError unless the owner or a lead asks, and for the outcome that takes two people.
    """
    if outcome not in OUTCOMES:
        raise CannotCloseError("Choose what came of it.")
    if episode.state == "closed":
        raise CannotCloseError("This is closed already.")
    if person.id != episode.owner_id and person.role != "lead":
        raise CannotCloseError("Only the person who has this, or a lead, can close it.")
    if outcome == NOBODY:
        raise CannotCloseError("Could not reach: a lead proposes this, and a second person agrees.")
    void(session, episode, "closed", now)
    _close(session, episode, person, outcome, now, voice)


def close_drill(session: Session, episode: Episode, person: Person, outcome: str, now: datetime, voice: Voice) -> None:
    """Close the episode of a drill, whoever has it, in the name of whom it pages. ValueError for any other."""
    if not episode.is_drill:
        raise ValueError("this episode is no drill")
    if episode.state != "closed":
        void(session, episode, "closed", now)
        _close(session, episode, person, outcome, now, voice)


def propose(
    session: Session, episode: Episode, by: Person, asked: Person | None, now: datetime, voice: Voice
) -> ClosingProposal:
    """Propose to close as "could not reach" and tell `asked`, by a text that says nothing, to look at it.

    Raises CannotCloseError for whoever is no lead, where somebody was reached, where it is proposed already, and when
    `asked` could not agree.
    """
    if episode.state == "closed":
        raise CannotCloseError("This is closed already.")
    if by.role != "lead":
        raise CannotCloseError("Could not reach: only a lead can propose this.")
    if episode.state == "contacted":
        raise CannotCloseError("Contact is recorded, so somebody reached them. Choose what came of that.")
    if asked is None or asked.id not in {each.id for each in may_agree(session, episode, by)}:
        raise CannotCloseError("Choose who is asked to agree.")
    overtake(session, now, episode)
    before = waiting(session, episode)
    if before is not None and (before.proposed_by == by.id or _still_leads(session, before)):
        raise CannotCloseError("That is proposed already.")
    void(session, episode, "gone", now)
    found = ClosingProposal(episode_id=episode.id, proposed_by=by.id, asked_id=asked.id, proposed_at=now, state="open")
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError as error:
        raise CannotCloseError("That is proposed already.") from error
    record(session, now, "closing proposed", episode, actor=by.id, asked=str(asked.id))
    voice.tell(session, episode, asked, "page_review", found.id, now)
    return found


def may_agree(session: Session, episode: Episode, proposer: Person) -> Sequence[Person]:
    """Return who may be the second person: whoever may read the episode, but for `proposer`; by name.

    Leads, and of the facilitators those whose group it is, who were paged about it, or who have it; nobody left out.
    """
    concerned = select(Page.person_id).where(Page.episode_id == episode.id)
    group_id = episode.person.group_id if episode.person is not None else None
    theirs = select(GroupFacilitator.person_id).where(GroupFacilitator.group_id == group_id)
    found = session.scalars(
        select(Person)
        .where(Person.state == "staff", Person.id != proposer.id)
        .where(
            (Person.role == "lead")
            | ((Person.role == "facilitator") & (Person.id.in_(concerned) | Person.id.in_(theirs)))
            | ((Person.role == "facilitator") & (Person.id == episode.owner_id))
        )
    )
    out = excluded_from(session, episode.person_id)
    return sorted((each for each in found if each.id not in out), key=lambda each: each.label)


def settle(
    session: Session,
    episode: Episode,
    proposal: ClosingProposal,
    answer: Answer,
    by: Person,
    now: datetime,
    voice: Voice,
) -> None:
    """Agree to a proposal, which closes the episode; refuse it; or withdraw one's own. `episode` is held already.

    Raises SettledError when it is over, and CannotCloseError for whoever may not answer like this.
    """
    overtake(session, now, episode)
    session.refresh(proposal)
    if proposal.state != "open":
        raise SettledError("Nothing was changed: this proposal is over.")
    own = by.id == proposal.proposed_by
    if own is not (answer == "withdrawn"):
        raise CannotCloseError("Somebody else must agree." if own else "Only who proposed it can withdraw it.")
    if not own and by.id not in {each.id for each in may_agree(session, episode, proposal.proposer)}:
        raise CannotCloseError("You cannot be the second person for this one.")
    if answer == "agreed" and not _still_leads(session, proposal):
        void(session, episode, "gone", now)
        raise SettledError("Nothing was changed: whoever proposed it is no longer a lead here.")
    proposal.state, proposal.settled_by, proposal.settled_at = answer, by.id, now
    refused = "closing withdrawn" if own else "closing refused"
    action = "closing agreed" if answer == "agreed" else refused
    record(session, now, action, episode, actor=by.id)
    if answer == "agreed":
        _close(session, episode, proposal.proposer, NOBODY, now, voice, by)


def void(session: Session, episode: Episode, why: Void, now: datetime) -> None:
    """Make void the open proposal about `episode`, if there is one."""
    found = waiting(session, episode)
    if found is not None:
        _void(session, found, episode, why, now)


def overtake(session: Session, now: datetime, about: Episode | None = None) -> None:
    """Make void every proposal after which the person wrote, on whichever channel and whatever it was.

    Only one `about` an episode that is held already, so that two who answer never wait for each other.
    """
    if ask(session, _OVERTAKEN).first() is None:
        return
    overtaken = (
        select(ClosingProposal, Episode)
        .join(Episode, Episode.id == ClosingProposal.episode_id)
        .where(ClosingProposal.state == "open", _WROTE)
        .order_by(Episode.opened_at)
        .with_for_update(of=Episode)
    )
    if about is not None:
        overtaken = overtaken.where(Episode.id == about.id)
    for found, episode in session.execute(overtaken).tuples().all():
        session.refresh(found)  # it may have been answered while we waited for the episode
        if found.state == "open":
            _void(session, found, episode, "text came", now)


def waiting(session: Session, episode: Episode) -> ClosingProposal | None:
    """Return the proposal to close `episode` that can still be answered."""
    return session.scalar(
        select(ClosingProposal).where(ClosingProposal.episode_id == episode.id, ClosingProposal.state == "open")
    )


def waiting_about(session: Session, episodes: Sequence[Episode]) -> dict[uuid.UUID, ClosingProposal]:
    """Return the proposals to close any of `episodes` that can still be answered, by episode."""
    found = session.scalars(
        select(ClosingProposal)
        .join(Episode, Episode.id == ClosingProposal.episode_id)
        .where(Episode.id.in_([each.id for each in episodes]), ClosingProposal.state == "open", ~_WROTE)
        .options(joinedload(ClosingProposal.proposer))
    )
    return {each.episode_id: each for each in found}


def latest(session: Session, episode: Episode) -> ClosingProposal | None:
    """Return the newest proposal to close `episode`, whatever became of it."""
    return session.scalar(
        select(ClosingProposal)
        .where(ClosingProposal.episode_id == episode.id)
        .options(
            joinedload(ClosingProposal.proposer), joinedload(ClosingProposal.asked), joinedload(ClosingProposal.settler)
        )
        .order_by(ClosingProposal.proposed_at.desc(), ClosingProposal.id.desc())
        .limit(1)
    )


def _still_leads(session: Session, proposal: ClosingProposal) -> bool:
    """Whether who proposed it may still close the episode."""
    by = proposal.proposer
    episode = session.get_one(Episode, proposal.episode_id)
    return by.role == "lead" and by.state == "staff" and by.id not in excluded_from(session, episode.person_id)


def _void(session: Session, found: ClosingProposal, episode: Episode, why: Void, now: datetime) -> None:
    found.state, found.void_why, found.settled_at = "void", why, now
    record(session, now, "closing void", episode, why=why)
    session.flush()


def _close(
    session: Session,
    episode: Episode,
    person: Person,
    outcome: str,
    now: datetime,
    voice: Voice,
    second: Person | None = None,
) -> None:
    told = _concerned(session, episode, second or person, person)
    episode.state, episode.outcome, episode.closed_by, episode.closed_at = "closed", outcome, person.id, now
    episode.agreed_by, episode.next_action_at = second.id if second else None, None
    if episode.person is not None:
        episode.person.exchange_until = None
    withdraw(session, episode, "closed", now, voice)
    record(
        session,
        now,
        "episode closed",
        episode,
        actor=person.id,
        outcome=outcome,
        second=str(second.id) if second else None,
    )
    for each in told:
        voice.tell(session, episode, each, "page_closed_by", "closed", now)


def _concerned(session: Session, episode: Episode, closer: Person, proposer: Person) -> list[Person]:
    """Return who must hear that `closer` ends it: who has it, who proposed that, and who was asked to take it."""
    asked = _paged(session, episode) if episode.state == "open" else []
    if bundles.others_open(session, episode):
        asked = []  # they were paged about those as well, which still wait
    owner = [episode.owner] if episode.owner is not None else []
    out = excluded_from(session, episode.person_id)
    people = {each.id: each for each in (*owner, proposer, *asked)}.values()
    return [each for each in people if each.id != closer.id and each.id not in out]


def _paged(session: Session, episode: Episode) -> Sequence[Person]:
    """Return whom a page about it has left for, in this round, that they have not answered."""
    carriers = (Page.outbox, OutboxMessage), (Page.call, Call), (Page.email, Email)
    paged = select(Page.person_id).where(
        Page.episode_id == episode.id, Page.at >= episode.started_at, Page.answered_at.is_(None)
    )
    for link, _ in carriers:
        paged = paged.outerjoin(link)
    gone = or_(*(carrier.status.not_in(("queued", "dropped")) for _, carrier in carriers))
    return session.scalars(select(Person).where(Person.id.in_(paged.where(gone)))).all()
