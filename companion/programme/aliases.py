"""Names that say nothing: how facilitators know a trainee."""

from __future__ import annotations

import secrets
from functools import lru_cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from companion.models import Person


@lru_cache(maxsize=1)
def _words() -> tuple[tuple[str, ...], tuple[str, ...]]:
    data = yaml.safe_load((Path(__file__).parent.parent / "content" / "aliases.yaml").read_text())
    return tuple(data["first"]), tuple(data["second"])


def new_alias(session: Session) -> str:
    """Return an alias that nobody has, such as "Quiet Heron" (with a number once many are taken)."""
    first, second = _words()
    for tries in range(1_000):
        alias = f"{secrets.choice(first)} {secrets.choice(second)}"
        if tries > 20:
            alias = f"{alias} {secrets.randbelow(9_000) + 1_000}"
        if session.scalar(select(Person.id).where(Person.alias == alias)) is None:
            return alias
    raise RuntimeError("no alias is free")
