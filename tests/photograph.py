"""`python -m tests.photograph FOLDER`: photographs every page of the console, for people to look at.

Each page at the width of a phone and of a desk, in an empty, a usual and a crowded state, by headless Chromium.
`--only` takes a part of a page's path, `--dark` photographs the dark colours.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from tests import databases
from tests.console_stage import PASSWORD, Stage, stage
from tests.test_console_browser import FLAGS, PAGES
from tests.test_console_pages import _crowd

WIDTHS = {"phone": (390, 844), "desk": (1280, 900)}
COORDINATORS = (  # pages that only a coordinator has
    "/console/cohorts/new",
    "/console/cohorts/{cohort}",
    "/console/set-up",
    "/console/users",
    "/console/users/invite",
    "/console/users/{bo}",
)
OPEN = (
    "/console/sign-in",
    "/console/invitation",
    "/console/invitation/abcd-efgh-jkmn-pqrs",
    "/console/invitation/none",
)


def main() -> None:
    """Photograph what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--state", choices=["empty", "usual", "crowded"])
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as name,
        databases.sqlite(Path(name)) as new,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for state in [given.state] if given.state else ["empty", "usual", "crowded"]:
            here = stage(new(), empty=state == "empty")
            if state == "crowded":
                _crowd(here)
            with _served(here) as address:
                for width in WIDTHS:
                    _photograph(chromium, here, address, given, state, width)
            here.database.close()
        chromium.close()


@contextmanager
def _served(here: Stage) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, here.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


def _photograph(
    chromium: Browser, here: Stage, address: str, given: argparse.Namespace, state: str, width: str
) -> None:
    wide, high = WIDTHS[width]
    for who, pages in (("", OPEN), ("lee", PAGES), ("cor", COORDINATORS)):
        chosen = [page for page in pages if given.only in page and _stands(here, page)]
        if not chosen:
            continue
        context = chromium.new_context(
            viewport={"width": wide, "height": high}, color_scheme="dark" if given.dark else "light"
        )
        page = context.new_page()
        if who:
            page.goto(f"{address}/console/sign-in")
            page.get_by_label("E-mail address").fill(f"{who}@example.org")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
        for path in chosen:
            page.goto(address + here.path(path))
            if "/gate/open" in page.content():  # an episode: answer the question, and look at what is behind it
                page.get_by_role("button", name="No, I do not know them").click()
            name = (
                path.replace("/console", "").strip("/").replace("/", "-").replace("{", "").replace("}", "") or "today"
            )
            page.screenshot(path=given.folder / f"{name}.{state}.{width}.png", full_page=True)
        context.close()


def _stands(here: Stage, page: str) -> bool:
    """Whether what the page is about is there: not in the empty state."""
    try:
        here.path(page)
    except KeyError:
        return False
    return True


if __name__ == "__main__":
    main()
