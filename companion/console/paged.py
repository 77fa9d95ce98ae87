"""The link in a page: from the reference that stands in it to the episode, after signing in.

The reference is drawn at random and leads nowhere but for whoever was sent it, so that the address tells nothing.
"""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from companion.console.desk import READERS, allow, desk, me, my_id, pages
from companion.console.queries import my_episodes
from companion.models import Episode, Reference


@pages.get("/r/<code>")
@allow(*READERS)
def paged(code: str) -> ResponseReturnValue:
    """Lead to the episode that this reference of mine stands for; to Today where it stands for none that I may see."""
    mine = (
        select(Episode.id)
        .join(Reference, Reference.episode_id == Episode.id)
        .where(Reference.code == code.upper(), Reference.person_id == my_id(), my_episodes(me()))
    )
    with desk().database.read() as session:
        episode_id = session.scalar(mine)
    if episode_id is None:
        flash("That link leads to nothing of yours any more. What is open for you stands here.", "error")
        return redirect(url_for("console.today"))
    return redirect(url_for("console.episode", episode_id=episode_id))
