"""A programme described in a file: its cohorts, who runs it, and its groups. Loading it again brings changes in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import phonenumbers
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.content.wording import LONGEST_NAME
from companion.messaging.addresses import address_of
from companion.messaging.numbers import read_sender
from companion.models import Address, Cohort, CohortAlias, Group, GroupFacilitator, Person, record
from companion.programme.cohorts import usual_cohorts
from companion.programme.recurrence import check_rule, weekly
from companion.programme.sessions import has_sessions, make_for, timing
from companion.rota.cover import begin
from companion.rota.hours import Hours, HoursError, state_hours
from companion.settings_values import Nation
from companion.signposting import load_directory

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class SetupError(Exception):
    """The file does not describe a programme; the message has a line for each thing that is wrong."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _clock(value: object) -> object:
    # YAML reads an unquoted 18:30 as a number in base sixty.
    return f"{value // 60:02d}:{value % 60:02d}" if isinstance(value, int) and 0 <= value < 1440 else value


TimeOfDay = Annotated[time, BeforeValidator(_clock)]
Weekday = Annotated[
    Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], BeforeValidator(_lower)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CohortPlan(_Strict):
    """A cohort: people join it by texting JOIN and its code, or another of its words. Times are local.

    What is left out comes from `content/cohorts.yaml`, if the code is one of those there.
    """

    code: str = Field(pattern=r"^[A-Z]{2,20}$")
    name: str = Field(min_length=2, max_length=LONGEST_NAME)
    aliases: tuple[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,19}$")], ...] = ()
    topic: str | None = None
    nation: Nation | None = None
    checkin_day: Weekday = "tuesday"
    checkin_at: TimeOfDay = time(19)
    quiet_from: TimeOfDay | None = time(22)
    quiet_until: TimeOfDay | None = time(8)

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, given: Any) -> Any:
        usual = usual_cohorts().get(str(given.get("code"))) if isinstance(given, dict) else None
        return asdict(usual) | given if usual is not None else given

    @field_validator("checkin_at")
    @classmethod
    def _by_day(cls, value: time) -> time:
        if not time(8) <= value < time(22):
            raise ValueError("is at night: choose a time from 8am to 10pm (people may choose a later one themselves)")
        return value

    @field_validator("topic")
    @classmethod
    def _topic(cls, value: str | None) -> str | None:
        if value is not None and value not in load_directory(None).topics:
            raise ValueError("is none of the topics that `companion signpost` knows")
        return value


class PersonPlan(_Strict):
    """Someone who runs the programme, known by their number."""

    name: str = Field(min_length=2, max_length=LONGEST_NAME)
    role: Literal["facilitator", "lead", "coordinator"]
    number: str
    external_lead: bool = False  # works outside the programme; paged when a trainee has left everyone else out


class HoursPlan(_Strict):
    """Stated hours of a group, local; `then` is the lead who comes first in the rest of the day."""

    begins: TimeOfDay = Field(alias="from")
    ends: TimeOfDay = Field(alias="until")
    days: tuple[Weekday, ...] | None = Field(default=None, min_length=1)  # None: every day
    then: str


class GroupPlan(_Strict):
    """A group, its rhythm, and who runs it (names, in the order in which they are paged)."""

    name: str = Field(min_length=2, max_length=LONGEST_NAME)
    cohort: str
    first_on: date
    at: TimeOfDay
    every_weeks: int | None = Field(default=None, ge=1, le=12)
    rule: str | None = None
    skip_on: tuple[date, ...] = ()
    skip_bank_holidays: bool = False
    minutes: int = Field(default=45, ge=10, le=240)
    places: int = Field(default=6, ge=1, le=50)
    minimum: int = Field(default=0, ge=0, le=50)
    decide_hours: int = Field(default=24, ge=1, le=168)
    join_link: str = Field(pattern=r"^https://\S+$", max_length=200)
    dial_in: str | None = None
    dial_code: str | None = Field(default=None, pattern=r"^[0-9 ]{2,20}#?$")
    cover_note: str | None = Field(default=None, max_length=300)
    reminder_minutes: tuple[Annotated[int, Field(ge=5, le=7 * 24 * 60)], ...] = (1440, 60)
    facilitators: tuple[str, ...] = Field(min_length=1)
    hours: HoursPlan | Literal["always"] | None = None  # None: as it was stated before; always for a new group

    @field_validator("rule")
    @classmethod
    def _rule(cls, value: str | None) -> str | None:
        return None if value is None else check_rule(value)

    @field_validator("dial_in")
    @classmethod
    def _dial_in(cls, value: str | None) -> str | None:
        return None if value is None else dial_number(value)

    @model_validator(mode="after")
    def _one_rhythm(self) -> Self:
        if self.rule is not None and self.every_weeks is not None:
            raise ValueError("takes either every_weeks or rule, not both")
        return self

    @property
    def rhythm(self) -> str:
        """The recurrence rule; every two weeks if nothing is said."""
        return self.rule or weekly(self.every_weeks or 2)


