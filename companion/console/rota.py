"""The rota: who answers when, gaps, what was handed over, and whether test pages were answered; and one's own ways."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from companion.console.desk import COORDINATOR, FACILITATOR, LEAD, allow, desk, me, my_id, now, pages
from companion.console.fields import Form
from companion.console.hand_over import HandOverForm, open_swaps
from companion.console.week import AHEAD, WEEK, begun, days_of, monday_of, on_now, together
from companion.console.words import word
from companion.models import CalendarFeed, Cover, Duty, Group, GroupCover, Person, ReadinessCheck, by_label
from companion.proof.times import STEPS, last_drills, report
from companion.rota import feed, swaps
from companion.rota.cover import every_gap, go_live, hours_in_words
from companion.rota.duties import RotaError, end_duty, turns_between
from companion.rota.importing import ImportFailedError, import_rota, read_rota

LARGEST = 200_000  # bytes of a rota in a file
ON_IT = (FACILITATOR, LEAD, COORDINATOR)


class FileForm(Form):
    """A rota in a file."""

    file = FileField("File (CSV or YAML)", validators=[FileRequired("Choose a file.")])


@pages.get("/rota")
@allow(*ON_IT)
def rota() -> ResponseReturnValue:
    """Show a week, with gaps, offers and test pages."""
    with desk().database.read() as session:
        return _page(session, HandOverForm(formdata=None))


def _page(session: Session, hand_over: HandOverForm) -> str:
    zone = desk().settings.zone
    today = now().astimezone(zone).date()
    monday = monday_of(request.args.get("week"), today)
    weeks = AHEAD if request.args.get("weeks") else 1
    start, end = (datetime.combine(on, time(), zone) for on in (monday, monday + weeks * WEEK))
    week = days_of(monday, turns_between(session, start, end), zone, weeks)
    if weeks > 1:
        return render_template(
            "console/rota_ahead.html",
            days=begun(week, zone),
            names=_names(session),
            monday=monday,
            before=monday - weeks * WEEK,
            after=monday + weeks * WEEK,
        )
    over = [day for day in week if monday <= today < monday + WEEK and day.on < today]  # of this week, for a phone
    checks = session.scalars(
        select(ReadinessCheck).where(ReadinessCheck.duty_ends_at > now()).order_by(ReadinessCheck.sent_at.desc())
    ).all()
    duties = session.scalars(select(Duty).where(Duty.ended_at.is_(None)).order_by(Duty.starts_on, Duty.from_time)).all()
    current = [duty for duty in duties if _current(duty, monday)]
    names = _names(session)
    groups = _groups(session)
    hand_over.offer(session)
    calendar = session.get(CalendarFeed, my_id())
    return render_template(
        "console/rota.html",
        over=together(over),
        days=together(week[len(over) :]),
        gaps=every_gap(session, now()),
        on_now=on_now(session, now()),
        offers=open_swaps(session),
        checks=checks,
        duties=current,
        names=names,
        groups=groups,
        group_names={group.id: group.name for group, _ in groups},
        hand_over=hand_over,
        monday=monday,
        before=monday - WEEK,
        after=monday + WEEK,
        hours=hours_in_words,
        may_change=me().role in (LEAD, COORDINATOR),
        address=feed.address(calendar, desk().settings) if calendar and calendar.revoked_at is None else None,
    )


@pages.post("/rota/duties/<uuid:duty_id>/end")
@allow(LEAD, COORDINATOR)
def rota_end(duty_id: uuid.UUID) -> ResponseReturnValue:
    """Take a duty off the rota from now on."""
    with desk().database.write() as session:
        found = session.get(Duty, duty_id)
        if found is None:
            abort(404)
        end_duty(session, found, now(), my_id())
    flash("It is off the rota from now on. Look at the gaps.", "info")
    return redirect(url_for("console.rota"))


@pages.route("/rota/import", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR)
def rota_import() -> ResponseReturnValue:
    """Bring a rota in from a file: all of it, or nothing."""
    form = FileForm()
    if form.validate_on_submit():
        try:
            rows = read_rota(_all_of(form.file.data).decode("utf-8"))
            with desk().database.write() as session:
                added = import_rota(session, rows, desk().settings.companion_time_zone, now(), my_id())
        except UnicodeDecodeError:
            form.file.errors = ["The file is not UTF-8 text. Save it as CSV UTF-8."]
        except ImportFailedError as error:
            form.file.errors = str(error).splitlines()
        else:
            flash(f"{added} duties added, {len(rows) - added} were there already.", "info")
            return redirect(url_for("console.rota"))
    return render_template("console/rota_import.html", form=form)


@pages.post("/rota/offers/<uuid:swap_id>/<any(yes,no,withdraw):answer>")
@allow(*ON_IT)
def rota_answer(swap_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """Answer an offer that was made to oneself, or take one's own back."""
    with desk().database.write() as session:
        covers = session.scalars(select(Cover).where(Cover.swap_id == swap_id)).all()
        if not any(my_id() in (cover.asked_of, cover.asked_by) for cover in covers):
            abort(404)
        person = session.get_one(Person, my_id())
        try:
            if answer == "withdraw":
                done = swaps.withdraw(session, covers, person, now())
            else:
                done = swaps.answer(session, covers, person, yes=answer == "yes", now=now())
                if done:
                    told = "rota_agreed_for_you" if answer == "yes" else "rota_declined"
                    swaps.tell_asker(session, covers, told, now(), desk().voice)
        except RotaError as error:
            flash(str(error), "error")
        else:
            flash(word(f"offers.{answer}") if done else word("offers.over"), "info" if done else "error")
    return redirect(url_for("console.rota"))


