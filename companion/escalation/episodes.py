"""The life of an episode: opened by a flagged text, taken by a person, closed by a person.

    open -> owned -> contacted -> closed
    owned -> open      passed on, no contact recorded in time, or the person asked for someone else
    contacted -> open  a new flag, or the owner asks for help

Every change is audited in the same transaction, and nobody is told that someone has it before that is committed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from companion.escalation import bundles
from companion.escalation.carriers import count_again, keep_from, withdraw
from companion.escalation.chain import is_drill
from companion.escalation.closings import CannotCloseError, void
from companion.escalation.exclusions import excluded_from
from companion.escalation.news import tell_owner
from companion.escalation.paging import left_out, page_next, people_to_page
from companion.escalation.reach import takes_no_texts
from companion.escalation.steps import EVERYONE, one_up
from companion.escalation.words import Voice
from companion.models import (
    Address,
    Declined,
    Episode,
    Flag,
    InboundMessage,
    Page,
    Person,
    Reference,
    record,
    settle_alarm,
)
from companion.rota.ways import can_be_texted

EXCHANGE_LASTS = timedelta(days=2)  # since the last text either way
LINKED_WITHIN = timedelta(hours=24)
# Open again though its owner reached the person and is still there for them: they want others beside them.
ASKS_FOR_HELP = (Episode.state == "open") & Episode.contacted_at.is_not(None)
REPEAT_CRISIS_REPLY = timedelta(minutes=30)
REPEATS, REPEATS_WITHIN = 3, timedelta(minutes=10)  # so many flags in that time bring in the next step
# Made once, as all that every flagged text asks: putting a question together takes longer than asking it.
_ABOUT = or_(Episode.address_id == bindparam("address"), Episode.person_id == bindparam("person"))
_OPEN = select(Episode).where(_ABOUT, Episode.state != "closed").order_by(Episode.opened_at).limit(1).with_for_update()
_CLOSED_SINCE = (
    select(Episode.id)
    .where(_ABOUT, Episode.closed_at >= bindparam("since"))
    .order_by(Episode.closed_at.desc())
    .limit(1)
)


def flag(
    session: Session, inbound: InboundMessage, address: Address, flagged: Flag, now: datetime, voice: Voice
) -> Episode:
    """Open an episode for a flagged text, or add the flag to the open one, and page. The inbound row must be stored.

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
    elif episode.state == "contacted":
        _reopen(session, episode, now, "new flag")
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


def open_episode(session: Session, address: Address) -> Episode | None:
    """Return the episode about this address, or about its owner, that is not closed."""
    return session.scalar(_OPEN, {"address": address.id, "person": address.person_id})


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


def _settle(session: Session, now: datetime) -> None:
    session.flush()
    still_waiting = select(Episode.id).where(Episode.state == "open", Episode.alarmed_at.is_not(None)).limit(1)
    if session.scalar(still_waiting) is None:
        settle_alarm(session, now, "episode_not_taken")


def pass_on(
    session: Session, episode: Episode, person: Person, now: datetime, voice: Voice, way: str | None = None
) -> None:
    """Let `person` pass the episode on: the next in the chain is paged at once. The trainee is told if they had it."""
    _answered(session, episode, person, "pass", now)
    record(session, now, "episode passed", episode, actor=person.id, way=way)
    if episode.state == "owned" and episode.owner_id == person.id:
        _reopen(session, episode, now, "passed")
        episode.owner = None
        voice.tell_trainee_passed(session, episode, person, now)
    if episode.state == "open":
        # The first passes: the second now. Anyone else: everyone, the one who passed as well.
        first = people_to_page(session, episode, now)[:1]
        episode.step = one_up(episode) if person in first else max(episode.step, one_up(episode))
        page_next(session, episode, now, voice)


def take_from(
    session: Session, episode: Episode, owner: Person, now: datetime, voice: Voice, why: str = "left out"
) -> None:
    """Take the episode from an owner who was left out, or whom no text reaches, and begin with the chain as it is now.

    Its first is paged, then its second, as for a new episode; everyone at once if one of them was paged before, as they
    have not answered, or believe that somebody has it.
    """
    begun = episode.started_at
    _reopen(session, episode, now, why)
    episode.owner = None
    voice.tell_trainee_passed(session, episode, owner, now)
    chain = [person.id for person in people_to_page(session, episode, now)]
    paged = select(Page.id).where(Page.episode_id == episode.id, Page.at >= begun, Page.person_id.in_(chain)).limit(1)
    episode.step = 0 if session.scalar(paged) is None else EVERYONE
    page_next(session, episode, now, voice)


