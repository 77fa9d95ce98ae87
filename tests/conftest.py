"""What every test may use. The network is closed but for this machine."""

from __future__ import annotations

import gc
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# What the helpers assert is explained as well when it fails.
pytest.register_assert_rewrite(*(f"tests.{path.stem}" for path in Path(__file__).parent.iterdir()))

from tests import databases, thrift  # noqa: E402
from tests.databases import NewDatabase  # noqa: E402
from tests.world import World  # noqa: E402

settings.register_profile("a machine that others use too", deadline=None)
settings.load_profile("a machine that others use too")
thrift.begin()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A running Chromium, the same one for the tests of a module."""
    from tests.browsers import open_chromium

    with open_chromium() as browser:
        yield browser


_LOCAL = ("127.", "::1", "localhost", "/")


@pytest.fixture(scope="session", autouse=True)
def closed_network() -> Iterator[None]:
    """Let no test reach beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address if isinstance(address, str) else str(address[0])
        if not host.startswith(_LOCAL):
            raise OSError(f"tests may not connect to {host}")
        real(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = real  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDatabase]:
    """Makes SQLite databases."""
    memory = Path("/dev/shm")
    directory = Path(tempfile.mkdtemp(dir=memory)) if memory.is_dir() else Path(tmp_path_factory.mktemp("sqlite"))
    with databases.sqlite(directory) as new:
        yield new
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[NewDatabase]:
    """Makes PostgreSQL databases."""
    with databases.postgresql() as new:
        yield new


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> NewDatabase:
    """Makes databases: every test that uses it runs on both kinds."""
    return databases.in_slots(request.getfixturevalue(f"{request.param}_databases"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other database for tests that are marked to need one only, unless -k or --both asks for it."""
    if config.option.both or any(kind in config.option.keyword for kind in ("sqlite", "postgresql")):
        return
    out = [item for item in items if _other_database(item)]
    items[:] = [item for item in items if not _other_database(item)]
    config.hook.pytest_deselected(items=out)


_KINDS = frozenset(("sqlite", "postgresql"))


def _other_database(item: pytest.Item) -> bool:
    mark, callspec = item.get_closest_marker("one_database"), getattr(item, "callspec", None)
    kinds = _KINDS.intersection(map(str, callspec.params.values() if callspec else ()))
    return mark is not None and bool(kinds) and kinds.isdisjoint(mark.args)


def pytest_collection_finish() -> None:
    """Let nobody search for garbage among the thousands of tests themselves, again and again."""
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --both."""
    parser.addoption("--both", action="store_true", help="run every test that has a world on both databases")


@pytest.fixture
def make_world(new_database: NewDatabase) -> Iterator[Callable[..., World]]:
    """Makes worlds with settings of their own; at the end nothing unexpected may have happened in any."""
    worlds: list[World] = []

    def make(**settings: Any) -> World:
        worlds.append(World(new_database(), **settings))
        return worlds[-1]

    try:
        yield make
        for world in worlds:
            world.finish()
    finally:
        for world in worlds:
            world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """The small programme of the demonstration, on a Monday at nine."""
    return make_world().seeded()


@pytest.fixture
def bare(sqlite_databases: NewDatabase) -> Iterator[World]:
    """A world without a programme."""
    world = World(sqlite_databases())
    yield world
    world.finish()
    world.close()
