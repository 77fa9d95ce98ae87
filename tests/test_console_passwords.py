"""Passwords: weak ones are refused, and those that the service makes itself are not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from companion.console.users import new_password, weakness


def test_a_made_password_is_never_refused() -> None:
    assert [word for word in (new_password() for _ in range(20_000)) if weakness(word, "lead@example.org")] == []


@pytest.mark.parametrize("password", ["short", "passwordpassword", "123456789012", "aaaaaaaaaaaaa", "adalovelace1999"])
def test_weak_passwords_are_refused_with_what_to_do(password: str) -> None:
    assert weakness(password, "adalovelace@example.org")


def test_a_made_password_is_strong_and_new() -> None:
    assert not weakness(new_password())
    assert new_password() != new_password()


_IN_A_SERVICE = """
from passlib.context import CryptContext
from companion.console.users import hash_password

hashed = hash_password("plain lantern otter 7")
print(hashed, CryptContext(["argon2"]).verify_and_update("plain lantern otter 7", hashed))
"""


def test_a_password_is_hashed_as_rfc_9106_says_and_not_again_at_sign_in() -> None:
    """In a process of its own, as tests spare themselves the work (`tests.thrift`)."""
    said = subprocess.run([sys.executable, "-c", _IN_A_SERVICE], capture_output=True, text=True, check=True).stdout
    assert said.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert said.endswith(" (True, None)\n")
