"""What finding a phrase family does here: what the list says, or what those who run the programme have set instead.

One person may move a family up (notice to page). Moving it down takes two, one of them a lead, who agree by their own
sign-ins (`companion.escalation.proposals`); that they are two the table checks as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.db import Database
from companion.escalation.watchlist import Verdict, WatchList
from companion.escalation.watchlist_data import ROUTES, Route
from companion.models import FamilyProposal, FamilyRoute, Person, record
from companion.models.base import ask

log = logging.getLogger(__name__)

MAY_SET = ("facilitator", "lead", "coordinator")


class RouteError(Exception):
    """The route cannot be set; the message says why."""


@dataclass(frozen=True)
class FamilyLine:
    """One family: what the list says, what counts here, and who set that (no names and no moment when nobody did)."""

    family: str
    title: str
    written: Route
    stands: Route
    set_by: str = ""
    agreed_by: str = ""
    at: datetime | None = None


_SET = select(FamilyRoute.family, FamilyRoute.route)


def routes_here(database: Database) -> Mapping[str, str]:
    """Return the routes that were set. Read for texts in which something was found; nothing is kept between them."""
    with database.read() as session:
        return routes_in(session)


def routes_in(session: Session) -> Mapping[str, str]:
    """Return the routes that were set, as this transaction sees them."""
    return dict(ask(session, _SET).tuples().all())


def routed(verdict: Verdict, routes: Mapping[str, str]) -> Verdict:
    """Return `verdict` with the routes that were set, page families first."""
    if not routes:
        return verdict
    found = [(_known(routes.get(family), route), family, phrase) for route, family, phrase in verdict.found]
    return Verdict(tuple(sorted(found, key=lambda each: ROUTES.index(each[0]))))


def as_set(verdict: Verdict, routes: Callable[[], Mapping[str, str]]) -> Verdict:
    """Return `verdict` with the routes that were set; if they cannot be read, everything found pages."""
    if not verdict.found:
        return verdict
    try:
        return routed(verdict, routes())
    except Exception:
        log.exception("the routes of phrase families could not be read; what was found pages")
        return Verdict(tuple(("page", family, phrase) for _, family, phrase in verdict.found))


def lines(session: Session, watch_list: WatchList) -> Sequence[FamilyLine]:
    """Return every family of the list, in its order."""
    rows = {row.family: row for row in session.scalars(select(FamilyRoute))}
    return [
        FamilyLine(family.name, family.title, family.route, family.route)
        if (row := rows.get(family.name)) is None
        else FamilyLine(
            family.name,
            family.title,
            family.route,
            _known(row.route, family.route),
            session.get_one(Person, row.set_by).label,
            session.get_one(Person, row.agreed_by).label if row.agreed_by is not None else "",
            row.at,
        )
        for family in watch_list.families
    ]


def moved_down(session: Session, since: datetime) -> Sequence[FamilyRoute]:
    """Return what was set to be read later since then (UTC), the latest first."""
    wanted = select(FamilyRoute).where(FamilyRoute.route == "notice", FamilyRoute.at > since)
    return session.scalars(wanted.order_by(FamilyRoute.at.desc())).all()


def who_may_set(session: Session) -> Sequence[Person]:
    """Return those who may set a route."""
    wanted = select(Person).where(Person.state == "staff", Person.role.in_(MAY_SET)).order_by(Person.created_at)
    return session.scalars(wanted).all()


def set_route(
    session: Session,
    watch_list: WatchList,
    family: str,
    route: Route,
    by: Person,
    agreed_by: Person | None,
    now: datetime,
    *,
    proposal: FamilyProposal | None = None,
) -> None:
    """Set what finding `family` does from the next text on, and audit it. `proposal` is what was agreed to, if any.

    Raises RouteError for a family that the list does not have, a route that stands already, people who may not set it,
    and one person moving it down alone. What else is proposed about the family is void then.
    """
    others = [each for each in proposals_about(session, family) if each is not proposal]
    before, row = route_of(session, watch_list, family)
    for person in (by, agreed_by):
        if person is not None and (person.state != "staff" or person.role not in MAY_SET):
            raise RouteError(f"{person.label} is not a facilitator, lead or coordinator.")
    if before == route:
        raise RouteError(f"{family} is {route} already.")
    if route == "notice" and (agreed_by is None or agreed_by.id == by.id):
        raise RouteError("Moving a family down takes two different people.")
    if route == "notice" and "lead" not in (by.role, agreed_by and agreed_by.role):
        raise RouteError("One of the two who move a family down must be a lead.")
    if row is None:
        row = FamilyRoute(family=family)
        session.add(row)
    row.route, row.set_by, row.agreed_by, row.at = route, by.id, agreed_by.id if agreed_by else None, now
    record(
        session,
        now,
        "family route set",
        row,
        actor=by.id,
        family=family,
        before=before,
        route=route,
        agreed_by=str(agreed_by.id) if agreed_by else None,
    )
    for other in others:
        other.state, other.settled_by, other.settled_at = "void", by.id, now
        record(session, now, "family proposal void", other, actor=by.id, family=family)


def route_of(session: Session, watch_list: WatchList, family: str) -> tuple[Route, FamilyRoute | None]:
    """Return what finding `family` does now, and the row that was set, locked. Raises RouteError for no such family."""
    written = {each.name: each.route for each in watch_list.families}
    if family not in written:
        raise RouteError(f"The list has no family {family!r}. It has: {', '.join(sorted(written))}.")
    row = session.get(FamilyRoute, family, with_for_update=True)
    return _known(row.route if row else None, written[family]), row


def proposals_about(session: Session, family: str) -> Sequence[FamilyProposal]:
    """Return the open proposal about `family`, if there is one, locked. Always before the route, so that nobody waits
    for somebody who waits for them.
    """
    wanted = select(FamilyProposal).where(FamilyProposal.family == family, FamilyProposal.state == "open")
    return session.scalars(wanted.with_for_update()).all()


def _known(given: str | None, otherwise: Route) -> Route:
    return next((route for route in ROUTES if route == given), otherwise)
