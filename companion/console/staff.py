"""Who runs the programme and may sign in: inviting, switching off, helping someone who cannot sign in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session
from wtforms import Field, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from companion.console import invitations
from companion.console.desk import COORDINATOR, FRESH, allow, desk, my_id, now, pages
from companion.console.fields import Form, NameLength
from companion.console.users import UserError, is_full_address, second_factor
from companion.console.words import named, upper_first
from companion.messaging.numbers import Sender, read_sender
from companion.messaging.optout import stops_among
from companion.models import (
    Address,
    Duty,
    Episode,
    Group,
    GroupFacilitator,
    Invitation,
    Passkey,
    Person,
    User,
    by_label,
)
from companion.rota.duties import still_on_the_rota
from companion.rota.ways import who_lost_a_number, who_stopped

A_MOMENT = timedelta(minutes=1)


def _full_address(_form: Form, field: Field) -> None:
    if not is_full_address(field.data):
        raise ValidationError("Write an e-mail address in full, such as name@example.org.")


_EMAIL = (
    InputRequired("Write their e-mail address."),
    _full_address,
    Length(max=120, message="Use an e-mail address of at most 120 characters."),
)


class InviteForm(Form):
    """Someone who is to run the programme, or to audit it."""

    name = StringField(
        "Name",
        filters=[lambda given: (given or "").strip()],
        validators=[InputRequired("Write their name."), NameLength()],
    )
    email = StringField("E-mail address", validators=_EMAIL)
    role = RadioField(
        "Role",
        choices=[SelectChoice(each, named("role_words", each)) for each in invitations.STAFF_ROLES],
        validators=[InputRequired("Choose what they do.")],
    )
    number = StringField("Mobile number", validators=[Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the number too, so that all that is wrong is said at once."""
        fine = bool(super().validate(extra_validators))
        self.sender()
        return fine and not self.number.errors

    def sender(self) -> Sender | None:
        """Return the number, checked; an error stands at the field if it will not do."""
        given = (self.number.data or "").strip()
        if not given:
            if self.role.data in ("facilitator", "lead"):
                self.number.errors = ["Write their mobile number: a facilitator or lead is paged by text."]
            return None
        sender = read_sender(given, desk().settings.companion_countries)
        if sender.kind != "mobile":
            self.number.errors = ["Write a mobile number that can be texted, such as 07700 900123."]
            return None
        return sender


class NumberForm(Form):
    """Where someone is paged."""

    number = StringField("Mobile number", validators=[InputRequired("Write the mobile number.")])


class EmailForm(Form):
    """Where somebody who was never invited signs in."""

    email = StringField("E-mail address they sign in with", validators=_EMAIL)


@pages.get("/users")
@allow(COORDINATOR)
def users() -> ResponseReturnValue:
    """List everyone who runs the programme, whether they can sign in, and how."""
    with desk().database.read() as session:
        people = session.scalars(select(Person).where(Person.state == "staff")).all()
        logins = {user.person_id: user for user in session.scalars(select(User)).unique()}
        with_passkey = set(session.scalars(select(Passkey.user_id)))
        waiting = {each.person_id: each for each in session.scalars(_open_invitations())}
        numbered = set(session.scalars(select(Address.person_id).where(Address.invalid_since.is_(None))))
        stopped = {person.id for person in who_stopped(session)}
        lost = {person.id for person in who_lost_a_number(session)}
    ordered = sorted(by_label(people), key=lambda p: invitations.STAFF_ROLES.index(p.role))
    return render_template(
        "console/users.html",
        people=ordered,
        logins=logins,
        with_passkey=with_passkey,
        waiting=waiting,
        numbered=numbered,
        stopped=stopped,
        lost=lost,
        now=now(),
    )


@pages.route("/users/invite", methods=["GET", "POST"])
@allow(COORDINATOR, within=FRESH)
def invite_user() -> ResponseReturnValue:
    """Add someone and show the code to give them, once."""
    form = InviteForm()
    if form.validate_on_submit():
        sender, field = form.sender(), form.name
        try:
            with desk().database.write() as session:
                person = invitations.add_staff(session, form.name.data, form.role.data, now(), by=my_id())
                field = form.number
                if sender is not None:
                    invitations.give_number(session, person, sender, now(), by=my_id())
                field = form.email
                code = invitations.invite(session, person, form.email.data, now(), by=my_id())
        except UserError as error:
            if (invited := _invited_a_moment_ago(form)) is not None:
                flash(f"{form.name.data} is invited. The code was shown once: without it, give a new one here.", "info")
                return redirect(url_for("console.user", person_id=invited))
            field.errors = [upper_first(f"{error}.")]
        else:
            return _show_code(person, form.email.data, code)
    return render_template("console/invite.html", form=form)


def _invited_a_moment_ago(form: InviteForm) -> uuid.UUID | None:
    """Return whom the same person invited with the same form: it was sent twice, as by a second press."""
    open_ones = _open_invitations().join(Person, Invitation.person_id == Person.id)
    with desk().database.read() as session:
        found = session.scalar(
            open_ones.where(
                Person.alias == form.name.data,
                Person.role == form.role.data,
                Invitation.email == form.email.data.strip().lower(),
                Invitation.created_by == my_id(),
                Invitation.created_at > now() - A_MOMENT,
            )
        )
    return found.person_id if found is not None else None


