"""What a flow is told of a text, made up; and what its answer costs."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from companion.content.catalogue import load_catalogue
from companion.content.crisis import crisis_values
from companion.conversation.around import Around, RunFacts
from companion.conversation.asides import aside
from companion.conversation.intents import understand
from companion.conversation.known import CohortFacts, Decision, Known, SessionFacts
from companion.messaging.parts import count
from companion.signposting import load_directory

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DIRECTORY = load_directory(None)
WORDS = load_catalogue().with_standing(
    name="Companion", programme="Northern Doctors", privacy_url="https://example.org/privacy",
    **crisis_values(DIRECTORY, NOW.date()),
)  # fmt: skip
COHORTS = tuple(CohortFacts(uuid.UUID(int=n), code, code.title()) for n, code in enumerate(("ICU", "FOUNDATION")))
SESSION = SessionFacts(
    id=uuid.UUID(int=9), group="ICU North", starts_at=NOW + timedelta(days=2), ends_at=NOW + timedelta(days=2.1),
    status="yes", open=True, link="https://example.org/s/abcdefgh", dial_in=None, dial_code=None,
)  # fmt: skip


def known(text: str, state: str, *, joined: bool = True, nation: str = "england", **kept: Any) -> Known:
    """Return what a flow is told of a text from a member, or from a stranger."""
    return Known(
        now=NOW, text=text, meant=understand(text, state), words=WORDS, directory=DIRECTORY,
        zone=ZoneInfo("Europe/London"), channel="sms", sender_kind="mobile",
        stopped=state == "after_stop", state="joined" if joined else None,
        nation=nation, cohort=COHORTS[0] if joined else None, cohorts=COHORTS, session=SESSION if joined else None,
        over=None, earlier=None, calendar=None, asked=state, kept=kept, public_url="https://example.org",
        has_joined=joined, by_the_way=aside(text),
        around=Around(run_by=RunFacts("ICU North", ("Dr Cole",)), alias="Quiet Kestrel") if joined else Around(),
    )  # fmt: skip


def parts(decision: Decision) -> int:
    """Return what the whole answer costs."""
    return sum(count(text.body).parts for text in decision.replies)
