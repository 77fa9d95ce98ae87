"""Checks of the directory that need no network: what is shown can be sent and dialled, and is not forbidden."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import phonenumbers
import yaml
from pydantic import BaseModel, ConfigDict

from companion.signposting.directory import CONTENT, Directory, load_directory
from companion.signposting.errors import DirectoryError
from companion.signposting.nations import NATIONS
from companion.signposting.resources import Resource, Shown

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Numbers of three to six digits that no numbering plan can judge: emergency, NHS, Samaritans (116 123 is a European
# short number), Shout, Papyrus, C.A.L.L., FRANK.
SHORT_NUMBERS = frozenset({"999", "111", "116123", "85258", "88247", "81066", "82111"})
# The basic alphabet of a text message (3GPP TS 23.038) without its extension table, whose characters count twice.
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
ONE_PART = 160
_MAY_HOLD_ONE = re.compile(r"\d{5}|\d[ \t().\u00a0\u2011-]{1,3}\d|[a-z0-9-]\.[a-z0-9-]", re.IGNORECASE)
_DIGITS = re.compile(r"\d(?:[ \t().\u00a0\u2011-]{0,3}\d)+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_WEB = re.compile(r"(?<![\w@.-])[a-z0-9-]+(?:\.[a-z0-9-]+)+")
# An address as it is written for people: a name and a top level that our places use, with what stands before an @.
ADDRESS = re.compile(
    r"(?:https?://)?[\w.+-]*@?[\w-]+(?:\.[\w-]+)*\.(?:uk|org|com|net|scot|wales|info|eu|io)\b(?:/[^\s,)]*)?", re.I
)
_NO_CONTACT = frozenset({Shown.NAME, Shown.NOTHING})
_KEYWORD = re.compile(r"\b(\w+)\W{1,3}to\W{1,3}(\d{5})\b")


class Forbidden(BaseModel):
    """One value that must not be shown, as a salted hash, with the reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["number", "email", "web", "keyword"]
    length: int
    sha256: str
    why: str


