"""What finding each family of phrases does here. One person moves a family up; two, each signed in, move it down."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from companion.console.desk import EVERYONE, FRESH, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.words import family as title_of
from companion.escalation import proposals
from companion.escalation.routes import RouteError, lines, set_route
from companion.escalation.watchlist import load_watchlist
from companion.models import FamilyProposal, Person

LATELY = timedelta(days=30)  # how long the page tells what became of a proposal


class ReasonForm(Form):
    """Why a family should no longer page."""

    reason = TextAreaField(
        "Why",
        validators=[
            InputRequired("Write why, for whoever has to agree."),
            Length(max=500, message="Keep it under 500 characters."),
        ],
    )


class AnswerForm(Form):
    """Whether the second person agrees."""

    answer = RadioField(
        "Do you agree?",
        choices=[
            ("agreed", "Yes: nobody is paged for such words from the next text on"),
            ("refused", "No: facilitators go on being paged"),
        ],
        validators=[InputRequired("Say whether you agree.")],
    )


@pages.get("/content/families")
@allow(*EVERYONE)
def families() -> ResponseReturnValue:
    """Show every family of the watch list."""
    with desk().database.read() as session:
        found = lines(session, load_watchlist())
        waiting = {each.family: each for each in proposals.waiting(session, now())}
        over = proposals.settled_since(session, now() - LATELY)
    by_route = {route: [line for line in found if line.stands == route] for route in ("page", "notice")}
    return render_template("console/families.html", by_route=by_route, waiting=waiting, over=over, my_id=my_id())


@pages.post("/content/families/<family>/up")
@allow(*EVERYONE)
def family_up(family: str) -> ResponseReturnValue:
    """Let a family page from the next text on. A second press changes nothing."""
    watch_list = load_watchlist()
    _known(family)
    with desk().database.write() as session:
        try:
            set_route(session, watch_list, family, "page", session.get_one(Person, me().id), None, now())
        except RouteError:
            flash(f"{title_of(family)}: it pages already.", "info")
        else:
            flash(f"{title_of(family)}: from the next text on facilitators are paged.", "info")
    return redirect(url_for("console.families"))


@pages.route("/content/families/<family>/down", methods=["GET", "POST"])
@allow(*EVERYONE, within=FRESH)
def family_down(family: str) -> ResponseReturnValue:
    """Propose that a family no longer pages. Nothing changes before somebody else agrees."""
    _known(family)
    form = ReasonForm()
    if form.validate_on_submit():
        with desk().database.write() as session:
            by, reason = session.get_one(Person, my_id()), form.reason.data
            try:
                proposals.propose(session, load_watchlist(), family, reason, by, now())
            except RouteError as error:
                form.form_errors.append(str(error))
            else:
                flash(
                    f"{title_of(family)}: proposed. Facilitators go on being paged until somebody else agrees.", "info"
                )
                return redirect(url_for("console.families"))
    return render_template("console/family_down.html", form=form, family=family, holds=proposals.HOLDS.days)


@pages.route("/content/families/proposals/<uuid:proposal_id>", methods=["GET", "POST"])
@allow(*EVERYONE, within=FRESH)
def family_proposal(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Show a proposal to whoever may agree or refuse, or what became of it."""
    form = AnswerForm()
    if form.validate_on_submit():
        return _settle(proposal_id, form.answer.data)
    with desk().database.read() as session:
        found = session.get(FamilyProposal, proposal_id) or abort(404)
        return render_template(
            "console/family_proposal.html",
            form=form,
            proposal=found,
            is_open=found.state == "open" and found.expires_at > now(),
            own=found.proposed_by == my_id(),
            may_agree=proposals.may_agree(found, me()),
        )


@pages.post("/content/families/proposals/<uuid:proposal_id>/withdraw")
@allow(*EVERYONE)
def family_withdraw(proposal_id: uuid.UUID) -> ResponseReturnValue:
    """Take one's own proposal back."""
    return _settle(proposal_id, "withdrawn")


def _settle(proposal_id: uuid.UUID, answer: proposals.Answer) -> ResponseReturnValue:
    with desk().database.write() as session:
        found = session.get(FamilyProposal, proposal_id) or abort(404)
        try:
            proposals.settle(session, load_watchlist(), found.id, answer, session.get_one(Person, my_id()), now())
        except RouteError as error:
            flash(str(error), "error")
            return redirect(url_for("console.family_proposal", proposal_id=proposal_id))
        flash(f"{title_of(found.family)}: {_SETTLED[answer]}", "info")
    return redirect(url_for("console.families"))


_SETTLED: dict[proposals.Answer, str] = {
    "agreed": "from the next text on nobody is paged for it.",
    "refused": "you refused it. Facilitators go on being paged.",
    "withdrawn": "you withdrew it. Facilitators go on being paged.",
}


def _known(family: str) -> None:
    if family not in {each.name for each in load_watchlist().families}:
        abort(404)
