"""Checks every minute what must always hold about episodes, mends what can be mended, and raises the alarm.

1. every open or owned episode has something due, and not long ago
2. nothing is closed without a person and an outcome (the database refuses it as well)
3. an open one had a page tried in the last quarter of an hour
4. every change of an episode has an entry in the audit, of the same moment
5. no text to those who run the programme holds three words in a row of a trainee's, or their number
6. every flagged text got the crisis reply, or it stands on record why none could be sent

While one of these was found broken, `/healthz` fails and the heartbeat is withheld (`companion.proof.health`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, joinedload

from companion.escalation.words import Voice
from companion.messaging.outbox import drop, enqueue
from companion.models import (
    AuditEntry,
    Episode,
    Flag,
    InboundMessage,
    OutboxMessage,
    Page,
    Person,
    raise_alarm,
    record,
    settle_alarm,
)
from companion.rota.cover import cover_line

BROKEN = ("invariant_broken", "episode_stuck")  # alarms about what was found, settled when all is well again
LATE = timedelta(minutes=2)
UNPAGED = timedelta(minutes=15)
LOOKED_BACK = timedelta(days=1)  # at what has been closed, and at flags
WORDS_OF = timedelta(hours=2)  # how far back trainees' words are compared with what went to others
SENT_IN = timedelta(minutes=5)
IN_A_ROW = 3


def audit(session: Session, now: datetime, voice: Voice) -> list[str]:
    """Look at everything; return what was wrong, for the log. When nothing was, the alarms about it are settled."""
    wrong = [
        *_nothing_due(session, now),
        *_closed_by_nobody(session, now),
        *_not_on_record(session, now),
        *_says_too_much(session, now, voice),
        *_no_reply(session, now, voice),
    ]
    if not wrong:
        for kind in BROKEN:
            settle_alarm(session, now, kind)
    return wrong


def _nothing_due(session: Session, now: datetime) -> Iterator[str]:
    """1 and 3: mend by making something due now."""
    for episode in session.scalars(select(Episode).where(Episode.state.in_(("open", "owned")))).all():
        if episode.next_action_at is None or now - episode.next_action_at > LATE:
            yield _mend(session, episode, now, "nothing was due")
        elif episode.state == "open" and now - episode.started_at > UNPAGED and not _paged(session, episode, now):
            yield _mend(session, episode, now, "not paged for a quarter of an hour")


def _closed_by_nobody(session: Session, now: datetime) -> Iterator[str]:
    """2: nothing to mend, a person has to look."""
    nobody = or_(Episode.outcome.is_(None), Episode.closed_by.is_(None))
    for episode in session.scalars(select(Episode).where(Episode.state == "closed", nobody)).all():
        yield _alarm(session, episode, now, "closed by nobody")


def _not_on_record(session: Session, now: datetime) -> Iterator[str]:
    """4: the moment at which an episode got into its state has an entry."""
    recent = or_(Episode.state != "closed", Episode.closed_at > now - LOOKED_BACK)
    for episode in session.scalars(select(Episode).where(recent)).all():
        moments = {
            "open": episode.opened_at,
            "owned": episode.owned_at,
            "contacted": episode.contacted_at,
            "closed": episode.closed_at,
        }
        moment = moments[episode.state]
        entry = select(AuditEntry.id).where(
            AuditEntry.subject_kind == Episode.__tablename__,
            AuditEntry.subject_id == episode.id,
            AuditEntry.at == moment,
        )
        if moment is None or session.scalar(entry.limit(1)) is None:
            yield _alarm(session, episode, now, f"{episode.state} without an entry")


def _says_too_much(session: Session, now: datetime, voice: Voice) -> Iterator[str]:
    """5: what has not gone out yet is held back."""
    rows = session.scalars(
        select(OutboxMessage)
        .join(Person, Person.id == OutboxMessage.person_id)
        .where(
            Person.state == "staff",
            OutboxMessage.created_at > now - SENT_IN,
            OutboxMessage.in_reply_to.is_(None),
            OutboxMessage.body.is_not(None),
        )
    ).all()
    if not rows:
        return
    theirs = session.scalars(
        select(InboundMessage)
        .outerjoin(Person, Person.id == InboundMessage.person_id)
        .where(
            InboundMessage.received_at > now - WORDS_OF,
            or_(InboundMessage.person_id.is_(None), Person.role == "trainee"),
        )
        .order_by(InboundMessage.received_at.desc())
        .limit(500)
        .options(joinedload(InboundMessage.address))
    ).all()
    said = {run for text in theirs for run in runs(text.body or "")}
    numbers = {text.address.address[-9:] for text in theirs if text.address.address.startswith("+")}
    ours = voice.words.wordings.values()
    own = {run for wording in ours if wording.kind in ("page", "notice") for run in runs(wording.text)}
    for row in rows:
        body = row.body or ""
        digits = re.sub(r"\D", "", body)
        if (runs(body) - own) & said or any(number in digits for number in numbers):
            if row.status == "queued":
                row.status, row.reason, row.settled_at = "dropped", "says too much", now
            yield _alarm(session, row, now, "a text to staff said too much")


def _no_reply(session: Session, now: datetime, voice: Voice) -> Iterator[str]:
    """6: the reply is queued, or it is put on record that nothing can be sent to what is no number."""
    answered = exists().where(OutboxMessage.in_reply_to == Flag.inbound_id)
    mended = exists().where(
        AuditEntry.subject_kind == InboundMessage.__tablename__,
        AuditEntry.subject_id == Flag.inbound_id,
        AuditEntry.action.in_(("crisis reply mended", "crisis reply impossible")),
    )
    missing = (
        select(InboundMessage)
        .join(Flag, Flag.inbound_id == InboundMessage.id)
        .where(Flag.route == "page", Flag.at > now - LOOKED_BACK, ~answered, ~mended)
        .options(joinedload(InboundMessage.address))
    )
    for inbound in session.scalars(missing).unique().all():
        if not inbound.address.address.startswith("+"):
            # A name or a short code cannot be answered: that is how it is, and nothing is broken.
            record(session, now, "crisis reply impossible", inbound, reason="no number")
            continue
        _reply_now(session, inbound, now, voice)
        yield _alarm(session, inbound, now, "a flagged text had no reply")


def _reply_now(session: Session, inbound: InboundMessage, now: datetime, voice: Voice) -> None:
    person = session.get(Person, inbound.person_id) if inbound.person_id else None
    texts = (
        voice.words.render("crisis_1"),
        voice.words.render(
            "crisis_2",
            nhs_line=voice.nhs_line(person.nation if person else None, now),
            cover=cover_line(session, voice.words, person.group_id if person else None, now),
        ),
    )
    for number, text in enumerate(texts):
        key = f"crisis:{inbound.id}:{number}"
        if inbound.address.invalid_since is None:
            enqueue(session, key=key, lane="page", to=inbound.address, text=text, now=now)
        else:
            drop(session, key=key, lane="page", to=inbound.address, text=text, now=now, reason="address not valid")
    record(session, now, "crisis reply mended", inbound)


def runs(text: str) -> set[tuple[str, ...]]:
    """Return every three words in a row of `text`, in small letters; a placeholder of a wording ends a run."""
    found: set[tuple[str, ...]] = set()
    for piece in re.split(r"\{\w+\}", text):
        words = re.findall(r"[^\W_]+(?:['\u2019][^\W_]+)*", piece.casefold())
        found |= {tuple(words[i : i + IN_A_ROW]) for i in range(len(words) - IN_A_ROW + 1)}
    return found


def _mend(session: Session, episode: Episode, now: datetime, what: str) -> str:
    episode.next_action_at = now
    raise_alarm(session, now, "episode_stuck")
    record(session, now, "auditor mended", episode, what=what)
    return what


def _alarm(session: Session, subject: Episode | OutboxMessage | InboundMessage, now: datetime, what: str) -> str:
    raise_alarm(session, now, "invariant_broken", what=what)
    known = select(AuditEntry.id).where(
        AuditEntry.subject_kind == subject.__tablename__,
        AuditEntry.subject_id == subject.id,
        AuditEntry.action == "auditor found",
    )
    if session.scalar(known.limit(1)) is None:
        record(session, now, "auditor found", subject, what=what)
    return what


def _paged(session: Session, episode: Episode, now: datetime) -> bool:
    tried = exists().where(Page.episode_id == episode.id, Page.at > now - UNPAGED)
    return bool(session.scalar(select(tried)))
