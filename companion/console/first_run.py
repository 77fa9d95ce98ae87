"""Setting a programme up, in order: what is done, what is next, and what the check of the set-up found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from companion.console.desk import COORDINATOR, allow, desk, my_id, now, pages
from companion.doctor import Finding, examine
from companion.models import Address, Cohort, Duty, Group, GroupCover, Person, SetupMark, record
from companion.services import Services

CHECK = "check"  # the mark that holds what the last check found


@dataclass(frozen=True)
class Step:
    """One step. `by_hand` is one that only a person can say is done."""

    name: str
    done: bool
    endpoint: str
    by_hand: bool = False


@pages.get("/set-up")
@allow(COORDINATOR)
def set_up() -> ResponseReturnValue:
    """Show the steps, and what the last check found."""
    with desk().database.read() as session:
        steps = steps_of(session)
        mark = session.get(SetupMark, CHECK)
    findings = [Finding(**each) for each in mark.details["findings"]] if mark else []
    return render_template(
        "console/set_up.html",
        steps=steps,
        next_step=next((step for step in steps if not step.done), None),
        checked_at=mark.at if mark else None,
        findings=findings,
    )


@pages.post("/set-up/check")
@allow(COORDINATOR)
def check_set_up() -> ResponseReturnValue:
    """Check the whole set-up, as `companion doctor` does, and keep what was found."""
    here = desk()
    findings = examine(Services(here.settings, here.clock, here.database))
    with here.database.write() as session:
        _mark(session, CHECK, {"findings": [asdict(finding) for finding in findings]})
    return redirect(url_for("console.set_up") + "#h-check")


@pages.post("/set-up/<any(words,rota,poster,phones):step>/<any(done,open):state>")
@allow(COORDINATOR)
def mark_step(step: str, state: str) -> ResponseReturnValue:
    """Say that a step is done, or that it is not after all."""
    with desk().database.write() as session:
        mark = session.get(SetupMark, step)
        if state == "done" and mark is None:
            mark = _mark(session, step, {})
            record(session, now(), "set-up step done", mark, actor=my_id(), step=step)
        elif state == "open" and mark is not None:
            record(session, now(), "set-up step open again", mark, actor=my_id(), step=step)
            session.delete(mark)
    flash("Saved.", "info")
    return redirect(url_for("console.set_up"))


def steps_of(session: Session) -> Sequence[Step]:
    """Return the steps in order: two queries."""
    marks = {mark.name: mark for mark in session.scalars(select(SetupMark))}
    reachable = select(Address.id).where(Address.person_id == Person.id, Address.invalid_since.is_(None)).exists()
    staffed = select(Person.id).where(Person.state == "staff", reachable)
    not_yet = select(GroupCover.group_id).where(GroupCover.group_id == Group.id, GroupCover.live_at.is_(None)).exists()
    facilitator, lead, coordinator, cohort, group, duty = session.execute(
        select(
            exists(staffed.where(Person.role == "facilitator")),
            exists(staffed.where(Person.role == "lead")),
            exists(staffed.where(Person.role == "coordinator")),
            exists(select(Cohort.id)),
            exists(select(Group.id).where(Group.ended_at.is_(None), ~not_yet)),
            exists(select(Duty.id)),
        )
    ).one()
    found = marks[CHECK].details["findings"] if CHECK in marks else []
    clean = bool(found) and not any(each["state"] == "bad" for each in found)
    states = {each["name"]: each["state"] for each in found}
    number = states.get("Twilio") == "good" and states.get("Number") in ("good", "unsure")
    return (
        Step("numbers", number, "console.settings"),
        Step("people", bool(facilitator and lead and coordinator), "console.users"),
        Step("cohort", bool(cohort), "console.cohorts"),
        Step("group", bool(group), "console.groups"),
        Step("rota", bool(duty) or "rota" in marks, "console.rota", by_hand=not duty),
        Step("words", "words" in marks, "console.texts", by_hand=True),
        Step("poster", "poster" in marks, "console.cohorts", by_hand=True),
        Step("check", clean, "console.set_up"),
        Step("phones", "phones" in marks, "console.set_up", by_hand=True),
    )


def _mark(session: Session, name: str, details: dict[str, object]) -> SetupMark:
    mark = session.get(SetupMark, name) or SetupMark(name=name)
    mark.at, mark.person_id, mark.details = now(), my_id(), details
    session.add(mark)
    session.flush()
    return mark
