"""Signing in: Flask-Security on the project's own database sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue, ResponseValue
from flask_login import current_user, user_logged_out
from flask_security import Security, hash_password
from flask_security.forms import ChangePasswordForm, LoginForm, TwoFactorRescueForm
from flask_security.password_util import PasswordUtil
from flask_security.signals import password_changed, tf_disabled, tf_profile_changed, user_authenticated
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException
from wtforms import RadioField

from companion.console import passkeys
from companion.console.accounts import Account, Accounts, accounts
from companion.console.desk import FRESH, IDLE, Desk, desk, now, pages
from companion.console.totp import CodeForm, OneUseTotp, keep_set_up, totp_secrets
from companion.console.users import PASSWORD_LENGTH, weakness
from companion.console.words import word
from companion.models import Person, record

WRITTEN = ("words", "said", "body", "cover_note")  # fields in which people write more than a line


class SignInForm(LoginForm):
    """E-mail address and password. One answer for a wrong address, a wrong password and a resting login."""

    def validate(self, **kwargs: Any) -> bool:
        """Check both, without telling which was wrong."""
        self.user = accounts().find_user(case_insensitive=True, email=self.email.data or "")
        self.ifield = self.email
        if self.user is not None and self.user.is_locked() and self.password.data:
            hash_password(self.password.data)  # as slow as a real look
            self.form_errors.append(word("sign_in.wrong"))
            return False
        if super().validate(**kwargs):
            return True
        if self.email.data and self.password.data and not self.csrf_token.errors:
            self.email.errors, self.password.errors = [], []
            self.form_errors.append(word("sign_in.wrong"))
        return False


class PasswordForm(ChangePasswordForm):
    """The password one has now, and a new one. All that is missing is named at once."""

    def validate(self, **kwargs: Any) -> bool:
        """Check them, and say of each field that is empty what belongs there."""
        fine = super().validate(**kwargs)
        for field, words in (
            (self.password, "Type the password you have now."),
            (self.new_password, "Type the new password."),
            (self.new_password_confirm, "Type the new password once more."),
        ):
            if not field.data:
                field.errors, fine = [words], False
        return fine


class NoRescueForm(TwoFactorRescueForm):
    """A lost phone is helped by a recovery code or the coordinator; nothing is sent by e-mail."""

    help_setup = RadioField("Help", choices=[])


class _Security(Security):
    """The library, without two packages: one draws the second factor's key, one cleans the names of passkeys.

    `qr.picture` draws; names are checked by `passkeys.PasskeyUtil` and escaped like all else on a page.
    """

    def _check_modules(self, module: str, config_name: str) -> Any:
        return module in ("qrcode", "nh3") or super()._check_modules(module, config_name)  # type: ignore[no-untyped-call]


class StrongPasswords(PasswordUtil):
    """Refuses passwords that are short or that everybody tries first, from a list kept here."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: ARG002
        """Return what is wrong, if anything, and the password in its normal form."""
        user = kwargs.get("user")
        problem = weakness(password, user.email if user else "")
        return ([problem] if problem else None), self.normalize(password)


def set_up(app: Flask, here: Desk) -> None:
    """Add signing in to `app`, at /console/sign-in and its neighbours."""
    app.config.update(_config(here) | passkeys.config(here))
    CSRFProtect(app)
    security = _Security(
        app,
        Accounts(),
        login_form=SignInForm,
        change_password_form=PasswordForm,
        two_factor_rescue_form=NoRescueForm,
        two_factor_verify_code_form=CodeForm,
        password_util_cls=StrongPasswords,
        totp_cls=OneUseTotp,
        wan_register_response_form=passkeys.NewPasskeyForm,
        wan_signin_response_form=passkeys.UsedPasskeyForm,
        webauthn_util_cls=passkeys.PasskeyUtil,
    )
    passkeys.guard(app)
    keep_set_up(app)
    security.unauthn_handler(_sign_in_first)
    security.reauthn_handler(_password_again)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    password_changed.connect(_password_changed, app)
    tf_profile_changed.connect(_factor_on, app)
    tf_disabled.connect(_factor_off, app)
    app.before_request(_own_password_first)


