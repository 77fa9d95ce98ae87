"""People, by alias. A number is shown for a reason only, one at a time, and each look is audited."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from companion.console.desk import EVERYONE, FRESH, READERS, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.queries import LATEST, my_episodes, my_people
from companion.models import Address, Cohort, Consent, Episode, Group, Person, record
from companion.privacy.whose import is_theirs

REASONS = {
    "danger": "Somebody may be in danger and I have to ring",
    "asked": "They asked to be rung",
    "number": "There is a problem with the number itself",
    "rights": "They asked what is held about them, or to have it removed",
}


class NumberForm(Form):
    """Why the number is needed. It is a choice, so that the audit holds no words about anyone."""

    reason = RadioField(
        "Why do you need it?",
        choices=[SelectChoice(*each) for each in REASONS.items()],
        validators=[InputRequired("Choose why you need the number.")],
    )


HOW_KNOWN = {
    "told": "They told me what only they can know, such as who was at their last session",
    "known": "I spoke with them and know their voice, or met them",
}


class TheirsForm(Form):
    """How it is known that the number is still theirs."""

    how = RadioField(
        "How do you know?",
        choices=[SelectChoice(*each) for each in HOW_KNOWN.items()],
        validators=[InputRequired("Choose how you know that it is still them.")],
    )


@pages.get("/people")
@allow(*EVERYONE)
def people() -> ResponseReturnValue:
    """List people by alias, fifty at a time."""
    wanted, after = request.args.get("alias", "").strip()[:40], request.args.get("after", "")[:80]
    chosen = (
        select(Person, Cohort.name, Group.name)
        .outerjoin(Cohort, Cohort.id == Person.cohort_id)
        .outerjoin(Group, Group.id == Person.group_id)
        .where(Person.role == "trainee", my_people(me(), Person.id))
    )
    if wanted:
        chosen = chosen.where(Person.alias.icontains(wanted, autoescape=True))
    if after:
        chosen = chosen.where(Person.alias > after)
    with desk().database.read() as session:
        found = [tuple(row) for row in session.execute(chosen.order_by(Person.alias).limit(LATEST))]
    more = found[-1][0].alias if len(found) == LATEST else None
    return render_template("console/people.html", people=found, wanted=wanted, more=more)


@pages.get("/people/<uuid:person_id>")
@allow(*EVERYONE)
def person(person_id: uuid.UUID) -> ResponseReturnValue:
    """Show one person: where they belong, and what they agreed to, when, in which words."""
    with desk().database.read() as session:
        found = find_person(session, person_id)
        group = session.get(Group, found.group_id) if found.group_id else None
        consents = session.scalars(
            select(Consent).where(Consent.person_id == found.id).order_by(Consent.at.desc()).limit(LATEST)
        ).all()
        channels = session.scalars(
            select(Address.channel).where(Address.person_id == found.id).order_by(Address.channel)
        ).all()
    return render_template(
        "console/person.html", person=found, group=group, consents=consents, channels=channels, now=now()
    )


@pages.route("/people/<uuid:person_id>/number", methods=["GET", "POST"])
@allow(*EVERYONE, within=FRESH)
def number(person_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for the reason; then show the number once."""
    form = NumberForm()
    with desk().database.write() as session:
        found = find_person(session, person_id)
        addresses: list[Address] = []
        if form.validate_on_submit():
            addresses = list(session.scalars(select(Address).where(Address.person_id == found.id)))
            record(session, now(), "number shown", found, actor=my_id(), reason=form.reason.data)
        return render_template(
            "console/number.html",
            person=found,
            form=form,
            addresses=addresses,
            episode_id=_open_episode(session, found),
        )


@pages.route("/people/<uuid:person_id>/theirs", methods=["GET", "POST"])
@allow(*READERS, within=FRESH)
def number_is_theirs(person_id: uuid.UUID) -> ResponseReturnValue:
    """Say that a number from which nothing came for months is still this person's."""
    form = TheirsForm()
    with desk().database.write() as session:
        found = find_person(session, person_id)
        if found.unsure_since is None:
            return redirect(url_for("console.person", person_id=found.id))
        if form.validate_on_submit():
            is_theirs(session, found, now(), actor=my_id(), how=form.how.data)
            flash("From now on they are answered as before. Nothing was texted to them about it.", "info")
            return redirect(url_for("console.person", person_id=found.id))
        return render_template("console/theirs.html", person=found, form=form)


def _open_episode(session: Session, person: Person) -> uuid.UUID | None:
    """Return the open episode about `person` that one may read, if there is one."""
    if me().role not in READERS:
        return None
    return session.scalar(
        select(Episode.id).where(Episode.person_id == person.id, Episode.state != "closed", my_episodes(me())).limit(1)
    )


def find_person(session: Session, person_id: uuid.UUID) -> Person:
    """Return a trainee whom one may see; anybody else is a 404."""
    found = session.scalar(
        select(Person)
        .where(Person.id == person_id, Person.role == "trainee", my_people(me(), Person.id))
        .options(joinedload(Person.cohort))
    )
    if found is None:
        abort(404)
    return found
