"""Texts that follow each other closely are read together as well: "I just want to" and then "die"."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from companion.conversation.incoming import Screened
from companion.escalation.routes import as_set, routes_in
from companion.escalation.watchlist import WatchList
from companion.messaging.inbound import Arrival
from companion.models import Address, InboundMessage

log = logging.getLogger(__name__)

WITHIN = timedelta(minutes=2)  # from the first to the last
MOST = 3  # texts before the last; a sentence in more pieces than that is rare
LONGEST = 1_600  # characters of all of them, as of the longest single text
_TEXTS = InboundMessage.__table__.c
_BEFORE = (  # made once: putting it together takes as long as asking it
    select(_TEXTS.body, _TEXTS.route)
    .where(_TEXTS.address_id == bindparam("address"), _TEXTS.received_at > bindparam("since"))
    .order_by(_TEXTS.received_at.desc(), _TEXTS.id.desc())
    .limit(MOST)
)


def may_go_on(address: Address, now: datetime) -> bool:
    """Whether a text can go on with another: one came a moment ago, from somebody whose texts are no orders."""
    last = address.last_inbound_at
    return last is not None and now - last < WITHIN and (address.person is None or address.person.role == "trainee")


def read_on(
    session: Session, arrival: Arrival, screened: Screened, address: Address, watch_list: WatchList, now: datetime
) -> Screened:
    """Return what the list finds in the texts since the last flag and this one, if that pages; else `screened`."""
    said = [arrival.body]
    for body, route in session.connection().execute(_BEFORE, {"address": address.id, "since": now - WITHIN}):
        if route == "page":
            break
        said.insert(0, body or "")
    words = " ".join(said)
    if len(said) == 1 or len(words) > LONGEST:
        return screened
    try:
        verdict = as_set(watch_list.read(words), partial(_routes, session))
    except Exception:
        # Each text was read by itself before; this only looks once more.
        log.exception("texts in a row could not be read together")
        return screened
    if verdict.route != "page":
        return screened
    return Screened(verdict.route, verdict.families, verdict.phrases, watch_list.version)


def _routes(session: Session) -> Mapping[str, str]:
    with session.begin_nested():  # a failure must not take the transaction along
        return routes_in(session)
