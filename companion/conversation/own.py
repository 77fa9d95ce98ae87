"""What the flows around check-ins have to know of a person, asked of the database only for the texts that need it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.content.sayings import said_by_trainees
from companion.models import CheckIn, Person
from companion.programme.weeks import numbers_of, token_for
from companion.settings import Settings


@dataclass(frozen=True)
class Earlier:
    """An earlier answer to a check-in: a number, or words that said it was hard or not."""

    score: int | None
    said_hard: bool


@dataclass(frozen=True)
class Own:
    """What is the person's own. `weeks` and `link` are there only when a text asks for them."""

    helped: int = 0  # how often places that help were sent
    quiet: tuple[time, time] | None = None  # quiet hours, local
    weeks: tuple[tuple[date, int], ...] = ()  # the numbers given, oldest first
    link: str = ""  # to a picture of them
    paused_until: datetime | None = None


def is_my_weeks(text: str) -> bool:
    """Whether a text asks for the person's own weeks."""
    letters = " ".join(re.sub(r"[^a-z ]", " ", text.lower()).split())
    return said_by_trainees().my_weeks.search(letters) is not None


def own_facts(session: Session, person: Person | None, text: str, settings: Settings, now: datetime) -> Own:
    """Return what a text of a person calls for."""
    if person is None:
        return Own()
    quiet = (person.quiet_from, person.quiet_until)
    hours = (quiet[0], quiet[1]) if quiet[0] is not None and quiet[1] is not None else None
    if not is_my_weeks(text):
        return Own(person.helped, hours, paused_until=person.paused_until)
    link = f"{settings.public_url}/weeks/{token_for(settings.secret_key, person.id, now)}"
    return Own(person.helped, hours, numbers_of(session, person.id), link, person.paused_until)


def earlier_answer(session: Session, person: Person | None) -> Earlier | None:
    """Return the last answer to a check-in before the one that was asked last, if there is one."""
    if person is None:
        return None
    last_asked = select(func.max(CheckIn.asked_at)).where(CheckIn.person_id == person.id).scalar_subquery()
    found = session.execute(
        select(CheckIn.score, CheckIn.said_hard)
        .where(CheckIn.person_id == person.id, CheckIn.answered_at.is_not(None), CheckIn.asked_at < last_asked)
        .order_by(CheckIn.asked_at.desc())
        .limit(1)
    ).first()
    return Earlier(found.score, bool(found.said_hard)) if found else None
