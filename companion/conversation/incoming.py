"""One text under way: what came, from whom, and the transaction in which it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from companion.messaging.inbound import Arrival
from companion.models import Address, Flag, InboundMessage, Person

COULD_NOT_BE_READ = "could not be read"


@dataclass(frozen=True)
class Screened:
    """What the watch list found. `families` is empty when it found nothing."""

    route: str | None
    families: tuple[str, ...]
    phrases: tuple[str, ...]
    list_version: str

    @property
    def unread(self) -> bool:
        """Whether no machine could read the text."""
        return COULD_NOT_BE_READ in self.families


@dataclass(frozen=True)
class Incoming:
    """A text and its transaction. `row` is filled in while it is answered; `now` is UTC."""

    session: Session
    arrival: Arrival
    screened: Screened
    address: Address
    row: InboundMessage
    now: datetime

    @property
    def person(self) -> Person | None:
        """Who wrote it, None when the number is nobody's."""
        return self.address.person

    def flag(self) -> Flag:
        """Return the flag that says what the watch list found in it."""
        return Flag(
            inbound=self.row,
            route=self.screened.route,
            families=list(self.screened.families),
            phrases=list(self.screened.phrases),
            list_version=self.screened.list_version,
            at=self.now,
        )

    def keep(self) -> None:
        """Store the text now, as something else is to point to it."""
        self.session.add(self.row)
        self.session.flush()
