"""The first session of the group that the demonstration has."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from companion.models import Booking, GroupSession
from tests.world import World

SESSION = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)


def first_session(world: World) -> GroupSession:
    with world.database.read() as session:
        return session.scalars(select(GroupSession).order_by(GroupSession.starts_at).limit(1)).one()


def attended(world: World) -> list[str]:
    with world.database.read() as session:
        return list(session.scalars(select(Booking.status).where(Booking.status == "attended")))
