"""Passwords: weak ones are refused, and those that the service makes itself are not."""

from __future__ import annotations

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
