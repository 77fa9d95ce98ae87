"""Whether an episode is as somebody's open page shows it: two people may have it before them at once."""

from __future__ import annotations

import uuid
from dataclasses import astuple, dataclass

from flask import abort, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from companion.console.conversations import of_episode
from companion.console.desk import READERS, allow, desk, me, pages
from companion.console.queries import my_episodes
from companion.console.words import named
from companion.models import ClosingProposal, Episode, InboundMessage, Note


@dataclass(frozen=True)
class Stand:
    """How an episode stands: who has it, and how much there is to read."""

    state: str
    owner: str
    texts: str
    notes: str
    proposals: str

    def __str__(self) -> str:
        """Return it as it stands in a page, to be asked about again."""
        return ",".join(astuple(self))


def stand_of(session: Session, episode: Episode) -> Stand:
    """Return how an episode stands."""
    texts = (of_episode(session, episode).texts(InboundMessage), InboundMessage.received_at > episode.opened_at)
    proposals = ClosingProposal.episode_id == episode.id, ClosingProposal.state == "open"
    counted = session.execute(
        select(
            select(func.count(InboundMessage.id)).where(*texts).scalar_subquery(),
            select(func.count(Note.id)).where(Note.episode_id == episode.id).scalar_subquery(),
            select(func.count(ClosingProposal.id)).where(*proposals).scalar_subquery(),
        )
    ).one()
    return Stand(episode.state, str(episode.owner_id or ""), *(str(each) for each in counted))


@pages.get("/episodes/<uuid:episode_id>/news")
@allow(*READERS)
def episode_news(episode_id: uuid.UUID) -> str:
    """Say in words what is new since the page was made that asks, and nothing if nothing is; none of it is content."""
    with desk().database.read() as session:
        found = session.scalar(select(Episode).where(Episode.id == episode_id, my_episodes(me())))
        if found is None:
            abort(404)
        shown, stands = request.args.get("stands", "").split(","), stand_of(session, found)
        if shown == list(astuple(stands)):
            return ""
        if shown[:2] != [stands.state, stands.owner]:
            return f"{named('states', stands.state)}{_who(found)}."
        if shown[2:3] != [stands.texts]:
            return "They wrote again."
        return "There is a new note." if shown[3:4] != [stands.notes] else "Whether it is closed has changed."


def _who(episode: Episode) -> str:
    if episode.state == "closed" and episode.closer is not None:
        return " by you" if episode.closed_by == me().id else f" by {episode.closer.label}"
    if episode.owner is None or episode.state == "open":
        return ""
    return ": you" if episode.owner_id == me().id else f": {episode.owner.label}"
