"""The pages of somebody who was invited to run the programme: typing the code, and choosing a password."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired

from companion.console import invitations
from companion.console.desk import desk, now, open_to_all, pages
from companion.console.fields import Form
from companion.console.users import weakness


class ChooseForm(Form):
    """The password that somebody who was invited chooses."""

    password = PasswordField("Password", validators=[InputRequired("Choose a password.")])
    again = PasswordField("Password once more", validators=[InputRequired("Type the password once more.")])


class CodeForm(Form):
    """The code of an invitation, typed."""

    code = StringField("Code", validators=[InputRequired("Type the code you were given.")])


@pages.route("/invitation", methods=["GET", "POST"])
@open_to_all
def invitation_code() -> ResponseReturnValue:
    """Ask for the code of an invitation."""
    form = CodeForm()
    if form.validate_on_submit():
        with desk().database.read() as session:
            known = invitations.find(session, form.code.data, now()) is not None
        if known:
            return redirect(url_for("console.invitation", code="".join(form.code.data.split()).lower()))
        form.code.errors = ["That code does not work, was used, or is too old. Check it, or ask for a new one."]
    return render_template("console/invitation_code.html", form=form)


@pages.route("/invitation/<code>", methods=["GET", "POST"])
@open_to_all
def invitation(code: str) -> ResponseReturnValue:
    """Let somebody who was invited choose their password."""
    form = ChooseForm()
    with desk().database.write() as session:
        found = invitations.find(session, code, now())
        if found is None:
            return render_template("console/invitation_over.html"), 404
        fine = form.validate_on_submit()
        if form.password.data and (problem := weakness(form.password.data, found.email)):
            form.password.errors = [problem]
        elif fine:
            if form.password.data != form.again.data:
                form.again.errors = ["The two passwords are not the same. Type it again."]
            else:
                invitations.accept(session, found, form.password.data, now())
                flash("Your password is saved. Sign in with it.", "info")
                return redirect(url_for("security.login"))
        return render_template("console/invitation.html", form=form, invitation=found)
