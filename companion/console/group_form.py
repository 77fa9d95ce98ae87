"""The form for a group, and what it says of the dates: everything on one page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from companion.bank_holidays import bank_holidays
from companion.console.fields import Form, NameLength
from companion.console.plain import before_in, before_said, day_in, day_said
from companion.models import Cohort, Group, GroupFacilitator, Person, by_label
from companion.programme import recurrence
from companion.programme.plan import dial_number
from companion.programme.recurrence import RuleError, check_rule, monthly, weekly
from companion.programme.sessions import days_of

OWN_RULE = "own"
MONTHLY = "monthly"  # on the weekday of the first meeting
SHOWN = 10  # dates ahead
_EVERY = {weekly(1): "Every week", weekly(2): "Every 2 weeks", weekly(3): "Every 3 weeks", weekly(4): "Every 4 weeks"}


def _stripped(given: str | None) -> str:
    return (given or "").strip()


class GroupForm(Form):
    """A group. `once` becomes the id of a new one, so that sending the page twice makes one group."""

    name = StringField(
        "Name",
        filters=[_stripped],
        validators=[InputRequired("Write the name."), NameLength()],
    )
    cohort = SelectField("Cohort", validators=[InputRequired("Choose the cohort.")])
    first_on = DateField("First meeting", validators=[InputRequired("Write the day of the first meeting.")])
    at = TimeField("Time", validators=[InputRequired("Write the time, such as 18:30.")])
    every = SelectField(
        "How often",
        choices=[
            *(SelectChoice(*each) for each in _EVERY.items()),
            SelectChoice(MONTHLY, "Every month, such as each first Tuesday"),
            SelectChoice(OWN_RULE, "By another rule"),
        ],
    )
    rule = StringField(
        "Other rule", filters=[_stripped], validators=[Length(max=200, message="Keep the rule shorter.")]
    )
    skips_bank_holidays = BooleanField("Do not meet on bank holidays")
    skip_on = TextAreaField("Other days on which it does not meet", validators=[Length(max=2000)])
    minutes = IntegerField(
        "Minutes",
        validators=[InputRequired("Write how long it lasts."), NumberRange(10, 240, "Use 10 to 240 minutes.")],
    )
    places = IntegerField(
        "Places", validators=[InputRequired("Write how many places."), NumberRange(1, 50, "Use 1 to 50 places.")]
    )
    first_facilitator = SelectField("Facilitator", validators=[InputRequired("Choose who runs it.")])
    second_facilitator = SelectField("Second facilitator", validators=[Optional()])
    join_link = StringField(
        "Link to the video call",
        filters=[_stripped],
        validators=[
            InputRequired("Write the link."),
            Regexp(r"^https://\S+$", message="The link begins with https:// and has no spaces."),
            Length(max=200, message="Keep the link under 200 characters."),
        ],
    )
    dial_in = StringField("Number to call", filters=[_stripped], validators=[Optional()])
    dial_code = StringField(
        "Code to key in",
        filters=[_stripped],
        validators=[Optional(), Regexp(r"^[0-9 ]{2,20}#?$", message="Use digits, with # at the end if it is needed.")],
    )
    cover_note = TextAreaField(
        "Cover while the group meets", validators=[Length(max=300, message="Keep it under 300 characters.")]
    )
    reminders = StringField("Reminders", filters=[_stripped])
    minimum = IntegerField("Fewest people", validators=[Optional(), NumberRange(0, 50, "Use 0 to 50.")])
    decide_hours = IntegerField("Hours before", validators=[Optional(), NumberRange(1, 168, "Use 1 to 168 hours.")])
    once = HiddenField()
    stamp = HiddenField()
    seen = HiddenField()

    def offer(self, session: Session) -> None:
        """Fill in what can be chosen."""
        cohorts = session.execute(select(Cohort.id, Cohort.name).order_by(Cohort.name)).all()
        staff = session.scalars(select(Person).where(Person.role.in_(("facilitator", "lead")), Person.state == "staff"))
        people = [SelectChoice(str(p.id), p.label) for p in by_label(staff)]
        self.cohort.choices = [SelectChoice("", "Choose"), *(SelectChoice(str(i), name) for i, name in cohorts)]
        self.first_facilitator.choices = [SelectChoice("", "Choose"), *people]
        self.second_facilitator.choices = [SelectChoice("", "Nobody"), *people]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check what no single field can, and name it at its field."""
        fine = bool(super().validate(extra_validators))
        for field, check in (
            (self.rule, self._rule),
            (self.skip_on, lambda: self.skipped),
            (self.dial_in, lambda: self.number),
            (self.reminders, lambda: self.reminder_minutes),
        ):
            try:
                check()
            except ValueError as error:
                field.errors = [*field.errors, upper(str(error))]
                fine = False
        if self.second_facilitator.data and self.second_facilitator.data == self.first_facilitator.data:
            self.second_facilitator.errors = ["Choose somebody else, or nobody."]
            fine = False
        return fine

    def _rule(self) -> str:
        if self.every.data == MONTHLY:
            return monthly(self.first_on.data) if self.first_on.data else ""
        if self.every.data != OWN_RULE:
            return str(self.every.data)
        if not self.rule.data:
            raise RuleError("Write the rule, such as FREQ=MONTHLY;BYDAY=1TU.")
        return check_rule(self.rule.data)

    @property
    def skipped(self) -> list[str]:
        """The other days on which it does not meet, in ISO 8601. Raises ValueError naming the first that is none."""
        lines = (self.skip_on.data or "").replace(",", "\n").splitlines()
        return sorted({day_in(line).isoformat() for line in lines if line.strip()})

    @property
    def number(self) -> str | None:
        """The number to call as it is dialled. Raises ValueError."""
        return dial_number(self.dial_in.data) if self.dial_in.data else None

    @property
    def reminder_minutes(self) -> list[int]:
        """When people are reminded, in minutes before. Raises ValueError."""
        return before_in(self.reminders.data or "")

    def fill(self, group: Group) -> None:
        """Put what was sent into `group`."""
        group.name, group.cohort_id = self.name.data, uuid.UUID(self.cohort.data)
        group.first_on, group.local_time, group.rule = self.first_on.data, self.at.data, self._rule()
        group.skip_on, group.skips_bank_holidays = self.skipped, bool(self.skips_bank_holidays.data)
        group.minutes, group.places = self.minutes.data, self.places.data
        group.join_link, group.dial_in, group.dial_code = self.join_link.data, self.number, self.dial_code.data or None
        group.cover_note = _stripped(self.cover_note.data) or None
        group.reminder_minutes = self.reminder_minutes
        group.minimum, group.decide_hours = self.minimum.data or 0, self.decide_hours.data or 24

    @property
    def facilitators(self) -> list[uuid.UUID]:
        """Who runs it, in the order in which they are paged."""
        return [uuid.UUID(chosen) for chosen in (self.first_facilitator.data, self.second_facilitator.data) if chosen]


