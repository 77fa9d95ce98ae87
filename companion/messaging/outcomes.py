"""What becomes of a text that Twilio refused or could not deliver. The rules are data: errors.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import yaml
from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from companion.messaging import optout, templates
from companion.messaging.window import window_open
from companion.models import LANES, Address, OutboxMessage, raise_alarm
from companion.models.texts import LOST

OUTSIDE_WINDOW = 63016
SOON = 1  # minute: what is looked after by those who queued it is not tried again later than that
Do = Literal["template", "retry", "fallback", "stopped", "invalid", "hold"]
MANY_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Rule:
    """What to do about one error code. `after` is in minutes, `rest` in hours; `many` and `rest` are 0 for none."""

    do: Do
    after: tuple[float, ...] = ()
    alert: bool = False
    strikes: int = 1
    many: int = 0
    rest: int = 0


@lru_cache(maxsize=1)
def _rules() -> tuple[dict[int, Rule], Rule, Rule, Rule]:
    data = yaml.safe_load(Path(__file__).with_name("errors.yaml").read_text())

    def rule(given: dict[str, object]) -> Rule:
        return Rule(
            do=cast(Do, given["do"]),
            after=tuple(cast(list[float], given.get("after", []))),
            alert=bool(given.get("alert", False)),
            strikes=int(cast(int, given.get("strikes", 1))),
            many=int(cast(int, given.get("many", 0))),
            rest=int(cast(int, given.get("rest", 0))),
        )

    return (
        {code: rule(given) for code, given in data["codes"].items()},
        rule(data["http_429"]),
        rule(data["other_30xxx"]),
        rule(data["other"]),
    )


def rule_for(code: int, http_status: int | None = None) -> Rule:
    """Return the rule for Twilio's `code`; an unlisted one gets a safe default."""
    codes, busy, carrier, other = _rules()
    if code in codes:
        return codes[code]
    if http_status == 401:
        return codes[20003]
    if http_status == 429:
        return busy
    return carrier if 30_000 <= code < 31_000 else other


def failed(session: Session, row: OutboxMessage, rule: Rule, status: str, code: int, now: datetime) -> None:
    """Settle `row`, which Twilio did not deliver, by `rule`. `status` is failed or undelivered."""
    row.error_code, row.updated_at = code, now
    if rule.alert:
        raise_alarm(session, now, "twilio_held" if rule.do == "hold" else f"twilio_{code}", code=code)
    if rule.do == "hold":  # not this text's fault: it waits with all the others
        row.status, row.not_before, row.attempts = "queued", now + timedelta(minutes=1), max(0, row.attempts - 1)
        return
    if code == OUTSIDE_WINDOW:
        row.address.last_inbound_at = None  # our record of the window was wrong
    if (moment := _again_at(session, row, rule, now)) is not None:
        row.status, row.not_before, row.provider_sid = "queued", moment, None
        return
    row.status, row.settled_at = status, now
    if rule.many and _lately(session, row, code, now) >= rule.many:
        raise_alarm(session, now, f"twilio_{code}", code=code)
    if rule.do == "stopped":
        if row.person is not None and row.person.role != "trainee":
            raise_alarm(session, now, "facilitator_stopped")
        optout.stop(session, row.address, source="provider", sender=row.sender or "", sid=row.provider_sid, now=now)
        if row.watched or LANES[row.lane] != "page":  # a page tries every way; anything else respects the wish
            return
    if rule.do == "invalid" and _strikes(session, row, code) >= rule.strikes:
        row.address.invalid_since, row.address.invalid_code = now, code
    if code in templates.WITHDRAWN_BY:
        used = templates.usable(session, row.purpose, row.wording_version)
        if used is not None and used.content_sid:
            templates.mark_unusable(session, used.content_sid, code, now)
    if not row.watched:
        send_another_way(session, row, now)


def _again_at(session: Session, row: OutboxMessage, rule: Rule, now: datetime) -> datetime | None:
    """Return when to try the same way again, or None when that makes no sense."""
    if rule.do == "template":
        # A page does not wait for that: its other ways are taken at once.
        return now if row.attempts <= 1 and not row.watched and _has_template(session, row) else None
    before = max(row.attempts, 1) - 1  # an answer in the webhook is a try that is not counted
    after = rule.after[before] if before < len(rule.after) else None
    if rule.do != "retry" or after is None or (row.watched and after > SOON):
        return None
    moment = now + timedelta(minutes=after) * _jitter(row)
    return moment if row.expires_at is None or moment < row.expires_at else None


