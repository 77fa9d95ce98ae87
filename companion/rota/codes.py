"""Four characters to answer with, as on a page: never one that stands for an episode, a test page or an offer."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.references import ALPHABET, DIGITS
from companion.models import Cover, ReadinessCheck, Reference


def new_code(session: Session) -> str:
    """Return four characters that stand for nothing yet."""
    while True:
        code = "".join(secrets.choice(ALPHABET + DIGITS) for _ in range(4))
        if not any(mark in DIGITS for mark in code):  # a digit in it: no English word, none of Twilio's
            continue
        taken = session.get(Reference, code) or session.scalar(
            select(ReadinessCheck.id).where(ReadinessCheck.code == code).limit(1)
        )
        if not taken and not session.scalar(select(Cover.id).where(Cover.code == code).limit(1)):
            return code
