"""What is due next, of everything that waits for its time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.messaging import calls, mail, outbox
from companion.models import Episode
from companion.models.base import ask
from companion.programme.around import next_due as around_next_due
from companion.programme.tick import next_due as programme_next_due
from companion.rota.tick import next_due as rota_next_due

_NEXT_ACTION = (  # made once
    select(Episode.next_action_at)
    .where(Episode.state != "closed", Episode.next_action_at.is_not(None))
    .order_by(Episode.next_action_at)
    .limit(1)
)


def next_due(session: Session, now: datetime, zone: ZoneInfo) -> tuple[datetime, str] | None:
    """Return the next moment after `now` (UTC) at which something happens by itself, and what kind of thing.

    `zone` is the programme's.
    """
    moments = [programme_next_due(session, now), around_next_due(session, now, zone)]
    waiting = outbox.next_due(session, now)
    if waiting is not None:
        moments.append((waiting, "text"))
    for ledger, what in ((calls, "call"), (mail, "e-mail")):
        if (moment := ledger.next_due(session)) is not None:
            moments.append((moment, what))
    episode = ask(session, _NEXT_ACTION).scalar()
    if episode is not None:
        moments.append((episode, "page"))
    duty = rota_next_due(session, now)
    if duty is not None:
        moments.append((duty, "duty"))
    return min((moment for moment in moments if moment is not None and moment[0] > now), default=None)
