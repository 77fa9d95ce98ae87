"""Brings a programme that a file describes into the database. Loading it again brings changes in."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.messaging.addresses import address_of
from companion.messaging.numbers import read_sender
from companion.models import Address, Cohort, CohortAlias, Group, GroupFacilitator, Person, record
from companion.programme.plan import WEEKDAYS, CohortPlan, GroupPlan, HoursPlan, PersonPlan, Programme, SetupError
from companion.programme.sessions import has_sessions, make_for, timing
from companion.rota.cover import begin
from companion.rota.hours import Hours, HoursError, state_hours
from companion.settings_values import Nation


def load_programme(
    session: Session, plan: Programme, now: datetime, *, zone_name: str, nation: Nation, countries: tuple[str, ...]
) -> None:
    """Bring the plan into the database and make the sessions that are missing. Raises SetupError.

    Cohorts are found again by code, people by number, groups by name. Nothing is ever removed.
    """
    cohorts = {c.code: _cohort(session, c, now, zone_name, nation) for c in plan.cohorts}
    _join_words(session, plan, cohorts)
    people = {p.name: _person(session, p, now, countries) for p in plan.people}
    session.flush()
    for group in plan.groups:
        _group(session, group, cohorts, people, now, zone_name)
    session.flush()
    for new in session.scalars(select(Group).where(Group.ended_at.is_(None), Group.made_until.is_(None))):
        if not has_sessions(session, new):
            make_for(session, new, now)


def _cohort(session: Session, plan: CohortPlan, now: datetime, zone_name: str, nation: Nation) -> Cohort:
    cohort = session.scalar(select(Cohort).where(Cohort.code == plan.code))
    if cohort is None:
        cohort = Cohort(code=plan.code, time_zone=zone_name, created_at=now)
        session.add(cohort)
    cohort.name, cohort.nation, cohort.topic = plan.name, plan.nation or nation, plan.topic
    cohort.checkin_weekday, cohort.checkin_at = WEEKDAYS.index(plan.checkin_day), plan.checkin_at
    cohort.quiet_from, cohort.quiet_until = plan.quiet_from, plan.quiet_until
    return cohort


def _join_words(session: Session, plan: Programme, cohorts: dict[str, Cohort]) -> None:
    """Give each cohort its words. Raises SetupError for a word that would mean two of them."""
    for cohort in cohorts.values():
        cohort.aliases.clear()
    session.flush()
    taken = {code: code for code in session.scalars(select(Cohort.code))}
    taken |= {alias.word: alias.cohort.code for alias in session.scalars(select(CohortAlias))}
    for each in plan.cohorts:
        for word in each.aliases:
            if taken.setdefault(word, each.code) != each.code:
                raise SetupError(f"{each.code}: {word} already joins {taken[word]}; one word means one cohort")
        cohorts[each.code].aliases.extend(CohortAlias(word=word) for word in dict.fromkeys(each.aliases))
    session.flush()


def _person(session: Session, plan: PersonPlan, now: datetime, countries: tuple[str, ...]) -> Person:
    sender = read_sender(plan.number, countries)
    if sender.kind != "mobile":
        raise SetupError(f"{plan.name}: the number is not a mobile that can be texted")
    known = session.scalar(select(Address).where(Address.address_index == sender.address))
    person = known.person if known is not None else None
    if person is not None and person.role == "trainee":
        raise SetupError(f"{plan.name}: this number belongs to a trainee; one person cannot be both")
    if person is None:
        taken = session.scalar(select(Person.id).where(Person.alias == plan.name))
        alias = plan.name if taken is None else f"{plan.name} ({sender.address[-3:]})"
        person = Person(role=plan.role, alias=alias, state="staff", created_at=now)
        session.add(person)
        address_of(session, sender, now).person = person
        session.flush()
        record(session, now, "person added", person, role=plan.role)
    person.name, person.role = plan.name, plan.role
    person.is_external_lead = plan.external_lead and plan.role == "lead"
    return person


def _group(
    session: Session,
    plan: GroupPlan,
    cohorts: dict[str, Cohort],
    people: dict[str, Person],
    now: datetime,
    zone_name: str,
) -> None:
    cohort = cohorts.get(plan.cohort) or session.scalar(select(Cohort).where(Cohort.code == plan.cohort))
    if cohort is None:
        raise SetupError(f"{plan.name}: there is no cohort {plan.cohort}")
    unknown = [name for name in plan.facilitators if name not in people]
    if unknown:
        raise SetupError(f"{plan.name}: {', '.join(unknown)} is not among the people of this file")
    group = session.scalar(select(Group).where(Group.name == plan.name))
    if group is None:
        group = Group(name=plan.name, time_zone=zone_name, created_at=now)
        session.add(group)
    before = timing(group)
    group.cohort, group.first_on, group.local_time = cohort, plan.first_on, plan.at
    group.rule, group.minutes, group.places = plan.rhythm, plan.minutes, plan.places
    group.skip_on, group.skips_bank_holidays = [day.isoformat() for day in plan.skip_on], plan.skip_bank_holidays
    group.join_link, group.reminder_minutes = plan.join_link, list(plan.reminder_minutes)
    group.dial_in, group.dial_code, group.cover_note = plan.dial_in, plan.dial_code, plan.cover_note
    group.minimum, group.decide_hours = plan.minimum, plan.decide_hours
    if group.made_until is not None and timing(group) != before:
        group.made_until = None  # the next tick moves what is planned, and tells whom it concerns
        group.version += 1
    session.flush()
    for old in session.scalars(select(GroupFacilitator).where(GroupFacilitator.group_id == group.id)):
        session.delete(old)
    session.flush()
    for position, name in enumerate(plan.facilitators):
        session.add(GroupFacilitator(group_id=group.id, person_id=people[name].id, position=position))
    session.flush()
    if plan.hours is not None:
        _hours(session, group, plan.hours, people, now)
    begin(session, group, now)


def _hours(
    session: Session, group: Group, plan: HoursPlan | Literal["always"], people: dict[str, Person], now: datetime
) -> None:
    if plan == "always":
        state_hours(session, group, None, now, None)
        return
    lead = people.get(plan.then)
    if lead is None:
        raise SetupError(f"{group.name}: hours: {plan.then} is not among the people of this file")
    days = tuple(WEEKDAYS.index(day) for day in plan.days or WEEKDAYS)
    try:
        state_hours(session, group, Hours(plan.begins, plan.ends, days, lead.id), now, None)
    except HoursError as error:
        raise SetupError(f"{group.name}: hours: {error}") from error
