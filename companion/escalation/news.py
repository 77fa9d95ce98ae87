"""What whoever has an episode must hear of it: by every way they have, one after the other, until one is received.

The text that something new came is noted as a page to them, and looked after like one: failed, refused, or without a
receipt for a minute, it is followed by their next way at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from companion.escalation.chain import people_to_page
from companion.escalation.evidence import evidence, waits_until
from companion.escalation.ways import Way, another_way
from companion.escalation.words import Voice
from companion.models import Address, Episode, OptOut, OutboxMessage, Page, Person, raise_alarm, record
from companion.models.base import ask

LEARNT_WITHIN = timedelta(minutes=10)  # a worker that stood still for longer tells nothing: the next text to them fails
_LEARNT = (  # made once: asked every few seconds
    select(Episode.id, OptOut.id, OptOut.at)
    .join(Address, or_(Address.id == Episode.address_id, Address.person_id == Episode.person_id))
    .join(OptOut, and_(OptOut.address_index == Address.address_index, OptOut.channel == Address.channel))
    .where(Episode.state != "closed", OptOut.action == "stop", OptOut.source == "provider")
    .where(OptOut.at > bindparam("since"), OptOut.at >= Episode.opened_at)
)


def tell_owner(session: Session, episode: Episode, text_id: str, now: datetime, voice: Voice) -> None:
    """Tell who has the episode. While no contact is recorded, what becomes of that text is looked after (`chase`)."""
    row = voice.tell_owner(session, episode, text_id, now, watched=episode.state == "owned")
    _look_after(session, episode, row, now)


def tell_of_stop(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Tell who has the episode that the person stopped our texts; while nobody has it, the leads who are paged."""
    _tell_of_stop(session, episode, f"{now.timestamp():.0f}", now, voice)


def tell_of_learnt_stops(session: Session, now: datetime, voice: Voice) -> None:
    """Tell the same, once, where Twilio told of the STOP only by refusing a text: its webhook never came."""
    for episode_id, stop_id, at in ask(session, _LEARNT, since=now - LEARNT_WITHIN).all():
        episode = session.get_one(Episode, episode_id)
        if episode.owner is None or episode.owned_at is None or at >= episode.owned_at:  # who took it later heard then
            _tell_of_stop(session, episode, stop_id, now, voice)


def _tell_of_stop(session: Session, episode: Episode, stop: object, now: datetime, voice: Voice) -> None:
    """Tell of one STOP, once."""
    if episode.owner is not None:
        watched = episode.state == "owned"
        row = voice.tell(session, episode, episode.owner, "page_stopped", stop, now, watched=watched)
        _look_after(session, episode, row, now)
        return
    for person in people_to_page(session, episode, now):
        if person.role == "lead":
            voice.tell(session, episode, person, "page_stopped", stop, now)


def _look_after(session: Session, episode: Episode, row: OutboxMessage | None, now: datetime) -> None:
    """Note what was queued for the owner as a page to them, as long as they have not reached the person."""
    if row is None or episode.state != "owned" or episode.owner_id is None:
        return
    page = Page(
        episode_id=episode.id,
        person_id=episode.owner_id,
        way=row.channel,
        step=episode.rounds,
        at=row.not_before,
        outbox_id=row.id,
    )
    session.add(page)
    session.flush()
    _look_again(episode, [page], now)


def chase(session: Session, episode: Episode, now: datetime, voice: Voice) -> bool:
    """Try the owner's next way where the last did not arrive; return whether none of their ways did."""
    pages = _told(session, episode)
    found = {page: evidence(page, now) for page in pages}
    for page, what in found.items():
        if what == "failed":
            page.failed_at = page.failed_at or now
    if not pages or "arrived" in found.values():
        return False
    if "waiting" in found.values():
        _look_again(episode, [page for page, what in found.items() if what == "waiting"], now)
        return False
    owner, tried = pages[0].person, {page.way for page in pages}
    way = another_way(session, owner, tried, now, voice.settings, voice.words)
    if way is None:
        if not episode.is_drill:
            raise_alarm(session, now, "responder_not_reachable")
        return True
    page = _send(session, episode, owner, way, pages[0], now, voice)
    record(session, now, "paged another way", episode, person=str(owner.id), ways=[way.kind])
    _look_again(episode, [page], now)
    return False


def _told(session: Session, episode: Episode) -> Sequence[Page]:
    """Return the latest text that something is new, and what followed it by other ways; none once it was answered."""
    pages = session.scalars(
        select(Page)
        .where(Page.episode_id == episode.id, Page.person_id == episode.owner_id)
        .where(Page.at >= episode.owned_at, Page.answered_at.is_(None))
        .options(joinedload(Page.outbox), joinedload(Page.call), joinedload(Page.email), joinedload(Page.person))
        .order_by(Page.at, Page.id)
    ).all()
    first = max((i for i, page in enumerate(pages) if page.outbox and not is_news(page.outbox.key)), default=0)
    return pages[first:]


def is_news(key: str) -> bool:
    """Whether a text or a call follows news that did not arrive, and asks nobody to take anything."""
    return key.startswith("again:")


def _send(
    session: Session, episode: Episode, owner: Person, way: Way, first: Page, now: datetime, voice: Voice
) -> Page:
    page = Page(episode_id=episode.id, person_id=owner.id, way=way.kind, step=episode.rounds, at=now)
    key = f"again:{first.id}:{way.kind}"
    if way.kind == "email":
        page.email_id = voice.mail_page(session, episode, owner, way.email, key, now, now)
    elif way.address is not None and way.kind == "call":
        page.call_id = voice.call_page(session, key, way.address, now, now)
    elif way.address is not None and first.outbox is not None:
        page.outbox_id = voice.again(session, episode, owner, first.outbox.purpose, way.address, key, now)
    session.add(page)
    session.flush()
    return page


def _look_again(episode: Episode, pages: Sequence[Page], now: datetime) -> None:
    """Have the episode looked at when the first of `pages` counts as not arrived, if not before."""
    soonest = min(waits_until(page) for page in pages)
    episode.next_action_at = max(now, min(soonest, episode.next_action_at or soonest))
