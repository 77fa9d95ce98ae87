"""The chain that never ends: one step after the other until a person has it.

Times are measured from when the present round began (settings, in minutes):

    0    the first; +5 the second as well; +10 everyone; then everyone again every 10, for ever
    +15  the person concerned is told that nobody has it yet
    +30  the coordinator is alarmed
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.escalation.chain import responders, ways_to
from companion.escalation.words import Voice
from companion.models import Episode, OutboxMessage, Page, Person, raise_alarm, record

ALARM_AFTER = timedelta(minutes=30)
NEVER_ARRIVED = ("failed", "undelivered", "dropped", "canceled")


def page_next(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Page the next step of the chain (from the third on: everyone) and set when to act again.

    A step that nobody can be reached at is skipped at once; if nobody at all can be, the coordinator is alarmed and it
    is tried again a minute later.
    """
    chain = responders(session, episode, now)
    everyone = episode.step >= 2 or episode.step >= len(chain)
    wanted = chain if everyone else chain[episode.step : episode.step + 1]
    episode.step += 1
    episode.rounds += 1
    episode.last_paged_at = now
    reached = [person for person in wanted if _page(session, episode, person, now, voice)]
    if len(reached) < len(wanted):
        raise_alarm(session, now, "responder_not_reachable")
    if not reached and not everyone:
        page_next(session, episode, now, voice)
        return
    if not reached:
        raise_alarm(session, now, "nobody_to_page")
    episode.next_action_at = _next_action(episode, now, voice) if reached else now + timedelta(minutes=1)


def act(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Do what is due for an open episode: tell, alarm, page. Doing it twice does no more than doing it once."""
    settings = voice.settings
    waited = now - episode.started_at
    if waited >= timedelta(minutes=settings.tell_trainee_after) and episode.trainee_told_at is None:
        episode.trainee_told_at = now
        voice.tell_trainee_nobody_yet(session, episode, now)
        record(session, now, "told that nobody has it yet", episode)
    if waited >= ALARM_AFTER:
        raise_alarm(session, now, "episode_not_taken")
    if now >= _next_page(episode, voice) or _nobody_got_the_last(session, episode):
        page_next(session, episode, now, voice)
    else:
        episode.next_action_at = _next_action(episode, now, voice)


def _page(session: Session, episode: Episode, person: Person, now: datetime, voice: Voice) -> bool:
    ways = ways_to(session, person, episode)
    for address in ways:
        row = voice.page(session, episode, person, address, now)
        session.add(
            Page(
                episode_id=episode.id,
                person_id=person.id,
                way=address.channel,
                step=episode.rounds,
                at=now,
                outbox_id=row.id,
            )
        )
    record(session, now, "paged", episode, person=str(person.id), ways=[a.channel for a in ways], step=episode.step)
    return bool(ways)


def _next_page(episode: Episode, voice: Voice) -> datetime:
    settings = voice.settings
    if episode.step <= 0:
        return episode.started_at
    if episode.step == 1:
        return episode.started_at + timedelta(minutes=settings.page_second_after)
    if episode.step == 2:
        return episode.started_at + timedelta(minutes=settings.page_lead_after)
    again = timedelta(minutes=settings.page_again_every)
    return (episode.last_paged_at or episode.started_at) + again


def _next_action(episode: Episode, now: datetime, voice: Voice) -> datetime:
    moments = [_next_page(episode, voice)]
    if episode.trainee_told_at is None:
        moments.append(episode.started_at + timedelta(minutes=voice.settings.tell_trainee_after))
    return max(now, min(moments))


def _nobody_got_the_last(session: Session, episode: Episode) -> bool:
    """Whether every page of the last round is known not to have arrived, so that waiting is of no use."""
    outcomes = session.scalars(
        select(OutboxMessage.status)
        .join(Page, Page.outbox_id == OutboxMessage.id)
        .where(Page.episode_id == episode.id, Page.step == episode.rounds)
    ).all()
    return episode.step < 3 and bool(outcomes) and all(status in NEVER_ARRIVED for status in outcomes)


def episodes_to_look_at(session: Session, now: datetime) -> list[Episode]:
    """Return the episodes with something due, and open ones whose last page did not arrive."""
    due = select(Episode.id).where(Episode.state != "closed", Episode.next_action_at <= now)
    lost = (
        select(Episode.id)
        .join(Page, Page.episode_id == Episode.id)
        .join(OutboxMessage, Page.outbox_id == OutboxMessage.id)
        .where(Episode.state == "open", Page.step == Episode.rounds, OutboxMessage.status.in_(NEVER_ARRIVED))
    )
    return list(
        session.scalars(
            select(Episode)
            .where(Episode.id.in_(due.union(lost)))
            .order_by(Episode.opened_at)
            .with_for_update(of=Episode)
        )
    )