def ask_for_other(session: Session, episode: Episode, now: datetime, voice: Voice) -> Person | None:
    """Take the episode from its owner because the person it is about asked for someone else; return who had it."""
    owner = episode.owner
    if owner is None or (episode.state not in ("owned", "contacted") and episode.contacted_at is None):
        return None
    session.merge(Declined(episode_id=episode.id, person_id=owner.id, at=now))
    session.flush()
    keep_from(session, episode, owner, now, voice)  # news of it that waits to go out to them
    _reopen(session, episode, now, "someone else asked for")
    episode.owner = None
    voice.tell_changed(session, episode, owner, now)
    episode.step = 0
    page_next(session, episode, now, voice)
    return owner


def ask_for_help(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice) -> None:
    """Open a contacted episode again because its owner wants help. Raises CannotCloseError for anyone else."""
    if episode.state != "contacted" or episode.owner_id != person.id:
        raise CannotCloseError("Only the person who has this and has reached them can ask for help.")
    record(session, now, "help asked for", episode, actor=person.id)
    reached_at = episode.contacted_at
    _reopen(session, episode, now, "help asked for")
    episode.contacted_at = reached_at  # so that nothing the owner says of it takes the wish for help back
    episode.step = one_up(episode)
    page_next(session, episode, now, voice)


def record_contact(session: Session, episode: Episode, person: Person, now: datetime) -> None:
    """Record that the owner has reached the person."""
    if episode.state != "owned" or episode.owner_id != person.id:
        raise CannotCloseError("Only the person who has this can record contact. Take it first.")
    episode.state, episode.contacted_at, episode.next_action_at = "contacted", now, None
    void(session, episode, "reached", now)
    record(session, now, "contact recorded", episode, actor=person.id)


def is_kept(episode: Episode, person: Person) -> bool:
    """Whether it opened again, `person` was kept as its owner, and no contact is recorded since."""
    return episode.state == "open" and episode.owner_id == person.id and episode.contacted_at is None


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


def crisis_reply_is_due(episode: Episode, now: datetime) -> bool:
    """Whether the full crisis reply is due; within half an hour of the last a shorter one is sent instead."""
    last = episode.last_crisis_reply_at
    return last is None or now - last >= REPEAT_CRISIS_REPLY


