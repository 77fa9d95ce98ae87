"""Where in the tables something is held about a trainee, what of it their copy shows, and what erasure does to it.

Every column that leads to a person or an address stands here; a test sees to it that a new one cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Column, Table

from companion.models import Base

# What erasure does to the rows:
#   delete   they go
#   detach   they stay, the column is emptied: they no longer lead to anyone
#   blank    they stay, as something else needs them, with their words emptied and the column too where it may be
#   staff    the column leads to those who run the programme: a trainee's erasure does not meet it
Erasure = Literal["delete", "detach", "blank", "staff"]


@dataclass(frozen=True)
class Holding:
    """One column that leads to a person ("bookings.person_id") or to an address of theirs.

    `title` and `shows` are what the copy says: a heading, and columns with what they are called. Without a title the
    rows are shown by another holding of the same table, or hold nothing but times and codes.
    """

    column: str
    erasure: Erasure
    title: str = ""
    shows: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()  # columns that erasure empties when the row stays

    @property
    def table(self) -> Table:
        """The table."""
        return Base.metadata.tables[self.column.partition(".")[0]]

    @property
    def leads(self) -> Column[object]:
        """The column that leads to the person or address."""
        return self.table.c[self.column.partition(".")[2]]


HOLDINGS: tuple[Holding, ...] = (
    Holding(
        "consents.person_id",
        "delete",
        "What you were shown and agreed to",
        {"at": "When", "event": "What", "channel": "On", "wording": "The words"},
    ),
    Holding(
        "inbound_messages.person_id",
        "detach",
        "Texts you sent",
        {"received_at": "When", "channel": "On", "body": "Your words", "intent": "Understood as"},
    ),
    Holding("inbound_messages.address_id", "blank", words=("body",)),
    Holding("inbound_messages.read_by", "staff"),
    Holding(
        "outbox_messages.person_id",
        "detach",
        "Texts we sent you",
        {"created_at": "When", "body": "Our words", "status": "What became of it"},
    ),
    Holding("outbox_messages.address_id", "blank", words=("body", "values")),
    Holding("bookings.person_id", "delete", "Places in sessions", {"session_id": "Session", "status": "Your answer"}),
    Holding(
        "check_ins.person_id",
        "delete",
        "Weekly questions",
        {"local_day": "Day", "question": "Question", "answered_at": "Answered", "score": "Number you gave"},
    ),
    Holding(
        "contact_requests.person_id",
        "delete",
        "When you asked for a person",
        {"asked_at": "Asked", "settled_at": "Looked after"},
    ),
    Holding("contact_requests.settled_by", "staff"),
    Holding("copy_links.person_id", "delete", "Copies you asked for", {"asked_at": "When", "used_at": "Opened"}),
    Holding(
        "episodes.person_id",
        "detach",
        "When a text of yours was brought to a person",
        {"opened_at": "When", "closed_at": "Closed", "outcome": "What came of it"},
    ),
    Holding("episodes.address_id", "blank"),
    Holding("episodes.owner_id", "staff"),
    Holding("episodes.closed_by", "staff"),
    Holding("episodes.agreed_by", "staff"),
    Holding("closing_proposals.proposed_by", "staff"),
    Holding("closing_proposals.asked_id", "staff"),
    Holding("closing_proposals.settled_by", "staff"),
    Holding("episode_notes.person_id", "staff"),
    Holding("episode_references.person_id", "staff"),
    Holding("pages.person_id", "staff"),
    Holding("calls.person_id", "staff"),
    Holding("calls.address_id", "staff"),
    Holding("emails.person_id", "staff"),
    Holding("episode_declines.person_id", "staff"),
    Holding("relayed_texts.person_id", "staff"),
    Holding("family_routes.set_by", "staff"),
    Holding("family_routes.agreed_by", "staff"),
    Holding("family_proposals.proposed_by", "staff"),
    Holding("family_proposals.settled_by", "staff"),
    Holding("local_contacts.set_by", "staff"),
    Holding("needs.person_id", "delete", "What you said you need", {"asked_at": "When", "kind": "What"}),
    Holding("buddy_wishes.person_id", "delete", "Asked for a buddy", {"at": "When"}),
    Holding("buddy_members.person_id", "delete"),
    Holding("need_actions.by", "staff"),
    Holding("broadcasts.author_id", "staff"),
    Holding("supervision_dates.lead_id", "staff"),
    Holding("supervision_dues.person_id", "staff"),
    Holding("supervision_dues.done_by", "staff"),
    Holding("invitations.person_id", "staff"),
    Holding("invitations.created_by", "staff"),
    Holding("setup_marks.person_id", "staff"),
    Holding(
        "number_moves.person_id", "delete", "Moves to another number", {"asked_at": "Asked", "state": "What came of it"}
    ),
    Holding("number_moves.address_id", "delete"),
    Holding("number_moves.asked_by", "staff"),
    Holding("addresses.person_id", "detach", "Numbers you text from", {"channel": "On", "address": "Number"}),
    Holding("exclusions.trainee_id", "delete", "Whom you left out", {"at": "When", "lifted_at": "Let in again"}),
    Holding("exclusions.excluded_id", "staff"),
    Holding("exclusions.by_id", "staff"),
    Holding("duties.person_id", "staff"),
    Holding("covers.asked_by", "staff"),
    Holding("covers.asked_of", "staff"),
    Holding("covers.from_id", "staff"),
    Holding("covers.to_id", "staff"),
    Holding("readiness_checks.person_id", "staff"),
    Holding("readiness_checks.instead_of", "staff"),
    Holding("ways.person_id", "staff"),
    Holding("group_cover.out_of_hours_id", "staff"),
    Holding("calendar_feeds.person_id", "staff"),
    Holding("drills.responder_id", "staff"),
    Holding("group_facilitators.person_id", "staff"),
    Holding("sessions.cancel_by", "staff"),
    Holding("sessions.attendance_by", "staff"),
    Holding("session_leaves.person_id", "staff"),
    Holding("session_leaves.answered_by", "staff"),
    Holding("users.person_id", "staff"),
)
OWNERS = ("people", "addresses")


def leading_columns() -> Iterator[str]:
    """Yield every column of the schema that leads to a person or an address."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.target_fullname.split(".")[0] in OWNERS for key in column.foreign_keys):
                yield f"{table.name}.{column.name}"
