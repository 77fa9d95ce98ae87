"""Telling the coordinators what the service itself is worried about: once when it begins, and again every hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.words import Voice, coordinators
from companion.messaging.addresses import usable
from companion.messaging.outbox import enqueue
from companion.models import Alarm
from companion.models.base import found

AGAIN = timedelta(hours=1)
# Alarms that end when what they are about ends. A person says of the others that they are looked after.
BY_THEMSELVES = frozenset(
    (
        "episode_not_taken", "episode_stuck", "invariant_broken", "journal_not_kept", "mail_not_sent",
        "number_not_theirs", "rota_gap", "texts_not_taken", "texts_since_backup", "texts_unread",
        "twilio_down", "twilio_held", "twilio_not_reached", "whatsapp_template",
    )
)  # fmt: skip

_UNSETTLED = select(Alarm).where(Alarm.settled_at.is_(None))  # made once: asked every few seconds


def tell_coordinators(session: Session, now: datetime, voice: Voice) -> None:
    """Queue a text and an e-mail to each coordinator (to the leads where there is none) about alarms not told yet."""
    alarms = [
        alarm
        for alarm in found(session, _UNSETTLED)
        if alarm.told_at is None or (now - alarm.told_at >= AGAIN and alarm.last_at > alarm.told_at)
    ]
    if not alarms:
        return
    told = coordinators(session)
    for alarm in alarms:
        alarm.told_at = now
        what = voice.words.render(alarm_text(alarm.kind, voice)).body
        text = voice.words.render("coordinator_alarm", what=what, url=voice.console_url)
        for person in told:
            to = usable(session, person)
            if to is not None:
                key = f"alarm:{alarm.id}:{now.timestamp():.0f}:{person.id}"
                enqueue(session, key=key, lane="page", to=to, text=text, now=now, expires_at=now + AGAIN)
        letter = voice.words.render("mail_alarm", time=voice.clock_time(now), alarm=what, url=voice.console_url)
        voice.mail_coordinators(session, f"alarm:{alarm.id}:{now.timestamp():.0f}", letter, now)


def alarm_text(kind: str, voice: Voice) -> str:
    """Return the id of the words for an alarm; Twilio's many codes share one."""
    return f"alarm_{kind}" if f"alarm_{kind}" in voice.words.wordings else "alarm_twilio"
