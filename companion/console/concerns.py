"""Raising a concern about someone from their page: an episode, without a word to them."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from companion.console.desk import READERS, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.console.people import find_person
from companion.escalation.concerns import CannotRaiseError, raise_concern
from companion.models import Episode, Person


class ConcernForm(Form):
    """What was noticed."""

    words = TextAreaField("What did you notice?", validators=[InputRequired("Write what you noticed.")])


@pages.route("/people/<uuid:person_id>/concern", methods=["GET", "POST"])
@allow(*READERS)
def concern(person_id: uuid.UUID) -> ResponseReturnValue:
    """Open an episode about someone, with what was noticed as its first note."""
    form = ConcernForm()
    with desk().database.write() as session:
        found = find_person(session, person_id)
        if form.validate_on_submit():
            by = session.get_one(Person, my_id())
            try:
                episode, _ = raise_concern(session, found, by, form.words.data.strip(), now(), desk().voice)
                flash(_told(episode), "info")
                return redirect(url_for("console.episode", episode_id=episode.id))
            except CannotRaiseError:
                form.words.errors = ["There is no number of theirs any more, so nobody can be told. Call your lead."]
        return render_template("console/concern.html", form=form, person=found)


def _told(episode: Episode) -> str:
    if episode.owner is None or episode.state == "open":
        return "Your concern is raised. Others are being paged."
    if episode.owner_id == my_id():
        return "Your concern is kept as a note. You have this yourself, so nobody else is paged."
    return f"Your concern is raised. {episode.owner.label} has this, and is told that something is new."
