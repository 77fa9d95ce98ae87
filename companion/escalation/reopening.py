"""An episode that is open again, or goes on to others: who has it passes it on or wants help, or may not have it.

Each pages whoever comes next. What a new text of danger does to an episode stands in `episodes`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.carriers import keep_from
from companion.escalation.chain import people_to_page
from companion.escalation.closings import CannotCloseError
from companion.escalation.paging import answered, page_next
from companion.escalation.steps import EVERYONE, one_up
from companion.escalation.ways import ways_to
from companion.escalation.words import Voice
from companion.models import Declined, Episode, Page, Person, record


def reopen(session: Session, episode: Episode, now: datetime, why: str) -> None:
    """Open an episode again, for a reason that the audit keeps. Whose it is, and who is paged next, the caller says."""
    episode.state, episode.started_at, episode.next_action_at = "open", now, now
    episode.contact_by, episode.contacted_at = None, None
    episode.trainee_told_at, episode.alarmed_at = None, None
    record(session, now, "episode opened again", episode, why=why)


def pass_on(
    session: Session, episode: Episode, person: Person, now: datetime, voice: Voice, way: str | None = None
) -> None:
    """Let `person` pass the episode on: the next in the chain is paged at once. The trainee is told if they had it."""
    answered(session, episode, person, "pass", now)
    record(session, now, "episode passed", episode, actor=person.id, way=way)
    if episode.state == "owned" and episode.owner_id == person.id:
        reopen(session, episode, now, "passed")
        episode.owner = None
        voice.tell_trainee_passed(session, episode, person, now)
    if episode.state == "open":
        _on_to_the_next(session, episode, person, now, voice)


def go_on_without(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice) -> None:
    """Let an episode go on to the next at once, as a phone of `person` turned out to be a stranger's.

    Theirs it stays if they had it; but where nothing reaches them now the others are paged as well.
    """
    if episode.state == "open":
        _on_to_the_next(session, episode, person, now, voice)
        return
    theirs = episode.state == "owned" and episode.owner_id == person.id
    if theirs and not ways_to(session, person, now, voice.settings, voice.words):
        owner_not_told(session, episode, now, voice)


def _on_to_the_next(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice) -> None:
    """From the first to the second; from anyone else to everyone, themselves as well."""
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
    reopen(session, episode, now, why)
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
    reopen(session, episode, now, "someone else asked for")
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
    reopen(session, episode, now, "help asked for")
    episode.contacted_at = reached_at  # so that nothing the owner says of it takes the wish for help back
    episode.step = one_up(episode)
    page_next(session, episode, now, voice)


def no_contact_in_time(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Open an owned episode again, one step up, because no contact was recorded in time.

    The owner stays among those paged and may take it again; the person is told.
    """
    voice.remind_owner(session, episode, "page_reopened", now)
    _others_as_well(session, episode, now, voice, "no contact recorded")


def owner_not_told(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Do the same because that something new came reached its owner by no way."""
    _others_as_well(session, episode, now, voice, "owner not reached")


def _others_as_well(session: Session, episode: Episode, now: datetime, voice: Voice, why: str) -> None:
    voice.tell_trainee_no_contact(session, episode, now)
    reopen(session, episode, now, why)
    episode.step = one_up(episode)
    page_next(session, episode, now, voice)
