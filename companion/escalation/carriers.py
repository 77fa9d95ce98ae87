"""What carries a page: a text, a call or an e-mail. One to a person by one way in two minutes, about all that waits.

What comes about another item in the meantime goes with the carrier that has not left yet, whose words are made anew. So
nobody's page is put off for longer than the two minutes, however many items are open at once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from companion.escalation import bundles
from companion.escalation.words import Voice
from companion.messaging import templates
from companion.messaging.window import window_open
from companion.models import Call, Email, Episode, OutboxMessage, Page, Person
from companion.models.base import ask

THROTTLE = timedelta(minutes=2)  # one page to a person by one way
LOOKED_BACK = timedelta(days=1)
_TAKEN = ("sending", "unknown")  # Twilio has the text, or may have it
Carrier = OutboxMessage | Call | Email
Id = uuid.UUID | None
NEWS = ("page_new_text", "page_new_flag", "page_stopped")  # what the owner alone is told, by a text of its own
# A page that tells somebody of what they have already (`companion.escalation.news`): it asks nobody to take anything.
TO_OWNER = (
    (Episode.state == "owned")
    & (Episode.owner_id == Page.person_id)
    & (Page.at >= Episode.owned_at)
    & Page.answered_at.is_(None)
)


_WAITS = or_(
    OutboxMessage.status.in_(("queued", *_TAKEN)), Call.status == "queued", Email.status.in_(("queued", "sending"))
)
_WITHDRAWN = or_(OutboxMessage.status == "dropped", Call.status == "dropped", Email.status == "dropped")
_CARRIED = select(Page).outerjoin(Page.outbox).outerjoin(Page.call).outerjoin(Page.email)
# Made once, as all that is asked for every page. Of many pages that have one carrier the newest counts.
_STATUS = func.coalesce(OutboxMessage.status, Call.status, Email.status)
_CARRIER = (Page.outbox_id, Page.call_id, Page.email_id)
_LATELY = (
    _CARRIED.with_only_columns(
        Page.way,
        (Page.episode_id == bindparam("episode")).label("same"),
        func.max(Page.at).label("at"),
        *_CARRIER,
        _STATUS.label("carrier_status"),
    )
    .where(Page.person_id == bindparam("person"))
    .where(Page.at > bindparam("looked_back"), or_(Page.at > bindparam("lately"), _WAITS), _WITHDRAWN.is_not(True))
    .where(~exists().where(Episode.id == Page.episode_id, TO_OWNER))
    .where(exists().where(Episode.id == Page.episode_id, Episode.is_drill == bindparam("drill")))
    .group_by(Page.way, "same", *_CARRIER, "carrier_status")
    .order_by(func.max(Page.at).desc())
)
_COLUMNS = {OutboxMessage: Page.outbox_id, Call: Page.call_id, Email: Page.email_id}
_ABOUT = {
    kind: select(Episode.id, Episode.person_id, Episode.bundle)
    .where(Episode.id.in_(select(Page.episode_id).where(column == bindparam("carrier"))), Episode.state == "open")
    .order_by(Episode.opened_at, Episode.id)
    for kind, column in _COLUMNS.items()
}


def _queued(table: type[Any]) -> Select[tuple[Any]]:
    still = select(table).where(table.id == bindparam("carrier"), table.status == "queued")
    return still.with_for_update(of=table).execution_options(populate_existing=True)


_QUEUED = {kind: _queued(kind) for kind in _COLUMNS}


@dataclass(frozen=True)
class Recent:
    """The newest page that one carrier was about: by which way, whether about the `same` episode, and when (UTC)."""

    way: str
    same: bool
    at: datetime
    carrier: type[Carrier] | None
    carrier_id: uuid.UUID | None
    status: str | None


def lately(session: Session, episode: Episode, person: Person, now: datetime) -> Sequence[Recent]:
    """Return the pages to `person` of the last two minutes, and those that have not left yet; newest first.

    What was withdrawn before it left is none of them, nor what tells them of an item that is theirs. Nor is that of a
    drill where this is none, and the reverse: a drill keeps nobody waiting.
    """
    asked = {"episode": episode.id, "person": person.id, "drill": episode.is_drill}
    rows = ask(session, _LATELY, **asked, looked_back=now - LOOKED_BACK, lately=now - THROTTLE)
    return [_recent(*row) for row in rows]


def _recent(way: str, same: bool, at: datetime, outbox: Id, call: Id, email: Id, status: str | None) -> Recent:
    carriers = ((OutboxMessage, outbox), (Call, call), (Email, email))
    carrier, carrier_id = next(((kind, id_) for kind, id_ in carriers if id_ is not None), (None, None))
    return Recent(way, bool(same), at, carrier, carrier_id, status)


def to_go_with(session: Session, pages: Sequence[Recent], now: datetime, voice: Voice) -> Carrier | None:
    """Return the carrier among those of `pages` that one more page can go with, held for this transaction."""
    for page in pages:
        if page.carrier is OutboxMessage and page.status in _TAKEN and page.same:
            # Twilio was asked and did not answer: it goes out late, and one is enough.
            text = session.get_one(OutboxMessage, page.carrier_id)
            if text.expires_at is None or text.expires_at > now:
                return text
        held = _held(session, page.carrier, page.carrier_id) if page.status == "queued" else None
        if held is None or (isinstance(held, Call) and held.expires_at is not None and held.expires_at <= now):
            continue
        if page.same or _can_say_more(session, held, now, voice):
            return held
    return None


def say_anew(session: Session, carrier: Carrier, person: Person, now: datetime, voice: Voice) -> None:
    """Let a carrier that has not left say all that it is about now. A call decides when it is picked up."""
    about = _still_open(session, carrier)
    if isinstance(carrier, Call) or not about:
        return
    if isinstance(carrier, Email):
        subject, words = voice.letter_about(session, about, person, now)
        carrier.subject, carrier.body, carrier.purpose = subject.body, words.body, words.id
        return
    text = voice.page_about(session, about, person, now)
    carrier.body, carrier.purpose, carrier.wording_version = text.body, text.id, text.version
    carrier.values = json.dumps(dict(text.values)) if carrier.values is not None else None


def withdraw(session: Session, episode: Episode, reason: str, now: datetime, voice: Voice) -> None:
    """Take `episode` out of the pages that have not gone out: somebody has it, or it is closed."""
    queued = or_(OutboxMessage.status == "queued", Call.status == "queued", Email.status == "queued")
    mine = (
        _pages_with_carriers()
        .where(Page.episode_id == episode.id, Page.at > now - LOOKED_BACK, queued)
        .order_by(Page.at.desc())
    )
    session.flush()
    for page in session.scalars(mine).all():
        held = _held_of(session, page)
        if held is None:
            continue
        if _still_open(session, held):
            say_anew(session, held, page.person, now, voice)
        else:
            held.status, held.reason, held.settled_at, held.updated_at = "dropped", reason, now, now
    under_way = select(OutboxMessage).join(Page, Page.outbox_id == OutboxMessage.id)
    mine_too = under_way.where(Page.episode_id == episode.id, OutboxMessage.status.in_(_TAKEN))
    for text in session.scalars(mine_too).unique().all():
        if not _still_open(session, text):
            text.expires_at = now  # if Twilio never took it, it is not sent again


def keep_from(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice) -> None:
    """Take `episode` out of the pages and news that have not gone out to `person`: they are to hear no more of it."""
    queued = or_(OutboxMessage.status == "queued", Call.status == "queued", Email.status == "queued")
    theirs = _pages_with_carriers().where(Page.episode_id == episode.id, Page.person_id == person.id, queued)
    session.flush()
    for page in session.scalars(theirs).all():
        held = _held_of(session, page)
        if held is None:
            continue
        page.outbox, page.call, page.email, page.failed_at = None, None, None, now
        session.flush()
        if _still_open(session, held):
            say_anew(session, held, person, now, voice)
        else:
            _drop(held, now)
    news = select(OutboxMessage).where(
        OutboxMessage.status == "queued",
        OutboxMessage.person_id == person.id,
        OutboxMessage.purpose.in_(NEWS),
        OutboxMessage.key.contains(str(episode.id)),
    )
    for row in session.scalars(news.with_for_update()).all():
        _drop(row, now)


def _drop(carrier: Carrier, now: datetime) -> None:
    carrier.status, carrier.reason, carrier.settled_at, carrier.updated_at = "dropped", "left out", now, now


def count_again(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Let texts about unknown numbers that have not gone out yet say how many there are now."""
    mine = _pages_with_carriers().where(Page.episode_id == episode.id, OutboxMessage.status == "queued")
    for page in session.scalars(mine).all():
        if (held := _held_of(session, page)) is not None:
            say_anew(session, held, page.person, now, voice)


