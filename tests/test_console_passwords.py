"""Passwords that the service makes itself."""

from __future__ import annotations

from companion.console.users import new_password, weakness


def test_a_made_password_is_never_refused() -> None:
    assert [word for word in (new_password() for _ in range(20_000)) if weakness(word, "lead@example.org")] == []
