"""A small programme to begin with: for the demonstration and for tests. Numbers are Ofcom's for drama."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Cohort, Person
from companion.programme.plan import WEEKDAYS, CohortPlan, GroupPlan, PersonPlan, Programme
from companion.programme.setup import load_programme
from companion.rota.duties import add_duty
from companion.rota.ways import add_way
from companion.settings import Settings

JOIN_LINK = "https://video.example.org/j/icu-north"

STAFF = (
    PersonPlan(name="Dr Cole", role="facilitator", number="+447700900201"),
    PersonPlan(name="Dr Dunne", role="facilitator", number="+447700900202"),
    PersonPlan(name="Dr Erskine", role="lead", number="+447700900203"),
    PersonPlan(name="Frances", role="coordinator", number="+447700900204"),
)

ROTA = (("Dr Cole", "first"), ("Dr Dunne", "second"), ("Dr Erskine", "lead"))


def seed(session: Session, now: datetime, settings: Settings) -> bool:
    """Make two cohorts, a fortnightly group with its next sessions, and who runs it; False if there is a programme.

    The group first meets three days from `now` (UTC) at half past six in the evening; check-ins are the day after now.
    """
    if session.scalar(select(Cohort.id).limit(1)) is not None:
        return False
    today = now.astimezone(ZoneInfo(settings.companion_time_zone)).date()
    tomorrow = WEEKDAYS[(today + timedelta(days=1)).weekday()]
    plan = Programme(
        cohorts=tuple(
            CohortPlan(code=code, name=name, checkin_day=tomorrow, quiet_from=None, quiet_until=None)  # type: ignore[arg-type]
            for code, name in (("ICU", "ICU"), ("SHIELDING", "Shielding"))
        ),
        people=STAFF,
        groups=(
            GroupPlan(
                name="ICU North",
                cohort="ICU",
                first_on=today + timedelta(days=3),
                at=time(18, 30),
                join_link=JOIN_LINK,
                dial_in="020 7946 0018",  # one of Ofcom's for drama
                dial_code="246810#",
                cover_note="Dr Erskine covers for items while the group meets.",
                facilitators=("Dr Cole", "Dr Dunne"),
            ),
        ),
    )
    load_programme(
        session,
        plan,
        now,
        zone_name=settings.companion_time_zone,
        nation=settings.companion_nation,
        countries=settings.companion_countries,
    )
    session.flush()
    for person in session.scalars(select(Person).where(Person.state == "staff")).all():
        for kind in ("sms", "call"):  # as if each had typed in the codes
            number = next(plan.number for plan in STAFF if plan.name == person.name)
            add_way(session, person, kind, number, settings.companion_countries, now).verified_at = now
    return True


def seed_rota(session: Session, now: datetime, settings: Settings) -> None:
    """Put who runs it on duty for every group, the whole of every week, since eight in the morning a week before `now`.

    It began then, and changes hands never, so that no test page comes between what the demonstration shows.
    """
    people = {person.label: person for person in session.scalars(select(Person).where(Person.state == "staff"))}
    for name, role in ROTA:
        add_duty(
            session,
            people[name],
            role,
            starts_on=now.astimezone(ZoneInfo(settings.companion_time_zone)).date() - timedelta(weeks=1),
            from_time=time(8),
            days=7,
            until_time=time(8),
            weekly=True,
            last_on=None,
            group_id=None,
            time_zone=settings.companion_time_zone,
            now=now,
            by=None,
        )
