"""Worlds with a mail server and logins."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.safety.stage import Postbox, give_logins
from tests.world import World


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """A mail server on this machine."""
    with Postbox().open() as box:
        yield box


@pytest.fixture
def mailed(make_world: Callable[..., World], postbox: Postbox) -> World:
    """The small programme, with e-mail."""
    world = make_world(smtp_url=postbox.url, mail_from="companion@example.org").seeded()
    give_logins(world)
    return world


@pytest.fixture
def on_sqlite(request: pytest.FixtureRequest) -> None:
    """Let a long test run on one kind of database only."""
    if "postgresql" in request.node.name:
        pytest.skip("long: on SQLite only")
