"""Closing needs an outcome, by the owner or a lead, signed in; "could not reach" needs two; no text closes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from companion.escalation import closings
from companion.escalation.closings import CannotCloseError
from companion.escalation.leaving_out import leave_out
from companion.models import ClosingProposal, Episode, Person
from tests.console_logins import hidden, signed_in
from tests.console_stage import EPISODE, PASSWORD, Stage, press, press_on, stage
from tests.console_stage import episode as shown
from tests.databases import NewDatabase
from tests.safety.stage import Postbox, episode, episodes, flagged, reference
from tests.world import Talker, World


@pytest.fixture
def on(sqlite_databases: NewDatabase) -> Iterator[Stage]:
    """The console's stage."""
    here = stage(sqlite_databases())
    yield here
    here.database.close()


def test_r14_closing_needs_an_outcome_and_the_right_person(on: Stage) -> None:
    browser = on.browser("ada")
    page = on.path(EPISODE + "/close")
    assert '<a href="#outcome-0">Choose what came of it.</a>' in press(browser, page, page).text
    assert "Only the person who has this, or a lead" in press(browser, page, page, outcome="spoke").text
    assert "could not reach" not in browser.get(page).text.lower()
    assert shown(on).state == "open"


@pytest.mark.one_database("sqlite")
def test_r14_a_lead_proposes_could_not_reach_and_nothing_changes_until_a_second_agrees(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    lead, facilitator, page = both_signed_in(world, asha)
    alone = press(lead, f"{page}/close", f"{page}/close", outcome="could not reach").text
    assert '<a href="#second">Choose who is asked to agree.</a>' in alone

    # Proposed: the second person is told by a text that says nothing. Pages, and the truth to the trainee, go on.
    propose(world, lead, page)
    assert "It is proposed, not closed." in lead.get(page).text
    world.settle()
    assert "Asha" not in dunne.hears("waits for your review")
    world.advance(minutes=16)
    assert all(each.hears("an item needs you now") for each in (cole, dunne, world.staff("lead")))
    asha.hears("No facilitator has picked this up yet")
    world.staff_ignores()

    # Not the one who proposed it; and not with a page of before somebody texted.
    own = lead.get(f"{page}/closing").text
    assert "so somebody else must agree" in own
    assert "Do you agree?" not in own
    assert "Dr Erskine proposes to close it" in facilitator.get("/console/").text
    assert "Agree or refuse" in facilitator.get(page).text
    before = facilitator.get(f"{page}/closing").text
    assert "Somebody else must agree." in answer(lead, page, "agreed", shown=before)
    asha.texts("Sorry, my phone was off")
    asha.ignores()
    assert "Nothing was changed: this proposal is over." in answer(facilitator, page, "agreed", shown=before)
    assert "void, because they texted after it" in lead.get(page).text
    assert "proposes to close it" not in facilitator.get("/console/").text

    propose(world, lead, page)
    with facilitator.session_transaction(path="/console/") as kept:
        kept["fs_paa"] = time.time() - 601  # the library's own clock
    assert facilitator.get(f"{page}/closing").status_code == 302
    press(facilitator, "/console/password-again", "/console/password-again", password=PASSWORD)
    assert "The episode is closed: you both" in answer(facilitator, page, "agreed")
    assert "could not reach; Dr Cole agreed" in lead.get(page).text
    closed = episode(world)
    with world.database.read() as session:
        people = staff(session)
        assert (closed.state, closed.outcome) == ("closed", "could not reach")
        assert (closed.closed_by, closed.agreed_by) == (people["Dr Erskine"].id, people["Dr Cole"].id)
    assert "is over" in answer(facilitator, page, "agreed", shown=before)
    world.settle()
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("postgresql")
def test_r14_whatever_is_known_anew_ends_a_proposal_and_the_episode_stays(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    lead, facilitator, page = both_signed_in(world, asha)

    # A worker notices that, without anybody looking; new words of danger, a person who takes it, the author, the
    # second person: each ends a proposal, and the episode stays.
    def comes_back() -> None:
        asha.texts("back now")
        world.advance(seconds=10)

    said = []
    for ends in (
        comes_back,
        lambda: flagged(world, asha),
        lambda: cole.texts("take"),
        lambda: cole.texts("pass it on"),
        lambda: press(lead, page, f"{page}/closing/withdraw"),
        lambda: answer(facilitator, page, "refused"),
    ):
        propose(world, lead, page)
        world.advance(seconds=1)
        ends()
        found = latest_closing(world)
        said.append(found.void_why or found.state)
        assert episode(world).state in ("open", "owned")
        world.settle()
        world.staff_ignores()
        asha.ignores()
    assert said == ["text came", "text came", "taken", "open", "withdrawn", "refused"]
    propose(world, lead, page)
    answer(facilitator, page, "agreed")
    assert (episode(world).outcome, latest_closing(world).state) == ("could not reach", "agreed")
    world.settle()
    world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r14_who_may_not_see_it_neither_proposes_nor_agrees(world: World) -> None:
    asha = world.member()
    lead, facilitator, page = both_signed_in(world, asha)
    assert "only a lead" in str(refused(world, "Dr Cole", "Dr Dunne"))
    propose(world, lead, page)
    leave_out_of(world, "Dr Cole")
    assert facilitator.get(f"{page}/closing").status_code == 404
    assert "Dr Cole" not in lead.get(f"{page}/close").text
    assert "You cannot be the second person" in str(refused(world, "Dr Erskine", "Dr Cole", settles=True))
    assert "You cannot be the second person" in str(refused(world, "Dr Erskine", "Frances", settles=True))
    leave_out_of(world, "Dr Erskine")  # who proposed it: that goes too
    assert latest_closing(world).void_why == "proposer left out"
    world.settle()
    world.staff_ignores()
    asha.ignores()


def test_r14_the_database_refuses_one_who_agrees_with_themself(world: World) -> None:
    flagged(world, asha := world.member())
    with world.database.read() as session:
        ids = {name: person.id for name, person in staff(session).items()}
    cole, dunne, now = ids["Dr Cole"], ids["Dr Dunne"], world.clock.now()

    def put_in(state: str, by: uuid.UUID | None, **more: object) -> None:
        given = {"asked_id": dunne, "proposed_at": now, "settled_by": by, "settled_at": now}
        with world.database.write() as session:
            about = session.scalars(select(Episode.id)).one()
            session.add(ClosingProposal(episode_id=about, proposed_by=cole, state=state, **{**given, **more}))

    wrong = [
        ("agreed", None),
        ("agreed", cole),
        ("refused", cole),
        ("withdrawn", dunne),
        ("void", None),
        ("open", None),
    ]
    for state, by in wrong:
        with pytest.raises(IntegrityError):
            put_in(state, by)
    with pytest.raises(IntegrityError):
        put_in("agreed", dunne, asked_id=cole)
    put_in("open", None, settled_at=None)
    with pytest.raises(IntegrityError):  # one at a time
        put_in("open", None, settled_at=None)
    for second in (None, cole):
        with pytest.raises(IntegrityError), world.database.write() as session:
            session.execute(
                update(Episode).values(
                    state="closed", outcome="could not reach", closed_by=cole, closed_at=now, agreed_by=second
                )
            )
    world.settle()
    world.staff_ignores()
    asha.ignores()


@pytest.mark.one_database("sqlite")
def test_r14_whoever_has_it_is_told_when_two_others_close_it(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    lead, _, page = both_signed_in(world, asha)
    cole.texts("take")
    world.settle()
    for each in (world.staff_ignores, asha.ignores):
        each()
    propose(world, lead, page)
    second = signed_in(world, "facilitator", 1)
    press(second, "/console/account", f"{page}/gate/open")
    assert "The episode is closed: you both" in answer(second, page, "agreed")
    world.settle()
    for told in (cole, world.staff("lead")):  # who has it, and who proposed it
        said = told.hears("is closed now", "need do nothing more")
        assert not any(word in said.lower() for word in ("asha", "reach", "kestrel", "could")), said
    dunne.hears("waits for your review")
    dunne.hears_nothing()
    world.advance(hours=2)  # nobody is reminded of a promise that is over
    cole.hears_nothing()


@pytest.mark.one_database("postgresql")
def test_r14_a_lead_who_closes_it_alone_tells_whoever_has_it_or_was_paged(world: World) -> None:
    asha, cole, dunne = world.member(), world.staff("facilitator"), world.staff("facilitator", 1)
    lead, _, page = both_signed_in(world, asha)
    cole.texts("take")
    world.settle()
    world.staff_ignores()
    press(lead, f"{page}/close", f"{page}/close", outcome="spoke")
    world.settle()
    cole.hears("is closed now")
    world.advance(minutes=3)
    flagged(world, asha)
    world.settle()
    cole.hears("an item needs you now")
    cole.texts("pass")  # an answer: for them it was over
    cole.hears("passing it on")
    world.settle()
    dunne.hears("an item needs you now")
    new = f"/console/episodes/{next(each for each in episodes(world) if each.state == 'open').id}"
    press(lead, "/console/account", f"{new}/gate/open")
    press(lead, f"{new}/close", f"{new}/close", outcome="not meant literally")
    world.settle()
    dunne.hears("is closed now")
    cole.hears_nothing()
    world.staff("lead").hears_nothing()
    asha.ignores()


def test_r14_whoever_no_text_reaches_is_told_by_e_mail_that_it_is_closed(
    make_world: Callable[..., World], postbox: Postbox
) -> None:
    mail_world = make_world(smtp_url=postbox.url, mail_from="companion@example.org").seeded()
    asha, cole = mail_world.member(), mail_world.staff("facilitator")
    lead, _, page = both_signed_in(mail_world, asha)
    cole.texts("take")
    cole.texts("STOP")
    press(lead, f"{page}/close", f"{page}/close", outcome="spoke")
    mail_world.settle()
    letters = [letter for letter in postbox.letters if "is closed now" in letter.get_content()]
    assert [letter["To"] for letter in letters] == ["facilitator@example.org"]
    assert "about " in str(letters[0]["Subject"])
    mail_world.staff_ignores()
    asha.ignores()


def test_r14_no_text_closes_and_the_database_asks_for_an_outcome(world: World) -> None:
    asha, cole = world.member(), world.staff("facilitator")
    flagged(world, asha)
    world.settle()
    code = reference(cole.hears("an item needs you now"))
    cole.texts(f"{code} TAKE")
    cole.hears("You have")
    world.settle()
    asha.ignores()
    for words in (f"{code} CLOSE", f"{code} DONE", "close it", "closed, spoke to them"):
        cole.texts(words)
        assert episode(world).state == "owned", words
    world.settle()
    world.staff_ignores()
    asha.ignores()
    with pytest.raises(IntegrityError), world.database.write() as session:
        session.execute(update(Episode).values(state="closed"))


def both_signed_in(world: World, trainee: Talker) -> tuple[FlaskClient, FlaskClient, str]:
    """Let a trainee text words of danger; return the browsers of lead and facilitator, who opened it, and its page."""
    flagged(world, trainee)
    world.settle()
    world.staff_ignores()
    page = f"/console/episodes/{episode(world).id}"
    lead, facilitator = signed_in(world, "lead"), signed_in(world, "facilitator")
    for browser in (lead, facilitator):
        press(browser, "/console/account", f"{page}/gate/open")
    return lead, facilitator, page


def propose(world: World, lead: FlaskClient, page: str) -> None:
    """Let the lead propose that nobody could reach them, and ask Dr Dunne to agree."""
    with world.database.read() as session:
        second = staff(session)["Dr Dunne"].id
    press(lead, f"{page}/close", f"{page}/close", outcome="could not reach", second=str(second))


def answer(browser: FlaskClient, page: str, said: str, shown: str = "") -> str:
    """Answer the proposal that is `shown` on a page of before, or on the page as it is now; return what is said."""
    given = {"answer": said, "proposal": hidden(shown or browser.get(f"{page}/closing").text, "proposal")}
    return press_on(browser, page, f"{page}/closing", **given)


def staff(session: Session) -> dict[str, Person]:
    """Return those who run the programme, by name."""
    return {person.label: person for person in session.scalars(select(Person).where(Person.state == "staff"))}


def latest_closing(world: World) -> ClosingProposal:
    with world.database.read() as session:
        found = closings.latest(session, session.scalars(select(Episode)).one())
        assert found is not None
        return found


def leave_out_of(world: World, name: str) -> None:
    """Let the trainee leave out one of those who run the programme, as the console does it."""
    with world.database.write() as session:
        trainee = session.scalars(select(Person).where(Person.role == "trainee")).one()
        leave_out(session, trainee, staff(session)[name], world.clock.now(), world.services.voice)


def refused(world: World, by: str, second: str, *, settles: bool = False) -> CannotCloseError:
    """Return why `by` cannot propose with `second`, or why `second` cannot agree, whatever a page lets them do."""
    with world.database.write() as session:
        people = staff(session)
        about, now, voice = session.scalars(select(Episode)).one(), world.clock.now(), world.services.voice
        found = closings.waiting(session, about)
        try:
            if settles and found is not None:
                closings.settle(session, about, found, "agreed", people[second], now, voice)
            else:
                closings.propose(session, about, people[by], people[second], now, voice)
        except CannotCloseError as why:
            return why
    raise AssertionError("nothing was refused")
