"""What a group promises about its hours, and who is paged in the rest of them."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput

from companion.console.desk import COORDINATOR, LEAD, allow, desk, my_id, now, pages
from companion.console.fields import Form
from companion.models import Group, GroupCover
from companion.rota.cover import hours_in_words, missing
from companion.rota.hours import Hours, HoursError, leads, state_hours

KINDS = {
    "always": "At all hours: its facilitators, then the leads",
    "hours": "At stated hours: its facilitators, then the leads. In the rest of the day a named lead comes first",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class HoursForm(Form):
    """The hours of a group; times are local to it. `stamp` tells whether somebody else changed them meanwhile."""

    kind = RadioField(
        "When are its people paged?",
        choices=[SelectChoice(*each) for each in KINDS.items()],
        validators=[InputRequired("Choose when its people are paged.")],
    )
    from_time = TimeField("From", validators=[Optional()])
    until_time = TimeField("Until", validators=[Optional()])
    weekdays = SelectMultipleField(
        "On which days",
        coerce=int,
        choices=[SelectChoice(str(number), name) for number, name in enumerate(WEEKDAYS)],
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )
    lead = SelectField("Who comes first in the rest of the day", validators=[Optional()])
    stamp = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the hours, the days and the lead where hours are stated."""
        fine = bool(super().validate(extra_validators))
        if self.kind.data != "hours":
            return fine
        if self.lead.errors:
            self.lead.errors = ["Choose a lead who can be reached by text."]
        for field, message in (
            (self.from_time, "Write when the hours begin, such as 09:00."),
            (self.until_time, "Write when the hours end, such as 21:00."),
            (self.weekdays, "Choose at least one day."),
            (self.lead, "Choose who comes first in the rest of the day."),
        ):
            if field.data in (None, "", []) and not field.errors:
                field.errors, fine = [message], False
        return fine

    @property
    def hours(self) -> Hours | None:
        """What was chosen; None for all hours."""
        if self.kind.data != "hours":
            return None
        return Hours(
            self.from_time.data, self.until_time.data, tuple(self.weekdays.data), uuid.UUID(str(self.lead.data))
        )


@pages.route("/groups/<uuid:group_id>/hours", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR)
def group_hours(group_id: uuid.UUID) -> ResponseReturnValue:
    """State the hours of a group."""
    with desk().database.write() as session:
        group = session.get(Group, group_id)
        if group is None or group.ended_at is not None:
            abort(404)
        stands = _values(session, group)
        stamp = hashlib.sha256(repr(sorted(stands.items())).encode()).hexdigest()[:24]
        form = HoursForm(data={**stands, "stamp": stamp} if request.method == "GET" else None)
        form.lead.choices = [SelectChoice("", "Choose"), *(SelectChoice(str(p.id), p.label) for p in leads(session))]
        valid = form.validate_on_submit()
        if valid and form.stamp.data != stamp and form.hours != HoursForm(formdata=None, data=stands).hours:
            stands_now = _in_words(session, group)
            form.form_errors.append(
                f"Somebody else stated the hours while your page was open: {stands_now}. Look at both, and send again."
            )
            form.stamp.data = stamp
        elif valid:
            try:
                changed = state_hours(session, group, form.hours, now(), my_id())
            except HoursError as error:
                form[error.field].errors = [str(error)]
            else:
                lacks = missing(session, group, now())
                flash("The hours are saved." if changed else "Nothing was changed.", "info")
                for each in lacks:
                    flash(f"{group.name} lacks something. {each}", "error")
                return redirect(url_for("console.rota"))
        return render_template("console/group_hours.html", form=form, group=group)


def _values(session: Session, group: Group) -> dict[str, Any]:
    cover = session.get(GroupCover, group.id)
    if cover is None or cover.kind == "always":
        return {"kind": "always", "weekdays": list(range(7))}
    lead = str(cover.out_of_hours_id)
    return {
        "kind": "hours", "from_time": cover.from_time, "until_time": cover.until_time,
        "weekdays": list(cover.weekdays), "lead": lead,
    }  # fmt: skip


def _in_words(session: Session, group: Group) -> str:
    cover = session.get(GroupCover, group.id)
    return hours_in_words(cover) if cover is not None else "at all hours"
