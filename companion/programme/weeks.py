"""A person's own weeks: the numbers they gave, a link that only they are sent, and a small picture of them.

Nothing here is compared with anyone, and nothing is shown to anyone else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import CheckIn

WORKS_FOR = timedelta(hours=24)
MOST = 26  # weeks
LABELS = 7  # days named under the picture: more of them run together on a phone
_TAG = 12  # bytes of the signature
_MINUTE = 60

Weeks = tuple[tuple[date, int], ...]  # oldest first


def numbers_of(session: Session, person_id: uuid.UUID) -> Weeks:
    """Return the days and numbers of the last weeks in which one was given."""
    rows = session.execute(
        select(CheckIn.local_day, CheckIn.score)
        .where(CheckIn.person_id == person_id, CheckIn.score.is_not(None))
        .order_by(CheckIn.local_day.desc())
        .limit(MOST)
    )
    return tuple(reversed([(day, score) for day, score in rows if score is not None]))


def token_for(secret: str, person_id: uuid.UUID, now: datetime) -> str:
    """Return the end of the link to someone's weeks: signed, and over after WORKS_FOR."""
    until = int((now + WORKS_FOR).timestamp()) // _MINUTE
    told = person_id.bytes + until.to_bytes(4, "big")
    return base64.urlsafe_b64encode(told + _signature(secret, told)).decode("ascii").rstrip("=")


def person_of(secret: str, token: str, now: datetime) -> uuid.UUID | None:
    """Return whose weeks a link shows; None for a link that is not ours or is over. Raises nothing."""
    try:
        told = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    payload, signature = told[:20], told[20:]
    if len(payload) != 20 or not hmac.compare_digest(signature, _signature(secret, payload)):
        return None
    until = datetime.fromtimestamp(int.from_bytes(payload[16:], "big") * _MINUTE, UTC)
    return uuid.UUID(bytes=payload[:16]) if now < until else None


def picture(weeks: Weeks) -> bytes:
    """Draw the numbers as SVG, without a script. The page has the same numbers in a table."""
    from xml.etree import ElementTree  # noqa: PLC0415

    import pygal  # noqa: PLC0415 - slow to load, and few pages need it
    from pygal.style import Style  # noqa: PLC0415

    look = Style(
        background="white", plot_background="white", foreground="#1d2b2a", foreground_strong="#1d2b2a",
        foreground_subtle="#c9d3d2", colors=("#0b6e69",), font_family="system-ui, sans-serif",
        label_font_size=20, major_label_font_size=20,
    )  # fmt: skip
    chart = pygal.Line(
        style=look, js=[], show_legend=False, range=(0, 10), width=640, height=320, dots_size=5,
        y_labels=(0, 2, 4, 6, 8, 10), x_label_rotation=40,
        x_labels_major_every=1 + (len(weeks) - 1) // LABELS, show_minor_x_labels=False, truncate_label=-1,
        disable_xml_declaration=False, pretty_print=False,
    )  # fmt: skip
    chart.x_labels = [f"{day.day} {day:%b}" for day, _ in weeks]
    chart.add("", [score for _, score in weeks])
    drawn = chart.render_tree()
    for part in drawn.iter():
        for script in [child for child in part if str(child.tag).endswith("script")]:
            part.remove(script)
    svg: bytes = ElementTree.tostring(drawn, encoding="utf-8")
    return svg


def _signature(secret: str, told: bytes) -> bytes:
    key = hashlib.sha256(b"weeks:" + secret.encode()).digest()
    return hmac.digest(key, told, hashlib.sha256)[:_TAG]
