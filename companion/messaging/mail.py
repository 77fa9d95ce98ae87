"""E-mail over SMTP: the second way to those who run the programme. Queued, claimed, sent, settled, like a text.

A mail that may have gone out already is sent again: a doubled one is better than a missing one. The Message-ID is the
row's own, so that a mailbox may tell.
"""

from __future__ import annotations

import logging
import smtplib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.content.catalogue import Text
from companion.db import Database, new_id
from companion.messaging.mail_server import MailServerError, connected
from companion.models import Email, Person, raise_alarm, settle_alarm
from companion.models.base import ask, store_once
from companion.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds, for the connection and for each answer
LEASE = timedelta(seconds=60)
BATCH = 5
LONGEST_SEND = timedelta(seconds=2 * TIMEOUT)
BACKOFF = (5, 15, 30, 60, 300)  # seconds between tries; the last for ever, until it expires
TROUBLE = "mail_not_sent"
REFUSED = "mail_refused"  # one address is, and the others get theirs
PATIENT = 4  # tries at an address that is refused for now, as servers do to strangers ("greylisting"), before an alarm

# Made once: asked every few seconds.
_NEXT_QUEUED = select(Email.not_before).where(Email.status == "queued").order_by(Email.not_before).limit(1)
_NEXT_HELD = select(Email.lease_until).where(Email.status == "sending").order_by(Email.lease_until).limit(1)


@dataclass(frozen=True)
class Letter:
    """An e-mail taken for sending."""

    id: uuid.UUID
    to: str
    subject: str
    body: str
    attempts: int
    created_at: datetime
    lease_until: datetime


def enqueue_email(
    session: Session,
    *,
    key: str,
    to: str,
    person: Person,
    subject: Text,
    text: Text,
    now: datetime,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> Email | None:
    """Add an e-mail once: None when `key` is there already. What is returned is no part of the session."""
    email = Email(
        id=new_id(),
        key=key,
        purpose=text.id,
        person_id=person.id,
        address=to,
        subject=subject.body,
        body=text.body,
        status="queued",
        created_at=now,
        not_before=not_before or now,
        expires_at=expires_at,
        updated_at=now,
    )
    return email if store_once(session, email, "key") else None


class Mail:
    """Sends e-mails that are due through the server of SMTP_URL; drops them where there is none."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, timeout: float = TIMEOUT) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._timeout = timeout

    def run(self) -> int:
        """Send what is due; return how many went out."""
        if self._nothing_due():
            return 0
        sent = 0
        while True:
            with self._database.write() as session:
                batch = _claim(session, self._clock.now(), configured=self._settings.smtp_url is not None)
            sent += sum(self._send(letter) for letter in batch)
            if not batch:
                return sent

    def _nothing_due(self) -> bool:
        with self._database.read() as session:
            due = next_due(session)
        return due is None or due > self._clock.now()

    def _send(self, letter: Letter) -> bool:
        if letter.lease_until - self._clock.now() < LONGEST_SEND:
            return False  # the lease runs out and the next run takes it
        try:
            self._hand_over(letter)
        except smtplib.SMTPRecipientsRefused as error:
            code = max((code for code, _ in error.recipients.values()), default=0)
            log.warning("e-mail %s was not sent: its address is refused, code %s", letter.id, code)
            with self._database.write() as session:
                _refused(session, letter, self._clock.now(), for_good=code >= 500)
            return False
        except (OSError, smtplib.SMTPException, MailServerError) as error:
            # The words of a library's error may hold an address: only its kind and the server's code are logged.
            code = getattr(error, "smtp_code", 0)
            why = error.says if isinstance(error, MailServerError) else f"{type(error).__name__} {code}"
            log.warning("e-mail %s was not sent: %s", letter.id, why)
            with self._database.write() as session:
                _not_sent(session, letter, self._clock.now())
            return False
        with self._database.write() as session:
            _sent(session, letter, self._clock.now())
        return True

    def _hand_over(self, letter: Letter) -> None:
        with connected(self._settings, self._timeout) as server:
            server.send_message(self._message(letter))

    def _message(self, letter: Letter) -> EmailMessage:
        sender = self._settings.mail_from or ""
        message = EmailMessage()
        message["From"] = formataddr((self._settings.companion_name, sender))
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.created_at)
        message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # no holiday replies (RFC 3834)
        message["X-Priority"] = "1"
        message.set_content(letter.body + "\n")
        return message


def _claim(session: Session, now: datetime, *, configured: bool) -> list[Letter]:
    lost_leases = and_(Email.status == "sending", Email.lease_until < now)
    due = session.scalars(
        select(Email)
        .where(or_(Email.status == "queued", lost_leases), Email.not_before <= now)
        .order_by(Email.created_at, Email.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    taken = []
    for email in due:
        email.updated_at = now
        if not configured or (email.expires_at is not None and email.expires_at <= now):
            email.status, email.settled_at = "dropped", now
            email.reason = "too late" if configured else "no mail server"
            continue
        email.status, email.lease_until = "sending", now + LEASE
        email.attempts += 1
        taken.append(
            Letter(
                email.id,
                email.address,
                email.subject,
                email.body,
                email.attempts,
                email.created_at,
                email.lease_until,
            )
        )
    return taken


def _mine(session: Session, letter: Letter) -> Email | None:
    row = session.get_one(Email, letter.id, with_for_update=True)
    return row if row.status == "sending" and row.attempts == letter.attempts else None


def _sent(session: Session, letter: Letter, now: datetime) -> None:
    row = _mine(session, letter)
    if row is not None:
        row.status, row.sent_at, row.settled_at, row.updated_at = "sent", now, now, now
    settle_alarm(session, now, TROUBLE)


def _refused(session: Session, letter: Letter, now: datetime, *, for_good: bool) -> None:
    """The server works, and does not take this one address: another way to its person is taken at once."""
    if for_good or letter.attempts >= PATIENT:
        raise_alarm(session, now, REFUSED)
    row = _mine(session, letter)
    if row is not None and for_good:
        row.status, row.settled_at, row.updated_at = "failed", now, now
    else:
        _again(row, now)


def _not_sent(session: Session, letter: Letter, now: datetime) -> None:
    raise_alarm(session, now, TROUBLE)
    _again(_mine(session, letter), now)


def _again(row: Email | None, now: datetime) -> None:
    if row is not None:
        wait = BACKOFF[min(row.attempts, len(BACKOFF)) - 1]
        row.status, row.not_before, row.lease_until = "queued", now + timedelta(seconds=wait), None
        row.updated_at = now


def next_due(session: Session) -> datetime | None:
    """Return when the next e-mail is due (UTC), or None."""
    queued, held = ask(session, _NEXT_QUEUED).scalar(), ask(session, _NEXT_HELD).scalar()
    return min((moment for moment in (queued, held) if moment), default=None)
