"""Everything that the server, the worker and the commands share, put together in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING

from companion.clock import Clock, MovableClock, SystemClock
from companion.content.catalogue import Catalogue, load_catalogue
from companion.content.crisis import crisis_values
from companion.conversation.desk import TextDesk
from companion.db import Database
from companion.escalation.routes import routes_here
from companion.escalation.watchlist import load_watchlist
from companion.escalation.words import Voice
from companion.messaging.inbound import Inbox
from companion.messaging.numbers import shown_number
from companion.programme.local_contacts import Places
from companion.settings import Settings, load_settings
from companion.signposting import Directory, load_directory

if TYPE_CHECKING:  # what only the worker needs is loaded when it is used: the web server starts faster without
    from companion.machine.journal import Journal
    from companion.messaging.delivery import Delivery
    from companion.messaging.dialling import Calls
    from companion.messaging.mail import Mail
    from companion.messaging.reconcile import Reconciliation
    from companion.messaging.twilio import Twilio


@dataclass(frozen=True)
class Services:
    """The parts, built from settings, a clock and a database."""

    settings: Settings
    clock: Clock
    database: Database

    @cached_property
    def directory(self) -> Directory:
        """The places that help."""
        return load_directory(self.settings.companion_content_dir)

    @cached_property
    def words(self) -> Catalogue:
        """The texts, knowing the service's name and the crisis numbers."""
        today = self.clock.now().astimezone(self.settings.zone).date()
        return standing_words(load_catalogue(self.settings.companion_content_dir), self.directory, self.settings, today)

    @cached_property
    def voice(self) -> Voice:
        """What episodes say."""
        return Voice(self.words, self.settings, self.directory)

    @cached_property
    def inbox(self) -> Inbox:
        """Where texts arrive."""
        desk = TextDesk(load_watchlist(), Places(self.directory).here, self.voice, partial(routes_here, self.database))
        return Inbox(self.database, self.clock, self.settings, desk)

    @cached_property
    def twilio(self) -> Twilio:
        """The provider."""
        from companion.messaging.twilio import Twilio  # noqa: PLC0415

        return Twilio(self.settings)

    @cached_property
    def delivery(self) -> Delivery:
        """What sends texts."""
        from companion.messaging.delivery import Delivery  # noqa: PLC0415

        return Delivery(self.database, self.clock, self.twilio, self.settings, self.voice.late_mark)

    @cached_property
    def calls(self) -> Calls:
        """What places calls."""
        from companion.messaging.dialling import Calls  # noqa: PLC0415

        return Calls(self.database, self.clock, self.twilio, self.settings)

    @cached_property
    def mail(self) -> Mail:
        """What sends e-mails."""
        from companion.messaging.mail import Mail  # noqa: PLC0415

        return Mail(self.database, self.clock, self.settings)

    @cached_property
    def reconciliation(self) -> Reconciliation:
        """What asks Twilio for texts and receipts that never reached us."""
        from companion.messaging.reconcile import Reconciliation  # noqa: PLC0415

        return Reconciliation(self.database, self.clock, self.twilio, self.inbox)

    @cached_property
    def journal(self) -> Journal | None:
        """The copy of STOPs and erasures beside the backups; None where nobody has said where those are."""
        from companion.machine.journal import Journal  # noqa: PLC0415

        folder = self.settings.companion_backup_dir
        return None if folder is None else Journal(self.database, folder)


def open_services(settings: Settings | None = None) -> Services:
    """Return the services for `settings`, or those of the environment. Opens no connection yet."""
    settings = settings or load_settings()
    clock = MovableClock(settings.companion_clock_file) if settings.companion_clock_file else SystemClock()
    return Services(settings, clock, Database(settings.database_url, settings.encryption_keys))


def standing_words(words: Catalogue, directory: Directory, settings: Settings, today: date) -> Catalogue:
    """Return the catalogue with what every text may use: who we are, and the crisis numbers."""
    return words.with_standing(
        name=settings.companion_name,
        programme=settings.companion_programme,
        privacy_url=f"{settings.public_url}/privacy",
        service_number=shown_number(settings.twilio_sms_from or settings.twilio_whatsapp_from),
        whatsapp_number=(settings.twilio_whatsapp_from or "").removeprefix("+"),
        **crisis_values(directory, today),
    )
