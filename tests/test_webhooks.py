"""Receipts: in any order, twice, late, about nothing we know. What we show never goes backwards."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from companion.content.catalogue import Text
from companion.messaging import outbox
from companion.models import Address, OutboxMessage
from tests.world import TRAINEE, World

SID = "SM" + "ab" * 16


@pytest.fixture
def sent(world: World) -> uuid.UUID:
    """A text that Twilio has taken, and about which nothing is known yet."""
    return one_more(world, "first", SID)


def one_more(world: World, key: str, sid: str | None, status: str = "accepted") -> uuid.UUID:
    with world.database.write() as session:
        now = world.clock.now()
        to = session.scalar(select(Address).where(Address.address_index == TRAINEE))
        if to is None:
            to = Address(channel="sms", address=TRAINEE, address_index=TRAINEE, created_at=now)
            session.add(to)
            session.flush()
        queued = outbox.enqueue(session, key=key, lane="bulk", to=to, text=Text("t", "1", "hello"), now=now)
        assert queued is not None
        row = session.get_one(OutboxMessage, queued.id)
        row.status, row.provider_sid, row.attempts, row.sent_at = status, sid, 1, now
        if status == "sending":
            row.lease_until = now
        return row.id


def tell(world: World, our_id: object, *statuses: str, sid: str = SID, attempt: int = 1, **more: str) -> None:
    """Deliver receipts, one after the other."""
    for status in statuses:
        form = {"MessageSid": sid, "MessageStatus": status, **more}
        path = f"/twilio/status?m={our_id}&n={attempt}"
        response = world.post(path, form)
        assert response.status_code == 204
        assert response.data == b""


def status_of(world: World, our_id: uuid.UUID) -> str:
    return row_of(world, our_id).status


def row_of(world: World, our_id: uuid.UUID) -> OutboxMessage:
    with world.database.read() as session:
        found = session.get(OutboxMessage, our_id)
        assert found is not None
        return found


def orders(*statuses: str) -> Iterable[tuple[str, ...]]:
    return permutations(statuses)


def test_in_any_order_the_highest_stands(world: World) -> None:
    for number, order in enumerate(orders("queued", "sent", "delivered", "read")):
        row = one_more(world, f"text {number}", f"SM{number:032x}")
        tell(world, row, *order, sid=f"SM{number:032x}")
        assert status_of(world, row) == "read", order


def test_twice_is_once(world: World, sent: uuid.UUID) -> None:
    tell(world, sent, "sent", "delivered")
    before = row_of(world, sent)
    world.clock.advance(world.clock.now() - before.created_at)
    tell(world, sent, "delivered", "sent", "delivered", "queued")
    after = row_of(world, sent)
    assert (after.status, after.settled_at, after.updated_at) == (before.status, before.settled_at, before.updated_at)


@pytest.mark.parametrize("last", ["undelivered", "failed"])
def test_a_text_that_failed_does_not_come_back_as_sent(world: World, sent: uuid.UUID, last: str) -> None:
    tell(world, sent, last, ErrorCode="30005")
    tell(world, sent, "sent", "queued")
    assert row_of(world, sent).status == last
    assert row_of(world, sent).error_code == 30005


def test_delivered_is_stronger_than_a_failure(world: World, sent: uuid.UUID) -> None:
    tell(world, sent, "delivered")
    tell(world, sent, "failed", ErrorCode="30008")
    assert status_of(world, sent) == "delivered"


def test_a_failure_of_an_earlier_try_is_old_news(world: World, sent: uuid.UUID) -> None:
    tell(world, sent, "undelivered", attempt=0, ErrorCode="30005")
    assert status_of(world, sent) == "accepted"


def test_a_receipt_may_come_before_twilios_answer(world: World) -> None:
    row = one_more(world, "under way", None, status="sending")
    tell(world, row, "delivered")
    assert row_of(world, row).status == "delivered"
    assert row_of(world, row).provider_sid == SID


def test_a_sid_belongs_to_one_text(world: World, sent: uuid.UUID) -> None:
    other = one_more(world, "other", None, status="sending")
    tell(world, other, "delivered")  # with the SID that the first was thought to have; our own id is certain
    assert status_of(world, other) == "delivered"
    assert (row_of(world, sent).provider_sid, row_of(world, other).provider_sid) == (None, SID)


def test_a_receipt_without_our_id_is_found_by_its_sid(world: World, sent: uuid.UUID) -> None:
    assert world.post("/twilio/status", {"MessageSid": SID, "MessageStatus": "delivered"}).status_code == 204
    assert status_of(world, sent) == "delivered"


@pytest.mark.parametrize("our_id", ["", "nonsense", "%00", str(uuid.UUID(int=1)), "1" * 5_000])
def test_a_receipt_about_nothing_we_know(world: World, sent: uuid.UUID, our_id: str) -> None:
    tell(world, our_id, "delivered", "failed", sid="SM" + "0" * 32, ErrorCode="30005")
    assert status_of(world, sent) == "accepted"


@pytest.mark.parametrize(
    "form",
    [
        {"MessageStatus": "delivered"},
        {"MessageSid": "\x00", "MessageStatus": "exploded"},
        {"MessageSid": SID, "MessageStatus": "DELIVERED"},
        {"MessageSid": SID, "SmsStatus": ""},
    ],
    ids=range(4),
)
def test_a_receipt_that_makes_no_sense(world: World, sent: uuid.UUID, form: dict[str, Any]) -> None:
    assert world.post("/twilio/status", form).status_code == 204
    assert status_of(world, sent) == "accepted"


@pytest.mark.parametrize("code", ["", "x", "-1", "9" * 5_000, "٣٠٠٠٥", "²", "30005.0"])
def test_an_error_code_that_is_none(world: World, sent: uuid.UUID, code: str) -> None:
    tell(world, sent, "undelivered", ErrorCode=code)
    assert status_of(world, sent) in {"undelivered", "queued"}
    world.settle()
    world.staff("coordinator").ignores()  # who may be told of an error that nobody has heard of


@pytest.mark.parametrize("last", ["accepted", "delivered", "read"])
def test_a_forged_receipt_changes_nothing(world: World, sent: uuid.UUID, last: str) -> None:
    form = {"MessageSid": SID, "MessageStatus": last}
    assert world.post(f"/twilio/status?m={sent}", form, sign=False).status_code == 403
    signed_elsewhere = world.standin.sign(world.settings.public_url + "/twilio/status", form)
    headers = {"X-Twilio-Signature": signed_elsewhere}
    assert world.app.test_client().post(f"/twilio/status?m={sent}", data=form, headers=headers).status_code == 403
    assert row_of(world, sent).updated_at == world.clock.now()
    assert status_of(world, sent) == "accepted"


def test_every_door_of_twilio_asks_for_its_signature(world: World) -> None:
    rules = [rule for rule in world.doors.url_map.iter_rules() if rule.rule.startswith("/twilio/")]
    assert {rule.rule for rule in rules} >= {"/twilio/inbound", "/twilio/status"}
    for rule in rules:
        path = re.sub(r"<[^>]+>", str(uuid.uuid4()), rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = world.doors.test_client().open(
                path, method=method, data="MessageSid=SM1", content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == 403, (method, rule.rule)
