"""The chain that never ends: one step after the other until a person has it, and another way where one fails."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, union
from sqlalchemy.orm import Session, joinedload

from companion.escalation import bundles, carriers
from companion.escalation.carriers import THROTTLE, TO_OWNER
from companion.escalation.chain import people_to_page
from companion.escalation.evidence import EMAIL_LOST, TEXT_LOST, evidence, waits_until
from companion.escalation.steps import CALL, EVERYONE, SECOND, due_at, reached_by, step
from companion.escalation.ways import Way, another_way, next_way, ways_to
from companion.escalation.words import Voice
from companion.messaging import outage
from companion.messaging.calls import OVER as CALL_OVER
from companion.models import (
    Call,
    Email,
    Episode,
    OutboxMessage,
    Page,
    Person,
    raise_alarm,
    record,
)
from companion.models.base import ask, store

ONE_ROUND = timedelta(minutes=9)  # pages this recent count as the present try to reach somebody
NOBODY = timedelta(minutes=1)  # until the next try when nobody at all can be reached
# Made once: asked for every flagged text.
_RECENT = (
    select(Page)
    .where(Page.episode_id == bindparam("episode"), Page.at > bindparam("since"), Page.at >= bindparam("started"))
    .options(
        joinedload(Page.outbox).load_only(OutboxMessage.status, OutboxMessage.attempts),
        joinedload(Page.call).load_only(Call.status, Call.attempts, Call.digit),
        joinedload(Page.email).load_only(Email.status, Email.attempts),
    )
    .order_by(Page.at)
)
_FAILING = or_(
    OutboxMessage.status.in_((*TEXT_LOST, "unknown")),
    (OutboxMessage.status == "queued") & (OutboxMessage.attempts > 0),
    Call.status.in_((*CALL_OVER, "unknown")) & Call.digit.is_(None),
    (Call.status == "queued") & (Call.attempts > 0),
    Email.status.in_(EMAIL_LOST),
    (Email.status == "queued") & (Email.attempts > 0),
)
# Made once: asked every few seconds.
_TO_LOOK_AT = union(
    select(Episode.id).where(Episode.state != "closed", Episode.next_action_at <= bindparam("now")),
    select(Episode.id)
    .join(Page, Page.episode_id == Episode.id)
    .outerjoin(OutboxMessage, Page.outbox_id == OutboxMessage.id)
    .outerjoin(Call, Page.call_id == Call.id)
    .outerjoin(Email, Page.email_id == Email.id)
    .where(or_(Episode.state == "open", TO_OWNER), Page.failed_at.is_(None))
    .where(Page.at > bindparam("since"), Page.at >= Episode.started_at)
    .where(_FAILING),
)
_ANY_TO_LOOK_AT = select(_TO_LOOK_AT.subquery()).limit(1)
_LOOKED_AT = select(Episode).where(Episode.id.in_(_TO_LOOK_AT)).order_by(Episode.opened_at).with_for_update(of=Episode)


def page_next(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Do the next step of the chain and set when to act again.

    A step that is empty, or that nobody can be reached at, is skipped at once and the coordinator told; if nobody at
    all can be reached it is tried again a minute later.
    """
    if bundles.follow(session, episode, now):
        return  # an unknown number among others: paged as one with the oldest of them
    chain = people_to_page(session, episode, now)
    reached = False
    while not reached:
        doing = step(episode.step)
        everyone = episode.step >= EVERYONE
        wanted = {"first": chain[:1], "second": chain[1:2], "everyone": chain}[doing.who]
        if doing.who == "second" and not wanted and episode.person is not None and episode.person.role == "trainee":
            raise_alarm(session, now, "chain_short")
        episode.step += 1
        episode.rounds += 1
        paged = [person for person in wanted if _page(session, episode, person, doing.ways, now, voice)]
        if len(paged) < len(wanted):
            _alarm(session, episode, now, "responder_not_reachable")
        reached = bool(paged)
        if everyone:
            break
    episode.last_paged_at = now
    if not reached:
        _alarm(session, episode, now, "nobody_to_page")
        episode.next_action_at = now + NOBODY
        episode.last_paged_at = now + NOBODY - timedelta(minutes=voice.settings.page_again_every)
        return
    episode.next_action_at = _next_action(session, episode, now, voice)