@pages.post("/rota/hand-over")
@allow(FACILITATOR, LEAD)
def rota_hand_over() -> ResponseReturnValue:
    """Ask somebody to take one of one's own duties, or to swap; nothing changes until they agree."""
    with desk().database.write() as session:
        form = HandOverForm()
        form.offer(session)
        if not form.mine:
            flash("You have no duty to hand over.", "info")
            return redirect(url_for("console.rota"))
        if not form.validate_on_submit():
            return _page(session, form)
        person, other = session.get_one(Person, my_id()), session.get_one(Person, uuid.UUID(form.to.data))
        try:
            swaps.offer(session, person, other, form.stretches(), now(), desk().voice)
        except RotaError as error:
            form.to.errors = [str(error)]
            return _page(session, form)
        flash(f"{other.label} is asked by text. Until they agree nothing changes.", "info")
    return redirect(url_for("console.rota"))


@pages.post("/rota/calendar/<any(new,revoke):what>")
@allow(FACILITATOR, LEAD)
def rota_calendar(what: str) -> ResponseReturnValue:
    """Make a new address for one's own calendar, or make the old one useless."""
    with desk().database.write() as session:
        person = session.get_one(Person, my_id())
        if what == "new":
            feed.new_address(session, person, now(), desk().settings)
        else:
            feed.revoke(session, person, now())
    return redirect(url_for("console.rota") + "#h-calendar")


@pages.post("/rota/groups/<uuid:group_id>/live")
@allow(LEAD, COORDINATOR)
def rota_live(group_id: uuid.UUID) -> ResponseReturnValue:
    """Let trainees into a group, if somebody is there for every hour."""
    with desk().database.write() as session:
        group = session.get(Group, group_id)
        if group is None or session.get(GroupCover, group_id) is None:
            abort(404)
        lacks = go_live(session, group, now(), my_id())
    for each in lacks:
        flash(f"{group.name} cannot go live yet. {each}", "error")
    if not lacks:
        flash(f"{group.name} takes trainees from now on.", "info")
    return redirect(url_for("console.rota"))


@pages.get("/response-times")
@allow(LEAD, COORDINATOR)
def response_times() -> ResponseReturnValue:
    """Show how long it took from a flagged text to a reply, a page, a person, and contact; drills apart."""
    with desk().database.read() as session:
        found = report(session, now() - timedelta(days=90), now())
        drills = last_drills(session)
    return render_template("console/response_times.html", times=found, steps=STEPS, drills=drills)


def _all_of(file: FileStorage) -> bytes:
    """Return what is in a file that was sent. Raises ImportFailedError: a part of a rota is none."""
    found: bytes = file.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise ImportFailedError("The file is too large for a rota. Split it, or save only the rota's sheet as CSV.")
    return found


def _names(session: Session) -> dict[uuid.UUID, str]:
    staff = session.scalars(select(Person).where(Person.state == "staff")).all()
    return {person.id: person.label for person in by_label(staff)}


def _current(duty: Duty, monday: date) -> bool:
    if duty.weekly:
        return duty.last_on is None or duty.last_on >= monday
    return duty.starts_on + timedelta(days=duty.days) >= monday


def _groups(session: Session) -> Sequence[tuple[Group, GroupCover]]:
    wanted = select(Group, GroupCover).join(GroupCover).where(Group.ended_at.is_(None)).order_by(Group.name)
    return session.execute(wanted).tuples().all()
