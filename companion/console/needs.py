"""Practical needs: what is asked for, counted, and telling those who asked that something was done."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import TextAreaField
from wtforms.validators import InputRequired

from companion.console.broadcasts import PROBLEMS, stamp_of
from companion.console.desk import COORDINATOR, LEAD, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.models import Person
from companion.programme import broadcast, needs


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
                return _preview(session, kind, form.words.data)
            except broadcast.BroadcastError as error:
                form.words.errors = [PROBLEMS.get(error.reason) or f"Take out {error.over} characters: it is too long."]
    return render_template("console/need.html", form=form, kind=needs.kinds()[kind], most=broadcast.LONGEST)


def _preview(session: Session, kind: str, words: str) -> str:
    author = session.get_one(Person, my_id())
    audience = broadcast.Audience("need", kind)
    shown = broadcast.preview(session, author, audience, words, now(), desk().voice)
    if not shown.people:
        raise broadcast.BroadcastError("nobody")
    draft = broadcast.keep_draft(session, author, audience, words, now())
    session.flush()
    people = str(shown.people) if shown.people >= needs.FEWEST else f"fewer than {needs.FEWEST}"
    return render_template(
        "console/need_preview.html",
        draft=draft,
        stamp=stamp_of(draft),
        shown=shown,
        people=people,
        kind=needs.kinds()[kind],
    )
