"""Logins: making them, their passwords, and how the sign-in library reads and keeps them.

This module is light; what needs the sign-in library is in `signin.py`.
"""

from __future__ import annotations

import secrets
import unicodedata
import uuid
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from companion.content.wording import LONGEST_NAME
from companion.models import Person, record
from companion.models.console import Passkey, User

PASSWORD_LENGTH = 12  # NCSC: length counts, forced symbols do not
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # read aloud without mistakes


class UserError(ValueError):
    """A login cannot be made or changed; the message says why and what to do."""


def create_user(session: Session, person: Person, email: str, password: str, *, must_change: bool = False) -> User:
    """Add a login for one of those who run the programme; `must_change` asks for a new password at the first sign-in.

    Raises UserError for a trainee, an address in use, or a password that is too easy.
    """
    email = email.strip().lower()
    if person.role == "trainee":
        raise UserError("a trainee cannot have a login")
    if not is_full_address(email):
        raise UserError("write the e-mail address in full, such as name@example.org")
    taken = select(User.id).where((User.email == email) | (User.person_id == person.id))
    if session.scalar(taken) is not None:
        raise UserError("that e-mail address or that person has a login already")
    require_strong(password, email)
    user = User(
        person_id=person.id,
        email=email,
        password=hash_password(password),
        fs_uniquifier=uuid.uuid4().hex,
        must_change=must_change,
        mf_recovery_codes=[],
    )
    session.add(user)
    session.flush()
    return user


def is_full_address(email: str) -> bool:
    """Whether somebody could sign in with it: it is read as Flask-Security reads it then (see `signin._config`)."""
    try:
        validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def add_login(session: Session, name: str, email: str, role: str, password: str, now: datetime) -> User:
    """Add someone who must choose a password of their own, or a login for who is known by that name and role already.

    Raises UserError.
    """
    if not 2 <= len(name) <= LONGEST_NAME:
        raise UserError(f"the name has {len(name)} characters; use 2 to {LONGEST_NAME}, as texts name them")
    without = select(Person).where(Person.alias == name, Person.role == role, Person.id.not_in(select(User.person_id)))
    person = session.scalar(without)
    if person is None:
        if session.scalar(select(Person.id).where(Person.alias == name)):
            raise UserError(f"{name} is taken by someone else; choose another name")
        person = Person(role=role, alias=name, name=name, state="staff", created_at=now)
        session.add(person)
        session.flush()
    user = create_user(session, person, email, password, must_change=True)
    record(session, now, "login added", user, role=role)
    return user


def reset_password(session: Session, user: User, password: str, now: datetime) -> None:
    """Set a new password, end every sign-in of the user, lift a lock and switch the second factor off.

    Raises UserError if the password is too easy. The user must change it at the next sign-in.
    """
    require_strong(password, user.email)
    user.password = hash_password(password)
    user.fs_uniquifier = uuid.uuid4().hex
    user.must_change = True
    user.failed_tries, user.locked_until = 0, None
    drop_second_factors(session, user, now)
    record(session, now, "password reset", user)


def drop_second_factors(session: Session, user: User, now: datetime, *, by: uuid.UUID | None = None) -> None:
    """Switch the codes of an app off, and delete the recovery codes and the passkeys."""
    user.tf_primary_method = user.tf_totp_secret = user.tf_last_counter = None
    user.mf_recovery_codes = []
    gone = session.scalars(delete(Passkey).where(Passkey.user_id == user.id).returning(Passkey.id)).all()
    if gone:
        record(session, now, "passkey deleted", user, actor=by, count=len(gone))


def second_factor(session: Session, user: User) -> str:
    """Return in words what a login is asked for after the password: "On: authenticator app, 2 passkeys"."""
    passkeys = session.scalar(select(func.count()).select_from(Passkey).where(Passkey.user_id == user.id)) or 0
    factors = ["authenticator app"] if user.tf_primary_method else []
    factors += [f"{passkeys} passkey{'s' if passkeys > 1 else ''}"] if passkeys else []
    return f"On: {', '.join(factors)}" if factors else "Off"


def new_password() -> str:
    """Return a password that nobody has used before (about 79 bits), in four groups."""
    while True:
        password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
        if weakness(password) is None:  # now and then chance makes something that looks easy
            return password


def hash_password(password: str) -> str:
    """Return the argon2id hash, with the same normal form of letters that the sign-in page uses."""
    return PasswordHasher().hash(unicodedata.normalize("NFKD", password))


def require_strong(password: str, email: str = "") -> None:
    """Raise UserError, with what to do, unless `password` is long and not one that everybody tries first."""
    problem = weakness(password, email)
    if problem:
        raise UserError(problem)


def weakness(password: str, email: str = "") -> str | None:
    """Return what is wrong with a new password, or None."""
    plain = password.casefold()
    letters = "".join(character for character in plain if character.isalpha())
    if len(password) < PASSWORD_LENGTH:
        return f"Use at least {PASSWORD_LENGTH} characters. Three or four words that do not belong together work well."
    if len(set(plain)) < 5 or plain in _common() or letters in _common():
        return "That password is easy to guess. Use three or four words that do not belong together."
    name = email.partition("@")[0].casefold()
    if len(name) > 3 and name in plain:
        return "Leave your e-mail address out of your password."
    return None


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())
