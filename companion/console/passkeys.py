"""Passkeys as a second factor: the sign-in library's pages in our words, and checks that it leaves to us."""

from __future__ import annotations

import ipaddress
import unicodedata
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, session
from flask_security.decorators import auth_required
from flask_security.webauthn import WebAuthnRegisterResponseForm, WebAuthnSigninResponseForm
from flask_security.webauthn_util import WebauthnUtil

from companion.console.desk import FRESH, Desk, desk
from companion.console.words import word

LONGEST_NAME = 40
ASKED_FOR = timedelta(minutes=5)  # how long a device waits for its owner: WebAuthn's advice, for whoever is slow
_MILLISECONDS = int(ASKED_FOR.total_seconds() * 1000)


def config(here: Desk) -> dict[str, Any]:
    """Return the library's settings: addresses, pages, words, and a passkey only ever after the password."""
    return {
        "SECURITY_WEBAUTHN": True,
        "SECURITY_WAN_ALLOW_AS_FIRST_FACTOR": False,
        "SECURITY_WAN_ALLOW_AS_MULTI_FACTOR": False,
        "SECURITY_WAN_ALLOW_AS_VERIFY": [],  # "type your password again" means the password
        "SECURITY_WAN_RP_NAME": here.settings.companion_name,
        "SECURITY_WAN_REGISTER_URL": "/passkeys",
        "SECURITY_WAN_DELETE_URL": "/passkeys/delete",
        "SECURITY_WAN_SIGNIN_URL": "/passkey",
        "SECURITY_WAN_POST_REGISTER_VIEW": "/console/passkeys",
        "SECURITY_WAN_REGISTER_TEMPLATE": "console/passkeys.html",
        "SECURITY_WAN_SIGNIN_TEMPLATE": "console/passkey.html",
        "SECURITY_WAN_REGISTER_TIMEOUT": _MILLISECONDS,
        "SECURITY_WAN_SIGNIN_TIMEOUT": _MILLISECONDS,
        "SECURITY_WAN_REGISTER_WITHIN": 2 * ASKED_FOR,
        "SECURITY_WAN_SIGNIN_WITHIN": 2 * ASKED_FOR,
        "SECURITY_MSG_WEBAUTHN_EXPIRED": (word("passkey.too_slow"), "error"),
        "SECURITY_MSG_WEBAUTHN_NAME_REQUIRED": (word("passkey.no_name"), "error"),
        "SECURITY_MSG_WEBAUTHN_NAME_INUSE": (word("passkey.name_taken"), "error"),
        "SECURITY_MSG_WEBAUTHN_NAME_NOT_FOUND": (word("passkey.not_found"), "error"),
        "SECURITY_MSG_WEBAUTHN_CREDENTIAL_DELETED": (word("passkey.deleted"), "info"),
        "SECURITY_MSG_WEBAUTHN_REGISTER_SUCCESSFUL": (word("passkey.added"), "info"),
        "SECURITY_MSG_WEBAUTHN_CREDENTIAL_ID_INUSE": (word("passkey.there_already"), "error"),
    }


def can_work(public_url: str) -> bool:
    """Whether browsers make passkeys for the console: its address needs a name, and https unless it is this machine."""
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost"
    return False


def guard(app: Flask) -> None:
    """Ask for a recent password at the last step of adding a passkey too, where the library asks at the first only.

    Otherwise a step begun in one's own login could be ended in a login that somebody left open.
    """
    last = "security.wan_register_response"
    fresh: Any = auth_required("session", within=lambda: FRESH, grace=0)
    app.view_functions[last] = fresh(app.view_functions[last])
    app.jinja_env.globals["passkeys_can_work"] = lambda: can_work(desk().settings.public_url)


class PasskeyUtil(WebauthnUtil):
    """Where passkeys work, and what they may be called."""

    def origin(self) -> str:
        """Return the console's address in the settings: whatever a request says, no other page's passkey will do."""
        parts = urlsplit(desk().settings.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    def name_svn(self, value: str) -> tuple[str | None, str | None]:
        """Return what is wrong with a name, or the name in its normal form."""
        name = " ".join(unicodedata.normalize("NFC", value).split())
        if not name.isprintable() or len(name) > LONGEST_NAME:
            return word("passkey.bad_name"), None
        return (None, name) if name else (word("passkey.no_name"), None)


class NewPasskeyForm(WebAuthnRegisterResponseForm):
    """What a device answers when it made a passkey."""

    def validate(self, **kwargs: Any) -> bool:
        """Check it, and say in plain words that it will not do."""
        if super().validate(**kwargs):
            return True
        if self.credential.errors and self.credential.errors != [word("passkey.there_already")]:
            self.credential.errors = [word("passkey.not_added")]
        return False


class UsedPasskeyForm(WebAuthnSigninResponseForm):
    """What a device answers at the sign-in. One answer for all that can be wrong."""

    def validate(self, **kwargs: Any) -> bool:
        """Check it, and that the passkey is of the login whose password was given: the library takes anybody's."""
        right = super().validate(**kwargs) and not self.credential.errors
        if right and self.user is not None and self.user.fs_uniquifier == session.get("tf_user_id"):
            return True
        self.credential.errors = [word("passkey.wrong")]
        return False
