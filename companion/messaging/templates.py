"""WhatsApp templates: which may be used at this moment, how they are filled, made, submitted and kept track of.

What they say is in content/templates.py. What Twilio has is in the table; `companion templates` and the worker keep
that up to date.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from companion.clock import Clock
from companion.content.catalogue import clean
from companion.content.templates import LONGEST_VALUES, Definition, problems
from companion.db import Database
from companion.messaging.parts import gsm_safe
from companion.messaging.provider import Approval, KnownTemplate, RefusedError
from companion.models import raise_alarm, record, settle_alarm
from companion.models.base import ask
from companion.models.templates import APPROVED, TEMPLATE_STATUSES, WITHDRAWN, WhatsAppTemplate

ALARM = "whatsapp_template"
_NEWEST = (  # made once: asked for every text to a WhatsApp number
    select(WhatsAppTemplate)
    .where(WhatsAppTemplate.text_id == bindparam("text"), WhatsAppTemplate.wording_version == bindparam("version"))
    .order_by(WhatsAppTemplate.created_at.desc(), WhatsAppTemplate.id.desc())
    .limit(1)
)
_STATUS = _NEWEST.with_only_columns(WhatsAppTemplate.status)
if TYPE_CHECKING:
    from companion.messaging.twilio import Twilio

# What Twilio's error codes say of a template.
WITHDRAWN_BY = {
    **{63027: "disabled", 63028: "disabled", 63030: "disabled"},  # no such language, other holes, words and template
    **{63040: "rejected", 63041: "paused", 63042: "disabled"},
}


class TemplateError(ValueError):
    """A template can't be filled with these values: the text has to go another way."""


@dataclass(frozen=True)
class Step:
    """What became of one template. `status` is empty where Twilio refused, and `problem` says why."""

    name: str
    before: str
    status: str
    problem: str = ""


def variables(holes: Sequence[Sequence[str]], values: Mapping[str, str]) -> str:
    """Return Twilio's ContentVariables for `holes`, the `variables` of a definition or of a row.

    The values come out as the same text has them by SMS: on one line, no spaces in a row, over-long names cut. Raises
    TemplateError for one that is missing or empty (Twilio would send the sample to a real person), or for all too long.
    """
    filled: dict[str, str] = {}
    for number, (name, sample) in enumerate(holes, start=1):
        value = gsm_safe(clean(values.get(name, ""), sample))
        if not value:
            raise TemplateError(f"the value {name!r} is missing or empty")
        filled[str(number)] = value
    if sum(map(len, filled.values())) > LONGEST_VALUES:
        raise TemplateError("the values are too long for WhatsApp")
    return json.dumps(filled, ensure_ascii=False)


def usable(
    session: Session, text_id: str, wording_version: str, *, window_open: bool = False
) -> WhatsAppTemplate | None:
    """Return the template to send this wording by, or None. The newest counts, and no other.

    After the 24 hours it has to be approved. While they last (`window_open`) free words do as well, so only a template
    with buttons is worth it, and it needs no approval; one that was withdrawn is not used.
    """
    found = session.scalar(_NEWEST, {"text": text_id, "version": wording_version})
    if found is None:
        return None
    fit = found.has_buttons and found.status not in WITHDRAWN if window_open else found.status == APPROVED
    return found if fit else None


def is_approved(session: Session, text_id: str, wording_version: str) -> bool:
    """Whether there is a template to send this wording by after the 24 hours."""
    return ask(session, _STATUS, text=text_id, version=wording_version).scalar() == APPROVED


def create_missing(database: Database, twilio: Twilio, clock: Clock, wanted: Sequence[Definition]) -> list[Step]:
    """Make those of `wanted` that Twilio does not have, take over those it has; return what was done.

    Raises as Twilio's methods do; what was made until then stays and is found the next time.
    """
    with database.read() as session:
        there = set(session.scalars(select(WhatsAppTemplate.name)))
    missing = [definition for definition in wanted if definition.name not in there]
    known = {template.name: template for template in twilio.templates()} if missing else {}
    return [_make(database, twilio, clock, definition, known.get(definition.name)) for definition in missing]


