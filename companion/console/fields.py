"""What all forms of the console share: plain words for what is wrong, one at a time, and blanks that are nothing."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, StringField
from wtforms.validators import ValidationError

from companion.content.wording import LONGEST_NAME

CHOOSE = "Choose one of those that are offered."
_PLAIN = {  # what the library would say, and what is said here
    "Not a valid choice.": CHOOSE,
    "Invalid Choice: could not coerce.": CHOOSE,
    "'%(value)s' is not a valid choice for this field.": CHOOSE,
    "Not a valid date value.": "Write a day that exists, such as 2026-12-24.",
    "Not a valid time value.": "Write a time, such as 18:30.",
    "Not a valid integer value.": "Write a whole number.",
}


class _Plain:
    """Says what the library would say in plain words."""

    def gettext(self, words: str) -> str:
        return _PLAIN.get(words, words)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return _PLAIN.get(singular, singular if count == 1 else plural)


class Form(FlaskForm):  # type: ignore[misc]
    """A form of the console."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """How its fields read what was sent."""

        def get_translations(self, _form: Any) -> _Plain:
            """Return what says things in plain words."""
            return _Plain()

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Take blanks off both ends of what was written, so that only blanks are nothing; not of passwords."""
            sent = super().wrap_formdata(form, formdata)
            if not sent:
                return sent
            written = {
                name
                for name, field in form._fields.items()
                if isinstance(field, StringField) and not isinstance(field, PasswordField)
            }
            return MultiDict(
                (name, value.strip() if name in written and isinstance(value, str) else value)
                for name in sent
                for value in sent.getlist(name)
            )

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, and say one thing of each at a time."""
        fine = bool(super().validate(extra_validators))
        for field in self:
            field.errors = list(field.errors)[:1]
        return fine


class NameLength:
    """Refuse a name that a text would have to cut, and say by how much it is too long."""

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise ValidationError unless the name has 2 to LONGEST_NAME characters."""
        given = len((field.data or "").strip())
        if not 2 <= given <= LONGEST_NAME:
            raise ValidationError(f"Use 2 to {LONGEST_NAME} characters: this has {given}. Texts name it in full.")
