"""What a coordinator makes WhatsApp templates with: an account at the stand-in, a database, and our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import select

from companion.clock import FixedClock
from companion.content.catalogue import Catalogue, load_catalogue
from companion.content.templates import definitions
from companion.db import Database
from companion.messaging import templates
from companion.messaging.twilio import Twilio
from companion.models import Alarm
from companion.models.templates import WhatsAppTemplate
from companion.simulator.standin import StandIn
from tests.databases import KEY
from tests.twilio_settings import SMS, START, WHATSAPP, settings

STANDING = {
    "name": "Companion",
    "programme": "Northern Doctors Peer Network",
    "privacy_url": "https://companion.example.org/privacy",
    "url": "https://companion.example.org/console/",
    "emergency": "999",
    "samaritans": "000 000",
    "shout": "00000",
}
WORDS = load_catalogue(None).with_standing(**STANDING)
DEFINITIONS = definitions(WORDS)


@dataclass
class Office:
    """What a coordinator works with: database, Twilio and its stand-in, a clock that stands still."""

    database: Database
    standin: StandIn
    twilio: Twilio
    clock: FixedClock
    url: str

    def create(self, *text_ids: str, words: Catalogue = WORDS) -> list[templates.Step]:
        """Make the templates of these texts (of all, when none is given)."""
        wanted = [d for d in definitions(words).values() if not text_ids or d.text_id in text_ids]
        return templates.create_missing(self.database, self.twilio, self.clock, wanted)

    def submit(self) -> list[templates.Step]:
        """Submit what is new."""
        return templates.submit_new(self.database, self.twilio, list(DEFINITIONS.values()))

    def sync(self) -> list[templates.Step]:
        """Ask how they stand."""
        return templates.sync(self.database, self.twilio, self.clock)

    def row(self, text_id: str) -> WhatsAppTemplate:
        """Return the only template of a text."""
        with self.database.read() as session:
            return session.scalars(select(WhatsAppTemplate).where(WhatsAppTemplate.text_id == text_id)).one()

    def usable(self, text_id: str) -> bool:
        """Whether a text can go out by template now."""
        with self.database.read() as session:
            return templates.usable(session, text_id, WORDS.wording(text_id).version) is not None

    def approved(self, text_id: str) -> WhatsAppTemplate:
        """Return the template of a text, made and approved."""
        self.create(text_id)
        row = self.row(text_id)
        self.standin.decide(row.content_sid, "approved")
        self.sync()
        return self.row(text_id)

    def alarms(self) -> list[str]:
        """The kinds of the alarms that are open."""
        with self.database.read() as session:
            return list(session.scalars(select(Alarm.kind).where(Alarm.settled_at.is_(None))))


@contextmanager
def opened(url: str) -> Iterator[Office]:
    """Yield an office with an empty account at Twilio, on the new database at `url`."""
    clock = FixedClock(START)
    standin = StandIn(clock=clock, inbound_url="http://127.0.0.1:9/", numbers=[SMS], whatsapp=[WHATSAPP])
    database = Database(url, (KEY,))
    database.unlock()
    try:
        yield Office(database, standin, Twilio(settings(standin.serve()), 5.0), clock, url)
        assert standin.violations == ()
    finally:
        standin.close()
        database.close()


def reworded(text_id: str, text: str) -> Catalogue:
    """Return the catalogue with other words for one text."""
    wording = WORDS.wording(text_id)
    values = {**wording.values, **WORDS.wording("reminder_day").values}
    return replace(WORDS, wordings={**WORDS.wordings, text_id: replace(wording, text=text, values=values)})
