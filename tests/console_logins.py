"""Signing in to the console of a world, and what stands hidden in its forms."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient
from sqlalchemy import select

from companion.console.users import create_user
from companion.models import Person
from tests.console_stage import PASSWORD, sign_in
from tests.world import World


def signed_in(world: World, role: str = "facilitator", which: int = 0) -> FlaskClient:
    """Return a browser in which one of those who run the programme has signed in; `which` of a role, from 0."""
    login = f"{role}{which or ''}"
    with world.database.write() as session:
        person = session.scalars(select(Person).where(Person.role == role).order_by(Person.alias).offset(which)).first()
        assert person is not None
        create_user(session, person, f"{login}@example.org", PASSWORD)
    return again(world, login)


def again(world: World, role: str = "facilitator") -> FlaskClient:
    """Return a browser in which they sign in again, as after a night."""
    browser = world.app.test_client()
    assert sign_in(browser, f"{role}@example.org").status_code == 302
    return browser


def hidden(page: str, name: str) -> str:
    """Return what a hidden field of a page holds."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, page
    return html.unescape(found.group(1))
