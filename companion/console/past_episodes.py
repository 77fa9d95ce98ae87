"""The episodes that are closed: to look again at what was done, or at one that was closed by mistake."""

from __future__ import annotations

import uuid

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from companion.console.desk import READERS, allow, desk, me, my_id, pages
from companion.console.messages import moment
from companion.console.people import find_person
from companion.console.queries import LATEST, my_episodes
from companion.models import Episode, Reference
from companion.retention import BODIES


@pages.get("/episodes")
@allow(*READERS)
def past_episodes() -> ResponseReturnValue:
    """List them, the last closed first, fifty at a time; those of one person where `person` names one."""
    before, wanted = moment(request.args.get("before")), request.args.get("person")
    chosen = (
        select(Episode, Reference.code)
        .outerjoin(Reference, (Reference.episode_id == Episode.id) & (Reference.person_id == my_id()))
        .where(Episode.state == "closed", my_episodes(me()))
        .options(joinedload(Episode.person), joinedload(Episode.closer))
        .order_by(Episode.closed_at.desc())
        .limit(LATEST)
    )
    if before:
        chosen = chosen.where(Episode.closed_at < before)
    with desk().database.read() as session:
        person = find_person(session, _id(wanted)) if wanted else None
        if person:
            chosen = chosen.where(Episode.person_id == person.id)
        found = [tuple(row) for row in session.execute(chosen)]
    return render_template(
        "console/past_episodes.html",
        episodes=found,
        person=person,
        older=found[-1][0].closed_at if len(found) == LATEST else None,
        first=before is None,
        kept=BODIES.days,
    )


def _id(given: str) -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except ValueError:
        abort(404)
