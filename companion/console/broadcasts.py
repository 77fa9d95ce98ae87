"""One text to a group, a cohort or everyone: words, a preview of who, what, when and for how much, a minute to undo."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from companion.console.desk import EVERYONE, FACILITATOR, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.queries import LATEST, in_my_groups
from companion.models import Broadcast, Cohort, Group, OutboxMessage, Person
from companion.programme import broadcast
from companion.programme.audience import Audience

PROBLEMS: Mapping[str, str] = {
    "empty": "Write what you want to say.",
    "not yours": "Choose one of your own groups.",
    "nobody": "Nobody there can be texted at present: they have not joined, paused, stopped, or have no number.",
}


class BroadcastForm(Form):
    """To whom, and the words."""

    audience = SelectField("Who gets it", validators=[InputRequired("Choose who gets it.")])
    words = TextAreaField("Your text", validators=[InputRequired("Write what you want to say.")])


@pages.get("/messages/group")
@allow(*EVERYONE)
def broadcasts() -> ResponseReturnValue:
    """List what was written to groups lately."""
    chosen = (
        select(Broadcast)
        .where(Broadcast.state != "draft")
        .options(joinedload(Broadcast.author))
        .order_by(Broadcast.leaves_at.desc())
        .limit(LATEST)
    )
    if me().role == FACILITATOR:
        chosen = chosen.where(Broadcast.author_id == my_id())
    with desk().database.read() as session:
        found = session.scalars(chosen).all()
        names = _names(session)
    return render_template("console/broadcasts.html", broadcasts=found, names=names, now=now(), few=broadcast.few)


@pages.route("/messages/group/new", methods=["GET", "POST"])
@allow(*EVERYONE)
def new_broadcast() -> ResponseReturnValue:
    """Write the words, and see them as they will be read. Kept as a draft until sent."""
    form = BroadcastForm()
    with desk().database.write() as session:
        form.audience.choices = _choices(session)
        if request.method == "GET":
            _fill(session, form)
        if form.validate_on_submit():
            try:
                return _preview(session, form)
            except broadcast.BroadcastError as error:
                form.words.errors = [problem(error)]
        return render_template("console/broadcast.html", form=form, most=broadcast.LONGEST)


@pages.get("/messages/group/<uuid:broadcast_id>")
@allow(*EVERYONE)
def sent_broadcast(broadcast_id: uuid.UUID) -> ResponseReturnValue:
    """Show one that was sent: what became of it, and the way to undo it while that is possible."""
    with desk().database.read() as session:
        found = _mine(session, broadcast_id)
        counts: Sequence[tuple[str, int]] = [
            (status, count)
            for status, count in session.execute(
                select(OutboxMessage.status, func.count())
                .where(OutboxMessage.key.between(f"broadcast:{found.id}:", f"broadcast:{found.id};"))
                .group_by(OutboxMessage.status)
                .order_by(OutboxMessage.status)
            )
        ]
        names = _names(session)
    waiting = sum(count for status, count in counts if status == "queued")
    return render_template(
        "console/broadcast_sent.html",
        broadcast=found,
        counts=counts,
        waiting=waiting,
        names=names,
        now=now(),
        few=broadcast.few,
    )


@pages.post("/messages/group/<uuid:broadcast_id>/send")
@allow(*EVERYONE)
def send_broadcast(broadcast_id: uuid.UUID) -> ResponseReturnValue:
    """Send the draft that was shown. A second press, or an old page, sends nothing."""
    with desk().database.write() as session:
        found = _mine(session, broadcast_id)
        if found.author_id != my_id():
            abort(404)
        if found.state != "draft":
            flash("This was sent already. It goes out once.", "info")
            return redirect(url_for("console.sent_broadcast", broadcast_id=found.id))
        shown = request.form.get("shown", "")
        if shown != _stamp_of(found):
            flash("These words were changed on another page. Look at them again before you send them.", "error")
            return redirect(url_for("console.new_broadcast"))
        author = session.get_one(Person, my_id())
        try:
            sent = broadcast.send_draft(session, author, now(), desk().voice)
        except broadcast.BroadcastError as error:
            flash(PROBLEMS.get(error.reason, "It cannot be sent like this."), "error")
            return redirect(url_for("console.new_broadcast"))
        if sent is None:
            flash("This page was open for more than half an hour. Look at the words again.", "error")
            return redirect(url_for("console.new_broadcast"))
    return redirect(url_for("console.sent_broadcast", broadcast_id=sent.id))


@pages.post("/messages/group/<uuid:broadcast_id>/undo")
@allow(*EVERYONE)
def undo_broadcast(broadcast_id: uuid.UUID) -> ResponseReturnValue:
    """Withdraw what has not left."""
    with desk().database.write() as session:
        found = _mine(session, broadcast_id)
        undone = broadcast.undo(session, found, session.get_one(Person, my_id()), now())
    if undone.withdrawn and not undone.gone:
        flash("Stopped. Nobody gets it.", "info")
    elif undone.withdrawn and found.audience == "need":
        flash("Stopped for those who had not got it yet.", "info")
    elif undone.withdrawn:
        flash(f"Stopped for {undone.withdrawn}. {undone.gone} had been sent already.", "info")
    else:
        flash("It was too late, or it was stopped already. Nothing has changed.", "error")
    return redirect(url_for("console.sent_broadcast", broadcast_id=broadcast_id))


def _preview(session: Session, form: BroadcastForm) -> str:
    kind, _, key = form.audience.data.partition(":")
    return preview_page(
        session,
        Audience(kind, key or None),
        form.words.data,
        "console/broadcast_preview.html",
        label=next(choice.label for choice in form.audience.choices if choice.value == form.audience.data),
        undo_seconds=int(broadcast.UNDO_WITHIN / timedelta(seconds=1)),
    )


def preview_page(session: Session, audience: Audience, words: str, template: str, **more: object) -> str:
    """Keep `words` as my draft, and return the page that shows them as they will be read. Raises BroadcastError."""
    author = session.get_one(Person, my_id())
    draft, shown = broadcast.draft(session, author, audience, words, now(), desk().voice)
    return render_template(template, draft=draft, stamp=_stamp_of(draft), shown=shown, **more)


def problem(error: broadcast.BroadcastError) -> str:
    """Return what is wrong with a text to many, and what to do."""
    return PROBLEMS.get(error.reason) or f"Take out {error.over} characters: it is too long."


def _stamp_of(draft: Broadcast) -> str:
    """Return what tells these words and their audience from others: a page that shows other ones sends nothing."""
    whole = f"{draft.audience}:{draft.audience_key}:{draft.body}"
    return hashlib.sha256(whole.encode()).hexdigest()[:24]


def _mine(session: Session, broadcast_id: uuid.UUID) -> Broadcast:
    found = session.scalar(select(Broadcast).where(Broadcast.id == broadcast_id).options(joinedload(Broadcast.author)))
    if found is None or (me().role == FACILITATOR and found.author_id != my_id()):
        abort(404)
    return found


def _choices(session: Session) -> list[SelectChoice]:
    groups = session.scalars(
        select(Group).where(Group.ended_at.is_(None), in_my_groups(me(), Group.id)).order_by(Group.name)
    )
    found = [SelectChoice("", "Choose"), *(SelectChoice(f"group:{each.id}", each.name) for each in groups)]
    if me().role != FACILITATOR:
        cohorts = session.scalars(select(Cohort).order_by(Cohort.name))
        found += [SelectChoice(f"cohort:{each.id}", f"Everyone in {each.name}") for each in cohorts]
        found.append(SelectChoice("everyone:", "Everyone who has joined"))
    return found


def _fill(session: Session, form: BroadcastForm) -> None:
    """Put back what the author was writing, or choose the group the page was opened from."""
    draft = session.scalar(select(Broadcast).where(Broadcast.author_id == my_id(), Broadcast.state == "draft"))
    if draft is not None and now() - draft.created_at < broadcast.DRAFT_LASTS:
        form.words.data, form.audience.data = draft.body, f"{draft.audience}:{draft.audience_key or ''}"
    wanted = f"group:{request.args.get('group', '')}"
    if any(choice.value == wanted for choice in form.audience.choices):
        form.audience.data = wanted


def _names(session: Session) -> dict[str, str]:
    """Return the names of groups and cohorts by their id as it stands in a broadcast."""
    groups = session.execute(select(Group.id, Group.name)).all()
    cohorts = session.execute(select(Cohort.id, Cohort.name)).all()
    return {str(key): name for key, name in (*groups, *cohorts)}
