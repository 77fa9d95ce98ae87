"""What the worker does again and again. Each job may run twice, late, or in two places at once."""

from __future__ import annotations

import logging

from companion.alarms import tell_coordinators
from companion.db import alone
from companion.escalation import auditor, proposals
from companion.escalation.tick import tick as escalation_tick
from companion.heartbeats import ran
from companion.machine import making_good
from companion.messaging import templates
from companion.messaging.claiming import URGENT
from companion.programme.around import tick as around_tick
from companion.programme.monthly import freeze as freeze_figures
from companion.programme.tick import tick as programme_tick
from companion.proof import drill as drills
from companion.proof import heartbeat as outside
from companion.proof import twilio_purge, unread
from companion.proof.sealing import seal
from companion.retention import purge as purge_old
from companion.rota import tick as rota_tick
from companion.services import Services
from companion.wordings import keep_wordings

log = logging.getLogger(__name__)


def tick(services: Services) -> None:
    """Do what time has brought: pages first, then the programme."""
    with services.database.write() as session:
        if not alone(session, "tick"):
            return  # another worker is at it
        now = services.clock.now()
        escalation_tick(session, now, services.voice)
        rota_tick.tick(session, now, services.voice)
        tell_coordinators(session, now, services.voice)
    more = True
    while more:
        with services.database.write() as session:
            if not alone(session, "programme"):
                return
            more = programme_tick(session, services.clock.now(), services.voice)
    with services.database.write() as session:
        if not alone(session, "programme"):
            return
        around_tick(session, services.clock.now(), services.voice)
        if alone(session, "seal"):
            seal(session, services.clock.now())
        ran(session, "tick", services.clock.now())


def deliver_urgent(services: Services) -> None:
    """Send pages and answers that are due: on a thread of their own, so that no other text holds them up."""
    services.delivery.run(URGENT)


def place_calls(services: Services) -> None:
    """Call those who are paged by telephone: on a thread of its own, as Twilio may take its time."""
    services.calls.run()


def send_mail(services: Services) -> None:
    """Send e-mails that are due: on a thread of its own, as mail servers take their time."""
    services.mail.run()


def deliver(services: Services) -> None:
    """Send whatever is due, and find out about texts whose outcome is not known."""
    services.delivery.run()
    services.delivery.ask_about_unknown()


def sync_templates(services: Services) -> None:
    """Ask Twilio which WhatsApp templates are approved."""
    templates.sync(services.database, services.twilio, services.clock)


def reconcile(services: Services) -> None:
    """Ask Twilio for texts and receipts that never reached us."""
    services.reconciliation.run()
    with services.database.write() as session:
        ran(session, "reconcile", services.clock.now())


def keep_journal(services: Services) -> None:
    """Keep the copy of STOPs and erasures beside the backups; where it knows more, a backup was put back."""
    making_good.keep_journal(services)


def audit(services: Services) -> None:
    """Check what must always hold, mend what can be mended, and raise the alarm."""
    with services.database.write() as session:
        if not alone(session, "audit"):
            return
        now = services.clock.now()
        for what in auditor.audit(session, now, services.voice):
            log.error("the auditor found: %s", what)
        unread.watch(session, now, services.settings.zone, services.settings.companion_nation)
        rota_tick.watch(session, now)
        ran(session, "audit", now)


def purge(services: Services) -> None:
    """Remove what has been kept long enough, and keep the wordings that texts are made from today."""
    with services.database.write() as session:
        if not alone(session, "purge"):
            return
        now = services.clock.now()
        freeze_figures(session, now)  # while those of whom it tells are there
        purge_old(session, now, services.settings.companion_keep_months)
        twilio_purge.ask(session, now)
        proposals.expire(session, now)
        keep_wordings(session, services.words, now)
        ran(session, "purge", now)


def purge_at_twilio(services: Services) -> None:
    """Remove at Twilio the words that were removed here."""
    twilio_purge.run(services.database, services.clock, services.twilio)


def heartbeat(services: Services) -> None:
    """Tell somebody outside that all is well, unless it is not."""
    outside.beat(services.database, services.clock, services.settings.companion_heartbeat_url)


def drill(services: Services) -> None:
    """Run the weekly drill when its hour has come."""
    drills.run_due(services)
