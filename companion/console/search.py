"""Finding texts, and what became of those that went out.

What people write is encrypted, so the database cannot look for words in it. No index of words is kept either: even of
words that nobody can read, how often each comes and beside which others tells what they are. A search opens the newest
texts of one's own groups, one after the other, until the page is full and never more than LOOKED_AT; it says how many
it opened, and is audited without the words.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import LargeBinary, Select, select, type_coerce
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, contains_eager
from wtforms import DateField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from companion.console.conversations import episodes_of, shown, told_in, welsh_among, within
from companion.console.desk import EVERYONE, READERS, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.messages import moment
from companion.console.queries import LATEST, my_people
from companion.db import plain
from companion.models import InboundMessage, OutboxMessage, Person, record
from companion.models.texts import LOST, QUEUED_NOW

LOOKED_AT = 1_000  # texts decrypted by one search, at most
NAMED = 200  # people whom an alias fits, named one by one: their texts are then read by person, not by time
KEPT = timedelta(days=30)  # how long words are kept (retention.BODIES): a search for words goes no further back

People = Sequence[uuid.UUID] | None

# In the very words of the partial indexes: SQLite uses one for no others, nor for values that are given apart.
STATES = {
    "undelivered": LOST,
    "waiting": QUEUED_NOW,
}


@dataclass(frozen=True)
class Found:
    """One text that fits."""

    at: datetime
    person: Person
    words: str | None
    theirs: bool
    welsh: bool


@dataclass(frozen=True)
class Result:
    """What a search found, how many texts it opened, and whether there are older ones that it did not look at."""

    found: Sequence[Found]
    opened: int
    older: bool


class SearchForm(Form):
    """What to look for. Everything may be left out but one."""

    words = StringField("Words", validators=[Optional(), Length(max=80, message="Search for at most 80 characters.")])
    alias = StringField("Alias", validators=[Optional(), Length(max=40, message="Search for at most 40 characters.")])
    since = DateField("From", validators=[Optional()])
    until = DateField("To", validators=[Optional()])
    who = RadioField(
        "Written by",
        choices=[SelectChoice("them", "Trainees"), SelectChoice("us", "Us"), SelectChoice("both", "Both")],
        default="both",
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse a search for nothing."""
        if not super().validate(extra_validators):
            return False
        if not any((self.words.data, self.alias.data, self.since.data, self.until.data)):
            self.words.errors = ["Write a word, an alias or a date to look for."]
            return False
        return True


@pages.route("/messages/search", methods=["GET", "POST"])
@allow(*READERS)
def search() -> ResponseReturnValue:
    """Look for texts. The words go in the form's body, never in an address."""
    form, result = SearchForm(), None
    if form.validate_on_submit():
        with desk().database.write() as session:
            result = _search(session, form)
            person = session.get_one(Person, my_id())
            record(session, now(), "searched texts", person, actor=my_id(), count=result.opened)
    return render_template("console/search.html", form=form, result=result, most=LOOKED_AT, shown=LATEST)


@pages.get("/messages/delivery")
@allow(*EVERYONE)
def undelivered() -> ResponseReturnValue:
    """List the texts that did not arrive, or that still wait, the latest first, each with its reason."""
    state = request.args.get("state", "undelivered")
    before = moment(request.args.get("before"))
    state = state if state in STATES else "undelivered"
    at = OutboxMessage.settled_at if state == "undelivered" else OutboxMessage.not_before
    chosen = (
        select(OutboxMessage)
        .outerjoin(OutboxMessage.person)
        .where(sql(STATES[state]), my_people(me(), OutboxMessage.person_id))
        .options(contains_eager(OutboxMessage.person))
        .order_by(at.desc())
        .limit(LATEST)
    )
    if before is not None:
        chosen = chosen.where(at < before)
    with desk().database.read() as session:
        rows = session.scalars(chosen).all()
    older = (rows[-1].settled_at if state == "undelivered" else rows[-1].not_before) if len(rows) == LATEST else None
    return render_template("console/delivery.html", rows=rows, state=state, older=older, first=before is None)


@dataclass(frozen=True)
class Stored:
    """One text as it is kept, its words not opened yet: `address_id` and `route` of theirs, `wording` of ours."""

    received_at: datetime
    person_id: uuid.UUID
    body: bytes | None
    address_id: uuid.UUID | None = None
    route: str | None = None
    wording: str = ""
    lane: int = 0
    purpose: str = ""

    @property
    def created_at(self) -> datetime:
        """The same moment, of ours."""
        return self.received_at


