"""Companion: peer support by text for resident doctors.

`create_app` is the composition root of the web server; it loads what it needs when called, so that small commands
start fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from companion.services import Services

__version__ = "0.1.0"


def create_app(services: Services | None = None) -> Flask:
    """Return the web server's application, for the settings in the environment unless `services` are given.

    Raises SettingsError, ContentError or DatabaseError when something is not as it must be.
    """
    from companion.web import build_app  # noqa: PLC0415

    return build_app(services)
