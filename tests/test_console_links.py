"""No page leads its reader to one that is not there, or that they may not see."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from companion.models import GroupCover, Need
from tests.console_people import NOW
from tests.console_stage import Stage, press, stage
from tests.databases import NewDatabase

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
LINK = re.compile(r'href="(/console/[^"#]*)')


@pytest.fixture(scope="module")
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    with here.database.write() as session:
        session.add(Need(person_id=here.ids["wren"], kind="food", asked_at=NOW))
        session.add(GroupCover(group_id=here.ids["tuesday"], kind="always", weekdays=list(range(7)), live_at=NOW))
    yield here
    here.database.close()


@pytest.mark.parametrize(("who", "least"), [("ada", 30), ("cor", 50), ("aud", 4)])
def test_every_link_leads_to_a_page_that_one_may_see(on: Stage, who: str, least: int) -> None:
    """Follow the links from the first page on, one of each kind: the ids in an address make no other kind."""
    browser, seen, todo, wrong = on.browser(who), set(), ["/console/"], []
    if who == "ada":
        episode = on.path("/console/episodes/{episode}")
        press(browser, episode, f"{episode}/gate/open")
    while todo:
        path = todo.pop().replace("&amp;", "&")
        kind = ID.sub("ID", path.partition("?")[0])
        if kind in seen or kind.startswith(("/console/static/", "/console/bootstrap/")):
            continue
        seen.add(kind)
        page = browser.get(path, follow_redirects=True)
        if page.status_code != 200:
            wrong.append(f"{page.status_code} {path}")
        todo += LINK.findall(page.text) if page.mimetype == "text/html" else []
    assert not wrong, wrong
    assert len(seen) >= least, sorted(seen)
