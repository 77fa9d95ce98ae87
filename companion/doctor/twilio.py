"""Looks at what Twilio has to say: of our sign-in, our number and where its texts and calls go, templates, the time."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException

from sqlalchemy import select

from companion.clock import SystemClock
from companion.content.templates import definitions
from companion.doctor.finding import Finding
from companion.messaging.numbers import read_sender
from companion.messaging.provider import InboundHook, NoAnswerError, NotReachedError, RefusedError
from companion.models import WhatsAppTemplate
from companion.services import Services

PATIENCE = 5.0  # seconds for one question over the network
MOST_SKEW = timedelta(seconds=30)


def at_twilio(services: Services) -> Iterator[Finding]:
    """Look at the sign-in and the number only, which needs no database."""
    yield from sign_in(services)
    yield from sender(services)


def sign_in(services: Services) -> Iterator[Finding]:
    """Look at whether Twilio takes our sign-in."""
    name = "Twilio"
    try:
        services.twilio.received_since(services.clock.now(), 1)
    except RefusedError as error:
        mend = "Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from Twilio's console again."
        yield Finding(name, "bad", f"It refuses our sign-in (HTTP {error.status}).", mend)
    except (NotReachedError, NoAnswerError):
        yield Finding(name, "bad", "It cannot be reached.", "Let this machine connect to api.twilio.com on port 443.")
    else:
        where = "The stand-in answers; this is a rehearsal." if services.settings.simulated else "It takes our sign-in."
        yield Finding(name, "good", where)


def sender(services: Services) -> Iterator[Finding]:
    """Look at the number that texts come from, and at what Twilio does with it."""
    settings = services.settings
    number = settings.twilio_sms_from
    if number is None:
        yield Finding(
            "Number",
            "unsure",
            "A messaging service sends: its numbers are seen at Twilio only.",
            "See at Twilio that its numbers can receive, and that its webhooks are those of this service.",
        )
        return
    if read_sender(number, settings.companion_countries).kind != "mobile":
        yield Finding(
            "Number",
            "bad",
            f"{number} is not a mobile number, so people may not be able to answer.",
            "Buy a mobile number that can send and receive SMS.",
        )
        return
    if settings.simulated:
        yield Finding("Number", "good", f"Texts come from {number}, at the stand-in.")
        return
    try:
        hook = services.twilio.inbound_hook(number)
    except (RefusedError, NotReachedError, NoAnswerError):
        yield Finding("Number", "unsure", "Twilio did not say whether the number is ours.", "Try again.")
        return
    yield from hooks(number, hook, settings.public_url)


def hooks(number: str, hook: InboundHook | None, public_url: str) -> Iterator[Finding]:
    """Look at where texts and calls to our number go, as Twilio says; None when the account does not have it."""
    wanted, rung = f"{public_url}/twilio/inbound", f"{public_url}/twilio/rung"
    if hook is None:
        yield Finding("Number", "bad", f"{number} is not a number of this account.", "Correct TWILIO_SMS_FROM.")
        return
    if hook.url != wanted or hook.method != "POST":
        yield Finding(
            "Number",
            "bad",
            f"Twilio sends its texts to {hook.url or 'nowhere'} ({hook.method}).",
            f'Set "A message comes in" of the number to {wanted}, HTTP POST.',
        )
    elif not hook.fallback:
        yield Finding(
            "Number",
            "bad",
            "Texts come here, but nobody answers while this server is down.",
            'Make the TwiML Bin of docs/going-live.md and choose it under "Primary handler fails".',
        )
    else:
        yield Finding("Number", "good", f"{number} is ours, and its texts come to this service.")
    if hook.calls == rung:
        yield Finding("Calls", "good", "Whoever rings the number hears whom to ring.")
    else:
        yield Finding(
            "Calls",
            "bad",
            f"Whoever rings the number is sent to {hook.calls or 'nowhere'}.",
            f'Set "A call comes in" of the number to {rung}, HTTP POST.',
        )


def clock(services: Services) -> Iterator[Finding]:
    """Compare this machine's clock with Twilio's."""
    if services.settings.companion_clock_file is not None or services.settings.simulated:
        yield Finding("Clock", "good", "In a rehearsal the clock need not be right.")
        return
    try:
        theirs = _date("https://api.twilio.com/")
    except (OSError, HTTPException, ValueError):
        yield Finding("Clock", "unsure", "Twilio could not be asked for the time.", "Try again.")
        return
    apart = abs(SystemClock().now() - theirs)
    if apart <= MOST_SKEW:
        yield Finding("Clock", "good", "It agrees with Twilio's.")
    else:
        yield Finding(
            "Clock",
            "bad",
            f"It is {apart.total_seconds():.0f} seconds away from Twilio's.",
            "Let the machine set its clock from the network (timedatectl set-ntp true).",
        )


def templates(services: Services) -> Iterator[Finding]:
    """Look at which templates WhatsApp has approved."""
    if services.settings.twilio_whatsapp_from is None:
        yield Finding("WhatsApp", "good", "It is not used: everything goes by SMS.")
        return
    wanted = {d.name for d in definitions(services.words.with_standing(url=services.voice.console_url)).values()}
    with services.database.read() as session:
        rows = session.scalars(select(WhatsAppTemplate).where(WhatsAppTemplate.name.in_(wanted))).all()
    approved = sum(row.status == "approved" for row in rows)
    if approved == len(wanted):
        yield Finding("WhatsApp", "good", f"All {approved} templates are approved.")
    else:
        yield Finding(
            "WhatsApp",
            "bad",
            f"{approved} of {len(wanted)} templates are approved; the rest goes by SMS.",
            "Run `companion templates create`, then `submit`, then `sync`.",
        )


def _date(url: str) -> datetime:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310
            return parsedate_to_datetime(answer.headers["Date"])
    except urllib.error.HTTPError as error:
        return parsedate_to_datetime(error.headers["Date"])
