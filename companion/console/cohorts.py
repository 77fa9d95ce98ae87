"""Cohorts and where people hear of them: data that a coordinator changes here, with who changed what in the audit."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import time
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import HiddenField, RadioField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp

from companion.console.desk import COORDINATOR, EVERYONE, allow, desk, my_id, now, pages
from companion.console.fields import Form, NameLength
from companion.console.words import named, upper_first
from companion.models import Cohort, CohortAlias, JoinSource, record
from companion.programme.plan import WEEKDAYS
from companion.programme.poster import poster_for

NATIONS = ("england", "wales", "scotland", "ni")
_UNSURE = re.compile(r"[O0I1]")  # letters and digits that are read for one another on a wall


class CohortForm(Form):
    """A cohort. `stamp` tells whether somebody else changed it since the page was opened."""

    code = StringField(
        "Code",
        filters=[lambda given: (given or "").strip().upper()],
        validators=[
            InputRequired("Write the code."),
            Regexp(r"^[A-Z]{2,20}$", message="Use 2 to 20 letters, no spaces."),
        ],
    )
    name = StringField("Name", validators=[InputRequired("Write the name."), NameLength()])
    nation = SelectField("Nation", choices=[SelectChoice(each, named("nations", each)) for each in NATIONS])
    weekday = SelectField(
        "Day of the weekly question",
        coerce=int,
        choices=[SelectChoice(position, upper_first(day)) for position, day in enumerate(WEEKDAYS)],
    )
    at = TimeField("Time of the weekly question", validators=[InputRequired("Write a time, such as 19:00.")])
    quiet_from = TimeField("Quiet from", validators=[Optional()])
    quiet_until = TimeField("Quiet until", validators=[Optional()])
    is_open = RadioField(
        "New people", choices=[SelectChoice("yes", "May join"), SelectChoice("no", "May not join now")]
    )
    stamp = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse half of a pair of quiet hours."""
        fine = bool(super().validate(extra_validators))
        if (self.quiet_from.data is None) != (self.quiet_until.data is None) and not self.quiet_until.errors:
            self.quiet_until.errors = ["Write both quiet hours, or neither."]
            return False
        return fine


class SourceForm(Form):
    """A place where people hear of the programme."""

    code = StringField(
        "Word",
        filters=[lambda given: (given or "").strip().upper()],
        validators=[
            InputRequired("Write the word."),
            Regexp(r"^[A-Z][A-Z0-9]{2,11}$", message="Use 3 to 12 letters and digits, a letter first, no spaces."),
        ],
    )
    name = StringField("Where it is", validators=[InputRequired("Write where it is."), Length(2, 60, "Keep it short.")])


@pages.get("/cohorts")
@allow(*EVERYONE)
def cohorts() -> ResponseReturnValue:
    """List the cohorts and the sources."""
    return _page(SourceForm())


@pages.route("/cohorts/new", methods=["GET", "POST"])
@allow(COORDINATOR)
def new_cohort() -> ResponseReturnValue:
    """Add a cohort."""
    settings = desk().settings
    form = CohortForm(
        data={
            "nation": settings.companion_nation,
            "weekday": 1,
            "at": time(19),
            "quiet_from": time(22),
            "quiet_until": time(8),
            "is_open": "yes",
        }
    )
    if form.validate_on_submit():
        with desk().database.write() as session:
            if _word_taken(session, form.code.data):
                form.code.errors = ["This word joins a cohort, or names a source, already. Choose another."]
            else:
                cohort = Cohort(code=form.code.data, time_zone=settings.companion_time_zone, created_at=now())
                _fill(cohort, form)
                session.add(cohort)
                session.flush()
                record(session, now(), "cohort added", cohort, actor=my_id(), code=cohort.code)
                flash(f"People join {cohort.name} by texting JOIN {cohort.code}.", "info")
                return redirect(url_for("console.cohorts"))
    return render_template("console/cohort.html", form=form, cohort=None)


