"""Anything at all in a form: signed or not, it is never an error of ours."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select

from companion.models import OutboxMessage
from tests.raw_posts import INBOUND, answers, post, read_all, rows, sid
from tests.world import TRAINEE, World

MANY = examples(
    max_examples=80,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

SIDS = st.integers(0, 2**128 - 1).map(sid) | st.text(max_size=40)
ANY = st.text(max_size=300)
INBOUND_FORMS = st.fixed_dictionaries(
    {"MessageSid": SIDS, "From": st.sampled_from([TRAINEE, f"whatsapp:{TRAINEE}"]) | ANY, "Body": ANY},
    optional=dict.fromkeys(
        ("To", "NumMedia", "ButtonPayload", "ListId", "OptOutType", "ProfileName", "SmsSid", "WaId"), ANY
    ),
)
STATUSES = st.sampled_from(
    ["accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed", "read", "canceled"]
)
STATUS_FORMS = st.fixed_dictionaries(
    {"MessageSid": SIDS, "MessageStatus": STATUSES | ANY},
    optional={"ErrorCode": ANY | st.integers().map(str), "SmsStatus": ANY, "To": ANY, "From": ANY},
)


def encoded(form: dict[str, str]) -> bytes:
    """Return the form as a client in any language might write it, lone surrogates and all."""
    return "&".join(
        f"{quote_plus(name)}={quote_plus(value.encode('utf-8', 'surrogatepass'))}" for name, value in form.items()
    ).encode()


@pytest.mark.parametrize("joined", [False, True], ids=["stranger", "member"])
@pytest.mark.one_database("postgresql")
def test_whatever_a_signed_text_holds(world: World, joined: bool) -> None:
    if joined:
        world.member()

    @MANY
    @given(INBOUND_FORMS)
    def hold(form: dict[str, str]) -> None:
        response = post(world, encoded(form))
        assert response.status_code in {200, 400}
        if response.status_code == 200:
            answers(response)

    hold()
    read_all(world)


@pytest.mark.one_database("postgresql")
def test_whatever_a_signed_receipt_holds(world: World) -> None:
    world.member()
    with world.database.read() as session:
        ours = [str(id_) for id_ in session.scalars(select(OutboxMessage.id))]

    @MANY
    @given(STATUS_FORMS, st.sampled_from(ours) | ANY, st.integers(0, 3).map(str) | ANY)
    def hold(form: dict[str, str], our_id: str, attempt: str) -> None:
        query = encoded({"m": our_id, "n": attempt}).decode()
        assert post(world, encoded(form), f"/twilio/status?{query}").status_code == 204

    hold()
    for talker in list(world._talkers.values()):
        world.settle()
        talker.ignores()
    read_all(world)


@pytest.mark.parametrize("path", [INBOUND, "/twilio/status"])
@pytest.mark.one_database("sqlite")
def test_whatever_an_unsigned_request_holds(world: World, path: str) -> None:
    before = rows(world)

    @MANY
    @given(INBOUND_FORMS | STATUS_FORMS, ANY.filter(lambda value: "\n" not in value and "\r" not in value))
    def hold(form: dict[str, str], signature: str) -> None:
        signature = signature.encode("latin-1", "ignore").decode("latin-1")
        assert post(world, encoded(form), path, signature=signature).status_code == 403

    hold()
    assert rows(world) == before