def _make(
    database: Database, twilio: Twilio, clock: Clock, definition: Definition, found: KnownTemplate | None
) -> Step:
    wrong = problems(definition)
    if wrong:
        return Step(definition.name, "", "", "; ".join(wrong))
    if found is None:
        try:
            sid = twilio.create_template(definition.name, definition.language, definition.samples, definition.types)
        except RefusedError as error:
            return Step(definition.name, "", "", _refusal(error))
        found = KnownTemplate(sid, definition.name, definition.language, Approval("unsubmitted", "", ""))
    with database.write() as session:
        row = WhatsAppTemplate(
            name=definition.name,
            text_id=definition.text_id,
            wording_version=definition.wording_version,
            content_sid=found.sid,
            variables=[list(variable) for variable in definition.variables],
            has_buttons=bool(definition.buttons),
            status=_known(found.approval.status),
            category=found.approval.category or definition.category,
            reason=found.approval.reason or None,
            created_at=clock.now(),
        )
        session.add(row)
    return Step(definition.name, "", row.status)


def submit_new(database: Database, twilio: Twilio, wanted: Sequence[Definition]) -> list[Step]:
    """Ask for approval of those of `wanted` that were made and not submitted; return what was done.

    Raises as Twilio's methods do.
    """
    names = [definition.name for definition in wanted]
    with database.read() as session:
        new = session.scalars(
            select(WhatsAppTemplate)
            .where(WhatsAppTemplate.status == "unsubmitted", WhatsAppTemplate.name.in_(names))
            .order_by(WhatsAppTemplate.name)
        ).all()
    steps = []
    for row in new:
        try:
            status = _known(twilio.submit_template(row.content_sid, row.name, row.category))
        except RefusedError as error:
            steps.append(Step(row.name, row.status, "", _refusal(error)))
            continue
        with database.write() as session:
            session.get_one(WhatsAppTemplate, row.id).status = status
        steps.append(Step(row.name, row.status, status))
    return steps


def sync(database: Database, twilio: Twilio, clock: Clock) -> list[Step]:
    """Ask Twilio how each template stands; return those that changed. Raises as Twilio's methods do.

    One that WhatsApp has withdrawn raises an alarm, which ends when none is withdrawn any more. One that is gone from
    Twilio is forgotten, so that it can be made again.
    """
    with database.read() as session:
        rows = session.scalars(select(WhatsAppTemplate).order_by(WhatsAppTemplate.name)).all()
    listed = {template.sid: template.approval for template in twilio.templates()} if rows else {}
    answers = [(row, listed.get(row.content_sid) or _ask(twilio, row.content_sid)) for row in rows]
    steps = []
    with database.write() as session:
        now = clock.now()
        for known, approval in answers:
            row = session.get(WhatsAppTemplate, known.id, with_for_update=True)
            if row is None:
                continue
            before = row.status
            if approval is None:
                record(session, now, "template gone", row, name=row.name)
                session.delete(row)
                steps.append(Step(row.name, before, "gone"))
                continue
            row.checked_at, row.category = now, approval.category or row.category
            row.reason = approval.reason or None
            _change(session, row, _known(approval.status), now)
            if row.status != before:
                steps.append(Step(row.name, before, row.status, approval.reason))
        session.flush()
        if not any(row.status in WITHDRAWN for row in _newest(session)):
            settle_alarm(session, now, ALARM)
    return steps


def mark_unusable(session: Session, content_sid: str, code: int, now: datetime) -> bool:
    """Stop using a template that Twilio refused with `code`; return whether the code is about a template at all.

    Does nothing but that for a SID that is not ours.
    """
    status = WITHDRAWN_BY.get(code)
    if status is None:
        return False
    row = session.scalar(select(WhatsAppTemplate).where(WhatsAppTemplate.content_sid == content_sid).with_for_update())
    if row is not None:
        row.reason = f"error {code}"
        _change(session, row, status, now)
    return True


def _change(session: Session, row: WhatsAppTemplate, status: str, now: datetime) -> None:
    if status == row.status:
        return
    record(session, now, "template status", row, name=row.name, before=row.status, after=status)
    row.status = status
    if status in WITHDRAWN and row.id in {newest.id for newest in _newest(session)}:
        raise_alarm(session, now, ALARM, name=row.name, status=status)


def _newest(session: Session) -> list[WhatsAppTemplate]:
    """Return the newest template of each text: older ones are of wordings that are sent no more."""
    rows = session.scalars(select(WhatsAppTemplate).order_by(WhatsAppTemplate.created_at, WhatsAppTemplate.id))
    return list({row.text_id: row for row in rows}.values())


def _ask(twilio: Twilio, content_sid: str) -> Approval | None:
    try:
        return twilio.approval(content_sid)
    except RefusedError as error:
        if error.status == 404:
            return None
        raise


def _known(status: str) -> str:
    return status if status in TEMPLATE_STATUSES else "pending"  # a status we have not heard of is not an approval


def _refusal(error: RefusedError) -> str:
    if error.status != 400:
        raise error
    return f"Twilio refuses it (code {error.code})"
