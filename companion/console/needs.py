"""Practical needs: what is asked for, counted, and telling those who asked that something was done."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from companion.console.broadcasts import preview_page, problem
from companion.console.desk import COORDINATOR, LEAD, allow, desk, pages
from companion.console.fields import Form
from companion.programme import broadcast, needs
from companion.programme.audience import Audience


class DoneForm(Form):
    """What was done, in the words that those who asked will read."""

    words = TextAreaField("What was done", validators=[InputRequired("Write what was done.")])


@pages.get("/needs")
@allow(LEAD, COORDINATOR)
def needed() -> ResponseReturnValue:
    """List what is needed, with how many people need it where that may be said."""
    with desk().database.read() as session:
        counts = needs.counts(session)
        done = {each.kind.name: needs.last_action(session, each.kind.name) for each in counts}
    return render_template("console/needs.html", counts=counts, done=done, fewest=needs.FEWEST)


@pages.route("/needs/<kind>", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR)
def need(kind: str) -> ResponseReturnValue:
    """Write what was done about one kind of need, and see what those who asked will read."""
    if kind not in needs.kinds():
        abort(404)
    form = DoneForm()
    with desk().database.write() as session:
        if form.validate_on_submit():
            try:
                return preview_page(
                    session,
                    Audience("need", kind),
                    form.words.data,
                    "console/need_preview.html",
                    kind=needs.kinds()[kind],
                    fewest=needs.FEWEST,
                )
            except broadcast.BroadcastError as error:
                form.words.errors = [problem(error)]
    return render_template("console/need.html", form=form, kind=needs.kinds()[kind], most=broadcast.LONGEST)
