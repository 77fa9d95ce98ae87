"""Whom a trainee left out, kept by a lead or coordinator when the trainee asks for it in person."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from companion.console.desk import COORDINATOR, LEAD, allow, desk, my_id, now, pages
from companion.console.people import find_person
from companion.escalation import leaving_out
from companion.escalation.exclusions import CannotExcludeError, excluded_from, let_in
from companion.models import Person, by_label


@pages.get("/people/<uuid:person_id>/left-out")
@allow(LEAD, COORDINATOR)
def left_out(person_id: uuid.UUID) -> ResponseReturnValue:
    """List those who run the programme, with who must not see this person's texts."""
    with desk().database.read() as session:
        found = find_person(session, person_id)
        out = excluded_from(session, found.id)
        may_be_out = (Person.state == "staff", Person.role.in_(("facilitator", "lead", "coordinator")))
        staff = by_label(session.scalars(select(Person).where(*may_be_out)))
    return render_template("console/left_out.html", person=found, staff=staff, out=out)


@pages.post("/people/<uuid:person_id>/left-out/<uuid:other_id>/<any(exclude,allow):what>")
@allow(LEAD, COORDINATOR)
def leave_out(person_id: uuid.UUID, other_id: uuid.UUID, what: str) -> ResponseReturnValue:
    """Leave somebody out, or let them in again."""
    with desk().database.write() as session:
        found, other = find_person(session, person_id), session.get(Person, other_id)
        if other is None or other.state != "staff":
            abort(404)
        try:
            if what == "allow":
                let_in(session, found, other, now(), my_id())
            else:
                leaving_out.leave_out(session, found, other, now(), desk().voice, my_id())
        except CannotExcludeError as error:
            flash(str(error), "error")
        else:
            flash(f"{other.label} {'can see them again' if what == 'allow' else 'sees nothing of them now'}.", "info")
    if other_id == my_id():
        return redirect(url_for("console.people"))
    return redirect(url_for("console.left_out", person_id=person_id))
