"""Logins as the sign-in library reads and keeps them, on the project's own database sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from flask import current_app, g
from flask_security import RoleMixin, UserMixin, WebAuthnMixin
from flask_security.datastore import UserDatastore
from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from companion.console.desk import desk, now
from companion.models import record
from companion.models.console import Passkey, User

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

    @property
    def webauthn(self) -> Sequence[Passkey]:  # type: ignore[override]
        """The passkeys of this login, the oldest first; read when asked for, which is seldom."""
        with desk().database.read() as opened:
            mine = select(Passkey).where(Passkey.user_id == self.id)
            return opened.scalars(mine.order_by(Passkey.created_at, Passkey.id)).all()


class Accounts(UserDatastore):
    """Finds logins in short reading sessions, and saves what changed in one writing session at `commit`."""

    def __init__(self) -> None:
        super().__init__(Account, RoleMixin, WebAuthnMixin)

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

    def find_webauthn(self, credential_id: bytes) -> Passkey | None:  # type: ignore[override]
        """Return the passkey with this id."""
        with desk().database.read() as opened:
            return opened.scalar(select(Passkey).where(Passkey.credential_id == credential_id))

    def find_user_from_webauthn(self, webauthn: Any) -> Account | None:
        """Return the login that a passkey is of."""
        return self.find_user(id=webauthn.user_id)

    def create_webauthn(self, user: Any, extensions: object = None, **given: Any) -> None:  # type: ignore[override]  # noqa: ARG002
        """Keep a new passkey of `user`, whose columns the library gives by name; of extensions none are needed."""
        with desk().database.write() as opened:
            moment = now()
            opened.add(Passkey(user_id=user.id, created_at=moment, lastuse_datetime=moment, **given))
            record(opened, moment, "passkey added", user.person, actor=user.person_id)

    def delete_webauthn(self, webauthn: Any) -> None:
        """Delete a passkey, by the hand of its owner."""
        with desk().database.write() as opened:
            opened.execute(delete(Passkey).where(Passkey.id == webauthn.id))
            _record_of_passkey(opened, "passkey deleted", webauthn)

    def put(self, model: Account | Passkey) -> Account | Passkey:
        """Keep in mind that `model` changed."""
        found = getattr(model, "_get_current_object", lambda: model)  # `current_user` is a stand-in
        known: Account | Passkey = found()
        waiting = g.setdefault("companion_accounts", {})
        waiting[known.id] = known
        return model

    def commit(self) -> None:
        """Save the logins, and what the use of a passkey changed, that were put."""
        waiting = g.pop("companion_accounts", {})
        if waiting:
            with desk().database.write() as opened:
                for model in waiting.values():
                    if isinstance(model, Passkey):
                        _passkey_used(opened, model)
                    else:
                        opened.merge(model)


def _passkey_used(opened: Session, passkey: Passkey) -> None:
    """Keep the last use; a passkey that was deleted meanwhile stays deleted."""
    opened.execute(
        update(Passkey)
        .where(Passkey.id == passkey.id)
        .values(
            sign_count=passkey.sign_count,
            backup_state=passkey.backup_state,
            device_type=passkey.device_type,
            lastuse_datetime=passkey.lastuse_datetime,
        )
    )
    _record_of_passkey(opened, "passkey used", passkey)


def _record_of_passkey(opened: Session, action: str, passkey: Passkey) -> None:
    owner = opened.get_one(User, passkey.user_id)
    record(opened, now(), action, owner.person, actor=owner.person_id)


def accounts() -> Accounts:
    """Return the store of logins of the running application."""
    found: Accounts = current_app.extensions["security"].datastore
    return found