def _config(here: Desk) -> dict[str, Any]:
    secure = urlsplit(here.settings.public_url).scheme == "https"
    return {
        "SECRET_KEY": here.settings.secret_key,
        "SESSION_COOKIE_NAME": "companion_console",
        "SESSION_COOKIE_PATH": "/console",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_REFRESH_EACH_REQUEST": False,  # see desk.keep_signed_in
        "PERMANENT_SESSION_LIFETIME": IDLE,
        "WTF_CSRF_CHECK_DEFAULT": False,  # Twilio's webhooks carry none; `allow` and the forms check
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the sign-in lasts
        "BOOTSTRAP_SERVE_LOCAL": True,
        "BOOTSTRAP_BTN_STYLE": "primary",
        "SECURITY_URL_PREFIX": pages.url_prefix,
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_LOGIN_URL": "/sign-in",
        "SECURITY_LOGOUT_URL": "/sign-out",
        "SECURITY_LOGOUT_CSRF": True,
        "SECURITY_VERIFY_URL": "/password-again",
        "SECURITY_CHANGE_URL": "/password",
        "SECURITY_POST_LOGIN_VIEW": "/console/",
        "SECURITY_POST_LOGOUT_VIEW": "/console/sign-in",
        "SECURITY_POST_CHANGE_VIEW": "/console/",
        "SECURITY_POST_VERIFY_VIEW": "/console/",
        "SECURITY_LOGIN_USER_TEMPLATE": "console/sign_in.html",
        "SECURITY_LOGOUT_USER_TEMPLATE": "console/sign_out.html",
        "SECURITY_VERIFY_TEMPLATE": "console/password_again.html",
        "SECURITY_CHANGE_PASSWORD_TEMPLATE": "console/password.html",
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_PASSWORD_LENGTH_MIN": PASSWORD_LENGTH,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False, "test_environment": True},
        "SECURITY_TRACKABLE": True,
        "SECURITY_CHANGEABLE": True,
        "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
        "SECURITY_FRESHNESS": FRESH,
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(),
        "SECURITY_DATETIME_FACTORY": here.clock.now,
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TWO_FACTOR_SETUP_URL": "/second-factor",
        "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/code",
        "SECURITY_TWO_FACTOR_RESCUE_URL": "/code/help",
        "SECURITY_TWO_FACTOR_SELECT_URL": "/code/which",
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/console/account",
        "SECURITY_TWO_FACTOR_SETUP_TEMPLATE": "console/second_factor.html",
        "SECURITY_TWO_FACTOR_VERIFY_CODE_TEMPLATE": "console/code.html",
        "SECURITY_TWO_FACTOR_SELECT_TEMPLATE": "console/which.html",
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 60,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": list(here.settings.encryption_keys),
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
        "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/recovery-code",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "console/recovery_codes.html",
        "SECURITY_MULTI_FACTOR_RECOVERY_TEMPLATE": "console/recovery_code.html",
        "SECURITY_TOTP_SECRETS": totp_secrets(here.settings.secret_key),
        "SECURITY_TOTP_ISSUER": here.settings.companion_name,
        "SECURITY_MSG_PASSWORD_CHANGE": (word("sign_in.password_changed"), "success"),
        "SECURITY_MSG_PASSWORD_IS_THE_SAME": (word("sign_in.same_password"), "error"),
        "SECURITY_MSG_RETYPE_PASSWORD_MISMATCH": (word("sign_in.mismatch"), "error"),
        "SECURITY_MSG_INVALID_PASSWORD": (word("sign_in.not_your_password"), "error"),
        "SECURITY_MSG_PASSWORD_NOT_PROVIDED": (word("sign_in.no_password"), "error"),
        "SECURITY_MSG_EMAIL_NOT_PROVIDED": (word("sign_in.no_email"), "error"),
        "SECURITY_MSG_INVALID_EMAIL_ADDRESS": (word("sign_in.bad_email"), "error"),
        "SECURITY_MSG_TWO_FACTOR_INVALID_TOKEN": (word("sign_in.wrong_code"), "error"),
        "SECURITY_MSG_TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (word("sign_in.factor_on"), "info"),
        "SECURITY_MSG_TWO_FACTOR_DISABLED": (word("sign_in.factor_off"), "info"),
        "SECURITY_MSG_TWO_FACTOR_SETUP_EXPIRED": (word("sign_in.setup_expired"), "error"),
        "SECURITY_MSG_TWO_FACTOR_LOGIN_SUCCESSFUL": (word("sign_in.thanks"), "info"),
        "SECURITY_MSG_INVALID_RECOVERY_CODE": (word("sign_in.wrong_recovery"), "error"),
        "SECURITY_MSG_REAUTHENTICATION_SUCCESSFUL": (word("sign_in.thanks"), "info"),
    }