def no_contact_in_time(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Open an owned episode again, one step up, because no contact was recorded in time.

    The owner stays among those paged and may take it again; the person is told.
    """
    voice.remind_owner(session, episode, "page_reopened", now)
    voice.tell_trainee_no_contact(session, episode, now)
    _reopen(session, episode, now, "no contact recorded")
    episode.step = one_up(episode)
    page_next(session, episode, now, voice)


def owner_not_told(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Open an owned episode again, one step up, because that something new came reached its owner by no way.

    The owner stays among those paged and may take it again; the person is told.
    """
    voice.tell_trainee_no_contact(session, episode, now)
    _reopen(session, episode, now, "owner not reached")
    episode.step = one_up(episode)
    page_next(session, episode, now, voice)


def meet(session: Session, address: Address, person: Person, now: datetime) -> None:
    """Let a number that was nobody's be that of `person`, who has just asked to join from it, on every channel.

    An open episode of it is about them from now on.
    """
    of_number = select(Address).where(Address.address_index == address.address_index)
    for each in session.scalars(of_number.where(Address.person_id.is_(None) | (Address.person_id == person.id))):
        each.person = person
        _meet_episode(session, each, person, now)


def _meet_episode(session: Session, address: Address, person: Person, now: datetime) -> None:
    for episode in session.scalars(
        select(Episode)
        .where(Episode.address_id == address.id, Episode.person_id.is_(None), Episode.state != "closed")
        .with_for_update()
    ):
        episode.person, episode.bundle = person, None  # from now on it is paged by itself, to the people of their group
        record(session, now, "episode has a person", episode)
        if episode.state == "open":
            episode.next_action_at = now
        else:
            begin_exchange(person, now)


def nobody_has(episode: Episode) -> bool:
    """Whether nobody is there for the person: it is open, and not because who reached them wants others beside them."""
    return episode.state == "open" and episode.contacted_at is None


def person_knows(episode: Episode) -> bool:
    """Whether the person it is about can know of it: not of a concern about them while they sent no text of danger."""
    return episode.raised_by is None or episode.last_crisis_reply_at is not None


def now_they_know(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Tell the person, who has just sent a first text of danger, who has the concern that was raised about them."""
    if episode.state != "owned":
        return
    voice.tell_trainee_taken(session, episode, now)
    if episode.person is not None and episode.person.role == "trainee":
        begin_exchange(episode.person, now)


def begin_exchange(person: Person, now: datetime) -> None:
    """From now on what `person` writes is for whoever has their episode; what was asked before is forgotten."""
    person.exchange_until = now + EXCHANGE_LASTS
    person.dialogue, person.dialogue_data, person.dialogue_until = None, {}, None


def _give(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice, way: str | None) -> None:
    settings = voice.settings
    episode.state, episode.owner, episode.owned_at = "owned", person, now
    episode.contact_by = now + timedelta(minutes=settings.contact_within)
    episode.next_action_at = now + timedelta(minutes=settings.contact_reminder_after)
    _answered(session, episode, person, "take", now)
    record(session, now, "episode taken", episode, actor=person.id, way=way)
    withdraw(session, episode, "taken", now, voice)
    void(session, episode, "taken", now)
    about = episode.person
    if about is not None and about.role == "trainee" and person_knows(episode):
        # What they write from now on is for the one who has it (see companion.conversation.exchange).
        begin_exchange(about, now)


def _open(session: Session, inbound: InboundMessage, address: Address, now: datetime) -> Episode:
    asked = {"address": address.id, "person": address.person_id, "since": now - LINKED_WITHIN}
    earlier = session.scalar(_CLOSED_SINCE, asked)
    episode = Episode(
        address_id=address.id,
        person_id=address.person_id,
        state="open",
        opened_at=now,
        started_at=now,
        next_action_at=now,
        step=0,
        rounds=0,
        follows=earlier,
        is_drill=is_drill(session, address),
    )
    session.add(episode)
    session.flush()
    if address.person_id is None and not episode.is_drill:
        episode.bundle = bundles.bundle_for(session, now) or episode.id
        session.flush()
    record(session, now, "episode opened", episode, inbound=str(inbound.id))
    return episode


def _reopen(session: Session, episode: Episode, now: datetime, why: str) -> None:
    episode.state, episode.started_at, episode.next_action_at = "open", now, now
    episode.contact_by, episode.contacted_at = None, None
    episode.trainee_told_at, episode.alarmed_at = None, None
    record(session, now, "episode opened again", episode, why=why)


def _flags_since(session: Session, episode: Episode, since: datetime) -> int:
    return len(session.scalars(select(Flag.id).where(Flag.episode_id == episode.id, Flag.at >= since)).all())


def _also_paged(session: Session, episode: Episode, person: Person) -> list[Person]:
    """Return who else was paged in this round and did not answer."""
    paged = select(Page.person_id).where(
        Page.episode_id == episode.id, Page.at >= episode.started_at, Page.answered_at.is_(None)
    )
    out = excluded_from(session, episode.person_id)
    found = session.scalars(select(Person).where(Person.id.in_(paged), Person.id != person.id))
    return [each for each in found if each.id not in out]


def _answered(session: Session, episode: Episode, person: Person, answer: str, now: datetime) -> None:
    for page in session.scalars(
        select(Page).where(Page.episode_id == episode.id, Page.person_id == person.id, Page.answered_at.is_(None))
    ):
        page.answer, page.answered_at = answer, now


def open_to(session: Session, person: Person, now: datetime) -> list[Reference]:
    """Return the references of episodes that `person` was paged about, that are not closed, and that they may have."""
    found = session.scalars(
        select(Reference)
        .join(Episode)
        .where(Reference.person_id == person.id, Episode.state != "closed")
        .order_by(Episode.opened_at)
    )
    return [each for each in found if not left_out(session, each.episode, person, now)]
