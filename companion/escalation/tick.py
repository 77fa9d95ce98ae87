"""What time brings to episodes. Called by the worker every few seconds; safe to call twice, or by two workers."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from companion.escalation.closings import overtake
from companion.escalation.news import chase, tell_of_learnt_stops
from companion.escalation.paging import act, episodes_to_look_at
from companion.escalation.reopening import no_contact_in_time, owner_not_told
from companion.escalation.words import Voice
from companion.models import Episode, raise_alarm

log = logging.getLogger(__name__)


def tick(session: Session, now: datetime, voice: Voice) -> None:
    """Do all that is due at `now` (UTC)."""
    for episode in episodes_to_look_at(session, now):
        try:
            with session.begin_nested():
                _look_after(session, episode, now, voice)
        except Exception:
            # One that cannot be looked after must not keep the others waiting.
            log.exception("episode %s could not be looked after", episode.id)
            raise_alarm(session, now, "episode_stuck")
    try:  # last, and apart: no page waits for a proposal or for news
        with session.begin_nested():
            overtake(session, now)
            tell_of_learnt_stops(session, now, voice)
    except Exception:
        log.exception("proposals to close, or stops that Twilio told of, could not be looked after")
        raise_alarm(session, now, "episode_stuck")


def _look_after(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    if episode.state == "owned":
        _hold_to_promise(session, episode, now, voice)
    if episode.state == "open":
        act(session, episode, now, voice)


def _hold_to_promise(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    if episode.contact_by is not None and now >= episode.contact_by:
        no_contact_in_time(session, episode, now, voice)
        return
    remind_at = (episode.owned_at or now) + timedelta(minutes=voice.settings.contact_reminder_after)
    if now >= remind_at:
        voice.remind_owner(session, episode, "page_contact_reminder", now)
    episode.next_action_at = remind_at if now < remind_at else episode.contact_by or now + timedelta(minutes=1)
    if chase(session, episode, now, voice):
        owner_not_told(session, episode, now, voice)
