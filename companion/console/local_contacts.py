"""How a place that helps is reached here: one page for each, with the text as people get it."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, HiddenField, StringField
from wtforms.validators import InputRequired, Length

from companion.console.desk import COORDINATOR, LEAD, allow, desk, me, now, pages
from companion.console.fields import Form
from companion.models import LocalContact
from companion.programme import local_contacts
from companion.signposting import OwnContact, Resource
from companion.signposting.checks import can_be_dialled, problems_of
from companion.signposting.resources import uk_day

HOLDS = timedelta(days=182)  # a contact that does not answer in a crisis is looked up again after half a year
_ADDRESS = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w./~%?=&-]*)?", re.IGNORECASE)


class LocalContactForm(Form):
    """A contact. `stamp` tells whether somebody else changed it since the page was opened."""

    phone = StringField("Phone number")
    web = StringField("Web address", filters=[lambda given: re.sub(r"^https?://|/$", "", (given or "").strip())])
    hours = StringField(
        "When it answers, or an extension", validators=[Length(max=50, message="Keep it under 50 characters.")]
    )
    review_by = DateField("Look it up again by", validators=[InputRequired("Write a day.")])
    stamp = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse what cannot be dialled or opened, no contact at all, and a day that is over."""
        fine = bool(super().validate(extra_validators))
        if self.phone.data and not can_be_dialled(self.phone.data):
            self.phone.errors = ["This is no number in the United Kingdom. Copy it from the service's own page."]
        if self.web.data and not _ADDRESS.fullmatch(self.web.data):
            self.web.errors = ["Write an address such as intranet.example.nhs.uk/oh."]
        if not self.phone.data and not self.web.data:
            self.phone.errors = ["Write a phone number or a web address."]
        if self.review_by.data and self.review_by.data <= uk_day(now()):
            self.review_by.errors = ["Choose a day that is still to come."]
        return fine and not self.errors

    def contact(self, today: date) -> OwnContact:
        """Return what was written, as looked up today."""
        return OwnContact(
            phone=self.phone.data or None,
            web=self.web.data or None,
            hours=self.hours.data or None,
            checked=today,
            review_by=self.review_by.data,
        )


@pages.route("/content/places/<place_id>", methods=["GET", "POST"])
@allow(LEAD, COORDINATOR)
def local_contact(place_id: str) -> ResponseReturnValue:
    """Write down how a place is reached here."""
    place, today = _local(place_id), uk_day(now())
    with desk().database.write() as session:
        row = session.get(LocalContact, place_id, with_for_update=True)
        stands = local_contacts.of(row) if row else None
        form = LocalContactForm(data=_filled(stands, place, today))
        if form.validate_on_submit():
            filled = place.filled_in(form.contact(today))
            form.form_errors.extend(_in_plain_words(filled))
            if form.stamp.data != _stamp(stands):
                form.form_errors.append(
                    "Somebody else changed this while your page was open. Look at both, and send again."
                )
                form.stamp.data = _stamp(stands)
            if not form.form_errors:
                local_contacts.keep(session, place, form.contact(today), me(), now())
                flash(f"Within a minute people are sent: {filled.line(today)}", "info")
                return redirect(url_for("console.places"))
        now_sent = (place.filled_in(stands) if stands else place).line(today)
    return render_template("console/local_contact.html", form=form, place=place, stands=stands, now_sent=now_sent)


@pages.post("/content/places/<place_id>/out")
@allow(LEAD, COORDINATOR)
def local_contact_out(place_id: str) -> ResponseReturnValue:
    """Take a contact out."""
    place = _local(place_id)
    with desk().database.write() as session:
        row = session.get(LocalContact, place_id)
        if row is not None:
            local_contacts.take_out(session, row, me(), now())
            flash(f"The contact of {place.name} is not sent any more.", "info")
    return redirect(url_for("console.places"))


def _local(place_id: str) -> Resource:
    place = desk().voice.directory.get(place_id)
    if place is None or place.publish != "local":
        abort(404)
    return place


def _filled(stands: OwnContact | None, place: Resource, today: date) -> dict[str, Any]:
    """What the form says at first: what was written here, else what the content folder holds."""
    contact = stands or OwnContact(
        phone=place.contact.phone,
        web=place.contact.web,
        hours=place.hours_text,
        checked=today,
        review_by=today + HOLDS,
    )
    until = contact.review_by if contact.review_by > today else today + HOLDS
    return {**contact.model_dump(), "review_by": until, "stamp": _stamp(stands)}


def _stamp(stands: OwnContact | None) -> str:
    return hashlib.sha256(repr(stands).encode()).hexdigest()[:16]


def _in_plain_words(place: Resource) -> list[str]:
    """What is wrong with the text that people would get; the number itself was looked at before."""
    return [problem.removeprefix(f"{place.id}: ") for problem in problems_of(place)]
