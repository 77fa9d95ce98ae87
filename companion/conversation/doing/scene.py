"""Where a change happens, and the function that does it: a module of this folder for each family of changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any

from sqlalchemy.orm import Session

from companion.escalation.words import Voice
from companion.models import Address, InboundMessage, Person


@dataclass
class Scene:
    """Where a change happens. `person` is None until there is one."""

    session: Session
    address: Address
    inbound: InboundMessage
    person: Person | None
    nation: str
    voice: Voice
    now: datetime
    counted: dict[str, Any] = field(default_factory=dict)  # columns of the person that are stored with what is asked

    def someone(self) -> Person:
        """Return the person. Raises LookupError when the number is nobody's."""
        if self.person is None:
            raise LookupError("this change needs a person")
        return self.person


@singledispatch
def apply(change: object, scene: Scene) -> None:  # noqa: ARG001 (the registered functions use it)
    """Do one change."""
    raise TypeError(f"no such change: {type(change).__name__}")
