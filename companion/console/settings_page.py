"""Settings: what each means, what it is, and where it is changed. Of secrets only whether they are set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from companion import retention
from companion.console.desk import COORDINATOR, FRESH, IDLE, LEAD, SHIFT, allow, desk, pages
from companion.console.words import all_named
from companion.models import AuditEntry, Cohort, Person
from companion.settings import Settings

SECRET = ("secret_key", "encryption_keys", "twilio_auth_token", "database_url", "smtp_url", "companion_heartbeat_url")
SECTIONS = (  # a setting belongs to the first whose beginning its name has
    ("Numbers and Twilio", ("twilio_", "public_url")),
    ("When someone may be in danger", ("page_", "tell_", "contact_", "call_", "rota_", "escalation_")),
    ("Sending and its price", ("companion_sms", "companion_whatsapp", "companion_part", "companion_countries")),
    ("The service", ("companion_name", "companion_programme", "companion_nation", "companion_time_zone")),
    ("The machine", ("",)),
)
CHANGES = ("cohort added", "cohort changed", "source added", "source ended")


@dataclass(frozen=True)
class Shown:
    """One setting as it is shown."""

    name: str
    meaning: str
    value: str


@pages.get("/settings")
@allow(LEAD, COORDINATOR)
def settings() -> ResponseReturnValue:
    """Show every setting."""
    with desk().database.read() as session:
        cohorts = session.scalars(select(Cohort).order_by(Cohort.name)).all()
        changes = _changes(session)
    return render_template(
        "console/settings.html",
        sections=sections(desk().settings),
        cohorts=cohorts,
        changes=changes,
        kept=_kept(desk().settings.companion_keep_months),
        idle=int(IDLE.total_seconds() // 60),
        shift=int(SHIFT.total_seconds() // 3600),
        fresh=int(FRESH.total_seconds() // 60),
    )


def _changes(session: Session) -> list[tuple[AuditEntry, Person | None]]:
    """Return the last changes of each kind, the latest first: a query a kind, each along its own part of the index."""
    found: list[tuple[AuditEntry, Person | None]] = []
    for action in CHANGES:
        chosen = (
            select(AuditEntry, Person)
            .outerjoin(Person, Person.id == AuditEntry.actor_id)
            .where(AuditEntry.action == action)
            .order_by(AuditEntry.at.desc())
            .limit(10)
        )
        found += [(entry, person) for entry, person in session.execute(chosen)]
    return sorted(found, key=lambda each: each[0].at, reverse=True)


def sections(settings: Settings) -> Sequence[tuple[str, Sequence[Shown]]]:
    """Return the settings of the environment by section, each with its meaning and its value."""
    meanings = all_named("settings")
    sorted_in: dict[str, list[Shown]] = {title: [] for title, _ in SECTIONS}
    for name in type(settings).model_fields:
        title = next(title for title, beginnings in SECTIONS if name.startswith(beginnings))
        meaning = meanings.get(name, "See .env.example on the server.")
        sorted_in[title].append(Shown(name.upper(), meaning, _value(name, getattr(settings, name))))
    return [(title, shown) for title, shown in sorted_in.items() if shown]


def _value(name: str, value: Any) -> str:
    if name in SECRET or any(word in name for word in ("password", "secret", "token")):
        number = len(value) if isinstance(value, tuple) else 1
        return "Not set" if not value else "Set, not shown" if number == 1 else f"Set, {number} of them, not shown"
    if value is None or value == ():
        return "Not set"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _kept(keep_months: int) -> Sequence[tuple[str, str]]:
    return (
        ("The words of texts, both ways", f"{retention.BODIES.days} days"),
        ("The words of an episode, and its notes", f"{retention.BODIES.days} days after it is closed"),
        ("The words and the number of somebody unknown", f"{int(retention.STRANGERS.total_seconds() // 3600)} hours"),
        ("A trainee who left, or was no longer heard from", f"{keep_months} months"),
        ("Times, deliveries, the audit", "Kept, leading to nobody after that"),
    )