def upper(words: str) -> str:
    """Return a sentence that begins with a capital and ends with a full stop."""
    words = words[:1].upper() + words[1:]
    return words if words.endswith(".") else f"{words}."


def defaults(now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return what a new group begins with."""
    first = now.astimezone(zone).date() + timedelta(days=14)
    return {
        "first_on": first, "at": time(18, 30), "every": recurrence.FORTNIGHTLY, "minutes": 45, "places": 6,
        "reminders": "1 day, 1 hour", "minimum": 0, "decide_hours": 24, "skips_bank_holidays": True,
        "once": str(uuid.uuid4()),
    }  # fmt: skip


def values_of(group: Group) -> dict[str, Any]:
    """Return what the form shows of a group."""
    people = [str(each.person_id) for each in group.facilitators] + ["", ""]
    by_month = group.rule == monthly(group.first_on)
    own = group.rule not in _EVERY and not by_month
    return {
        "name": group.name, "cohort": str(group.cohort_id), "first_on": group.first_on, "at": group.local_time,
        "every": MONTHLY if by_month else OWN_RULE if own else group.rule, "rule": group.rule if own else "",
        "skips_bank_holidays": group.skips_bank_holidays,
        "skip_on": "\n".join(day_said(date.fromisoformat(each)) for each in group.skip_on or ()),
        "minutes": group.minutes, "places": group.places, "first_facilitator": people[0],
        "second_facilitator": people[1], "join_link": group.join_link, "dial_in": group.dial_in or "",
        "dial_code": group.dial_code or "", "cover_note": group.cover_note or "",
        "reminders": before_said(group.reminder_minutes), "minimum": group.minimum,
        "decide_hours": group.decide_hours, "stamp": str(group.version),
    }  # fmt: skip


@dataclass(frozen=True)
class DateAhead:
    """A day on which a group would meet, or skips: `holiday` names the bank holiday that it falls on."""

    starts_at: datetime
    holiday: str = ""
    skipped: bool = False


def dates_ahead(group: Group, now: datetime) -> Sequence[DateAhead]:
    """Return the next dates of a group, and the ones among them that it leaves out."""
    zone = ZoneInfo(group.time_zone)
    after = max(recurrence.local_day(now, zone), group.first_on)
    until = recurrence.a_year_on(after)
    meets = set(days_of(group, after, until))
    named = bank_holidays(group.cohort.nation, after, until)
    found = [
        DateAhead(recurrence.at_local(day, group.local_time, zone), named.get(day, ""), day not in meets)
        for day in recurrence.days(group.rule, group.first_on, after, until)
    ]
    return [each for each in found if each.starts_at > now][:SHOWN]


def set_facilitators(session: Session, group: Group, people: Sequence[uuid.UUID]) -> None:
    """Let these people run a group, in this order."""
    for old in session.scalars(select(GroupFacilitator).where(GroupFacilitator.group_id == group.id)):
        session.delete(old)
    session.flush()
    for position, person_id in enumerate(people):
        session.add(GroupFacilitator(group_id=group.id, person_id=person_id, position=position))
    session.flush()
