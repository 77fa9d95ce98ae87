"""The link in a page: to the episode it is about, after signing in, for whoever was sent it and for nobody else."""

from __future__ import annotations

import re

import pytest

from tests.console_logins import hidden, signed_in
from tests.console_stage import PASSWORD
from tests.safety.stage import DANGER, closed, episode, reference
from tests.world import Talker, World

LINK = re.compile(r"https?://[^/\s]+(/console/\S*)")


def link_in(text: str) -> str:
    found = LINK.search(text)
    assert found, text
    return found[1]


def paged(world: World) -> tuple[Talker, str]:
    """Have a trainee text words of danger, and return them and the page that the first facilitator hears."""
    asha, cole = world.member(), world.staff("facilitator")
    asha.texts(DANGER)
    asha.ignores()
    world.settle()
    return asha, cole.hears("an item needs you")


@pytest.mark.one_database("sqlite")
def test_a_page_leads_to_its_episode_after_signing_in(world: World) -> None:
    _, page = paged(world)
    link = link_in(page)
    assert link == f"/console/r/{reference(page)}"  # the address says no more than the page does
    signed_in(world)
    browser = world.app.test_client()
    sign_in = browser.get(link).headers["Location"]
    form = browser.get(sign_in).text
    answer = browser.post(
        sign_in,
        data={"email": "facilitator@example.org", "password": PASSWORD, "next": hidden(form, "next")}
        | {"csrf_token": hidden(form, "csrf_token")},
        follow_redirects=True,
    )
    assert answer.request.path == f"/console/episodes/{episode(world).id}"
    assert "Do you know this person?" in answer.text
    assert DANGER not in answer.text  # the question comes first, as ever
    assert browser.get(link.lower()).headers["Location"].endswith(str(episode(world).id))

    other = signed_in(world, which=1).get(link, follow_redirects=True)
    assert other.request.path == "/console/"
    assert "leads to nothing of yours" in other.text
    closed(world)


@pytest.mark.one_database("postgresql")
def test_it_leads_nowhere_once_the_person_left_them_out(world: World) -> None:
    asha, page = paged(world)
    cole = world.staff("facilitator")
    cole.texts(f"{reference(page)} TAKE")
    assert link_in(cole.hears("You have")) == link_in(page)
    world.settle()
    asha.texts("EXCLUDE Dr Cole")
    world.settle()
    browser = signed_in(world)
    assert browser.get(link_in(page)).headers["Location"] == "/console/"
    asha.ignores()
    world.staff_ignores()
    closed(world)
