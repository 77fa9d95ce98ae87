"""The account that only the stand-in has, and the refusal to stand beside a real one."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Twilio's SIDs are AC and 32 hexadecimal digits; real ones are random. Ours begin "5caff01d" ("scaffold").
SID_MARK = "AC5caff01d"
TOKEN_MARK = "stand-in-"  # noqa: S105 - a mark, no secret

DEMO_ACCOUNT_SID = SID_MARK + "0" * 24
DEMO_AUTH_TOKEN = TOKEN_MARK + "token-of-no-real-account"  # no secret: it opens nothing but the stand-in


class RealCredentialsError(Exception):
    """Somebody tried to run the stand-in with, or beside, an account that may be real."""


def require_own(account_sid: str, auth_tokens: tuple[str, ...]) -> None:
    """Raise RealCredentialsError unless account and tokens are recognisably the stand-in's own."""
    if not re.fullmatch(SID_MARK + r"[0-9a-f]{24}", account_sid):
        raise RealCredentialsError(
            f"The stand-in only takes account SIDs that begin with {SID_MARK}: this one may be real."
        )
    if not auth_tokens or not all(token.startswith(TOKEN_MARK) for token in auth_tokens):
        raise RealCredentialsError(f"The stand-in only takes auth tokens that begin with {TOKEN_MARK}")


def refuse_real_surroundings(environment: Mapping[str, str]) -> None:
    """Raise RealCredentialsError if the environment names a Twilio account that is not the stand-in's."""
    sid = environment.get("TWILIO_ACCOUNT_SID", "").strip()
    if sid and not sid.startswith(SID_MARK):
        raise RealCredentialsError(
            "TWILIO_ACCOUNT_SID is set to an account that may be real. "
            "The stand-in does not start beside it: unset TWILIO_ACCOUNT_SID first."
        )
    tokens = [token.strip() for token in environment.get("TWILIO_AUTH_TOKEN", "").split(",")]
    if any(token and not token.startswith(TOKEN_MARK) for token in tokens):
        raise RealCredentialsError(
            "TWILIO_AUTH_TOKEN is set to a token that may be real. "
            "The stand-in does not start beside it: unset TWILIO_AUTH_TOKEN first."
        )
