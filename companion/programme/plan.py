"""A programme as a file describes it: its cohorts, who runs it, and its groups."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import phonenumbers
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from companion.content.wording import LONGEST_NAME
from companion.programme.cohorts import usual_cohorts
from companion.programme.recurrence import check_rule, weekly
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


def _place(location: tuple[int | str, ...]) -> str:
    """Return "groups 2 at" for a place in the file, counting from one."""
    return " ".join(str(part + 1) if isinstance(part, int) else str(part) for part in location)
