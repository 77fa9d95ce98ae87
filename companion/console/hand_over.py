"""The form by which one hands a duty of one's own over, or swaps it for one of somebody else's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from companion.console.desk import FACILITATOR, LEAD, my_id, now
from companion.console.fields import Form
from companion.console.words import when
from companion.models import Cover, Person, by_label
from companion.rota.cover import AHEAD
from companion.rota.duties import turns_between
from companion.rota.schedule import Turn
from companion.rota.swaps import Stretch


class HandOverForm(Form):
    """One of one's own duties, who should take it, and what one takes of theirs in return."""

    turn = SelectField("Which")
    to = SelectField("To whom")
    back = SelectField("In return you take", default="")

    mine: Sequence[Turn] = ()
    theirs: Sequence[Turn] = ()

    def offer(self, session: Session) -> None:
        """Fill in what can be chosen: the duties of the next two weeks."""
        takers = _takers(session)
        turns = turns_between(session, now(), now() + AHEAD)
        self.mine = [turn for turn in turns if turn.person_id == my_id()]
        self.theirs = [
            turn for turn in turns if turn.person_id != my_id() and turn.person_id in takers and turn.starts_at > now()
        ]
        self.turn.choices = [SelectChoice(_key(turn), _said(turn)) for turn in self.mine]
        self.to.choices = [SelectChoice(str(id_), name) for id_, name in takers.items() if id_ != my_id()]
        self.back.choices = [
            SelectChoice("", "Nothing: they take it for me"),
            *(SelectChoice(_key(turn), f"{takers[turn.person_id]}: {_said(turn)}") for turn in self.theirs),
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """What one takes in return must be a duty of who is asked."""
        fine = bool(super().validate(extra_validators))
        back = _with_key(self.theirs, self.back.data)
        if fine and back and str(back.person_id) != self.to.data:
            self.back.errors = ["That is a duty of somebody else. Choose one of the person you ask, or nothing."]
            fine = False
        return fine

    def stretches(self) -> list[Stretch]:
        """Return what changes hands, once the form is valid."""
        other = uuid.UUID(self.to.data)
        given, taken = _with_key(self.mine, self.turn.data), _with_key(self.theirs, self.back.data)
        return [
            *([Stretch(given, my_id(), other)] if given else []),
            *([Stretch(taken, other, my_id())] if taken else []),
        ]


def _takers(session: Session) -> Mapping[uuid.UUID, str]:
    """Return who may be asked to take a duty over: whoever can be on the rota."""
    staff = session.scalars(select(Person).where(Person.state == "staff", Person.role.in_((FACILITATOR, LEAD)))).all()
    return {person.id: person.label for person in by_label(staff)}


def _said(turn: Turn) -> str:
    return f"{turn.role.capitalize()}, {when(turn.starts_at)} to {when(turn.ends_at)}"


def _key(turn: Turn) -> str:
    """Return what tells a turn from the others in a form."""
    return f"{turn.duty_id}:{turn.starts_at.isoformat()}"


def _with_key(turns: Sequence[Turn], key: str | None) -> Turn | None:
    return next((turn for turn in turns if _key(turn) == key), None)


def open_swaps(session: Session) -> list[list[Cover]]:
    """Return the offers that nobody has answered, the soonest first; the two halves of a swap are one."""
    found = session.scalars(
        select(Cover).where(Cover.state == "offered").options(joinedload(Cover.duty)).order_by(Cover.starts_at)
    )
    swaps: dict[uuid.UUID, list[Cover]] = {}
    for each in found:
        swaps.setdefault(each.swap_id, []).append(each)
    return list(swaps.values())
