"""Four characters to answer with, as on a page: never one that stands for an episode, a test page or an offer."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Cover, ReadinessCheck, Reference
from companion.short_codes import random_code


def new_code(session: Session) -> str:
    """Return four characters that stand for nothing yet."""
    while True:
        code = random_code()
        taken = session.get(Reference, code) or session.scalar(
            select(ReadinessCheck.id).where(ReadinessCheck.code == code).limit(1)
        )
        if not taken and not session.scalar(select(Cover.id).where(Cover.code == code).limit(1)):
            return code
