"""Places to get help, read from resources.yaml, and what of each may be shown on a given day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from companion.signposting.errors import DirectoryError, explain
from companion.signposting.hours import LONDON, Hours, parse_hours
from companion.signposting.reviews import applied, read_reviews

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Nation = Literal["england", "wales", "scotland", "ni"]
Publish = Literal["full", "check", "web_only", "local", "hold"]


class Shown(StrEnum):
    """What of a resource may reach a message on a day."""

    CONTACT = "contact"  # the number, or the web address where there is none
    WEB = "web"
    NAME = "name"  # how to find the service, with no contact of ours
    NOTHING = "nothing"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextContact(_Strict):
    """Send `keyword` to the number `to`."""

    keyword: str
    to: str


class Contact(_Strict):
    """How to reach a service. Numbers in the provider's own grouping."""

    phone: str | None = None
    phone_note: str | None = None
    text: TextContact | None = None
    web: str | None = None
    email: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.phone or self.text or self.web or self.email)


class OwnContact(_Strict):
    """How a place is reached here, as a programme wrote it. `hours` are said as they stand; days are local."""

    phone: str | None
    web: str | None
    hours: str | None
    checked: date
    review_by: date


class Source(_Strict):
    """Where a contact was seen, what was seen, and the date of that page ("undated" if it had none)."""

    url: str
    saw: str
    dated: str
    note: str | None = None


class Resource(_Strict):
    """One place to get help. The fields are explained at the top of resources.yaml."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str
    short_name: str
    group: str
    what: str
    who: str
    nations: tuple[Nation, ...] = Field(min_length=1)
    contact: Contact
    hours: str
    cost: str
    confidentiality: str
    crisis_service: bool
    topics: tuple[str, ...] = Field(min_length=1)
    publish: Publish
    confidence: Literal["high", "medium", "low"]
    provider_page_seen: bool
    review_by: date
    checked: date | None = None
    always_shown: bool = False
    notes: str | None = None
    say: str | None = None
    cost_text: str | None = None
    call_cost: str | None = None
    find_it: str | None = None
    hours_text: str | None = None
    open: str | None = None
    called: tuple[str, ...] = ()
    best_for: tuple[str, ...] = ()
    good_for: tuple[str, ...] = ()
    only_if: tuple[str, ...] = ()
    better_if: tuple[str, ...] = ()
    warning: str | None = None
    sources: tuple[Source, ...] = Field(min_length=1)

    @field_validator("open")
    @classmethod
    def _hours_can_be_read(cls, value: str | None) -> str | None:
        if value is not None:
            parse_hours(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Resource:
        for name, topics in (("best_for", self.best_for), ("good_for", self.good_for)):
            if others := sorted(set(topics) - set(self.topics)):
                raise ValueError(f"{name} has topics that are not in topics: {', '.join(others)}")
        if self.publish in ("full", "web_only") and self.contact.empty:
            raise ValueError(f"publish is {self.publish} but there is no contact")
        if self.publish == "web_only" and not self.contact.web:
            raise ValueError("publish is web_only but there is no web address")
        return self

    @cached_property
    def opening(self) -> Hours | None:
        """The opening hours, or None when they are not known."""
        return parse_hours(self.open) if self.open else None

    def open_at(self, at: datetime) -> bool | None:
        """Return whether it answers at `at` (aware), None when not known or when there is no line to answer."""
        return self.opening.open_at(at) if self.opening else None

    @property
    def reaches_doctors(self) -> bool:
        """Whether it is made for doctors."""
        return self.group in ("doctors", "training and work")

    @property
    def free(self) -> bool:
        """Whether it costs nothing and needs no membership."""
        said = self.cost_text or self.call_cost or self.cost
        return said.lower().startswith("free")

    def filled_in(self, own: OwnContact) -> Resource:
        """Return this place with a contact of one's own."""
        return self.model_copy(
            update={
                "contact": Contact(phone=own.phone, web=own.web),
                "hours_text": own.hours,
                "open": None,
                "checked": own.checked,
                "review_by": own.review_by,
            }
        )

    def shown(self, on: date) -> Shown:
        """Return what may be shown on a day in the United Kingdom: the publish rules, in one place.

        Nothing of a `hold` entry. Of a `check` entry nothing but its name, until a person has opened the provider's
        page and the day stands in `checked`. Of a `local` entry its name, until a programme has filled in a contact.
        After the review date a number gives way to the web address; 999, Samaritans and Shout (`always_shown`) stay.
        """
        by_name = Shown.NAME if self.find_it else Shown.NOTHING
        if self.publish == "hold":
            return Shown.NOTHING
        if self.publish == "web_only":
            return Shown.WEB
        if self.contact.empty or (self.publish == "check" and self.checked is None):
            return by_name
        if on <= self.review_by or self.always_shown:
            return Shown.CONTACT
        return Shown.WEB if self.contact.web else by_name

    def line(self, at: date) -> str:
        """Return the line for a text on day `at` (United Kingdom), "" when nothing may be shown."""
        shown = self.shown(at)
        if shown is Shown.NOTHING:
            return ""
        if shown is Shown.NAME:
            return f"{self.short_name}: {self.find_it}."
        if shown is Shown.CONTACT and self.say:
            return self.say
        parts = [f"{self.short_name}: {self._contact(shown)}"]
        if shown is Shown.CONTACT:
            parts.append(self.hours_text or ("any time" if self.open == "always" else ""))
        sentence = ", ".join(part for part in parts if part)
        cost = self._cost(shown)
        return f"{sentence}. {cost}." if cost else f"{sentence}."

    def _cost(self, shown: Shown) -> str:
        """Return what has to be said of the cost: always a fee or membership, "Free" with a number."""
        if self.cost_text or shown is not Shown.CONTACT or self.publish == "local":
            return self.cost_text or ""
        return self.call_cost or ("Free" if self.free and (self.contact.phone or self.contact.text) else "")

    def _contact(self, shown: Shown) -> str:
        contact = self.contact
        if shown is Shown.CONTACT and contact.phone:
            note = f" ({contact.phone_note})" if contact.phone_note and self.publish != "local" else ""
            return f"{contact.phone}{note}" if len(note) < 24 else contact.phone
        if shown is Shown.CONTACT and contact.text:
            return f"text {contact.text.keyword} to {contact.text.to}"
        return contact.web or contact.email or ""


