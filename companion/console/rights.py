"""A person's own data: sending them the link to their copy, and removing what is held about them."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import InputRequired

from companion.console.desk import COORDINATOR, FRESH, LEAD, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.console.people import find_person
from companion.escalation.standing import open_episode_about
from companion.messaging.addresses import usable
from companion.messaging.optout import is_stopped
from companion.messaging.outbox import enqueue
from companion.models import Address, Person, record
from companion.privacy import erasure, links, moving


class EraseForm(Form):
    """The alias, typed, so that nobody removes the wrong person by a slip."""

    alias = StringField("Their alias", validators=[InputRequired("Type their alias to show that you mean them.")])


@pages.route("/people/<uuid:person_id>/copy", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR, within=FRESH)
def send_copy(person_id: uuid.UUID) -> ResponseReturnValue:
    """Text them the link to a copy of their data: they see it, and nobody here does."""
    form = Form()
    with desk().database.write() as session:
        person = find_person(session, person_id)
        to = _to(session, person)
        rests = moving.copy_rests_until(session, person, now())
        if not form.validate_on_submit() or to is None or rests is not None:
            return render_template("console/copy.html", person=person, form=form, can=to is not None, rests=rests)
        if links.sent_just_now(session, person, now()):
            flash("A link went to their phone a moment ago. It works once, for a day.", "info")
        else:
            token = links.new_token()
            links.open_link(session, person, token, now())
            text = desk().voice.words.render("copy_link", link=f"{desk().settings.public_url}/copy/{token}")
            enqueue(session, key=f"copy:{person.id}:{uuid.uuid4()}", lane="reply", to=to, text=text, now=now())
            record(session, now(), "copy sent", person, actor=my_id())
            flash("The link is on its way to their phone. It works once, for a day.", "info")
        return redirect(url_for("console.person", person_id=person.id))


@pages.route("/people/<uuid:person_id>/erase", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR, within=FRESH)
def erase(person_id: uuid.UUID) -> ResponseReturnValue:
    """Remove what is held about someone, as when they text DELETE MY DATA."""
    form = EraseForm()
    with desk().database.write() as session:
        person = find_person(session, person_id)
        waits = open_episode_about(session, person.id)
        if form.validate_on_submit():
            if form.alias.data.strip().casefold() != person.alias.casefold():
                form.alias.errors = [f"That is not their alias. Type {person.alias}."]
            else:
                record(session, now(), "erasure asked for", person, actor=my_id())
                if erasure.ask(session, person, now()):
                    flash("It is removed. A code made from each number stays, so that it is not texted again.", "info")
                    return redirect(url_for("console.people"))
                flash("An episode about them is open: it is done when that is closed. They get no reminders.", "info")
                return redirect(url_for("console.person", person_id=person_id))
        return render_template("console/erase.html", person=person, form=form, waits=waits)


def _to(session: Session, person: Person) -> Address | None:
    to = usable(session, person)
    return None if to is None or is_stopped(session, to) or person.unsure_since is not None else to