def _search(session: Session, form: SearchForm) -> Result:
    """Return the newest LATEST texts that fit."""
    wanted = (form.words.data or "").casefold().split()
    whose = _people(session, form)
    theirs = _inbound(session, form, whose) if form.who.data != "us" else []
    ours = _outbox(session, form, whose) if form.who.data != "them" else []
    spans = episodes_of(session, {id_ for row in [*theirs, *ours] for id_ in (row.address_id, row.person_id) if id_})
    readable = [
        row
        for row in theirs
        if row.address_id and not within(row, [*spans.get(row.address_id, ()), *spans.get(row.person_id, ())])
    ]
    fitting: list[tuple[Stored, str | None]] = []
    opened = 0
    ours = [row for row in ours if not told_in(row, spans.get(row.person_id, ()))]
    for row in sorted([*readable, *ours], key=lambda each: each.received_at, reverse=True):
        if len(fitting) == LATEST:
            break
        words, opened = plain(session, row.body), opened + 1
        words = words if row.address_id else shown(row.purpose, words)
        if _holds(words, wanted):
            fitting.append((row, words))
    ids = {row.person_id for row, _ in fitting}
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    welsh = welsh_among(session, {row.wording for row, _ in fitting})
    found = [
        Found(row.received_at, people[row.person_id], words, row.address_id is not None, row.wording in welsh)
        for row, words in fitting
        if row.person_id in people
    ]
    older = len(fitting) == LATEST or _most(form) in (len(theirs), len(ours))
    return Result(found, opened, older)


def _inbound(session: Session, form: SearchForm, whose: People) -> Sequence[Stored]:
    text = InboundMessage
    chosen = (
        select(text.received_at, text.person_id, _sealed(text.body), text.address_id, text.route)
        .where(*_limits(form, text.received_at), *_whose(form, whose, text.person_id))
        .order_by(text.received_at.desc())
        .limit(_most(form))
    )
    return [Stored(*row) for row in session.execute(chosen)]


def _outbox(session: Session, form: SearchForm, whose: People) -> Sequence[Stored]:
    text = OutboxMessage
    chosen = (
        select(text.created_at, text.person_id, _sealed(text.body), text.wording_version, text.lane, text.purpose)
        .where(*_limits(form, text.created_at), *_whose(form, whose, text.person_id))
        .order_by(text.created_at.desc())
        .limit(_most(form))
    )
    return [
        Stored(at, of, body, wording=wording, lane=lane, purpose=purpose)
        for at, of, body, wording, lane, purpose in session.execute(chosen)
    ]


def _sealed(column: Any) -> Any:
    """Return an encrypted column as it is stored."""
    return type_coerce(column, LargeBinary)


def _most(form: SearchForm) -> int:
    """Return how many texts of each direction are opened: without a word to look for, as many as fill the page."""
    return LOOKED_AT // 2 if form.words.data else 2 * LATEST


def _people(session: Session, form: SearchForm) -> People:
    """Return the ids of whom the alias fits, or None: no alias, or it fits too many to name them."""
    if not form.alias.data:
        return None
    found = session.scalars(_fitting(form).limit(NAMED + 1)).all()
    return found if len(found) <= NAMED else None


def _fitting(form: SearchForm) -> Select[tuple[uuid.UUID]]:
    return select(Person.id).where(Person.alias.icontains((form.alias.data or "").strip(), autoescape=True))


def _whose(form: SearchForm, people: People, person_id: Any) -> list[Any]:
    """Return the conditions on whose texts they are. Without a join, so that the newest are read first and no more."""
    chosen = [person_id.is_not(None), my_people(me(), person_id)]
    chosen.append(person_id.not_in(select(Person.id).where(Person.state == "staff")))
    if form.alias.data:
        chosen.append(person_id.in_(_fitting(form) if people is None else people))
    return chosen


def _limits(form: SearchForm, at: Any) -> list[Any]:
    zone = desk().settings.zone
    chosen = [at >= now() - KEPT] if form.words.data else []
    if form.since.data:
        chosen.append(at >= _midnight(form.since.data, zone))
    if form.until.data:
        chosen.append(at < _midnight(form.until.data + timedelta(days=1), zone))
    return chosen


def _midnight(day: date, zone: Any) -> datetime:
    return datetime.combine(day, time(), zone)


def _holds(body: str | None, wanted: Sequence[str]) -> bool:
    """Whether every word stands in the text, as part of a word too; a text whose words are gone holds none."""
    if not wanted:
        return True
    said = (body or "").casefold()
    return all(word in said for word in wanted)
