"""Telling Twilio's webhooks from anyone else's.

The address signed is built from `PUBLIC_URL` and the raw path and query: Flask's own `request.url` is unescaped, and
proxy headers are whatever a stranger writes.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from flask import Request
from twilio.request_validator import RequestValidator


class Signatures:
    """Checks webhooks with each of the auth tokens (two while one is being rotated)."""

    def __init__(self, public_url: str, tokens: Sequence[str]) -> None:
        if not tokens or not all(tokens):
            raise ValueError("an empty auth token would accept anything")
        self.public_url = public_url
        self._validators = [RequestValidator(token) for token in tokens]

    def genuine(self, request: Request) -> bool:
        """Whether the form in `request` was signed by Twilio. Anything but a form is refused."""
        if request.mimetype != "application/x-www-form-urlencoded":
            return False  # for JSON the validator would look at the address alone
        signature = request.headers.get("X-Twilio-Signature", "")
        query = request.environ.get("QUERY_STRING", "")
        address = self.public_url + request.path + (f"?{query}" if query else "")
        form = request.form
        return any(
            # The library compares with and without a port, so it computes two signatures; mostly the first is right.
            hmac.compare_digest(validator.compute_signature(address, form).encode(), signature.encode())
            or validator.validate(address, form, signature)
            for validator in self._validators
        )


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """Return the signature that Twilio would give a form posted to `url`."""
    return str(RequestValidator(token).compute_signature(url, dict(form)))
