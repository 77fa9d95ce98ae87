"""What libraries do anew for every application: a service makes one in its life, the tests make thousands.

Nothing that the service does is different: the same routes and templates are compiled, once in a process. Passwords are
hashed by the same library in the same form, with less work in it; `tests/test_console_passwords.py` asks what a service
does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import argon2
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from passlib.handlers.argon2 import argon2 as sign_in_hash
from werkzeug.routing import Rule

_MEMORY = 8  # KiB, the least that there is


def begin() -> None:
    """Begin to spare work, for the life of this process."""
    Flask.jinja_options = {"bytecode_cache": _Compiled()}
    Rule._compile_builder = _remembered(Rule._compile_builder)  # type: ignore[method-assign, assignment]
    # Before anything imports it. The sign-in page hashes a password anew when its own library would do other work.
    argon2.PasswordHasher = partial(argon2.PasswordHasher, time_cost=1, memory_cost=_MEMORY, parallelism=1)  # type: ignore[misc, assignment]
    sign_in_hash.memory_cost, sign_in_hash.default_rounds, sign_in_hash.parallelism = _MEMORY, 1, 1


class _Compiled(BytecodeCache):
    """Templates that were compiled in this process."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


def _remembered(real: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """Return what makes, or finds, the function that builds the addresses of a route."""
    made: dict[tuple[object, ...], Any] = {}

    def compile_builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return real(rule, append_unknown)
        key = (rule.rule, append_unknown, *rule._trace)
        if key not in made:
            made[key] = real(rule, append_unknown)
        return made[key]

    return compile_builder