def _alarm(session: Session, episode: Episode, now: datetime, kind: str) -> None:
    """Raise an alarm about `episode`, unless it is a drill's: the drill tells by itself how far it got."""
    if not episode.is_drill:
        raise_alarm(session, now, kind)


def act(session: Session, episode: Episode, now: datetime, voice: Voice) -> None:
    """Do what is due for an open episode: tell, alarm, page. Doing it twice does no more than doing it once."""
    settings = voice.settings
    waited = now - episode.started_at
    told = episode.trainee_told_at is not None or episode.contacted_at is not None  # who reached them is still there
    if waited >= timedelta(minutes=settings.tell_trainee_after) and not told:
        episode.trainee_told_at = now
        voice.tell_trainee_nobody_yet(session, episode, now)
        record(session, now, "told that nobody has it yet", episode)
    if waited >= timedelta(minutes=settings.alarm_coordinator_after):
        _alarm(session, episode, now, "episode_not_taken")
        if episode.alarmed_at is None:
            episode.alarmed_at = now
            if not episode.is_drill:
                voice.alarm_another_way(session, episode, now)
            record(session, now, "coordinator alarmed", episode)
    lost = _chase(session, episode, now, voice)
    if lost and step(episode.step).who == "first":
        episode.step = SECOND  # the first cannot be reached: no use calling them at their minute
    if now >= due_at(episode, settings) or (lost and episode.step <= EVERYONE):
        episode.step = max(episode.step, reached_by(waited, settings))
        page_next(session, episode, now, voice)
    else:
        episode.next_action_at = _next_action(session, episode, now, voice)


def _page(
    session: Session, episode: Episode, person: Person, kinds: Sequence[str], now: datetime, voice: Voice
) -> bool:
    """Page `person` by those of `kinds` that are open, else by the first way there is; say whether there is any.

    While Twilio is down an e-mail goes beside what waits for Twilio.
    """
    chosen, reachable = _chosen_ways(session, episode, person, kinds, now, voice)
    _send(session, episode, person, chosen, now, voice)
    record(session, now, "paged", episode, person=str(person.id), ways=[w.kind for w in chosen], step=episode.step)
    return reachable


def _chosen_ways(
    session: Session, episode: Episode, person: Person, kinds: Sequence[str], now: datetime, voice: Voice
) -> tuple[list[Way], bool]:
    """Return the ways by which `person` is paged now, and whether any way to them is open."""
    chosen = ways_to(session, person, now, voice.settings, voice.words, kinds)
    down = outage.is_down(session)
    if chosen and not down:
        return chosen, True
    open_ways = ways_to(session, person, now, voice.settings, voice.words)
    if not chosen:
        tried = {page.way for page in _recent(session, episode, now) if page.person_id == person.id}
        other = next_way(open_ways, tried) or (next_way(open_ways, ()) if kinds != CALL else None)
        chosen = [other] if other else []
    if down and not any(way.kind == "email" for way in chosen):
        chosen += [way for way in open_ways if way.kind == "email"]
    return chosen, bool(open_ways)


def _send(session: Session, episode: Episode, person: Person, ways: Sequence[Way], now: datetime, voice: Voice) -> None:
    """Queue one page by each way: two minutes after the last by that way at the soonest, or with one that waits."""
    lately = carriers.lately(session, episode, person, now)
    for way in ways:
        _send_by(session, episode, person, way, [page for page in lately if page.way == way.kind], now, voice)


def _send_by(
    session: Session,
    episode: Episode,
    person: Person,
    way: Way,
    near: Sequence[carriers.Recent],
    now: datetime,
    voice: Voice,
) -> None:
    if any(page.same and page.at > now - THROTTLE and page.at >= episode.started_at for page in near):
        return  # said less than two minutes ago, about the same
    begins = max([now, *(page.at + THROTTLE for page in near)])
    page = Page(
        id=uuid.uuid4(), episode_id=episode.id, person_id=person.id, way=way.kind, step=episode.rounds, at=begins
    )
    carrier = carriers.to_go_with(session, near, now, voice)
    if carrier is not None:
        page.at = max(now, min(carrier.not_before, begins))
        _carried_by(page, carrier)
    else:
        _queue(session, episode, person, way, page, now, voice)
    store(session, [page])
    if carrier is not None and not any(each.same for each in near):
        carriers.say_anew(session, carrier, person, now, voice)


