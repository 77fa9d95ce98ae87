"""The second factor: codes from an authenticator app, each of which counts once."""

from __future__ import annotations

import hashlib
from typing import Any

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