class ForbiddenFile(BaseModel):
    """do_not_publish.yaml as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    salt: str
    values: tuple[Forbidden, ...]


@lru_cache(maxsize=4)
def shipped_forbidden(content: Path = CONTENT) -> ForbiddenFile:
    """Return what must never be published, as hashes."""
    path = content / "do_not_publish.yaml"
    return ForbiddenFile.model_validate(yaml.load(path.read_text(encoding="utf-8"), _Loader))  # noqa: S506


def find_forbidden(text: str, file: ForbiddenFile | None = None) -> list[str]:
    """Return a sentence for each forbidden contact that stands in a text, in whatever grouping it is written."""
    if not _MAY_HOLD_ONE.search(text):  # most lines of a project: nothing to work out
        return []
    file = file or shipped_forbidden()
    known: dict[tuple[str, str], str] = {(value.kind, value.sha256): value.why for value in file.values}
    lengths = {value.length for value in file.values if value.kind == "number"}
    found: dict[str, None] = {}
    for kind, value in _candidates(text, lengths):
        why = known.get((kind, _hash(file.salt, kind, value)))
        if why is not None:
            found[f"a {kind} that must not be published ({why})"] = None
    return list(found)


def forbidden_entry(value: str) -> str:
    """Return the lines for do_not_publish.yaml that forbid a number, e-mail, web address or "KEYWORD to 85258"."""
    value = " ".join(value.lower().split())
    kind = "keyword" if _KEYWORD.fullmatch(value) else "email" if "@" in value else "web"
    if re.fullmatch(r"[\d ().+-]+", value):
        kind, value = "number", re.sub(r"\D", "", value)
    digest = _hash(shipped_forbidden().salt, kind, value)
    return f"  - kind: {kind}\n    length: {len(value)}\n    sha256: {digest}\n    why: say why"


def _hash(salt: str, kind: str, value: str) -> str:
    return hashlib.sha256(f"{salt}:{kind}:{value}".encode()).hexdigest()


def _candidates(text: str, lengths: Iterable[int]) -> Iterator[tuple[str, str]]:
    for run in _DIGITS.findall(text):
        digits = re.sub(r"\D", "", run)
        for written in {digits, re.sub(r"^(?:00)?440?", "0", digits)}:
            for length in lengths:
                for start in range(len(written) - length + 1):
                    yield "number", written[start : start + length]
    low = text.lower()
    for address in _EMAIL.findall(low):
        yield "email", address.rstrip(".")
    for address in _WEB.findall(low):
        parts = address.split(".")
        for start in range(len(parts) - 1):
            yield "web", ".".join(parts[start:])
    for word, number in _KEYWORD.findall(low):
        yield "keyword", f"{word} to {number}"


def check_resources(directory: Directory | None = None, today: date | None = None) -> list[str]:
    """Return every problem of the directory as a sentence; without one, of the directory that the project ships.

    With `today` (a day in the United Kingdom), also which entries are past their review date on that day.
    """
    directory = directory or load_directory()
    sites = {_site(r.contact.web) for r in directory.resources if r.contact.web and r.publish in ("full", "web_only")}
    problems = [problem for resource in directory.resources for problem in problems_of(resource, sites)]
    problems += [
        f"{resource.id}: its review date, {resource.review_by}, has passed: look it up again (companion content review)"
        for resource in directory.resources
        if today is not None and today > resource.review_by and resource.shown(resource.review_by) not in _NO_CONTACT
    ]
    try:
        problems += [
            f"the phrase {text!r}: {found}" for text in directory.every_phrase() for found in find_forbidden(text)
        ]
    except DirectoryError as error:
        problems.append(str(error))
    problems += [f"{topic} has no offer in {nation}" for topic, nation in _gaps(directory)]
    return problems


def problems_of(resource: Resource, sites: Collection[str] | None = None) -> Iterator[str]:
    """Say what of one entry cannot be sent, dialled or published. `sites` are those whose addresses may be shown."""
    for number in _numbers(resource):
        if not can_be_dialled(number):
            yield f"{resource.id}: the number {number} is not a number in the United Kingdom"
    yield from _foreign_numbers(resource)
    if sites is not None:
        yield from _foreign_addresses(resource, sites)
    yield from _unseen(resource)
    for day in (resource.review_by, resource.review_by + timedelta(days=1)):
        line = resource.line(day)
        yield from (f"{resource.id}: {problem}" for problem in check_line(line))
        if resource.shown(day) is not Shown.CONTACT:
            said = ADDRESS.sub("", line.removeprefix(resource.short_name))  # "NHS 111" is a name
            held = {re.sub(r"\D", "", found) for found in _DIGITS.findall(said)}
            for number in _numbers(resource):
                if re.sub(r"\D", "", number) in held:
                    state = f"publish is {resource.publish}" if day <= resource.review_by else "it is out of date"
                    yield f"{resource.id}: its words hold the number {number} when it may not be shown ({state})"
    if resource.checked is not None and resource.checked > resource.review_by:
        yield f"{resource.id}: was checked on {resource.checked}, after its review date; move review_by too"
    yield from (f"{resource.id}: {problem}" for problem in find_forbidden(resource.model_dump_json()))


def _foreign_numbers(resource: Resource) -> Iterator[str]:
    """Say which numbers stand in the words of an entry without being its own: a slip of one digit is another number."""
    own = {re.sub(r"\D", "", number) for number in _numbers(resource)}
    for name in ("say", "find_it", "cost_text", "call_cost"):
        for found in _DIGITS.findall(getattr(resource, name) or ""):
            digits = re.sub(r"\D", "", found)
            if len(digits) > 2 and digits not in own and digits not in SHORT_NUMBERS:
                yield f"{resource.id}: {name} holds the number {found}, which is not this entry's"


def _foreign_addresses(resource: Resource, sites: Collection[str]) -> Iterator[str]:
    """Say which web addresses stand in the words of an entry that are neither its own nor one that may be shown."""
    own = {*sites, *([_site(resource.contact.web)] if resource.contact.web else [])}
    for name in ("say", "find_it", "cost_text", "call_cost"):
        for found in ADDRESS.findall(getattr(resource, name) or ""):
            if _site(found) not in own and found != resource.contact.email:
                yield f"{resource.id}: {name} holds the address {found}, which is not this entry's"


def _unseen(resource: Resource) -> Iterator[str]:
    """Say what an entry shows that no source bears out. What a programme fills in for itself needs none."""
    if resource.publish in ("local", "hold"):
        return
    seen = [re.sub(r"\D", "", source.saw) for source in resource.sources]
    for number in _numbers(resource):
        if not any(re.sub(r"\D", "", number) in digits for digits in seen):
            yield f"{resource.id}: no source of this entry saw the number {number}"
    if resource.publish == "full" and resource.confidence != "high" and resource.checked is None:
        yield f"{resource.id}: publish is full, but its confidence is {resource.confidence} and nobody has checked it"


def _site(address: str) -> str:
    """Return the bare name of a site: of "https://www.mind.org.uk/x", "mind.org.uk"."""
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", address.lower()).split("/")[0].split(" ")[0]


def check_line(line: str) -> Iterator[str]:
    """Say what is wrong with a line for a text: characters that double the cost, more than one part."""
    odd = sorted(set(line) - GSM7)
    if odd:
        yield f"characters that are not in the basic alphabet of a text: {' '.join(odd)}"
    if len(line) > ONE_PART:
        yield f"a line of {len(line)} characters, more than the {ONE_PART} of one text"


def _numbers(resource: Resource) -> Iterator[str]:
    if resource.contact.phone:
        yield resource.contact.phone
    if resource.contact.text:
        yield resource.contact.text.to


def can_be_dialled(number: str) -> bool:
    """Whether it is a number in the United Kingdom, or one of the short ones."""
    if re.sub(r"\D", "", number) in SHORT_NUMBERS:
        return True
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, "GB"))
    except phonenumbers.NumberParseException:
        return False


def _gaps(directory: Directory) -> Iterator[tuple[str, str]]:
    for topic in directory.topics:
        for nation in NATIONS:
            shown = [
                resource
                for resource in directory.resources
                if topic in resource.topics
                and nation in resource.nations
                and resource.shown(resource.review_by) is not Shown.NOTHING
            ]
            if not shown:
                yield topic, nation
