"""How one of those who run the programme can be reached at this moment, in the order in which it is tried."""

from __future__ import annotations

from collections.abc import Container, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from companion.content.catalogue import Catalogue
from companion.messaging import outage, templates
from companion.messaging.addresses import address_of, addresses_of
from companion.messaging.numbers import Sender
from companion.messaging.optout import is_stopped
from companion.messaging.window import window_open
from companion.models import Address, Person
from companion.rota.ways import way_to, ways_of
from companion.settings import Settings

ORDER = ("sms", "whatsapp", "call", "email")
NUMBER_GONE = (21211, 30005)  # Twilio's codes for a number that cannot be called either


@dataclass(frozen=True)
class Way:
    """One way to a person: `address` for a text or a call, `email` for an e-mail."""

    kind: str
    address: Address | None = None
    email: str = ""


def ways_to(
    session: Session,
    person: Person,
    now: datetime,
    settings: Settings,
    words: Catalogue,
    kinds: Container[str] = ORDER,
) -> list[Way]:
    """Return the ways that are open to `person` at `now`, of `kinds`: SMS, WhatsApp, a call, an e-mail.

    WhatsApp outside its 24 hours only with an approved template of the page. Who said STOP can still be called.
    """
    known = addresses_of(session, person)
    template = settings.twilio_whatsapp_from is not None and _has_template(session, words)
    if template and not any(address.channel == "whatsapp" for address in known):
        known += _on_whatsapp(session, person, known, now)
    texts: dict[str, Way] = {}
    for address in known:
        if address.channel in texts or address.invalid_since is not None or is_stopped(session, address):
            continue
        if window_open(address, now) or template:
            texts[address.channel] = Way(address.channel, address)
    found = [texts[kind] for kind in ORDER if kind in texts and kind in kinds]
    if "call" in kinds and settings.voice_sender and (number := _to_call(session, person, known, now)):
        found.append(Way("call", number))
    if "email" in kinds and settings.smtp_url and (email := way_to(session, person, "email")):
        found.append(Way("email", email=email))
    return found


def _to_call(session: Session, person: Person, known: list[Address], now: datetime) -> Address | None:
    """Return the number to call: the one shown to work for calls, else one that is texted, even a landline's."""
    number = way_to(session, person, "call")
    if number is not None:
        same = next((a for a in known if a.address == number and a.channel == "sms"), None)
        return same or address_of(session, Sender("sms", number, "mobile"), now)
    callable_ = [a for a in known if a.address.startswith("+") and a.invalid_code not in NUMBER_GONE]
    return next(iter(sorted(callable_, key=lambda a: a.channel != "sms")), None)


def next_way(ways: list[Way], tried: Container[str]) -> Way | None:
    """Return the first of `ways` whose kind was not tried yet."""
    return next((way for way in ways if way.kind not in tried), None)


def another_way(
    session: Session, person: Person, tried: Set[str], now: datetime, settings: Settings, words: Catalogue
) -> Way | None:
    """Return the next way to try after those `tried`; None when there is none.

    While Twilio is down that is an e-mail: no other way through Twilio is worth the time.
    """
    if outage.is_down(session):
        tried = tried | {kind for kind in ORDER if kind != "email"}
    return next_way(ways_to(session, person, now, settings, words), tried)


def _has_template(session: Session, words: Catalogue) -> bool:
    return templates.is_approved(session, "page", words.wording("page").version)


def _on_whatsapp(session: Session, person: Person, known: list[Address], now: datetime) -> list[Address]:
    """Return where `person` is on WhatsApp: as they said, or as long as they said nothing, at the same number.

    Those who run the programme agree to pages on both when they begin.
    """
    number = way_to(session, person, "whatsapp")
    if number is None and not ways_of(session, person):
        number = next((a.address for a in known if a.address.startswith("+")), None)
    if number is None:
        return []
    address = address_of(session, Sender("whatsapp", number, "mobile"), now)
    return [address] if address.person_id == person.id else []
