"""One episode: first whether you know the person, then the texts, who was paged, and what to do.

Nobody's words are shown before the question is answered, and each look is audited.
"""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from companion.console.desk import LEAD, READERS, allow, desk, me, my_id, now, pages
from companion.console.episode_file import file_of
from companion.console.episode_news import stand_of
from companion.console.fields import Form
from companion.console.queries import my_episodes
from companion.console.words import named
from companion.escalation import closings
from companion.escalation.closings import NOBODY, CannotCloseError
from companion.escalation.episodes import reached_after_all, take
from companion.escalation.reach import takes_no_texts
from companion.escalation.reopening import ask_for_help, pass_on
from companion.escalation.standing import person_knows
from companion.models import (
    OUTCOMES,
    AuditEntry,
    Episode,
    Note,
    Person,
    Reference,
    record,
)


class CloseForm(Form):
    """What came of it."""

    outcome = RadioField(
        "What came of it?",
        choices=[SelectChoice(each, f"{each.capitalize()}. {named('outcomes', each)}") for each in OUTCOMES],
        validators=[InputRequired("Choose what came of it.")],
    )
    second = SelectField("Who is asked to agree", validators=[Optional()])


class NoteForm(Form):
    """A note on an episode."""

    body = TextAreaField(
        "Note",
        validators=[
            InputRequired("Write the note before you save it."),
            Length(max=2000, message="Keep a note under 2,000 characters."),
        ],
    )