def uk_day(at: datetime) -> date:
    """Return the day in the United Kingdom at an aware moment."""
    return at.astimezone(LONDON).date()


def read_resources(path: Path, laid_over: Path | None = None) -> tuple[str, tuple[Resource, ...]]:
    """Return the version and the resources of a file, with a deployment's own file laid over it.

    An entry of `laid_over` with the id of one of ours changes the fields it names (within `contact` too); another id is
    an entry of its own. The reviews beside it move dates. Raises DirectoryError that names file and entry.
    """
    data = _read(path)
    entries = {entry["id"]: entry for entry in data["resources"]}
    if len(entries) != len(data["resources"]):
        raise DirectoryError(f"{path}: an id stands twice")
    origin = dict.fromkeys(entries, path)
    if laid_over is not None and laid_over.exists():
        for entry in _read(laid_over)["resources"]:
            ours = entries.get(entry["id"], {})
            entries[entry["id"]] = _laid_over(ours, entry)
            origin[entry["id"]] = laid_over
    reviews = read_reviews(laid_over.parent if laid_over else None)
    return str(data.get("version", "")), tuple(
        _resource(applied(entry, reviews), origin[name]) for name, entry in entries.items()
    )


def _laid_over(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**ours, **theirs}
    if isinstance(ours.get("contact"), dict) and isinstance(theirs.get("contact"), dict):
        merged["contact"] = {**ours["contact"], **theirs["contact"]}
    return merged


def _resource(entry: Mapping[str, Any], path: Path) -> Resource:
    try:
        return Resource.model_validate(entry)
    except ValidationError as error:
        raise DirectoryError(explain(path, str(entry["id"]), error)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DirectoryError(f"{path}: cannot be read: {error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("resources"), list):
        raise DirectoryError(f"{path}: a list named resources is expected")
    for number, entry in enumerate(data["resources"], start=1):
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise DirectoryError(f"{path}: entry {number} has no id")
    return data
