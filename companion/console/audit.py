"""Audit: who saw and did what. It holds codes, times and counts; never a text, a number or a name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from companion.console.audit_words import details_said, ids_in
from companion.console.desk import AUDITOR, COORDINATOR, LEAD, allow, desk, my_id, now, pages
from companion.console.messages import moment
from companion.console.queries import LATEST
from companion.console.words import all_named, named
from companion.escalation.exclusions import may_see
from companion.models import AuditEntry, Cohort, Group, Person, by_label, record
from companion.spreadsheet import ENCODING, as_csv

MOST = 10_000  # entries in one file; more need another range of days


@dataclass(frozen=True)
class Filter:
    """What of the audit is wanted. Everything may be left out; days are local and both count."""

    who: uuid.UUID | None
    action: str | None
    since: date | None
    until: date | None

    def choose(self) -> Select[tuple[AuditEntry]]:
        """Return the entries that fit, the latest first; none about a trainee who has left this reader out."""
        seen = may_see(my_id(), AuditEntry.subject_id)
        chosen = select(AuditEntry).where(seen).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        if self.who is not None:
            chosen = chosen.where(AuditEntry.actor_id == self.who)
        if self.action is not None:
            chosen = chosen.where(AuditEntry.action == self.action)
        if self.since is not None:
            chosen = chosen.where(AuditEntry.at >= _midnight(self.since))
        if self.until is not None:
            chosen = chosen.where(AuditEntry.at < _midnight(self.until + timedelta(days=1)))
        return chosen

    def as_query(self) -> dict[str, str]:
        """Return it as the address of a page has it."""
        given = {"who": self.who, "action": self.action, "since": self.since, "until": self.until}
        return {name: str(value) for name, value in given.items() if value is not None}


@pages.get("/audit")
@allow(LEAD, COORDINATOR, AUDITOR)
def audit() -> ResponseReturnValue:
    """List what was done and seen, the latest first."""
    before, wanted = moment(request.args.get("before")), _wanted()
    chosen = wanted.choose().limit(LATEST)
    if before:
        chosen = chosen.where(AuditEntry.at < before)
    with desk().database.read() as session:
        entries = session.scalars(chosen).all()
        names = _names(session, entries)
        staff = session.scalars(select(Person).where(Person.state == "staff")).all()
    return render_template(
        "console/audit.html",
        entries=entries,
        names=names,
        staff=by_label(staff),
        actions=sorted(all_named("audit").items(), key=lambda each: each[1].casefold()),
        wanted=wanted,
        details=details_said,
        older=entries[-1].at if len(entries) == LATEST else None,
        first=before is None,
        most=MOST,
    )


@pages.get("/audit.csv")
@allow(LEAD, COORDINATOR, AUDITOR)
def audit_file() -> ResponseReturnValue:
    """Download what fits as a file; that it was taken is in the audit too."""
    wanted = _wanted()
    with desk().database.write() as session:
        entries = session.scalars(wanted.choose().limit(MOST)).all()
        names = _names(session, entries)
        record(session, now(), "audit taken", session.get_one(Person, my_id()), actor=my_id(), count=len(entries))
    rows = [
        (
            entry.at.isoformat(timespec="seconds"),
            _who(entry.actor_id, names),
            named("audit", entry.action),
            _about(entry, names),
            details_said(entry, names),
        )
        for entry in entries
    ]
    return Response(
        as_csv([("when (UTC)", "who", "what", "about", "details"), *rows]).encode(ENCODING),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename=audit-{now():%Y-%m-%d}.csv"},
    )


def _wanted() -> Filter:
    given = request.args
    try:
        who = uuid.UUID(given.get("who", ""))
    except ValueError:
        who = None
    action = given.get("action", "")
    return Filter(
        who, action if action in all_named("audit") else None, _day(given.get("since")), _day(given.get("until"))
    )


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given or "")
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), desk().settings.zone)


def _who(person_id: uuid.UUID | None, names: Mapping[uuid.UUID, str]) -> str:
    return names.get(person_id, "Someone removed") if person_id else "The service"


def _about(entry: AuditEntry, names: Mapping[uuid.UUID, str]) -> str:
    known = names.get(entry.subject_id) if entry.subject_id else None
    return known or named("subjects", entry.subject_kind)


def _names(session: Session, entries: Sequence[AuditEntry]) -> dict[uuid.UUID, str]:
    ids: set[uuid.UUID | None] = {e.actor_id for e in entries} | {e.subject_id for e in entries}
    wanted = [each for each in ids.union(*(ids_in(entry) for entry in entries)) if each]
    found: dict[uuid.UUID, str] = {}
    erased = select(AuditEntry).where(AuditEntry.action.in_(("person erased", "person forgotten")))
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        for each in session.scalars(select(Person).where(Person.id.in_(some))):
            found[each.id] = each.label
        for kind in (Group, Cohort):
            found |= dict(session.execute(select(kind.id, kind.name).where(kind.id.in_(some))).tuples().all())
        # What stands about somebody who was removed keeps their alias.
        gone = [each for each in some if each not in found]
        for entry in session.scalars(erased.where(AuditEntry.subject_id.in_(gone))) if gone else ():
            if entry.subject_id is not None and entry.details.get("alias"):
                found[entry.subject_id] = f"{entry.details['alias']} (removed)"
    return found
