"""One's own login: password, second factor, and signing out everywhere."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security.utils import logout_user

from companion.console.accounts import accounts
from companion.console.desk import SIGNED_IN, allow, desk, my_id, now, pages
from companion.console.users import second_factor
from companion.models import record


@pages.get("/account")
@allow(*SIGNED_IN)
def account() -> ResponseReturnValue:
    """Show one's login."""
    with desk().database.read() as session:
        factor = second_factor(session, current_user)
        lacks = bool(current_user.tf_primary_method or current_user.webauthn) and not current_user.mf_recovery_codes
        return render_template("console/account.html", second_factor=factor, lacks_codes=lacks)


@pages.get("/account/stay")
@allow(*SIGNED_IN)
def stay() -> ResponseReturnValue:
    """Start the idle time anew, from the button of the warning: whatever is being written stays on its page."""
    return "", 204


@pages.post("/account/sign-out-everywhere")
@allow(*SIGNED_IN)
def sign_out_everywhere() -> ResponseReturnValue:
    """End every sign-in of this login, here and in other browsers."""
    store = accounts()
    store.set_uniquifier(current_user)
    with desk().database.write() as session:
        record(session, now(), "signed out everywhere", current_user.person, actor=my_id())
    store.commit()
    logout_user()
    flash("You are signed out everywhere.", "info")
    return redirect(url_for("security.login"))
