"""The pages that the top of each page leads to: a few for every day, the rest behind "More"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue

from companion.console.desk import AUDITOR, COORDINATOR, EVERYONE, LEAD, READERS, allow, me, pages


@dataclass(frozen=True)
class Place:
    """A page with its name, what is done there, and who may go."""

    endpoint: str
    label: str
    roles: Sequence[str]
    about: str = ""


# Every day, in the order in which they are needed.
TOP = (
    Place("console.today", "Today", EVERYONE),
    Place("console.groups", "Groups", EVERYONE),
    Place("console.people", "People", EVERYONE),
    Place("console.messages", "Messages", EVERYONE),
    Place("console.rota", "Rota", EVERYONE),
)
# Less often: on a page of their own, with a line that says what each is for.
MORE = (
    Place("console.session_calendar", "Calendar", EVERYONE, "All sessions of a month, and what became of each."),
    Place("console.set_up", "Set-up", (COORDINATOR,), "What is done, what is next, and a check of the whole set-up."),
    Place("console.texts", "Content", EVERYONE, "Every text, a sentence tried out, and the places that help."),
    Place(
        "console.needed", "Practical needs", (LEAD, COORDINATOR), "What people ask for, and telling them what was done."
    ),
    Place("console.supervision_page", "Supervision", (LEAD, COORDINATOR), "Who waits for it, and dates."),
    Place("console.evaluation", "Evaluation", (LEAD, COORDINATOR), "Figures about the programme, a report and a file."),
    Place("console.questions", "Questions", (LEAD, COORDINATOR), "What had no good answer, to improve the words."),
    Place("console.cohorts", "Cohorts and posters", EVERYONE, "Who joins by which word, and posters to print."),
    Place("console.users", "Who can sign in", (COORDINATOR,), "Invite people, switch logins off, help them in."),
    Place("console.settings", "Settings", (LEAD, COORDINATOR), "What each setting means, and who can change it."),
    Place("console.response_times", "Response times", (LEAD, COORDINATOR), "From a flagged text to a person; drills."),
    Place("console.audit", "Audit", (LEAD, COORDINATOR, AUDITOR), "Who saw and did what, and when."),
)
MESSAGES = (
    Place("console.messages", "Conversations", EVERYONE),
    Place("console.search", "Search", READERS),
    Place("console.undelivered", "Delivery", EVERYONE),
    Place("console.broadcasts", "Written to groups", EVERYONE),
)


@pages.get("/more")
@allow(*EVERYONE)
def more() -> ResponseReturnValue:
    """List the pages that are not needed every day."""
    return render_template("console/more.html")


def top_places() -> Sequence[Place]:
    """Return what the top of the page leads to for who is signed in."""
    return [place for place in TOP if me().role in place.roles]


def more_places() -> Sequence[Place]:
    """Return what "More" leads to for who is signed in."""
    return [place for place in MORE if me().role in place.roles]


def message_places() -> Sequence[Place]:
    """Return what the pages about messages lead to for who is signed in."""
    return [place for place in MESSAGES if me().role in place.roles]
