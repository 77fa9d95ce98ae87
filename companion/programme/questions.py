"""Questions without a good answer, and how often what was sent was what someone needed: for who keeps the words.

Neither leads back to who asked: no name, no number, no moment, and digits are taken out of the words.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import HelpTally, InboundMessage, Person, Question

LONGEST = 300  # characters of a question that are kept
_ZONE = ZoneInfo("Europe/London")
_DIGITS = re.compile(r"\d{3,}")  # numbers of people and of patients, not "12 days straight"


def put_on_list(
    session: Session, words: str | None, why: str, topic: str | None, nation: str | None, now: datetime
) -> None:
    """Put a question on the list. Without words there is nothing to learn from."""
    if not words or not words.strip():
        return
    plain = _DIGITS.sub("...", " ".join(words.split()))[:LONGEST]
    session.add(Question(day=_day(now), words=plain, why=why, topic=topic, nation=nation))


def last_need(session: Session, person: Person) -> str | None:
    """Return the words of the last text of a person that was answered with places."""
    return session.scalar(
        select(InboundMessage.body)
        .where(InboundMessage.person_id == person.id, InboundMessage.intent == "signpost")
        .order_by(InboundMessage.received_at.desc())
        .limit(1)
    )


def count(session: Session, topic: str, now: datetime, *, needed: bool) -> None:
    """Count one YES or NO to "is this what you needed?"."""
    month = _day(now).replace(day=1)
    tally = session.get(HelpTally, (topic, month), with_for_update=True)
    if tally is None:
        tally = HelpTally(topic=topic, month=month, needed=0, not_needed=0)
        session.add(tally)
    if needed:
        tally.needed += 1
    else:
        tally.not_needed += 1


def _day(now: datetime) -> date:
    return now.astimezone(_ZONE).date()