def dial_number(value: str) -> str:
    """Return a number that people dial, as it is dialled here. Raises ValueError."""
    try:
        parsed = phonenumbers.parse(value, "GB")
    except phonenumbers.NumberParseException as error:
        raise ValueError("is not a telephone number such as 020 7946 0018") from error
    if not phonenumbers.is_possible_number(parsed):
        raise ValueError("is not a telephone number such as 020 7946 0018")
    home = parsed.country_code == 44
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, style))


class Programme(_Strict):
    """Everything together."""

    cohorts: tuple[CohortPlan, ...] = ()
    people: tuple[PersonPlan, ...] = ()
    groups: tuple[GroupPlan, ...] = ()


def read_programme(path: Path) -> Programme:
    """Read a programme from YAML. Raises SetupError."""
    try:
        data: Any = yaml.safe_load(path.read_text())
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SetupError(f"{path} is not YAML: {str(error).splitlines()[0]}") from error
    try:
        return Programme.model_validate(data or {})
    except ValidationError as error:
        lines = (f"{path}: {_place(problem['loc'])}: {problem['msg']}" for problem in error.errors())
        raise SetupError("\n".join(lines)) from None


def load_programme(
    session: Session, plan: Programme, now: datetime, *, zone_name: str, nation: Nation, countries: tuple[str, ...]
) -> None:
    """Bring the plan into the database and make the sessions that are missing. Raises SetupError.

    Cohorts are found again by code, people by number, groups by name. Nothing is ever removed.
    """
    cohorts = {c.code: _cohort(session, c, now, zone_name, nation) for c in plan.cohorts}
    _join_words(session, plan, cohorts)
    people = {p.name: _person(session, p, now, countries) for p in plan.people}
    session.flush()
    for group in plan.groups:
        _group(session, group, cohorts, people, now, zone_name)
    session.flush()
    for new in session.scalars(select(Group).where(Group.ended_at.is_(None), Group.made_until.is_(None))):
        if not has_sessions(session, new):
            make_for(session, new, now)


def _cohort(session: Session, plan: CohortPlan, now: datetime, zone_name: str, nation: Nation) -> Cohort:
    cohort = session.scalar(select(Cohort).where(Cohort.code == plan.code))
    if cohort is None:
        cohort = Cohort(code=plan.code, time_zone=zone_name, created_at=now)
        session.add(cohort)
    cohort.name, cohort.nation, cohort.topic = plan.name, plan.nation or nation, plan.topic
    cohort.checkin_weekday, cohort.checkin_at = WEEKDAYS.index(plan.checkin_day), plan.checkin_at
    cohort.quiet_from, cohort.quiet_until = plan.quiet_from, plan.quiet_until
    return cohort


def _join_words(session: Session, plan: Programme, cohorts: dict[str, Cohort]) -> None:
    """Give each cohort its words. Raises SetupError for a word that would mean two of them."""
    for cohort in cohorts.values():
        cohort.aliases.clear()
    session.flush()
    taken = {code: code for code in session.scalars(select(Cohort.code))}
    taken |= {alias.word: alias.cohort.code for alias in session.scalars(select(CohortAlias))}
    for each in plan.cohorts:
        for word in each.aliases:
            if taken.setdefault(word, each.code) != each.code:
                raise SetupError(f"{each.code}: {word} already joins {taken[word]}; one word means one cohort")
        cohorts[each.code].aliases.extend(CohortAlias(word=word) for word in dict.fromkeys(each.aliases))
    session.flush()


