"""Keeps every wording that may have been sent, so that it can be shown after the files have changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.content.catalogue import Catalogue
from companion.models import SentWording


def keep_wordings(session: Session, words: Catalogue, now: datetime) -> int:
    """Store the wordings of `words` that are not stored yet; return how many."""
    known = set(session.scalars(select(SentWording.version)))
    new = [row for row in _wordings(words, now) if row.version not in known]
    session.add_all({row.version: row for row in new}.values())
    return len(new)


def _wordings(words: Catalogue, now: datetime) -> Iterator[SentWording]:
    for wording in words.wordings.values():
        yield SentWording(
            version=wording.version, text_id=wording.id, language="en", wording=wording.text, first_seen_at=now
        )
        if wording.welsh is not None:
            yield SentWording(
                version=wording.welsh_version,
                text_id=wording.id,
                language="cy",
                wording=wording.welsh,
                first_seen_at=now,
            )
