"""What someone who was paged means: take, pass, or words about an item."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from companion.escalation.references import find_reference

Verb = Literal["take", "pass", "help"]


@dataclass(frozen=True)
class Order:
    """`reference` is None when none was given; `verb` when the words are none of the known ones."""

    reference: str | None
    verb: Verb | None
    words: str


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[str, Verb], ...]:
    data = yaml.safe_load((Path(__file__).parent.parent / "content" / "orders.yaml").read_text())
    pairs = [(phrase, verb) for verb, phrases in data.items() for phrase in phrases]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))  # "sorry cant" before "cant"


def read_order(text: str) -> Order:
    """Read a text from someone who runs the programme."""
    reference = find_reference(text)
    rest = re.sub(reference, " ", text, count=1, flags=re.IGNORECASE) if reference else text
    plain = " ".join(re.sub(r"[^a-z ]", "", rest.lower().replace("-", " ")).split())
    verb = next((verb for phrase, verb in _phrases() if plain == phrase or plain.startswith(phrase + " ")), None)
    return Order(reference, verb, rest.strip())