def _pages_with_carriers() -> Select[tuple[Page]]:
    return _CARRIED.options(contains_eager(Page.outbox), contains_eager(Page.call), contains_eager(Page.email))


def _held_of(session: Session, page: Page) -> Carrier | None:
    carrier = page.outbox or page.call or page.email
    return _held(session, type(carrier), carrier.id) if carrier is not None and carrier.status == "queued" else None


def _held(session: Session, carrier: type[Carrier] | None, carrier_id: uuid.UUID | None) -> Carrier | None:
    """Return the carrier, locked, if no worker has taken it yet."""
    held: Carrier | None = session.scalar(_QUEUED[carrier], {"carrier": carrier_id}) if carrier is not None else None
    return held


def _still_open(session: Session, carrier: Carrier) -> list[bundles.Item]:
    """Return the open episodes that a carrier is about, oldest first; of those paged as one, the one that speaks."""
    found = [bundles.Item(*row) for row in ask(session, _ABOUT[type(carrier)], carrier=carrier.id)]
    return [item for item in found if bundles.speaks(session, item)]


def _can_say_more(session: Session, carrier: Carrier, now: datetime, voice: Voice) -> bool:
    """Whether a carrier can be about several items: WhatsApp takes new words within its 24 hours, or a template."""
    if not isinstance(carrier, OutboxMessage) or carrier.address.channel != "whatsapp":
        return True
    template = templates.is_approved(session, "pages", voice.words.wording("pages").version)
    return template or window_open(carrier.address, now)
