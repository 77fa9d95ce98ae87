"""A trainee has a new number: typed in once, it answers for itself, and all that is theirs goes with them."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select

from companion import jobs
from companion.models import Address, AuditEntry, Consent, Episode, InboundMessage, NumberMove, Person
from tests.console_stage import press
from tests.safety.stage import flagged, give_logins, reference
from tests.safety.test_r17_readiness import signed_in_as
from tests.world import Talker, World

OLD, NEW, OTHER = "+447700900101", "+447700900555", "+447700900556"


def asks(world: World, browser: FlaskClient, number: str, of: int = 0) -> str:
    """Type a number in on the page of the trainee who joined as the `of`th; return the page that follows."""
    with world.database.read() as session:
        trainees = select(Person.id).where(Person.role == "trainee").order_by(Person.id)
        page = f"/console/people/{session.scalars(trainees).all()[of]}/move"
    answer = press(browser, page, page, number=number)
    return browser.get(page).text if answer.status_code == 302 else answer.text


def at(world: World, number: str) -> tuple[str, str] | None:
    """Return who has a number, and their state."""
    with world.database.read() as session:
        found = session.scalars(select(Person).join(Address, Address.person_id == Person.id).where(
            Address.address_index == number)).first()  # fmt: skip
        return (found.alias, found.state) if found else None


def audited(world: World) -> list[str]:
    """Return what the audit says of numbers, in order."""
    with world.database.read() as session:
        entries = select(AuditEntry.action).where(AuditEntry.action.startswith("number ")).order_by(AuditEntry.id)
        return list(session.scalars(entries))


def test_a_new_number_says_yes_and_all_goes_with_it_but_a_copy(world: World) -> None:
    old, new = world.member(), world.talker(NEW)
    old.texts("yes")  # to the session on Thursday
    old.texts("EXCLUDE Dr Dunne")
    old.ignores()
    give_logins(world)
    cole, was = signed_in_as(world, "Dr Cole"), at(world, OLD)
    assert "A number was asked" in (page := asks(world, cole, "07700 900555"))
    assert "900555" not in page
    world.settle()
    assert "doctor" not in new.hears("is it yours", "Reply YES", "NO if not").lower()
    old.hears("asked to send your texts to another number", "KEEP")
    assert at(world, OLD) == was  # nothing moves before it says so itself
    new.texts("Yes, it's me")
    new.hears("Your texts come to this number now", "MY DATA works here from Mon 7 Dec")
    assert (at(world, NEW), at(world, OLD)) == (was, None)
    new.texts("next")
    new.hears("You have a place")
    new.texts("MY DATA")
    new.hears("we show it here from Mon 7 Dec")
    new.texts("my weeks")
    new.hears("we show it here from Mon 7 Dec")
    old.texts("MY DATA")  # whoever has the old phone is nobody now
    old.hears("Your number is not part of it")
    with world.database.read() as session:
        person = session.scalars(select(Person.id).where(Person.alias == was[0])).one() if was else None
        former = session.scalars(select(Address.id).where(Address.address_index == OLD, Address.channel == "sms")).one()
    texts = cole.get(f"/console/messages/{person}").text
    assert ("EXCLUDE Dr Dunne" in texts, "NOT PART OF IT" in texts.upper()) == (True, False)
    stranger = signed_in_as(world, "Dr Erskine").get(f"/console/messages/sender/{former}").text
    assert ("EXCLUDE Dr Dunne" in stranger, "MY DATA" in stranger) == (False, True)
    world.advance(days=3)
    assert any("Join here" in heard for heard in new.ignores())
    old.hears_nothing()
    assert "900555" not in signed_in_as(world, "Dr Cole").get("/console/audit").text
    assert audited(world) == ["number move asked", "number moved"]
    world.advance(days=12)
    new.texts("MY DATA")
    assert "copy of what we hold" in new.ignores()[-1]
    world.staff_ignores()


def test_a_number_that_is_no_new_one_says_no_and_is_forgotten_and_the_old_one_may_keep(world: World) -> None:
    old, new, other = world.member(), world.talker(NEW), world.talker(OTHER)
    give_logins(world)
    cole, dunne, lead = (signed_in_as(world, f"Dr {name}") for name in ("Cole", "Dunne", "Erskine"))
    assert "UK mobile" in asks(world, cole, "020 7946 0000")
    assert "runs the programme" in asks(world, cole, world.staff("lead").number)
    other.texts("STOP")  # a stranger's STOP holds
    other.ignores()
    assert "told us to stop" in asks(world, cole, OTHER)
    asks(world, cole, NEW)
    world.settle()
    new.ignores()
    old.ignores()
    new.texts("no")
    new.hears("Nothing is moved")
    new.texts("yes")  # too late
    assert "come to this number" not in " ".join(new.ignores())
    asks(world, lead, "07700 900555")
    world.settle()
    new.ignores()
    old.hears("KEEP")
    old.texts("Keep it please")
    old.hears("Your texts stay on this number")
    world.settle()
    world.staff("lead").hears("did not ask to be moved", "/console/")
    new.texts("YES")
    assert "come to this number" not in " ".join(new.ignores())
    asks(world, dunne, "07700 900555")
    world.settle()
    new.ignores()
    old.ignores()
    world.jump_to(world.clock.now() + timedelta(days=3, hours=2))
    new.texts("yes")
    assert "come to this number" not in " ".join(new.ignores())
    world.jump_to(world.clock.now() + timedelta(days=4))
    jobs.purge(world.services)
    with world.database.read() as session:
        assert session.scalars(select(Address.address).where(Address.address_index == NEW)).all() == [""]
        assert set(session.scalars(select(NumberMove.state))) == {"refused", "kept", "open"}
    assert "number moved" not in audited(world)
    old.ignores()
    world.staff_ignores()


def test_a_stop_of_the_old_number_holds_and_an_episode_follows_to_a_phone_that_joined_already(
    world: World,
) -> None:
    old, new, left = world.member(), world.member(NEW), world.member(OTHER)
    give_logins(world)
    lead, cole = signed_in_as(world, "Dr Erskine"), world.staff("facilitator")
    asks(world, lead, "07700 900557", of=2)
    world.settle()
    left.texts("STOP")
    left.ignores()
    elsewhere = world.talker("+447700900557")
    elsewhere.ignores()
    elsewhere.texts("yes")
    elsewhere.hears("we were told to stop")
    assert "a STOP of theirs holds" in asks(world, lead, "07700 900557", of=2)
    new.texts("EXCLUDE Dr Dunne")  # they joined anew before they asked
    new.ignores()
    was = at(world, OLD)
    flagged(world, old)
    old.ignores()
    world.settle()
    code = reference(cole.hears("an item"))
    cole.texts(f"{code} TAKE")
    asks(world, lead, NEW)
    world.settle()
    cole.ignores()
    old.ignores()
    assert "reply MINE" in new.ignores()[-1]
    new.texts("yes")  # said to much else
    new.ignores()
    assert at(world, OLD) == was
    new.texts("it's mine")
    new.hears("Your texts come to this number now")
    assert (at(world, NEW), at(world, OLD)) == (was, None)
    cole.texts(f"{code} are you there?")
    world.settle()
    new.hears("are you there?")
    old.hears_nothing()
    new.texts("I am")  # no machine answers it
    new.hears_nothing()
    world.settle()
    with world.database.read() as session:
        episode = session.scalars(select(Episode)).one()
        assert episode.person is not None
        assert episode.person.alias == was[0] if was else False
        last = session.scalars(select(InboundMessage).order_by(InboundMessage.id.desc()).limit(1)).one()
        assert last.person_id == episode.person_id
        assert session.scalar(select(func.count()).select_from(Consent).where(Consent.event == "withdrawn")) == 1
    world.staff_ignores()


def test_who_lost_the_old_phone_tells_us_from_the_new_one_and_is_read(world: World) -> None:
    stranger: Talker = world.talker(NEW)
    stranger.texts("hi I have changed my number, this is my new phone")
    stranger.hears("Are you with us on another number?", "Text JOIN")
    with world.database.read() as session:
        assert session.scalars(select(InboundMessage.needs_reading)).all() == [True]
