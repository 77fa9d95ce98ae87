"""Moving a phrase family down, from page to notice: proposed by one who signed in, agreed to by another.

Nothing changes until then. A proposal holds for a week; its author may withdraw it; it is void when the family is moved
in another way. The table refuses an author who agrees.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from companion.escalation.routes import RouteError, proposals_about, route_of, set_route
from companion.escalation.watchlist import WatchList
from companion.models import FamilyProposal, Person, record

HOLDS = timedelta(days=7)  # how long there is to agree
Answer = Literal["agreed", "refused", "withdrawn"]


class SettledError(RouteError):
    """The proposal is over: the page that was answered was older than what became of it."""


def propose(
    session: Session, watch_list: WatchList, family: str, reason: str, by: Person, now: datetime
) -> FamilyProposal:
    """Propose that `family` no longer pages. Raises RouteError where it does not page, or that is proposed already."""
    expire(session, now)
    if proposals_about(session, family):
        raise RouteError("That is proposed already.")
    if route_of(session, watch_list, family)[0] != "page":
        raise RouteError("Nobody is paged for it now.")
    found = FamilyProposal(
        family=family, reason=reason, proposed_by=by.id, proposed_at=now, expires_at=now + HOLDS, state="open"
    )
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError as error:  # by somebody else in this very moment
        raise RouteError("That is proposed already.") from error
    record(session, now, "family proposal made", found, actor=by.id, family=family)
    return found


def may_agree(proposal: FamilyProposal, by: Person) -> bool:
    """Whether `by` may agree: another person than the author, and one of the two a lead."""
    return by.id != proposal.proposed_by and "lead" in (by.role, proposal.proposer.role)


def settle(
    session: Session, watch_list: WatchList, proposal_id: uuid.UUID, answer: Answer, by: Person, now: datetime
) -> FamilyProposal:
    """Agree to a proposal, which moves the family from the next text on; refuse it; or withdraw one's own.

    Raises SettledError when it is over, and RouteError for whoever may not answer like this.
    """
    expire(session, now)
    found = session.get_one(FamilyProposal, proposal_id, with_for_update=True)
    if found.state != "open":
        raise SettledError("Nothing was changed: this proposal is over.")
    own = by.id == found.proposed_by
    if own is not (answer == "withdrawn"):
        raise RouteError("Somebody else must answer it." if own else "Only who proposed it can withdraw it.")
    if answer == "agreed":
        set_route(session, watch_list, found.family, "notice", found.proposer, by, now, proposal=found)
    found.state, found.settled_by, found.settled_at = answer, by.id, now
    refused = "family proposal withdrawn" if own else "family proposal refused"
    action = "family proposal agreed" if answer == "agreed" else refused
    record(session, now, action, found, actor=by.id, family=found.family)
    return found


def expire(session: Session, now: datetime) -> None:
    """Settle every proposal whose week is over, and audit it."""
    wanted = select(FamilyProposal).where(FamilyProposal.state == "open", FamilyProposal.expires_at <= now)
    for each in session.scalars(wanted.with_for_update()):
        each.state, each.settled_at = "expired", now
        record(session, now, "family proposal expired", each, family=each.family)
    session.flush()


def waiting(session: Session, now: datetime) -> Sequence[FamilyProposal]:
    """Return the proposals that can still be answered, the oldest first."""
    wanted = select(FamilyProposal).where(FamilyProposal.state == "open", FamilyProposal.expires_at > now)
    return _with_people(session, wanted.order_by(FamilyProposal.proposed_at))


def settled_since(session: Session, since: datetime) -> Sequence[FamilyProposal]:
    """Return the proposals that came to an end since then (UTC), the latest first."""
    wanted = select(FamilyProposal).where(FamilyProposal.settled_at > since)
    return _with_people(session, wanted.order_by(FamilyProposal.settled_at.desc()))


def _with_people(session: Session, wanted: Select[tuple[FamilyProposal]]) -> Sequence[FamilyProposal]:
    people = (joinedload(FamilyProposal.proposer), joinedload(FamilyProposal.settler))
    return session.scalars(wanted.options(*people)).all()
