"""What finding each family of phrases does here, who set that and when. One person moves a family up."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from companion.console.desk import EVERYONE, allow, desk, me, now, pages
from companion.console.words import family as title_of
from companion.escalation.routes import RouteError, lines, set_route
from companion.escalation.watchlist import load_watchlist
from companion.models import Person


@pages.get("/content/families")
@allow(*EVERYONE)
def families() -> ResponseReturnValue:
    """Show every family of the watch list."""
    with desk().database.read() as session:
        found = lines(session, load_watchlist())
    by_route = {route: [line for line in found if line.stands == route] for route in ("page", "notice")}
    return render_template("console/families.html", by_route=by_route)


@pages.post("/content/families/<family>/up")
@allow(*EVERYONE)
def family_up(family: str) -> ResponseReturnValue:
    """Let a family page from the next text on. A second press changes nothing."""
    watch_list = load_watchlist()
    if family not in {each.name for each in watch_list.families}:
        abort(404)
    with desk().database.write() as session:
        try:
            set_route(session, watch_list, family, "page", session.get_one(Person, me().id), None, now())
        except RouteError:
            flash(f"{title_of(family)}: it pages already.", "info")
        else:
            flash(f"{title_of(family)}: from the next text on facilitators are paged.", "info")
    return redirect(url_for("console.families"))
