"""What a group promises about its hours, whether that holds, and where the rota has gaps."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session, joinedload

from companion.content.catalogue import Catalogue
from companion.models import Duty, Group, GroupCover, Person, facilitators_of, record
from companion.models.base import ask
from companion.rota.duties import turns_between
from companion.rota.schedule import Span, Turn, uncovered
from companion.rota.ways import ENOUGH, can_be_texted, live_ways_of
from companion.when import clock_time

AHEAD = timedelta(days=14)  # how far gaps are shown
SOON = timedelta(hours=48)  # a gap this near tells the coordinator
_STEP = timedelta(minutes=15)
_STATES_HOURS = select(GroupCover.group_id).where(  # made once: asked for every flagged text
    GroupCover.group_id == bindparam("group"), GroupCover.kind != "always"
)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Gap:
    """A stretch (UTC) in which nobody who can be reached is on duty as `role`. `who` is on the rota and cannot be."""

    starts_at: datetime
    ends_at: datetime
    role: str
    who: tuple[uuid.UUID, ...] = ()


def cover_of(session: Session, group_id: uuid.UUID | None) -> GroupCover | None:
    """Return what a group promises, or None when nothing is stated: then its people are paged at all hours."""
    return session.get(GroupCover, group_id) if group_id is not None else None


def _stated(session: Session, group_id: uuid.UUID | None) -> GroupCover | None:
    """Return the hours that a group states; None for all hours, which most groups promise."""
    if group_id is None or ask(session, _STATES_HOURS, group=group_id).first() is None:
        return None
    return session.get_one(GroupCover, group_id)


def out_of_hours_lead(session: Session, group_id: uuid.UUID | None, now: datetime) -> uuid.UUID | None:
    """Return the lead who is named for this moment, outside the hours that a group states; None within them."""
    cover = _stated(session, group_id)
    if cover is None:
        return None
    zone = ZoneInfo(cover.group.time_zone)
    return None if within_hours(cover, now.astimezone(zone)) else cover.out_of_hours_id


def within_hours(cover: GroupCover, local: datetime) -> bool:
    """Whether a local moment is within the stated hours; hours that end before they begin run past midnight."""
    if cover.kind == "always" or cover.from_time is None or cover.until_time is None:
        return True
    clock, day = local.time(), local.weekday()
    if cover.from_time < cover.until_time:
        return day in cover.weekdays and cover.from_time <= clock < cover.until_time
    if clock >= cover.from_time:
        return day in cover.weekdays
    return clock < cover.until_time and (day - 1) % 7 in cover.weekdays


def has_rota(session: Session, group_id: uuid.UUID | None, now: datetime) -> bool:
    """Whether anybody is on the rota of a group. Without one its facilitators and the leads are paged at all hours."""
    mine = (Duty.group_id.is_(None)) | (Duty.group_id == group_id)
    return session.scalar(select(Duty.id).where(mine, _current(now)).limit(1)) is not None


def _current(now: datetime) -> ColumnElement[bool]:
    return Duty.ended_at.is_(None) | (Duty.ended_at > now)


def gaps(session: Session, now: datetime, ahead: timedelta = AHEAD, group_id: uuid.UUID | None = None) -> list[Gap]:
    """Return where, from `now` on, nobody is first, second or lead who can be reached in two ways.

    Someone who texted STOP, or whose number is dead, leaves a gap where they are on the rota. A role that is not on the
    rota at all is no gap: the facilitators of the group and the leads stand in. First is looked for always once there
    is a rota. Hours outside those that a group states are no gaps.
    """
    if not has_rota(session, group_id, now):
        return []
    turns = turns_between(session, now, now + ahead, group_id)
    return _gaps_in(turns, _able(session, turns), Span(now, now + ahead), cover_of(session, group_id))


def every_gap(session: Session, now: datetime, ahead: timedelta = AHEAD) -> list[Gap]:
    """Return the gaps of every rota, each once, by as many questions for many groups as for one."""
    on_it = set(session.scalars(select(Duty.group_id).where(_current(now)).distinct()))
    turns = turns_between(session, now, now + ahead)
    able = _able(session, turns)
    covers = session.scalars(select(GroupCover).options(joinedload(GroupCover.group))).all()
    of_group = {cover.group_id: cover for cover in covers}
    with_hours = {cover.group_id for cover in covers if cover.kind == "hours" and cover.group.ended_at is None}
    found: set[Gap] = set()
    for group_id in on_it | with_hours:  # None stands for what holds for every group
        if None in on_it or group_id in on_it:
            mine = [turn for turn in turns if turn.group_id in (None, group_id)]
            cover = of_group.get(group_id) if group_id else None
            found.update(_gaps_in(mine, able, Span(now, now + ahead), cover))
    return sorted(found, key=_when)


def _able(session: Session, turns: Collection[Turn]) -> Mapping[uuid.UUID, bool]:
    ways = live_ways_of(session, {turn.person_id for turn in turns})
    return {person_id: len(live) >= ENOUGH for person_id, live in ways.items()}


def _gaps_in(
    turns: Collection[Turn], able: Mapping[uuid.UUID, bool], within: Span, cover: GroupCover | None
) -> list[Gap]:
    found: list[Gap] = []
    for role in ("first", "second", "lead"):
        rostered = [turn for turn in turns if turn.role == role]
        if not rostered and role != "first":
            continue
        for span in uncovered([turn for turn in rostered if able[turn.person_id]], within.starts_at, within.ends_at):
            if role == "lead" or cover is None or _touches_hours(cover, span):
                found.append(Gap(span.starts_at, span.ends_at, role, _unable(rostered, span)))
    return sorted(found, key=_when)


def _when(gap: Gap) -> tuple[datetime, str]:
    return gap.starts_at, gap.role


def missing(session: Session, group: Group, now: datetime) -> list[str]:
    """Return what a group still lacks before trainees may be put into it, each as a sentence; nothing when it is ready.

    Somebody must be there for every hour: the chain always, or the stated hours and a named lead for all others.
    """
    lacks: list[str] = []
    cover = cover_of(session, group.id)
    staff = session.scalars(select(Person).where(Person.state == "staff", Person.is_external_lead.is_(False))).all()
    leads = [p for p in staff if p.role == "lead" and can_be_texted(session, p)]
    if not any(can_be_texted(session, p) for p in facilitators_of(session, group.id)):
        lacks.append("None of its facilitators can be reached by text.")
    if not leads:
        lacks.append("There is no lead who can be reached by text.")
    if cover is not None and cover.kind == "hours" and cover.out_of_hours_id not in {p.id for p in leads}:
        lacks.append("It states hours, and no lead who can be reached is named for the rest of the day.")
    near = gaps(session, now, AHEAD, group.id)
    if near:
        lacks.append(f"The rota has {len(near)} gap{'' if len(near) == 1 else 's'} in the next 14 days.")
    return lacks


def begin(session: Session, group: Group, now: datetime) -> list[str]:
    """Let trainees into a new group at once if somebody is there for every hour; return what it lacks otherwise."""
    if session.get(GroupCover, group.id) is None:
        session.add(GroupCover(group_id=group.id, kind="always", weekdays=list(range(7))))
        session.flush()
    return go_live(session, group, now, None)


def go_live(session: Session, group: Group, now: datetime, by: uuid.UUID | None) -> list[str]:
    """Let trainees into a group from now on; if it lacks something, change nothing and return what."""
    cover = session.get_one(GroupCover, group.id)
    lacks = [] if cover.live_at is not None else missing(session, group, now)
    if not lacks and cover.live_at is None:
        cover.live_at = now
        record(session, now, "group live", group, actor=by, kind=cover.kind)
    return lacks


def not_live(session: Session, now: datetime) -> list[tuple[str, list[str]]]:
    """Return the running groups that take no trainees yet, with what each lacks."""
    waiting = session.scalars(
        select(Group)
        .join(GroupCover)
        .where(GroupCover.live_at.is_(None), Group.ended_at.is_(None))
        .order_by(Group.name)
    )
    return [(group.name, missing(session, group, now)) for group in waiting]


def cover_line(session: Session, words: Catalogue, group_id: uuid.UUID | None, now: datetime) -> str:
    """Return the sentence of the crisis reply on who is told: at all hours, within the stated ones, or outside them."""
    cover = _stated(session, group_id)
    if cover is None:
        return words.render("cover_always").body
    zone = ZoneInfo(cover.group.time_zone)
    inside = within_hours(cover, now.astimezone(zone))
    return words.render("cover_hours" if inside else "cover_out_of_hours", hours=hours_in_words(cover)).body


def hours_in_words(cover: GroupCover) -> str:
    """Return "9am to 9pm, Mon to Fri" for stated hours; without the days when it is every day."""
    if cover.from_time is None or cover.until_time is None:
        return "at all hours"
    clock = f"{clock_time(cover.from_time)} to {clock_time(cover.until_time)}"
    days = sorted(cover.weekdays)
    if len(days) == len(DAYS):
        return clock
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{clock}, {DAYS[days[0]]} to {DAYS[days[-1]]}"
    return f"{clock}, {', '.join(DAYS[day] for day in days)}"


def _touches_hours(cover: GroupCover, span: Span) -> bool:
    zone = ZoneInfo(cover.group.time_zone)
    moment = span.starts_at
    while moment < span.ends_at:
        if within_hours(cover, moment.astimezone(zone)):
            return True
        moment += _STEP
    return False


def _unable(rostered: list[Turn], span: Span) -> tuple[uuid.UUID, ...]:
    return tuple({t.person_id: None for t in rostered if t.starts_at < span.ends_at and t.ends_at > span.starts_at})
