"""Checks that fields of several forms share."""

from __future__ import annotations

from typing import Any

from wtforms.validators import ValidationError

from companion.content.wording import LONGEST_NAME


class NameLength:
    """Refuse a name that a text would have to cut, and say by how much it is too long."""

    def __call__(self, _form: Any, field: Any) -> None:
        """Raise ValidationError unless the name has 2 to LONGEST_NAME characters."""
        given = len((field.data or "").strip())
        if not 2 <= given <= LONGEST_NAME:
            raise ValidationError(f"Use 2 to {LONGEST_NAME} characters: this has {given}. Texts name it in full.")
