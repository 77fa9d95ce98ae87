"""Writing to one person: shown as it will be read, with parts and cost, before it goes through the outbox."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import UUID, InputRequired, Length, Optional

from companion.console.desk import EVERYONE, READERS, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.people import find_person
from companion.console.words import when
from companion.content.catalogue import Text
from companion.messaging.addresses import usable
from companion.messaging.cost import Estimate, estimate
from companion.messaging.optout import is_stopped
from companion.messaging.outbox import enqueue
from companion.messaging.quiet import over_at
from companion.models import Address, OutboxMessage, Person, record
from companion.programme.broadcast import unsuitable

LONGEST = 260  # characters of one's own words: with the name before them, two parts
Hindrance = Literal["not joined", "no number", "stopped"]


@dataclass(frozen=True)
class Draft:
    """One text to one person, ready to be shown. `quiet_until` is UTC, None outside their quiet hours."""

    text: Text
    cost: Estimate
    to: Address
    quiet_until: datetime | None
    unsuitable: tuple[str, ...]


class WriteForm(Form):
    """The words. `key` is of the page it was opened on, so that a second press sends nothing twice."""

    words = TextAreaField(
        "Your text",
        validators=[
            InputRequired("Write what you want to say."),
            Length(max=LONGEST, message=f"Keep it under {LONGEST} characters, two parts."),
        ],
    )
    time = RadioField(
        "When",
        choices=[SelectChoice("later", "When their quiet hours end"), SelectChoice("now", "Now")],
        validators=[Optional()],
        default="later",
    )
    key = HiddenField(validators=[InputRequired(), UUID()])


@pages.route("/people/<uuid:person_id>/write", methods=["GET", "POST"])
@allow(*EVERYONE)
def write(person_id: uuid.UUID) -> ResponseReturnValue:
    """Write to one person: first the words, then how they will be read, then it goes."""
    form = WriteForm()
    form.key.data = form.key.data or str(uuid.uuid4())
    step = request.form.get("step", "")
    with desk().database.write() as session:
        person = find_person(session, person_id)
        to = usable(session, person)
        hindrance = _hindrance(session, person, to)
        if hindrance is not None or to is None:
            return render_template("console/cannot_write.html", person=person, hindrance=hindrance)
        sender = f"{me().label}, {desk().settings.companion_name}"
        if request.method == "POST" and step != "change" and form.validate():
            draft = _draft(person, to, sender, form.words.data)
            if step != "send":
                return render_template("console/write_preview.html", person=person, form=form, draft=draft)
            sent = _send(session, person, draft, form)
            flash(_said(sent), "info")
            return redirect(_after(person))
        return render_template("console/write.html", person=person, form=form, sender=sender, most=LONGEST)


def _hindrance(session: Session, person: Person, to: Address | None) -> Hindrance | None:
    """Return why nothing can be sent to `person`, or None."""
    if to is None:
        return "no number"
    if is_stopped(session, to):
        return "stopped"
    return "not joined" if person.state != "joined" else None


def _draft(person: Person, to: Address, sender: str, words: str) -> Draft:
    settings = desk().settings
    text = desk().voice.words.render("from_person", sender=sender, words=" ".join(words.split()))
    text = text.said_in(person.language)
    return Draft(
        text=text,
        cost=estimate(text.body, 1, settings.companion_part_pence),
        to=to,
        quiet_until=over_at(person, now()),
        unsuitable=unsuitable(words),
    )


def _send(session: Session, person: Person, draft: Draft, form: WriteForm) -> OutboxMessage | None:
    """Queue it; None when this very page sent it before."""
    later = draft.quiet_until if form.time.data != "now" else None
    row = enqueue(
        session,
        key=f"written:{my_id()}:{person.id}:{form.key.data}",
        lane="reply",  # a person wrote it to a person: it does not wait behind reminders
        to=draft.to,
        text=draft.text,
        now=now(),
        not_before=later,
    )
    if row is not None:
        record(session, now(), "wrote to a person", person, actor=my_id(), parts=draft.cost.parts.parts)
    return row


def _said(sent: OutboxMessage | None) -> str:
    if sent is None:
        return "This text was sent already. It goes out once."
    return f"It goes out {when(sent.not_before)}." if sent.not_before > now() else "It is on its way."


def _after(person: Person) -> str:
    page = "console.conversation" if me().role in READERS else "console.person"
    return url_for(page, person_id=person.id)