def return_path() -> str:
    """Return where to go on after signing in: the page asked for, or the page the form stood on.

    A form that was refused stands at the address that it was sent to, where there may be no page: it is one of what
    that address begins with.
    """
    if request.method == "GET":
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    path = came_from.path if came_from.netloc == request.host else ""
    while path.startswith("/console/") and not _is_page(path):
        path = path.rpartition("/")[0]
    return path if path.startswith("/console/") else "/console/"


def _is_page(path: str) -> bool:
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return False
    return True


def written_words() -> list[str]:
    """Return the longer words of the form that was sent."""
    return [words for name in WRITTEN if (words := request.form.get(name, "").strip())]


def _sign_in_first(_mechanisms: list[str], headers: dict[str, str] | None = None) -> ResponseValue:  # noqa: ARG001
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(word("sign_in.over"), 401)
    go_on = url_for("security.login", next=return_path())
    if request.method == "POST":
        # Only a page of ours can have sent it: another site must not make this one say something.
        if request.headers.get("Sec-Fetch-Site") == "same-origin" and (written := written_words()):
            return _give_back("signed_out", written, go_on)
        flash(word("sign_in.not_sent"), "error")
    return redirect(go_on)


def _password_again(_within: timedelta, _grace: timedelta) -> ResponseValue:
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(word("sign_in.over"), 401)
    go_on = url_for("security.verify", next=return_path())
    if request.method == "POST":  # what was sent is not kept over the question
        if written := written_words():
            return _give_back("again", written, go_on)
        flash(word("sign_in.not_done"), "error")
    return redirect(go_on)


def _give_back(reason: str, written: list[str], go_on: str) -> ResponseValue:
    """Show what somebody wrote, and could not send, to be copied before they go on."""
    return Response(render_template("console/problem.html", reason=reason, written=written, go_on=go_on), 401)


def _signed_in(_app: Flask, user: Account, **_: object) -> None:
    session.permanent = True
    user.failed_tries, user.locked_until = 0, None
    accounts().put(user)
    _audit("signed in", user)


def _signed_out(_app: Flask, user: Account, **_: object) -> None:
    if isinstance(getattr(user, "person", None), Person):
        _audit("signed out", user)


def _password_changed(_app: Flask, user: Account, **_: object) -> None:
    user.must_change = False
    accounts().put(user)
    _audit("password changed", user)


def _factor_on(_app: Flask, user: Account, **_: object) -> None:
    _audit("second factor switched on", user)


def _factor_off(_app: Flask, user: Account, **_: object) -> None:
    _audit("second factor switched off", user)


def _audit(action: str, user: Account) -> None:
    with desk().database.write() as opened:
        record(opened, now(), action, user.person, actor=user.person_id)


def _own_password_first() -> ResponseReturnValue | None:
    """Send whoever still has a password that somebody else set to choose their own."""
    endpoint = request.endpoint or ""
    if not endpoint.startswith("console.") or endpoint == "console.static":
        return None
    if current_user.is_authenticated and current_user.must_change:
        flash(word("sign_in.choose_own"), "info")
        return redirect(url_for("security.change_password"))
    return None
