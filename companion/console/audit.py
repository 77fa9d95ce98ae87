"""Audit: who saw and did what. It holds codes, times and counts; never a text, a number or a name."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.console.desk import AUDITOR, COORDINATOR, LEAD, allow, desk, pages
from companion.console.messages import moment
from companion.console.queries import LATEST
from companion.models import AuditEntry, Person


@pages.get("/audit")
@allow(LEAD, COORDINATOR, AUDITOR)
def audit() -> ResponseReturnValue:
    """List what was done and seen, the latest first."""
    before = moment(request.args.get("before"))
    chosen = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(LATEST)
    if before:
        chosen = chosen.where(AuditEntry.at < before)
    with desk().database.read() as session:
        entries = session.scalars(chosen).all()
        ids = {entry.actor_id for entry in entries} | {entry.subject_id for entry in entries}
        names = _names(session, ids)
    older = entries[-1].at if len(entries) == LATEST else None
    return render_template("console/audit.html", entries=entries, names=names, older=older, first=before is None)


def _names(session: Session, ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    found = session.scalars(select(Person).where(Person.id.in_([each for each in ids if each])))
    return {each.id: each.alias if each.role == "trainee" else each.name or each.alias for each in found}
