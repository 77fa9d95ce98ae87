"""The second factor: codes from an authenticator app, each of which counts once."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Flask, current_app, g, get_flashed_messages, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_security.forms import TwoFactorSetupForm, TwoFactorVerifyCodeForm
from flask_security.totp import Totp

from companion.console.accounts import accounts


def totp_secrets(secret_key: str) -> dict[str, str]:
    """Return the key that encrypts the apps' secrets, made from SECRET_KEY."""
    return {"1": hashlib.sha256(b"companion second factor" + secret_key.encode()).hexdigest()}


class OneUseTotp(Totp):
    """Remembers the last code of each login, so that nobody can use one that was overseen."""

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Whether the code is right, was not used before, and the login does not rest after wrong tries."""
        return not user.is_locked() and super().verify_totp(token, totp_secret, user, window)

    def get_last_counter(self, user: Any) -> int | None:
        """Return the place of the last code that was used."""
        counter: int | None = user.tf_last_counter
        return counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Keep the place of the code that was used just now."""
        user.tf_last_counter = tmatch.counter
        accounts().put(user)

    def generate_qrcode(self, username: str, totp: str) -> str:
        """Return, in place of a picture, the link that opens the app on the same phone."""
        return str(self.get_totp_uri(username, totp))


class CodeForm(TwoFactorVerifyCodeForm):
    """A code from the app. A wrong one at the set-up is kept for the page that shows it."""

    def validate(self, **kwargs: Any) -> bool:
        """Check the code."""
        if super().validate(**kwargs):
            return True
        if self.is_setup:
            g.wrong_code = self
        return False


def keep_set_up(app: Flask) -> None:
    """Show the same key again after a wrong code at the set-up, where the library makes a new one to scan."""
    last = "security.two_factor_setup_validate"
    confirm: Any = app.view_functions[last]

    def confirm_or_again(token: str) -> ResponseReturnValue:
        answer: ResponseReturnValue = confirm(token=token)
        form: CodeForm | None = g.pop("wrong_code", None)
        if form is None or not current_user.is_authenticated:
            return answer
        get_flashed_messages()  # the library's own word for it: it stands at the field
        values = current_app.extensions["security"].totp_factory.fetch_setup_values(form.tf_totp_secret, current_user)
        return render_template(
            "console/second_factor.html",
            two_factor_setup_form=TwoFactorSetupForm(formdata=None),
            two_factor_verify_code_form=form,
            chosen_method=form.primary_method,
            state_token=token,
            authr_qrcode=values["image"],
            authr_key=values["key"],
        )

    app.view_functions[last] = confirm_or_again