@pages.route("/cohorts/<uuid:cohort_id>", methods=["GET", "POST"])
@allow(COORDINATOR)
def cohort(cohort_id: uuid.UUID) -> ResponseReturnValue:
    """Change a cohort. Its code stays: it hangs on walls."""
    with desk().database.write() as session:
        found = session.get(Cohort, cohort_id, with_for_update=True)
        if found is None:
            abort(404)
        before = _values(found)
        form = CohortForm(data={**before, "code": found.code, "stamp": _stamp(before)})
        if form.validate_on_submit():
            if form.stamp.data != _stamp(before):
                form.form_errors.append(
                    "Somebody else changed this while your page was open. Look at both, and send again."
                )
                form.stamp.data = _stamp(before)
            else:
                _fill(found, form)
                changed = {
                    name: [str(before[name]), str(value)]
                    for name, value in _values(found).items()
                    if value != before[name]
                }
                if changed:
                    record(session, now(), "cohort changed", found, actor=my_id(), **changed)
                flash("The changes are saved." if changed else "Nothing was changed.", "info")
                return redirect(url_for("console.cohorts"))
        return render_template("console/cohort.html", form=form, cohort=found)


@pages.get("/cohorts/<uuid:cohort_id>/poster")
@allow(*EVERYONE)
def poster(cohort_id: uuid.UUID) -> ResponseReturnValue:
    """Show a poster to print: for one cohort, and for one source if `source` is its word."""
    with desk().database.read() as session:
        found = session.get(Cohort, cohort_id)
        source = session.scalar(select(JoinSource).where(JoinSource.code == request.args.get("source", "")))
        sources = session.scalars(
            select(JoinSource).where(JoinSource.ended_at.is_(None)).order_by(JoinSource.name)
        ).all()
    if found is None:
        abort(404)
    return render_template(
        "console/poster.html",
        cohort=found,
        source=source,
        sources=sources,
        poster=poster_for(desk().settings, desk().voice.words.standing, found, source),
    )


@pages.post("/sources")
@allow(COORDINATOR)
def new_source() -> ResponseReturnValue:
    """Add a source."""
    form = SourceForm()
    if form.validate_on_submit():
        with desk().database.write() as session:
            if _UNSURE.search(form.code.data):
                form.code.errors = ["Leave out O, 0, I and 1: people mistake them for each other."]
            elif _word_taken(session, form.code.data):
                form.code.errors = ["This word joins a cohort, or names a source, already. Choose another."]
            else:
                source = JoinSource(code=form.code.data, name=form.name.data.strip(), created_at=now())
                session.add(source)
                session.flush()
                record(session, now(), "source added", source, actor=my_id(), code=source.code)
                flash(f"Who texts JOIN, the code of a cohort and {source.code} is counted for {source.name}.", "info")
                return redirect(url_for("console.cohorts"))
    return _page(form)


@pages.post("/sources/<uuid:source_id>/end")
@allow(COORDINATOR)
def end_source(source_id: uuid.UUID) -> ResponseReturnValue:
    """Offer a source no more; its word still counts while it hangs somewhere."""
    with desk().database.write() as session:
        source = session.get(JoinSource, source_id)
        if source is None:
            abort(404)
        if source.ended_at is None:
            source.ended_at = now()
            record(session, now(), "source ended", source, actor=my_id(), code=source.code)
    return redirect(url_for("console.cohorts"))


def _page(form: SourceForm) -> str:
    with desk().database.read() as session:
        found = session.scalars(select(Cohort).order_by(Cohort.name)).all()
        sources = session.scalars(select(JoinSource).order_by(JoinSource.ended_at, JoinSource.name)).all()
    return render_template("console/cohorts.html", cohorts=found, sources=sources, form=form, weekdays=WEEKDAYS)


def _word_taken(session: Session, word: str) -> bool:
    tables = ((Cohort.code, Cohort.id), (CohortAlias.word, CohortAlias.word), (JoinSource.code, JoinSource.id))
    return any(session.scalar(select(key).where(column == word)) is not None for column, key in tables)


def _fill(cohort: Cohort, form: CohortForm) -> None:
    cohort.name, cohort.nation = form.name.data.strip(), form.nation.data
    cohort.checkin_weekday, cohort.checkin_at = form.weekday.data, form.at.data
    cohort.quiet_from, cohort.quiet_until = form.quiet_from.data, form.quiet_until.data
    cohort.is_open = form.is_open.data != "no"


def _values(cohort: Cohort) -> dict[str, Any]:
    return {
        "name": cohort.name,
        "nation": cohort.nation,
        "weekday": cohort.checkin_weekday,
        "at": cohort.checkin_at,
        "quiet_from": cohort.quiet_from,
        "quiet_until": cohort.quiet_until,
        "is_open": "yes" if cohort.is_open else "no",
    }


def _stamp(values: dict[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:24]
