"""Ways to reach me: each counts once a code that was sent that way has come back."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from companion.console.desk import EVERYONE, FRESH, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.console.words import number
from companion.messaging.addresses import addresses_of
from companion.messaging.mail import enqueue_email
from companion.messaging.outbox import enqueue
from companion.models import Person, Way
from companion.rota.ways import (
    CODE_LASTS,
    ENOUGH,
    WayError,
    add_way,
    live_ways,
    new_code,
    remove_way,
    text_address,
    verify,
    ways_of,
    works,
)

KINDS = {"sms": "Text message (SMS)", "whatsapp": "WhatsApp", "call": "Phone call", "email": "E-mail"}


class WayForm(Form):
    """A way to be reached."""

    kind = SelectField("How")
    address = StringField(
        "Mobile number", validators=[InputRequired("Type where you are reached."), Length(max=254, message="Too long.")]
    )

    def offer(self, *, mail: bool) -> None:
        """Fill in what can be chosen: e-mail only where there is a mail server to send the code."""
        self.kind.choices = [SelectChoice(*each) for each in KINDS.items() if mail or each[0] != "email"]
        if mail:
            self.address.label.text = "Mobile number or e-mail address"


class CodeForm(Form):
    """The code that was sent."""

    code = StringField("Code", validators=[InputRequired("Type the six digits."), Length(max=20)])


@pages.route("/ways", methods=["GET", "POST"])
@allow(*EVERYONE, within=FRESH)
def ways() -> ResponseReturnValue:
    """Show one's ways, and add one."""
    form = WayForm()
    form.offer(mail=desk().settings.smtp_url is not None)
    with desk().database.write() as session:
        person = session.get_one(Person, my_id())
        if form.validate_on_submit():
            try:
                way = add_way(
                    session, person, form.kind.data, form.address.data, desk().settings.companion_countries, now()
                )
                _send(session, way)
            except WayError as error:
                form.address.errors = [str(error)]
            else:
                return redirect(url_for("console.way", way_id=way.id))
        mine = [(way, works(session, way)) for way in ways_of(session, person)]
        shown = len({way.kind for way in live_ways(session, person)})
        if not form.is_submitted():  # the number that the coordinator was given, in most cases
            form.address.data = next((number(each.address) for each in addresses_of(session, person)), "")
        return render_template(
            "console/ways.html", form=form, ways=mine, kinds=KINDS, enough=shown >= ENOUGH, shown=shown
        )


@pages.route("/ways/<uuid:way_id>", methods=["GET", "POST"])
@allow(*EVERYONE, within=FRESH)
def way(way_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for the code that was sent."""
    form = CodeForm()
    with desk().database.write() as session:
        found = _mine(session, way_id)
        if form.validate_on_submit():
            try:
                verify(session, found, form.code.data, now())
            except WayError as error:
                form.code.errors = [str(error)]
            else:
                flash("Thank you. That way works.", "info")
                return redirect(url_for("console.ways"))
        return render_template("console/way.html", form=form, way=found, kinds=KINDS)


@pages.post("/ways/<uuid:way_id>/<any(again,remove):what>")
@allow(*EVERYONE, within=FRESH)
def change_way(way_id: uuid.UUID, what: str) -> ResponseReturnValue:
    """Send another code, or remove the way."""
    with desk().database.write() as session:
        found = _mine(session, way_id)
        if what == "remove":
            remove_way(session, found, now())
            flash("It is removed. Where you are on the rota with fewer than two ways, there is a gap.", "info")
            return redirect(url_for("console.ways"))
        try:
            _send(session, found)
        except WayError as error:
            flash(str(error), "error")
    return redirect(url_for("console.way", way_id=way_id))


def _mine(session: Session, way_id: uuid.UUID) -> Way:
    found = session.get(Way, way_id)
    if found is None or found.person_id != my_id() or found.removed_at is not None:
        abort(404)
    return found


def _send(session: Session, found: Way) -> None:
    if found.kind == "email" and desk().settings.smtp_url is None:
        raise WayError("There is no mail server any more, so no code can be sent to an e-mail address.")
    code = new_code(session, found, now())
    key = f"way:{found.id}:{now().timestamp():.0f}"
    words = desk().voice.words
    if found.kind == "email":
        enqueue_email(
            session,
            key=key,
            to=found.address,
            person=found.person,
            subject=words.render("mail_code_subject"),
            text=words.render("mail_code", way_code=code),
            now=now(),
            expires_at=now() + CODE_LASTS,
        )
    else:
        enqueue(
            session,
            key=key,
            lane="reply",
            to=text_address(session, found, now()),
            text=words.render("way_code_text", way_code=code),
            now=now(),
        )
