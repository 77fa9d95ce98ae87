"""Inviting someone to the console: a code that lets them choose their own password, once.

Nobody but they ever knows the password. The code is shown to the coordinator once and kept as a hash.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from companion.console.users import (
    UserError,
    create_user,
    drop_second_factors,
    hash_password,
    new_password,
    require_strong,
)
from companion.messaging.addresses import address_of
from companion.messaging.numbers import Sender
from companion.models import Address, Invitation, Person, User, Way, record
from companion.rota.ways import is_lost, settle_lost

LASTS = timedelta(days=7)
STAFF_ROLES = ("facilitator", "lead", "coordinator", "auditor")


def add_staff(session: Session, name: str, role: str, now: datetime, *, by: uuid.UUID | None) -> Person:
    """Add someone who runs the programme, or audits it. Raises UserError when the name is taken."""
    if session.scalar(select(Person.id).where(Person.alias == name)) is not None:
        raise UserError(f"{name} is taken by someone else; add a letter or a second name")
    person = Person(role=role, alias=name, name=name, state="staff", created_at=now)
    session.add(person)
    session.flush()
    record(session, now, "person added", person, actor=by, role=role)
    return person


def give_number(session: Session, person: Person, sender: Sender, now: datetime, *, by: uuid.UUID | None) -> None:
    """Make `sender` the number at which `person` is paged and told. Raises UserError if it is somebody else's.

    Numbers they had before are no longer theirs.
    """
    address = address_of(session, sender, now)
    if address.person_id not in (None, person.id):
        raise UserError("this number belongs to somebody else in the programme")
    if is_lost(session, person, sender.address):
        raise UserError(
            "that phone answered that it is somebody else's; whoever has it in hand signs in as its owner and shows "
            "with a code, under Ways to reach me, that it is theirs"
        )
    session.execute(
        update(Address).where(Address.person_id == person.id, Address.id != address.id).values(person_id=None)
    )
    address.person_id, address.invalid_since, address.invalid_code = person.id, None, None
    lost = (Way.person_id == person.id, Way.dead_since.is_not(None), Way.removed_at.is_(None))
    session.execute(update(Way).where(*lost).values(removed_at=now))
    settle_lost(session, now)
    record(session, now, "number changed", person, actor=by)


def invite(session: Session, person: Person, email: str, now: datetime, *, by: uuid.UUID | None) -> str:
    """Return a new code for `person` to choose a password with; an older one stops working.

    Raises UserError when the e-mail address is another login's.
    """
    email = email.strip().lower()
    taken = session.scalar(select(User.person_id).where(User.email == email))
    waiting = session.scalar(
        select(Invitation.person_id).where(
            Invitation.email == email, Invitation.used_at.is_(None), Invitation.cancelled_at.is_(None)
        )
    )
    if any(found not in (None, person.id) for found in (taken, waiting)):
        raise UserError("somebody else signs in, or was invited, with this e-mail address")
    cancel(session, person, now)
    code = new_password()
    session.add(
        Invitation(
            person_id=person.id,
            email=email,
            code_hash=_hash(code),
            created_at=now,
            created_by=by,
            expires_at=now + LASTS,
        )
    )
    session.flush()
    record(session, now, "invited", person, actor=by)
    return code


def cancel(session: Session, person: Person, now: datetime) -> None:
    """Let no code that was given to `person` so far work any more."""
    session.execute(
        update(Invitation)
        .where(Invitation.person_id == person.id, Invitation.used_at.is_(None), Invitation.cancelled_at.is_(None))
        .values(cancelled_at=now)
    )


def find(session: Session, code: str, now: datetime) -> Invitation | None:
    """Return the invitation that `code` opens now, or None."""
    return session.scalar(
        select(Invitation)
        .where(
            Invitation.code_hash == _hash(code),
            Invitation.used_at.is_(None),
            Invitation.cancelled_at.is_(None),
            Invitation.expires_at > now,
        )
        .with_for_update(of=Invitation)
    )


def accept(session: Session, invitation: Invitation, password: str, now: datetime) -> None:
    """Give the invited person their login with `password`, or a new password. Raises UserError if it is too easy."""
    user = session.scalar(select(User).where(User.person_id == invitation.person_id))
    if user is None:
        user = create_user(session, invitation.person, invitation.email, password)
        record(session, now, "login added", user, role=invitation.person.role)
    else:
        require_strong(password, user.email)
        user.password, user.must_change = hash_password(password), False
        user.fs_uniquifier = uuid.uuid4().hex
    invitation.used_at = now
    record(session, now, "password chosen", invitation.person, actor=invitation.person_id)


def shut_out(session: Session, user: User, now: datetime, *, by: uuid.UUID | None) -> None:
    """Take the old password away, end every sign-in, lift a rest and switch the second factor off."""
    user.password = hash_password(secrets.token_urlsafe(32))
    user.fs_uniquifier = uuid.uuid4().hex
    user.failed_tries, user.locked_until = 0, None
    drop_second_factors(session, user, now, by=by)
    record(session, now, "password reset", user, actor=by)


def switch(session: Session, user: User, *, on: bool, now: datetime, by: uuid.UUID | None) -> None:
    """Switch a login on or off; off ends every sign-in. Raises UserError for one's own, or the last coordinator's."""
    if user.active == on:
        return
    if not on:
        if user.person_id == by:
            raise UserError("you cannot switch off the login you are using")
        others = select(User.id).join(User.person).where(User.active, Person.role == "coordinator", User.id != user.id)
        if user.person.role == "coordinator" and session.scalar(others.limit(1)) is None:
            raise UserError("this is the last coordinator who can sign in; invite another first")
        user.fs_uniquifier = uuid.uuid4().hex
        cancel(session, user.person, now)
    user.active = on
    record(session, now, "login switched on" if on else "login switched off", user, actor=by)


def _hash(code: str) -> bytes:
    """Return what is kept of a code: 79 bits of chance need no slow hash. Spaces and capitals do not count."""
    return hashlib.sha256("".join(code.split()).lower().encode()).digest()
