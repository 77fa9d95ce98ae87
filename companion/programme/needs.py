"""Practical needs: counted for those who can act on them, and answered when something was done.

Only headings are counted, and no number under FEWEST is shown: few are soon known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from companion.models import Broadcast, Need, NeedAction, Person, record

FEWEST = 5
OTHER = "other"


@dataclass(frozen=True)
class NeedKind:
    """A heading under which needs are counted."""

    name: str
    title: str
    words: re.Pattern[str] | None


@dataclass(frozen=True)
class Count:
    """How many people have an open need of a kind. `people` is None when there are too few to say."""

    kind: NeedKind
    people: int | None


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, NeedKind]:
    """Return the kinds of `content/needs.yaml` by name, in their order."""
    file = Path(__file__).parent.parent / "content" / "needs.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {name: NeedKind(name, each["title"], _pattern(each["words"])) for name, each in data.items()}


def kind_of(text: str) -> str | None:
    """Return the kind whose word stands first in the text, or None."""
    found = [(hit.start(), kind.name) for kind in kinds().values() if kind.words and (hit := kind.words.search(text))]
    return min(found)[1] if found else None


def note(session: Session, person: Person, kind: str, now: datetime) -> None:
    """Count that someone needs it; twice is once while it is open."""
    open_ = select(Need.id).where(Need.person_id == person.id, Need.kind == kind, Need.action_id.is_(None))
    if session.scalar(open_) is None:
        session.add(Need(person_id=person.id, cohort_id=person.cohort_id, kind=kind, asked_at=now))


def counts(session: Session) -> list[Count]:
    """Return the kinds that somebody needs, most needed first; those too few to say come last."""
    found = session.execute(
        select(Need.kind, func.count())
        .join(Person, Person.id == Need.person_id)
        .where(Need.action_id.is_(None), Person.state == "joined")
        .group_by(Need.kind)
    )
    listed = [Count(kinds()[name], people if people >= FEWEST else None) for name, people in found if name in kinds()]
    return sorted(listed, key=lambda each: (-(each.people or 0), each.kind.title))


def acted(session: Session, kind: str, line: str, sent: Broadcast, by: Person, now: datetime) -> NeedAction:
    """Record that something was done about a kind of need; those who asked hear it by the broadcast `sent`."""
    action = NeedAction(kind=kind, line=line, by=by.id, at=now, broadcast_id=sent.id)
    session.add(action)
    session.flush()
    session.execute(
        update(Need)
        .where(Need.kind == kind, Need.action_id.is_(None))
        .values(action_id=action.id)
        .execution_options(synchronize_session=False)
    )
    record(session, now, "need acted on", action, actor=by.id, kind=kind)
    return action


def reopen(session: Session, sent: Broadcast) -> None:
    """Count needs again whose answer was stopped before anyone got it; who has asked anew is counted once."""
    action_id = session.scalar(select(NeedAction.id).where(NeedAction.broadcast_id == sent.id))
    if action_id is None:
        return
    again = select(Need.person_id).where(Need.kind == sent.audience_key, Need.action_id.is_(None))
    session.execute(
        update(Need)
        .where(Need.action_id == action_id, Need.person_id.not_in(again))
        .values(action_id=None)
        .execution_options(synchronize_session=False)
    )


def last_action(session: Session, kind: str) -> NeedAction | None:
    """Return what was done last about a kind."""
    return session.scalar(
        select(NeedAction).where(NeedAction.kind == kind).order_by(NeedAction.at.desc(), NeedAction.id.desc()).limit(1)
    )


def _pattern(words: list[str]) -> re.Pattern[str] | None:
    if not words:
        return None
    return re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")\b", re.IGNORECASE)
