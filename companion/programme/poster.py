"""A poster to print: what somebody needs to know before they text JOIN, and two codes to scan.

The title is neutral, so that scanning it in the mess is safe; number and keyword stand beside the code, because a
code alone is of no use to everyone; nobody's logo is on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from companion.messaging.numbers import written
from companion.models import Cohort, JoinSource
from companion.qr import picture
from companion.settings import Settings


@dataclass(frozen=True)
class Poster:
    """All that stands on one poster."""

    service: str
    programme: str
    cohort: str
    keyword: str  # "JOIN ICU MESS"
    number: str | None  # where to text it; None when the service has a messaging service and no number
    sms_code: str | None  # a picture, as a `data:` address
    whatsapp_code: str | None
    privacy_url: str
    emergency: str
    samaritans: str


def poster_for(
    settings: Settings, standing: Mapping[str, str], cohort: Cohort, source: JoinSource | None = None
) -> Poster:
    """Return the poster of a cohort; `standing` has the crisis numbers, and `source` says where it will hang."""
    keyword = f"JOIN {cohort.code}{f' {source.code}' if source else ''}"
    number, whatsapp = settings.twilio_sms_from, settings.twilio_whatsapp_from
    link = f"https://wa.me/{whatsapp.lstrip('+')}?text={quote(keyword)}" if whatsapp else None
    return Poster(
        service=settings.companion_name,
        programme=settings.companion_programme,
        cohort=cohort.name,
        keyword=keyword,
        number=number,
        sms_code=picture(f"SMSTO:{number}:{keyword}") if number else None,
        whatsapp_code=picture(link) if link else None,
        privacy_url=standing["privacy_url"],
        emergency=standing["emergency"],
        samaritans=standing["samaritans"],
    )


def page(poster: Poster) -> str:
    """Return the poster as a page of its own, which needs nothing else to be printed."""
    from jinja2 import Environment, PackageLoader, select_autoescape  # noqa: PLC0415 (only a command needs it)

    environment = Environment(
        loader=PackageLoader("companion", "console/templates"), autoescape=select_autoescape(["html"])
    )
    environment.filters["number"] = written
    return environment.get_template("console/poster_file.html").render(poster=poster)