@pages.get("/episodes/<uuid:episode_id>")
@allow(*READERS)
def episode(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Show the question, or the episode once it is answered."""
    with desk().database.write() as session:
        found = find(session, episode_id)
        reference = _reference(session, found)
        answer = gate(session, found)
        if answer != "open":
            return render_template("console/gate.html", episode=found, reference=reference, passed=answer == "pass")
        return _page(session, found, reference, NoteForm(formdata=None))


@pages.post("/episodes/<uuid:episode_id>/gate/<any(open,pass):answer>")
@allow(*READERS)
def answer_gate(episode_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """Record whether one knows the person; knowing them passes the episode on."""
    with desk().database.write() as session:
        found = find(session, episode_id)
        record(session, now(), "episode gate", found, actor=my_id(), gate=answer)
        if answer == "pass" and found.state == "contacted" and found.owner_id == my_id():
            ask_for_help(session, found, my_self(session), now(), desk().voice)
        elif answer == "pass" and _may_pass(session, found):
            pass_on(session, found, my_self(session), now(), desk().voice)
    return _back(episode_id)


@pages.post("/episodes/<uuid:episode_id>/take")
@allow(*READERS)
def take_episode(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Take it, unless somebody else has."""
    with desk().database.write() as session:
        found = find(session, episode_id)
        owner = take(session, found, my_self(session), now(), desk().voice)
        if found.state == "closed":
            flash("This is closed already. Nothing was changed.", "error")
        elif owner is None:
            flash("Nothing was changed: this person asked for someone else.", "error")
        elif owner.id == my_id():
            hears = person_knows(found) and not takes_no_texts(session, found)
            told = "The person is told so by text." if hears else "The person gets no text that says so."
            flash(f"You have it. {told} Contact them, then record it here.", "info")
        else:
            flash(f"{owner.label} has it already. Nothing was changed.", "error")
    return _back(episode_id)


@pages.post("/episodes/<uuid:episode_id>/pass")
@allow(*READERS)
def pass_episode(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Pass it on to the next. A second press pages nobody more, and an old page passes nothing on that others have."""
    with desk().database.write() as session:
        found = find(session, episode_id)
        if found.state == "closed":
            flash("This is closed already. Nothing was changed.", "error")
        elif found.state != "open" and found.owner_id != my_id():
            who = found.owner.label if found.owner else "Somebody else"
            flash(f"{who} has it already. Nothing was changed.", "error")
        elif found.state == "contacted":
            flash("You have reached them. Ask for help, or close it. Nothing was changed.", "error")
        else:
            if _may_pass(session, found):
                pass_on(session, found, my_self(session), now(), desk().voice)
            flash("Passed on. The next person is being paged.", "info")
    return redirect(url_for("console.today"))


def _may_pass(session: Session, found: Episode) -> bool:
    """Whether it is theirs to pass on, or nobody's, and they have not passed it on since it began or began anew."""
    if found.state != "open":
        return found.state == "owned" and found.owner_id == my_id()
    passed = select(AuditEntry.id).where(
        AuditEntry.subject_kind == Episode.__tablename__,
        AuditEntry.subject_id == found.id,
        AuditEntry.action == "episode passed",
        AuditEntry.actor_id == my_id(),
        AuditEntry.at >= found.started_at,
    )
    return session.scalar(passed.limit(1)) is None


@pages.post("/episodes/<uuid:episode_id>/contact")
@allow(*READERS)
def contact_episode(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Record that the owner has reached the person."""
    try:
        with desk().database.write() as session:
            found = find(session, episode_id)
            if found.state == "closed":
                raise CannotCloseError("This is closed already. Nothing was changed.")
            if found.state != "contacted" or found.owner_id != my_id():  # a second press has nothing to record
                reached_after_all(session, found, my_self(session), now(), desk().voice)
    except CannotCloseError as error:
        flash(str(error), "error")
    else:
        flash("Contact is recorded. Close the episode when you are done.", "info")
    return _back(episode_id)


@pages.post("/episodes/<uuid:episode_id>/note")
@allow(*READERS)
def note_episode(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a note. It is encrypted and removed together with the texts."""
    form = NoteForm()
    with desk().database.write() as session:
        found = find(session, episode_id)
        if gate(session, found) != "open":
            return _back(episode_id)
        if not form.validate_on_submit():
            return _page(session, found, _reference(session, found), form)
        last = session.scalar(
            select(Note)
            .where(Note.episode_id == found.id, Note.person_id == my_id())
            .order_by(Note.at.desc(), Note.id.desc())
            .limit(1)
        )
        if last is None or last.body != form.body.data:  # a second press keeps it once
            session.add(Note(episode_id=found.id, person_id=my_id(), body=form.body.data, at=now()))
            record(session, now(), "note added", found, actor=my_id())
    flash("The note is saved.", "info")
    return _back(episode_id)


@pages.route("/episodes/<uuid:episode_id>/close", methods=["GET", "POST"])
@allow(*READERS)
def close_episode(episode_id: uuid.UUID) -> ResponseReturnValue:
    """Close it with an outcome."""
    form = CloseForm()
    with desk().database.write() as session:
        found = find(session, episode_id)
        if found.state == "closed":
            who = (
                "You have"
                if found.closed_by == my_id()
                else f"{found.closer.label if found.closer else 'Somebody'} has"
            )
            flash(f"{who} closed this: {found.outcome}. Nothing was changed.", "info")
            return _back(episode_id)
        if me().role != LEAD:
            form.outcome.choices = [each for each in form.outcome.choices if each.value != NOBODY]
        others = closings.may_agree(session, found, my_self(session)) if me().role == LEAD else ()
        form.second.choices = [SelectChoice("", "Nobody"), *(SelectChoice(str(p.id), p.label) for p in others)]
        if form.validate_on_submit():
            try:
                return _close(session, found, form)
            except CannotCloseError as error:
                wrong = form.second if form.outcome.data == NOBODY and not form.second.data else form.outcome
                wrong.errors = [str(error)]
        return render_template("console/close.html", form=form, episode=found)


def _close(session: Session, found: Episode, form: CloseForm) -> ResponseReturnValue:
    """Close it, or propose to where that takes two. A second press proposes nothing more."""
    if form.outcome.data != NOBODY:
        closings.close(session, found, my_self(session), form.outcome.data, now(), desk().voice)
        flash("The episode is closed.", "info")
        return redirect(url_for("console.today"))
    before = closings.waiting(session, found)
    if before is None or before.proposed_by != my_id():
        asked = session.get(Person, uuid.UUID(form.second.data)) if form.second.data else None
        closings.propose(session, found, my_self(session), asked, now(), desk().voice)
    flash("It is proposed, not closed. Nothing changes until somebody else agrees.", "info")
    return _back(found.id)


def _reference(session: Session, found: Episode) -> str | None:
    return session.scalar(
        select(Reference.code).where(Reference.episode_id == found.id, Reference.person_id == my_id())
    )


def _page(session: Session, found: Episode, reference: str | None, note: NoteForm) -> str:
    """Return the page of an episode, which counts as reading it."""
    record(session, now(), "episode read", found, actor=my_id())
    file = file_of(session, found)
    return render_template(
        "console/episode.html",
        file=file,
        reference=reference,
        note=note,
        lead=LEAD,
        they_know=person_knows(found),
        stands=stand_of(session, found),
    )


def find(session: Session, episode_id: uuid.UUID) -> Episode:
    """Return the episode, locked; 404 for one that whoever is signed in may not know of."""
    found = session.scalar(
        select(Episode)
        .where(Episode.id == episode_id, my_episodes(me()))
        .options(joinedload(Episode.owner), joinedload(Episode.person))
        .with_for_update(of=Episode)
    )
    if found is None:
        abort(404)
    return found


def my_self(session: Session) -> Person:
    """Return who is signed in, in this session."""
    return session.get_one(Person, my_id())


def gate(session: Session, episode: Episode) -> str | None:
    """Return what they last answered to whether they know the person: open, pass, or None."""
    details = session.scalar(
        select(AuditEntry.details)
        .where(
            AuditEntry.subject_kind == Episode.__tablename__,
            AuditEntry.subject_id == episode.id,
            AuditEntry.actor_id == my_id(),
            AuditEntry.action == "episode gate",
        )
        .order_by(AuditEntry.at.desc())
        .limit(1)
    )
    return str(details["gate"]) if details else None


def _back(episode_id: uuid.UUID) -> ResponseReturnValue:
    return redirect(url_for("console.episode", episode_id=episode_id))
