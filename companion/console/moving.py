"""A person has another number: it is typed in once, shown nowhere again, and answers for itself."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from companion.console.desk import FRESH, READERS, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.console.people import find_person
from companion.models import Person, record
from companion.privacy import moving


class MoveForm(Form):
    """The new number."""

    number = StringField(
        "Their new mobile number",
        validators=[InputRequired("Type the number they gave you."), Length(max=40, message="That is too long.")],
    )


@pages.route("/people/<uuid:person_id>/move", methods=["GET", "POST"])
@allow(*READERS, within=FRESH)
def move_number(person_id: uuid.UUID) -> ResponseReturnValue:
    """Ask the new number whether it is theirs; nothing moves before it says YES."""
    form = MoveForm()
    with desk().database.write() as session:
        person = find_person(session, person_id)
        if form.validate_on_submit():
            by, countries = session.get_one(Person, my_id()), desk().settings.companion_countries
            try:
                with session.begin_nested():
                    moving.ask(session, person, form.number.data, by, now(), desk().voice, countries)
            except moving.CannotMoveError as error:
                form.number.errors = [str(error)]
            else:
                flash("The new number is asked. Nothing moves before it says YES.", "info")
                return redirect(url_for("console.move_number", person_id=person_id))
        waits = moving.open_of(session, person, now())
        can = moving.may_be_moved(session, person)
        return render_template("console/move_number.html", person=person, form=form, waits=waits, can=can)


@pages.post("/people/<uuid:person_id>/move/withdraw")
@allow(*READERS, within=FRESH)
def withdraw_move(person_id: uuid.UUID) -> ResponseReturnValue:
    """Ask no longer: a YES moves nothing any more."""
    with desk().database.write() as session:
        person = find_person(session, person_id)
        if (waits := moving.open_of(session, person, now())) is not None:
            moving.settle(session, waits, "withdrawn", now())
            record(session, now(), "number move withdrawn", person, actor=my_id())
            flash("It is withdrawn. A YES moves nothing any more.", "info")
    return redirect(url_for("console.move_number", person_id=person_id))
