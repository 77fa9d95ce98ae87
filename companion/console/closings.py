"""The second person for "could not reach": what is proposed, and agreeing or refusing, with one's own sign-in."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from wtforms import HiddenField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from companion.console import episodes as file
from companion.console.desk import FRESH, READERS, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.escalation import closings
from companion.models import ClosingProposal, Episode, InboundMessage


class AgreeForm(Form):
    """Whether the second person agrees. `proposal` is the one that was on the page."""

    answer = RadioField(
        "Do you agree?",
        choices=[
            SelectChoice("agreed", "Yes: close it. Nobody is paged any more"),
            SelectChoice("refused", "No: it stays as it is, and we go on"),
        ],
        validators=[InputRequired("Say whether you agree.")],
    )
    proposal = HiddenField()


@pages.route("/episodes/<uuid:episode_id>/closing", methods=["GET", "POST"])
@allow(*READERS, within=FRESH)
def closing(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Show what is proposed to whoever may agree, and take their answer. Nobody answers who has not opened it."""
    form = AgreeForm()
    with desk().database.write() as session:
        found = file.find(session, episode_id)
        if file.gate(session, found) != "open":
            return _back(episode_id)
        closings.overtake(session, now(), found)
        proposal = closings.waiting(session, found)
        if form.validate_on_submit():
            same = proposal if proposal is not None and str(proposal.id) == form.proposal.data else None
            return _settle(session, found, same, form.answer.data)
        if proposal is None:
            return _back(episode_id)
        form.proposal.data = str(proposal.id)
        wrote = (InboundMessage.address_id == found.address_id) | (InboundMessage.person_id == found.person_id)
        return render_template(
            "console/closing.html",
            form=form,
            episode=found,
            proposal=proposal,
            own=proposal.proposed_by == my_id(),
            last_text=session.scalar(select(func.max(InboundMessage.received_at)).where(wrote)),
        )


@pages.post("/episodes/<uuid:episode_id>/closing/withdraw")
@allow(*READERS)
def withdraw_closing(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Take one's own proposal back. A second press changes nothing."""
    with desk().database.write() as session:
        found = file.find(session, episode_id)
        proposal = closings.waiting(session, found)
        return _settle(session, found, proposal, "withdrawn")


def _settle(
    session: Session, found: Episode, proposal: ClosingProposal | None, answer: closings.Answer
) -> ResponseReturnValue:
    try:
        if proposal is None:
            raise closings.SettledError("Nothing was changed: this proposal is over.")
        closings.settle(session, found, proposal, answer, file.my_self(session), now(), desk().voice)
    except closings.CannotCloseError as error:
        flash(str(error), "error")
        return _back(found.id)
    flash(_SETTLED[answer], "info")
    return redirect(url_for("console.today")) if answer == "agreed" else _back(found.id)


_SETTLED: dict[closings.Answer, str] = {
    "agreed": "The episode is closed: you both could not reach them.",
    "refused": "You did not agree. Nothing was changed.",
    "withdrawn": "You withdrew it. Nothing was changed.",
}


def _back(episode_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for("console.episode", episode_id=episode_id))