def send_another_way(session: Session, row: OutboxMessage, now: datetime) -> OutboxMessage | None:
    """Queue the same words to the same person on their other channel, if they have one that may be used."""
    if row.expires_at is not None and row.expires_at <= now:
        return None
    address = other_way(session, row.address, now)
    if address is None or row.replaces is not None or row.body is None:
        return None
    key = f"{row.key}:{address.channel}"
    if session.scalar(select(OutboxMessage.id).where(OutboxMessage.key == key)):
        return None
    other = OutboxMessage(
        key=key,
        lane=row.lane,
        purpose=row.purpose,
        wording_version=row.wording_version,
        channel=address.channel,
        address_id=address.id,
        person_id=row.person_id,
        body=row.body,
        status="queued",
        replaces=row.id,
        created_at=now,
        not_before=now,
        expires_at=row.expires_at,
        updated_at=now,
    )
    session.add(other)
    session.flush()
    return other


def other_way(session: Session, address: Address, now: datetime) -> Address | None:
    """Return the address on the other channel that reaches the same person now, or None.

    SMS may stand in for WhatsApp at the same number (people agree to that on joining); WhatsApp for SMS only while
    its 24-hour window is open. Never an address that said STOP or that does not work.
    """
    wanted = "sms" if address.channel == "whatsapp" else "whatsapp"
    found = session.scalars(
        select(Address).where(
            Address.channel == wanted,
            (Address.person_id == address.person_id)
            if address.person_id
            else (Address.address_index == address.address_index),
        )
    ).all()
    usable = [a for a in found if a.invalid_since is None and not optout.is_stopped(session, a)]
    if wanted == "whatsapp":
        return next((a for a in usable if window_open(a, now)), None)
    if found:
        return usable[0] if usable else None
    if not address.address.startswith("+"):
        return None  # a WhatsApp user id leads to no number
    return _sms_twin(session, address, now)


def _sms_twin(session: Session, address: Address, now: datetime) -> Address:
    twin = Address(
        channel="sms",
        address=address.address,
        address_index=address.address,
        person_id=address.person_id,
        created_at=now,
    )
    session.add(twin)
    session.flush()
    session.refresh(twin)
    return twin


def rests(session: Session, address: Address, now: datetime) -> bool:
    """Whether no template may go to a WhatsApp address just now, as the last ones were held back."""
    codes = {code: rule.rest for code, rule in _rules()[0].items() if rule.rest}
    held_back = session.execute(
        select(OutboxMessage.error_code, OutboxMessage.settled_at).where(
            OutboxMessage.address_id == address.id, OutboxMessage.error_code.in_(codes)
        )
    ).tuples()
    return any(at is not None and now - at < timedelta(hours=codes[code or 0]) for code, at in held_back)


def _has_template(session: Session, row: OutboxMessage) -> bool:
    return row.values is not None and templates.usable(session, row.purpose, row.wording_version) is not None


def _lately(session: Session, row: OutboxMessage, code: int, now: datetime) -> int:
    """Return how many texts failed like this one in the last hour, this one among them."""
    others = select(func.count()).where(
        sql(LOST), OutboxMessage.settled_at > now - MANY_WITHIN, OutboxMessage.error_code == code
    )
    return 1 + (session.scalar(others.where(OutboxMessage.id != row.id)) or 0)


def _strikes(session: Session, row: OutboxMessage, code: int) -> int:
    """Return how many texts to the address failed like this one since one arrived there, this one among them."""
    to_address = OutboxMessage.address_id == row.address_id
    arrived = session.scalar(
        select(func.max(OutboxMessage.settled_at)).where(to_address, OutboxMessage.status.in_(("delivered", "read")))
    )
    earlier = select(func.count()).where(to_address, OutboxMessage.error_code == code, OutboxMessage.id != row.id)
    if arrived is not None:
        earlier = earlier.where(OutboxMessage.settled_at > arrived)
    return 1 + (session.scalar(earlier) or 0)


def _jitter(row: OutboxMessage) -> float:
    return 0.8 + 0.4 * (row.id.int % 997) / 997  # spreads a crowd; the same for the same text, so tests repeat
