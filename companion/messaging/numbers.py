"""Reading who a text is from, in whatever form a provider or a person writes it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

Channel = Literal["sms", "whatsapp"]
Kind = Literal["mobile", "landline", "foreign", "opaque", "one_way"]

_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_USER_ID = re.compile(r"[A-Z]{2}\.[0-9A-Za-z]{1,128}")
_DRAMA_MOBILE = re.compile(r"\+447700900\d{3}")


@dataclass(frozen=True)
class Sender:
    """Where a text came from.

    `address` is E.164 for numbers, otherwise what the provider gave. `kind`: `mobile` may join; `landline` and
    `foreign` (a country that is not among the programme's) may not; `opaque` is a WhatsApp user without a visible
    number; `one_way` (a short code or a name) must never be answered.
    """

    channel: Channel
    address: str
    kind: Kind

    @property
    def answerable(self) -> bool:
        """Whether an answer could arrive."""
        return self.kind != "one_way"


def read_sender(raw: str, countries: Collection[str]) -> Sender:
    """Read Twilio's `From`. `countries` are the region codes whose mobiles may join. Never raises."""
    channel: Channel = "sms"
    rest = raw.strip()
    if rest.lower().startswith("whatsapp:"):
        channel, rest = "whatsapp", rest[len("whatsapp:") :].strip()
        if _USER_ID.fullmatch(rest):
            return Sender(channel, rest, "opaque")
    number = _parse(rest, countries)
    if number is None or not phonenumbers.is_possible_number(number):
        return Sender(channel, rest[:140], "opaque" if channel == "whatsapp" else "one_way")
    address = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Sender(channel, address, _kind(number, address, channel, countries))


def written(address: str) -> str:
    """Return a number as people here write it ("07700 900123"), or an address that is no number as it is."""
    try:
        parsed = phonenumbers.parse(address, None)
    except phonenumbers.NumberParseException:
        return address
    style = PhoneNumberFormat.NATIONAL if parsed.country_code == 44 else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, style))


def _parse(text: str, countries: Collection[str]) -> phonenumbers.PhoneNumber | None:
    if len(text) > 40 or re.search(r"[A-Za-z]", text):
        return None
    try:
        number = phonenumbers.parse(text, next(iter(countries)))
    except phonenumbers.NumberParseException:
        return None
    return number


def _kind(number: phonenumbers.PhoneNumber, address: str, channel: Channel, countries: Collection[str]) -> Kind:
    if _DRAMA_MOBILE.fullmatch(address):  # Ofcom's numbers for drama: no network has them, our examples do
        return "mobile"
    if not phonenumbers.is_valid_number(number):
        return "foreign" if channel == "whatsapp" else "one_way"
    if phonenumbers.region_code_for_number(number) not in countries:
        return "foreign"
    if channel == "whatsapp" or phonenumbers.number_type(number) in _MOBILE:
        return "mobile"
    return "landline"


def shown_number(number: str | None) -> str:
    """Return one of our own numbers as people at home write it ("07700 900000"); "" for None."""
    if not number:
        return ""
    parsed = phonenumbers.parse(number, None)
    home = phonenumbers.PhoneNumberFormat.NATIONAL
    away = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(parsed, home if parsed.country_code == 44 else away))