def _carried_by(page: Page, carrier: carriers.Carrier) -> None:
    if isinstance(carrier, Call):
        page.call_id = carrier.id
    elif isinstance(carrier, Email):
        page.email_id = carrier.id
    else:
        page.outbox_id = carrier.id


def _queue(
    session: Session, episode: Episode, person: Person, way: Way, page: Page, now: datetime, voice: Voice
) -> None:
    """Make what carries `page`."""
    key = f"page:{episode.id}:{episode.rounds}:{person.id}:{way.kind}"
    if way.kind == "email":
        page.email_id = voice.mail_page(session, episode, person, way.email, key, now, page.at)
    elif way.address is not None and way.kind == "call":
        page.call_id = voice.call_page(session, key, way.address, now, page.at)
    elif way.address is not None:
        page.outbox_id = voice.page(session, episode, person, way.address, key, now, page.at)


def _recent(session: Session, episode: Episode, now: datetime) -> Sequence[Page]:
    asked = {"episode": episode.id, "since": now - ONE_ROUND, "started": episode.started_at}
    return session.scalars(_RECENT, asked).all()


def _chase(session: Session, episode: Episode, now: datetime, voice: Voice) -> bool:
    """Try the next way to everyone whose pages did not arrive; return whether nobody paged lately can have got one."""
    by_person: dict[uuid.UUID, list[Page]] = defaultdict(list)
    for page in _recent(session, episode, now):
        by_person[page.person_id].append(page)
    hope = not by_person
    for pages in by_person.values():
        found = {page: evidence(page, now) for page in pages}
        new = [page for page, what in found.items() if what == "failed" and page.failed_at is None]
        for page in new:
            page.failed_at = now
        if any(page.answer == "pass" for page in pages):
            continue
        if any(what != "failed" for what in found.values()):
            hope = True
        elif new:
            hope = _another_way(session, episode, pages[0].person, {page.way for page in pages}, now, voice) or hope
    return not hope


def _another_way(
    session: Session, episode: Episode, person: Person, tried: set[str], now: datetime, voice: Voice
) -> bool:
    way = another_way(session, person, tried, now, voice.settings, voice.words)
    if way is None:
        _alarm(session, episode, now, "responder_not_reachable")
        return False
    _send(session, episode, person, [way], now, voice)
    record(session, now, "paged another way", episode, person=str(person.id), ways=[way.kind])
    return True


def _next_action(session: Session, episode: Episode, now: datetime, voice: Voice) -> datetime:
    settings = voice.settings
    moments = [due_at(episode, settings)]
    if episode.trainee_told_at is None and episode.contacted_at is None:
        moments.append(episode.started_at + timedelta(minutes=settings.tell_trainee_after))
    if episode.alarmed_at is None:
        moments.append(episode.started_at + timedelta(minutes=settings.alarm_coordinator_after))
    moments += [
        waits_until(page)
        for page in _recent(session, episode, now)
        if page.failed_at is None and evidence(page, now) == "waiting"
    ]
    return max(now, min(moments))


def episodes_to_look_at(session: Session, now: datetime) -> list[Episode]:
    """Return the episodes with something due, and those of which a page, or news to their owner, is lost."""
    times = {"now": now, "since": now - ONE_ROUND}
    if ask(session, _ANY_TO_LOOK_AT, **times).first() is None:
        return []
    return list(session.scalars(_LOOKED_AT, times))


def answered(session: Session, episode: Episode, person: Person, answer: str, now: datetime) -> None:
    """Record what `person` answered to the pages about an episode that they had not answered yet."""
    for page in session.scalars(
        select(Page).where(Page.episode_id == episode.id, Page.person_id == person.id, Page.answered_at.is_(None))
    ):
        page.answer, page.answered_at = answer, now
