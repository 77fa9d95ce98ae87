"""Addresses that belong to one person: the page of their place in a session, and their calendar. Signed, not guessable.

Whoever has the address has the page, as with the video link itself; so it names nobody, ends with the session, and a
calendar's can be made void by its owner. The ids in it are random, and nothing can be made of them without the key.
"""

from __future__ import annotations

import base64
import binascii
import uuid

from itsdangerous import BadSignature, Signer

from companion.settings import Settings

_PLACE, _CALENDAR = "companion.place", "companion.calendar"


def place_url(settings: Settings, booking_id: uuid.UUID) -> str:
    """Return the address of someone's own page for a session."""
    return f"{settings.public_url}/s/{_sign(settings, _PLACE, booking_id.bytes)}"


def read_place(settings: Settings, token: str) -> uuid.UUID | None:
    """Return the booking that a page's address names, or None when it is not one of ours."""
    found = _read(settings, _PLACE, token)
    return uuid.UUID(bytes=found) if found is not None and len(found) == 16 else None


def calendar_url(settings: Settings, person_id: uuid.UUID, number: int) -> str:
    """Return the address of someone's calendar; with the next `number` the ones before no longer hold."""
    return f"{settings.public_url}/c/{_sign(settings, _CALENDAR, person_id.bytes + number.to_bytes(2))}.ics"


def read_calendar(settings: Settings, token: str) -> tuple[uuid.UUID, int] | None:
    """Return the person and the number that a calendar's address holds, or None when it is not one of ours."""
    found = _read(settings, _CALENDAR, token)
    if found is None or len(found) != 18:
        return None
    return uuid.UUID(bytes=found[:16]), int.from_bytes(found[16:])


def _sign(settings: Settings, salt: str, content: bytes) -> str:
    return Signer(settings.secret_key, salt=salt).sign(base64.urlsafe_b64encode(content).rstrip(b"=")).decode()


def _read(settings: Settings, salt: str, token: str) -> bytes | None:
    try:
        signed = Signer(settings.secret_key, salt=salt).unsign(token)
        return base64.urlsafe_b64decode(signed + b"=" * (-len(signed) % 4))
    except (BadSignature, binascii.Error, ValueError, UnicodeError):
        return None
