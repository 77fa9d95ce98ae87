"""One text from somebody who runs the programme, and what an errand needs to answer it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.content.catalogue import Text
from companion.escalation.words import Voice
from companion.models import Group, GroupFacilitator, Person

Answer = tuple[str, tuple[Text, ...]]  # what the text meant, and what is answered


@dataclass(frozen=True)
class Request:
    """`body` is as it came. Everything an errand changes is committed with the text."""

    session: Session
    person: Person
    body: str
    now: datetime
    voice: Voice

    def say(self, text_id: str, **values: object) -> Text:
        """Fill in one text of the catalogue."""
        return self.voice.words.render(text_id, **values)

    def words_after(self, *starts: str) -> str | None:
        """Return what follows when the text begins with one of `starts` (lower case), else None."""
        text = self.body.strip()
        for start in starts:
            found = re.match(rf"{re.escape(start)}(?:[\s:,.-]+|$)", text, re.IGNORECASE)
            if found is not None:
                return text[found.end() :].strip()
        return None

    def is_just(self, words: re.Pattern[str]) -> bool:
        """Whether `words` are found in the text's small letters, with a space for whatever else stands there."""
        return words.search(" ".join(re.sub(r"[^a-z ]", " ", self.body.lower()).split())) is not None

    def my_groups(self) -> list[Group]:
        """Return the running groups that this person runs, oldest first."""
        return list(
            self.session.scalars(
                select(Group)
                .join(GroupFacilitator, GroupFacilitator.group_id == Group.id)
                .where(GroupFacilitator.person_id == self.person.id, Group.ended_at.is_(None))
                .order_by(Group.created_at, Group.name)
            )
        )


def count_of(number: int, one: str = "person", many: str = "people") -> str:
    """Return "1 person" or "5 people"."""
    return f"{number} {one if number == 1 else many}"
