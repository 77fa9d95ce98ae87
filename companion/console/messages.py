"""Messages: who wrote lately, and the texts of one person in and out with what became of each.

A text that opened an episode is read in the episode, behind its question, and nowhere else. Coordinators see when
texts went and whether they arrived, not what trainees wrote.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, contains_eager

from companion.console.conversations import Of, lines, mark_read, of_person
from companion.console.desk import EVERYONE, LEAD, READERS, allow, desk, me, my_id, now, pages
from companion.console.queries import LATEST, my_people
from companion.models import Address, InboundMessage, Person, record
from companion.models.texts import UNREAD


@pages.get("/messages")
@allow(*EVERYONE)
def messages() -> ResponseReturnValue:
    """List who wrote lately, the latest first."""
    before = moment(request.args.get("before"))
    chosen = select(Address).outerjoin(Address.person).where(Address.last_inbound_at.is_not(None))
    chosen = chosen.where(my_people(me(), Address.person_id), (Person.role == "trainee") | Address.person_id.is_(None))
    if before:
        chosen = chosen.where(Address.last_inbound_at < before)
    with desk().database.read() as session:
        found = session.scalars(
            chosen.options(contains_eager(Address.person)).order_by(Address.last_inbound_at.desc()).limit(LATEST)
        ).all()
        unread = select(InboundMessage.address_id, InboundMessage.person_id).where(
            sql(UNREAD), InboundMessage.address_id.in_([each.id for each in found])
        )
        of = {each.id: each.person_id for each in found}
        waiting = {id_ for id_, person_id in session.execute(unread) if person_id in (None, of[id_])}
    older = found[-1].last_inbound_at if len(found) == LATEST else None
    return render_template("console/messages.html", addresses=found, waiting=waiting, older=older, first=before is None)


@pages.get("/messages/<uuid:person_id>")
@allow(*EVERYONE)
def conversation(person_id: uuid.UUID) -> ResponseReturnValue:
    """Show the texts of one person."""
    with desk().database.write() as session:
        person = session.scalar(
            select(Person).where(Person.id == person_id, Person.role == "trainee", my_people(me(), Person.id))
        )
        if person is None:
            abort(404)
        record(session, now(), "conversation read", person, actor=my_id())
        return _show(session, person, of_person(session, person.id))


@pages.get("/messages/sender/<uuid:address_id>")
@allow(LEAD)
def unknown_conversation(address_id: uuid.UUID) -> ResponseReturnValue:
    """Show the texts of a number that belongs to nobody we know."""
    with desk().database.write() as session:
        address = session.get(Address, address_id)
        if address is None or address.person_id is not None:
            abort(404)
        record(session, now(), "conversation read", address, actor=my_id())
        return _show(session, None, Of([address.id]))


@pages.post("/messages/<uuid:person_id>/read")
@allow(*READERS)
def read_conversation(person_id: uuid.UUID) -> ResponseReturnValue:
    """Mark the texts of one person as read, up to the newest that was on the page."""
    with desk().database.write() as session:
        person = select(Person.id).where(Person.id == person_id, Person.role == "trainee", my_people(me(), Person.id))
        if session.scalar(person) is None:
            abort(404)
        mark_read(
            session,
            of_person(session, person_id),
            until=moment(request.form.get("until")) or now(),
            with_episodes=False,
        )
    return redirect(url_for("console.conversation", person_id=person_id))


@pages.post("/messages/sender/<uuid:address_id>/read")
@allow(LEAD)
def read_unknown(address_id: uuid.UUID) -> ResponseReturnValue:
    """Mark the texts of an unknown number as read."""
    with desk().database.write() as session:
        mark_read(session, Of([address_id]), until=moment(request.form.get("until")) or now(), with_episodes=False)
    return redirect(url_for("console.unknown_conversation", address_id=address_id))


def moment(value: str | None) -> datetime | None:
    """Return the moment (UTC) that a link or form of ours holds, or None for anything else."""
    try:
        found = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return found if found.tzinfo else None


def _show(session: Session, person: Person | None, of: Of) -> str:
    before = moment(request.args.get("before"))
    shown = lines(session, of, before=before)
    unread = [line for line in shown if line.inbound and line.inbound.needs_reading and not line.inbound.read_at]
    return render_template(
        "console/conversation.html",
        person=person,
        address_id=of.addresses[0] if of.addresses else None,
        lines=shown,
        unread=[line for line in unread if not line.in_episode],
        older=shown[0].at if len(shown) == LATEST else None,
        first=before is None,
        can_read=me().role in READERS,
    )