@pages.get("/users/<uuid:person_id>")
@allow(COORDINATOR)
def user(person_id: uuid.UUID) -> ResponseReturnValue:
    """Show one of those who run the programme: their login, their groups, and what can be done."""
    with desk().database.read() as session:
        return _user_page(session, _staff(session, person_id), NumberForm())


@pages.post("/users/<uuid:person_id>/code")
@allow(COORDINATOR, within=FRESH)
def new_code(person_id: uuid.UUID) -> ResponseReturnValue:
    """Give a new code: for somebody who lost the first, the password, or the phone with the second factor."""
    form = EmailForm()
    with desk().database.write() as session:
        person = _staff(session, person_id)
        login = session.scalar(select(User).where(User.person_id == person.id))
        waiting = session.scalar(_open_invitations().where(Invitation.person_id == person.id))
        if login is not None:
            if login.person_id == my_id():
                abort(400)
            invitations.shut_out(session, login, now(), by=my_id())
        known = login.email if login is not None else waiting.email if waiting is not None else None
        if known is None and not form.validate_on_submit():
            return _user_page(session, person, NumberForm(formdata=None), form)
        address = known or form.email.data
        try:
            code = invitations.invite(session, person, address, now(), by=my_id())
        except UserError as error:
            form.email.errors = [upper_first(f"{error}.")]
            return _user_page(session, person, NumberForm(formdata=None), form)
    return _show_code(person, address, code)


@pages.post("/users/<uuid:person_id>/<any(on,off):state>")
@allow(COORDINATOR, within=FRESH)
def switch_user(person_id: uuid.UUID, state: str) -> ResponseReturnValue:
    """Switch a login off, or on again."""
    try:
        with desk().database.write() as session:
            person = _staff(session, person_id)
            login = session.scalar(select(User).where(User.person_id == person.id))
            if login is None:
                invitations.cancel(session, person, now())
            else:
                invitations.switch(session, login, on=state == "on", now=now(), by=my_id())
        name = person.label
        flash(f"{name} can sign in again." if state == "on" else f"{name} can no longer sign in.", "info")
    except UserError as error:
        flash(upper_first(f"{error}."), "error")
    return redirect(url_for("console.user", person_id=person_id))


@pages.post("/users/<uuid:person_id>/number")
@allow(COORDINATOR, within=FRESH)
def user_number(person_id: uuid.UUID) -> ResponseReturnValue:
    """Change the number at which somebody is paged."""
    form = NumberForm()
    with desk().database.write() as session:
        person = _staff(session, person_id)
        if form.validate_on_submit():
            sender = read_sender(form.number.data, desk().settings.companion_countries)
            if sender.kind != "mobile":
                form.number.errors = ["Write a mobile number that can be texted, such as 07700 900123."]
            else:
                try:
                    invitations.give_number(session, person, sender, now(), by=my_id())
                except UserError as error:
                    form.number.errors = [upper_first(f"{error}.")]
        if form.errors:
            return _user_page(session, person, form)
    flash("The number is saved.", "info")
    return redirect(url_for("console.user", person_id=person_id))


def _staff(session: Session, person_id: uuid.UUID) -> Person:
    found = session.scalar(select(Person).where(Person.id == person_id, Person.state == "staff"))
    if found is None:
        abort(404)
    return found


def _open_invitations() -> Select[tuple[Invitation]]:
    return select(Invitation).where(Invitation.used_at.is_(None), Invitation.cancelled_at.is_(None))


def _user_page(session: Session, person: Person, form: NumberForm, invite: EmailForm | None = None) -> str:
    groups: Sequence[Group] = session.scalars(
        select(Group)
        .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
        .where(GroupFacilitator.person_id == person.id, Group.ended_at.is_(None))
        .order_by(Group.name)
    ).all()
    login = session.scalar(select(User).where(User.person_id == person.id))
    addresses = session.scalars(select(Address).where(Address.person_id == person.id)).all()
    return render_template(
        "console/user.html",
        person=person,
        login=login,
        second_factor=second_factor(session, login) if login else None,
        waiting=session.scalar(_open_invitations().where(Invitation.person_id == person.id)),
        addresses=addresses,
        stops=stops_among(session, addresses),
        holds=_count(session, Episode, (Episode.owner_id == person.id, Episode.state != "closed")),
        duties=_count(session, Duty, (Duty.person_id == person.id, still_on_the_rota(now()))),
        groups=groups,
        form=form,
        invite=invite or EmailForm(formdata=None),
        now=now(),
        mine=person.id == my_id(),
    )


def _count(session: Session, table: type[Duty] | type[Episode], of: Sequence[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count(table.id)).where(*of)) or 0


def _show_code(person: Person, email: str, code: str) -> str:
    link = f"{desk().settings.public_url}{url_for('console.invitation', code=code)}"
    return render_template(
        "console/code_to_give.html", person=person, email=email.strip().lower(), code=code, link=link
    )
