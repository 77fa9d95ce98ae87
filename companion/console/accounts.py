"""Logins as the sign-in library reads and keeps them, on the project's own database sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from flask import current_app, g
from flask_security import RoleMixin, UserMixin
from flask_security.datastore import UserDatastore
from sqlalchemy import case, func, select, update

from companion.console.desk import desk, now
from companion.models import record
from companion.models.console import User

MOST_TRIES = 5  # in a row, then the login rests
REST = timedelta(minutes=15)


class Account(UserMixin, User):  # type: ignore[misc]
    """A login as the sign-in library wants it: the same rows, with its methods. It is always detached."""

    roles: ClassVar[list[RoleMixin]] = []  # type: ignore[misc]  # what a person may do is decided by `desk.allow`

    def track_failed_authn(self, auth_type: str, tfa: bool = False) -> None:  # noqa: ARG002
        """Count a wrong password or code; the fifth in a row makes the login rest.

        Done in the database, so that tries at the same time all count.
        """
        failed = User.failed_tries + 1
        moment = now()
        with desk().database.write() as opened:
            opened.execute(
                update(User)
                .where(User.id == self.id)
                .values(
                    failed_tries=failed,
                    locked_until=case((failed >= MOST_TRIES, moment + REST), else_=User.locked_until),
                )
            )
            record(opened, moment, "sign-in refused", self.person, actor=self.person_id, what=auth_type)

    def is_locked(self, form_error: list[str] | None = None) -> bool:  # noqa: ARG002
        """Whether the login rests after too many wrong tries."""
        return self.locked_until is not None and self.locked_until > now()


class Accounts(UserDatastore):
    """Finds logins in short reading sessions, and saves what changed in one writing session at `commit`."""

    def __init__(self) -> None:
        super().__init__(Account, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **by: Any) -> Account | None:
        """Return the login whose one given column has the given value."""
        ((column, value),) = by.items()
        attribute = getattr(Account, column)
        if case_insensitive:
            attribute, value = func.lower(attribute), value.strip().lower()
        with desk().database.read() as opened:
            return opened.scalar(select(Account).where(attribute == value))

    def find_role(self, role: str) -> None:  # noqa: ARG002
        """Return None: there are no role rows."""
        return

    def put(self, model: Account) -> Account:
        """Keep in mind that `model` changed."""
        known: Account = getattr(model, "_get_current_object", lambda: model)()  # `current_user` is a stand-in
        waiting = g.setdefault("companion_accounts", {})
        waiting[known.id] = known
        return model

    def commit(self) -> None:
        """Save the logins that were put."""
        waiting = g.pop("companion_accounts", {})
        if waiting:
            with desk().database.write() as opened:
                for model in waiting.values():
                    opened.merge(model)


def accounts() -> Accounts:
    """Return the store of logins of the running application."""
    found: Accounts = current_app.extensions["security"].datastore
    return found