def _person(session: Session, plan: PersonPlan, now: datetime, countries: tuple[str, ...]) -> Person:
    sender = read_sender(plan.number, countries)
    if sender.kind != "mobile":
        raise SetupError(f"{plan.name}: the number is not a mobile that can be texted")
    known = session.scalar(select(Address).where(Address.address_index == sender.address))
    person = known.person if known is not None else None
    if person is not None and person.role == "trainee":
        raise SetupError(f"{plan.name}: this number belongs to a trainee; one person cannot be both")
    if person is None:
        taken = session.scalar(select(Person.id).where(Person.alias == plan.name))
        alias = plan.name if taken is None else f"{plan.name} ({sender.address[-3:]})"
        person = Person(role=plan.role, alias=alias, state="staff", created_at=now)
        session.add(person)
        address_of(session, sender, now).person = person
        session.flush()
        record(session, now, "person added", person, role=plan.role)
    person.name, person.role = plan.name, plan.role
    person.is_external_lead = plan.external_lead and plan.role == "lead"
    return person


def _group(
    session: Session,
    plan: GroupPlan,
    cohorts: dict[str, Cohort],
    people: dict[str, Person],
    now: datetime,
    zone_name: str,
) -> None:
    cohort = cohorts.get(plan.cohort) or session.scalar(select(Cohort).where(Cohort.code == plan.cohort))
    if cohort is None:
        raise SetupError(f"{plan.name}: there is no cohort {plan.cohort}")
    unknown = [name for name in plan.facilitators if name not in people]
    if unknown:
        raise SetupError(f"{plan.name}: {', '.join(unknown)} is not among the people of this file")
    group = session.scalar(select(Group).where(Group.name == plan.name))
    if group is None:
        group = Group(name=plan.name, time_zone=zone_name, created_at=now)
        session.add(group)
    before = timing(group)
    group.cohort, group.first_on, group.local_time = cohort, plan.first_on, plan.at
    group.rule, group.minutes, group.places = plan.rhythm, plan.minutes, plan.places
    group.skip_on, group.skips_bank_holidays = [day.isoformat() for day in plan.skip_on], plan.skip_bank_holidays
    group.join_link, group.reminder_minutes = plan.join_link, list(plan.reminder_minutes)
    group.dial_in, group.dial_code, group.cover_note = plan.dial_in, plan.dial_code, plan.cover_note
    group.minimum, group.decide_hours = plan.minimum, plan.decide_hours
    if group.made_until is not None and timing(group) != before:
        group.made_until = None  # the next tick moves what is planned, and tells whom it concerns
        group.version += 1
    session.flush()
    for old in session.scalars(select(GroupFacilitator).where(GroupFacilitator.group_id == group.id)):
        session.delete(old)
    session.flush()
    for position, name in enumerate(plan.facilitators):
        session.add(GroupFacilitator(group_id=group.id, person_id=people[name].id, position=position))
    session.flush()
    if plan.hours is not None:
        _hours(session, group, plan.hours, people, now)
    begin(session, group, now)


def _hours(
    session: Session, group: Group, plan: HoursPlan | Literal["always"], people: dict[str, Person], now: datetime
) -> None:
    if plan == "always":
        state_hours(session, group, None, now, None)
        return
    lead = people.get(plan.then)
    if lead is None:
        raise SetupError(f"{group.name}: hours: {plan.then} is not among the people of this file")
    days = tuple(WEEKDAYS.index(day) for day in plan.days or WEEKDAYS)
    try:
        state_hours(session, group, Hours(plan.begins, plan.ends, days, lead.id), now, None)
    except HoursError as error:
        raise SetupError(f"{group.name}: hours: {error}") from error


def _place(location: tuple[int | str, ...]) -> str:
    """Return "groups 2 at" for a place in the file, counting from one."""
    return " ".join(str(part + 1) if isinstance(part, int) else str(part) for part in location)
