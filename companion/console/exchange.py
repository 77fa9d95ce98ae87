"""Writing to the person an episode is about, and asking others to help; the texts go through the service's number."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, TextAreaField
from wtforms.validators import UUID, InputRequired, Length

from companion.console import episodes as file
from companion.console.desk import READERS, allow, desk, me, now, pages
from companion.console.fields import Form
from companion.escalation import relay
from companion.escalation.closings import CannotCloseError
from companion.escalation.reopening import ask_for_help
from companion.messaging.parts import count

WHY_NOT = {
    "not yours": "Only the person who has this episode can write from it. Take it first.",
    "no way": "It was not sent: they have stopped our texts, or their number does not work. Ring them instead.",
    "too long": f"Keep it under {relay.LONGEST} characters.",
    "empty": "Write what you want to say.",
}


class SayForm(Form):
    """Words for the person. `key` is of the page it was opened on, so that a second press sends nothing twice."""

    said = TextAreaField(
        "Your text",
        validators=[
            InputRequired(WHY_NOT["empty"]),
            Length(max=relay.LONGEST, message=WHY_NOT["too long"]),
        ],
    )
    key = HiddenField(validators=[InputRequired(), UUID()])


@pages.route("/episodes/<uuid:episode_id>/write", methods=["GET", "POST"])
@allow(*READERS)
def say_to_person(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Show how the words will be read and how many parts they cost; send them when that is pressed."""
    form = SayForm()
    form.key.data = form.key.data or str(uuid.uuid4())
    shown = None
    with desk().database.write() as session:
        found = file.find(session, episode_id)
        if file.gate(session, found) != "open":
            return redirect(url_for("console.episode", episode_id=episode_id))
        if form.validate_on_submit():
            language = found.person.language if found.person else "en"
            shown = relay.preview(desk().voice, me(), form.said.data.strip()).said_in(language)
            if request.form.get("do") == "send":
                try:
                    mine, key = file.my_self(session), uuid.UUID(form.key.data)
                    relay.say_to_person(session, found, mine, form.said.data, key, now(), desk().voice)
                except relay.CannotSendError as error:
                    form.said.errors = [WHY_NOT[error.why]]
                else:
                    flash("Your text is on its way to them. What became of it stands beside it below.", "info")
                    return redirect(url_for("console.episode", episode_id=episode_id))
    return render_template(
        "console/say.html",
        form=form,
        episode=found,
        shown=shown,
        cost=count(shown.body) if shown else None,
        before=relay.preview(desk().voice, me(), "x").body.removesuffix("x"),
        most=relay.LONGEST,
        pence=desk().settings.companion_part_pence,
    )


@pages.post("/episodes/<uuid:episode_id>/help")
@allow(*READERS)
def help_with_episode(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Bring in others, though the person was reached."""
    try:
        with desk().database.write() as session:
            found = file.find(session, episode_id)
            if found.state != "open" or found.owner_id != me().id:  # a second press: they are being paged already
                ask_for_help(session, found, file.my_self(session), now(), desk().voice)
    except CannotCloseError as error:
        flash(str(error), "error")
    else:
        flash("Others are being paged. You are still there for the person; whoever takes it will say so here.", "info")
    return redirect(url_for("console.episode", episode_id=episode_id))
