"""More of everything than a page of the console shows at once."""

from __future__ import annotations

from datetime import timedelta

from companion.models import Address, Alarm, ContactRequest, Episode
from tests.console_people import NOW, text_from, text_to, trainee
from tests.console_stage import Stage


def crowd(on: Stage) -> None:
    """Add sixty people, each with an episode, a text, a request and an alarm."""
    with on.database.write() as session:
        wren = session.get_one(Address, on.ids["wren_sms"])
        for number in range(60):
            person, address = trainee(
                session, f"Crow {number:02}", f"+447700900{400 + number}", group_id=on.ids["tuesday"]
            )
            text_from(session, address, "hello", NOW - timedelta(hours=1), needs_reading=True)
            text_from(session, wren, "hello", NOW - timedelta(minutes=4), needs_reading=True)
            text_to(session, wren, "hello", NOW - timedelta(minutes=3), "failed", error_code=30007, settled_at=NOW)
            session.add(ContactRequest(person_id=person.id, kind="low check-ins", asked_at=NOW))
            session.add(Alarm(kind=f"made_up_{number}", raised_at=NOW, last_at=NOW))
            session.add(
                Episode(
                    address_id=address.id,
                    person_id=person.id,
                    state="open",
                    opened_at=NOW,
                    started_at=NOW,
                    next_action_at=NOW,
                    step=0,
                    rounds=0,
                )
            )
