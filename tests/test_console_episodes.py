"""An episode in the console: opened for a reason, taken, passed on, contacted, closed, and found again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from companion.models import Address, Call, Episode, Page, Person
from tests.console_people import CANARY, NOW, text_from
from tests.console_stage import EPISODE, Stage, audited, episode, opened, press, stage
from tests.databases import NewDatabase


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    here = stage(sqlite_databases())
    yield here
    here.database.close()


def test_nothing_is_read_before_the_question_is_answered(on: Stage) -> None:
    browser = on.browser("ada")
    text = browser.get(on.path(EPISODE)).text
    assert "Do you know this person?" in text
    assert CANARY not in text
    assert not audited(on, "episode read")
    text = opened(on, "ada")
    assert CANARY in text
    assert "Wants to die" in text
    assert "today at 2:25am" in text
    assert [entry.actor_id for entry in audited(on, "episode read")] == [on.ids["ada"]]
    assert audited(on, "episode gate")[0].details == {"gate": "open"}


def test_somebody_elses_answer_opens_nothing_for_me(on: Stage) -> None:
    opened(on, "ada")
    assert CANARY not in on.browser("lee").get(on.path(EPISODE)).text


def test_knowing_the_person_passes_it_on(on: Stage) -> None:
    browser = on.browser("ada")
    press(browser, on.path(EPISODE), on.path(EPISODE + "/gate/pass"))
    text = browser.get(on.path(EPISODE)).text
    assert "You said that you know this person" in text
    assert CANARY not in text
    assert audited(on, "episode passed")


def test_an_answer_stands_beside_the_page_that_it_came_to(on: Stage) -> None:
    with on.database.write() as session:
        ada = session.get_one(Person, on.ids["ada"])
        address = session.scalars(select(Address).where(Address.person_id == ada.id)).first()
        assert address is not None
        for minute, status, digit in ((2, "no-answer", None), (20, "completed", "1"), (20, None, None)):
            at = NOW + timedelta(minutes=minute)
            call = Call(key=f"{at}", address=address, status=status, digit=digit, created_at=at, not_before=at)
            call.updated_at = at
            page = Page(episode_id=on.ids["episode"], person=ada, way="call" if status else "email", step=1, at=at)
            page.call = call if status else None
            page.answer, page.answered_at = "take", NOW + timedelta(minutes=21)
            session.add(page)
    table = opened(on, "ada").partition("Who was paged")[2].partition("</table>")[0]
    assert table.count("Took it") == 1
    assert "Nobody picked up" in table
    assert "no key pressed" not in table


def test_an_episode_is_taken_contacted_and_closed(on: Stage) -> None:
    browser = on.browser("ada")
    page = on.path(EPISODE)
    press(browser, page, page + "/gate/open")
    press(browser, page, page + "/take")
    assert episode(on).owner_id == on.ids["ada"]
    for _ in range(2):  # what is pressed twice is done once, and says so without blame
        press(browser, page, page + "/contact")
        assert "Contact is recorded" in browser.get(page).text
    assert episode(on).state == "contacted"
    for _ in range(2):
        press(browser, page, page + "/note", body="She is with a friend tonight.")
    assert browser.get(page).text.count("She is with a friend tonight.") == 1
    for _ in range(2):
        press(browser, page, page + "/help")
        assert "Others are being paged" in browser.get(page).text
    assert len(audited(on, "help asked for")) == len(audited(on, "contact recorded")) == 1
    press(browser, page, page + "/take")
    press(browser, page, page + "/contact")
    answer = press(browser, page + "/close", page + "/close", outcome="spoke")
    assert answer.headers["Location"].endswith("/console/")
    closed = episode(on)
    assert (closed.state, closed.outcome, closed.closed_by) == ("closed", "spoke", on.ids["ada"])
    for path in ("/close", "/pass", "/contact"):
        press(browser, page, page + path, outcome="wrong number")
        assert "Nothing was changed" in browser.get(page).text
    assert episode(on).outcome == "spoke"
    assert "Closed by you" in browser.get(page).text
    assert "Closed by Dr Ada" in opened(on, "lee")


def test_knowing_whom_one_has_reached_brings_others(on: Stage) -> None:
    browser, page = on.browser("ada"), on.path(EPISODE)
    press(browser, page, page + "/gate/open")
    press(browser, page, page + "/take")
    press(browser, page, page + "/contact")
    press(browser, page, page + "/gate/pass")  # on a page that was opened before
    assert episode(on).state == "open"
    assert audited(on, "help asked for")
    assert CANARY not in browser.get(page).text


def test_who_takes_a_concern_is_not_told_that_the_person_knows(on: Stage) -> None:
    browser, page = on.browser("ada"), on.path(EPISODE)
    press(browser, page, page + "/gate/open")
    press(browser, page, page + "/take")
    assert "The person is told so by text" in browser.get(page).text
    assert "They were told to expect contact" in browser.get(page).text
    with on.database.write() as session:
        raised = session.get_one(Episode, on.ids["episode"])
        raised.raised_by, raised.last_crisis_reply_at = on.ids["lee"], None
    press(browser, page, page + "/take")
    text = browser.get(page).text
    assert "The person gets no text that says so" in text
    assert "Somebody raised a concern" in text
    assert "They were told to expect contact" not in text


def test_a_closed_episode_is_found_again_by_who_may_read_it(on: Stage) -> None:
    browser, page, past = on.browser("ada"), on.path(EPISODE), "/console/episodes"
    assert f'href="{page}"' not in browser.get(past).text
    assert f'href="{past}"' in browser.get("/console/").text
    press(browser, page, page + "/gate/open")
    press(browser, page, page + "/take")
    press(browser, page + "/close", page + "/close", outcome="spoke")
    of_wren = on.path(past + "?person={wren}")
    assert f'href="{of_wren}"' in browser.get(on.path("/console/people/{wren}")).text
    for where in (past, of_wren):
        found = browser.get(where).text
        assert f'<a href="{page}">Wren, <span class="ref">K7Q9</span>' in found
        assert "spoke" in found
        assert "closed today at 2:30am by you" in found
        assert CANARY not in found
    assert "by Dr Ada" in on.browser("lee").get(past).text
    assert f'href="{page}"' not in on.browser("bo").get(past).text
    assert on.browser("bo").get(of_wren).status_code == 404
    assert browser.get(past + "?person=wren").status_code == 404


def test_passing_on_twice_pages_once_and_an_old_page_passes_nothing(on: Stage) -> None:
    ada, lee, page = on.browser("ada"), on.browser("lee"), on.path(EPISODE)
    opened(on, "ada")
    steps = []
    for _ in range(2):
        press(ada, page, page + "/pass")
        steps.append((episode(on).step, len(audited(on, "paged"))))
    assert steps[0] == steps[1]
    assert len(audited(on, "episode passed")) == 1
    press(lee, "/console/account", page + "/take")
    press(ada, page, page + "/pass")
    assert "Dr Lee has it already" in ada.get("/console/").text
    assert episode(on).owner_id == on.ids["lee"]


def test_the_second_who_takes_it_is_told_who_has_it(on: Stage) -> None:
    press(on.browser("ada"), "/console/account", on.path(EPISODE + "/take"))
    second = on.browser("lee")
    press(second, "/console/account", on.path(EPISODE + "/take"))
    assert "Dr Ada has it already" in second.get(on.path(EPISODE)).text
    assert episode(on).owner_id == on.ids["ada"]
    for who in ("ada", "lee", "ada", "lee"):  # who reads it in turns fills no page with that
        page = opened(on, who)
    assert page.count("read the texts of an episode") == 2
    assert "took the episode" in page


def test_a_note_is_kept_only_by_who_may_read_the_episode(on: Stage) -> None:
    note = {"body": "she is with a friend tonight"}
    press(on.browser("lee"), "/console/account", on.path(EPISODE + "/note"), **note)
    assert note["body"] not in opened(on, "ada")
    press(on.browser("ada"), "/console/account", on.path(EPISODE + "/note"), **note)
    assert note["body"] in opened(on, "ada")


def test_what_is_new_in_an_episode_is_told_without_a_word_of_it(on: Stage) -> None:
    ada, lee, page = on.browser("ada"), on.browser("lee"), on.path(EPISODE)
    press(ada, page, f"{page}/gate/open")
    news = re.findall(r'data-news="([^"]+)"', ada.get(page).text)[0]
    assert ada.get(news).text == ""
    with on.database.write() as session:
        wren = session.get_one(Address, on.ids["wren_sms"])
        text_from(session, wren, "are you there", NOW + timedelta(minutes=1), needs_reading=True)
    assert ada.get(news).text == "They wrote again."
    press(lee, page, f"{page}/gate/open")
    press(lee, page, f"{page}/take")
    assert ada.get(news).text == "Taken, no contact recorded yet: Dr Lee."
    news = re.findall(r'data-news="([^"]+)"', ada.get(page).text)[0]
    press(lee, page, f"{page}/note", body="Rang twice")
    assert ada.get(news).text == "There is a new note."
    assert on.browser("bo").get(news).status_code == 404
