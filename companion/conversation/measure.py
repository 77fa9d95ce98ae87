"""How often texts are understood: the measures for files of texts with their meaning, with Wilson intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from companion.conversation.intents import Understanding, understand
from companion.measuring import read_lines, said


@dataclass(frozen=True, slots=True)
class Row:
    """One text with its meaning, and what was made of it."""

    text: str
    state: str
    intent: str
    accept: tuple[str, ...]
    also: tuple[str, ...]
    slots: dict[str, Any]
    got: Understanding

    @property
    def right(self) -> bool:
        """Whether the main intent is the one meant or one that is accepted."""
        return self.got.intent == self.intent or self.got.intent in self.accept


def load(path: Path) -> list[Row]:
    """Read a file of JSON lines (text, state, intent, and where given accept, also, slots) and understand each.

    Raises OSError, or ValueError that names file and line.
    """
    rows = []
    for number, given in read_lines(path):
        try:
            text, state, intent = given["text"], given.get("state", "none"), given["intent"]
        except KeyError as error:
            raise ValueError(f"{path}, line {number}: has no {error}") from None
        accept, also = tuple(given.get("accept", ())), tuple(given.get("also", ()))
        rows.append(Row(text, state, intent, accept, also, given.get("slots", {}), understand(text, state)))
    return rows


def report(rows: list[Row], *, misses: bool = True) -> Iterator[str]:
    """The lines of the report: accuracy, by state, slots, also, the grave faults, the confusions.

    Without `misses` only STOPs missed and imagined are listed by text.
    """
    yield _share("right", sum(row.right for row in rows), len(rows))
    for state in sorted({row.state for row in rows}):
        there = [row for row in rows if row.state == state]
        yield _share(f"  {state}", sum(row.right for row in there), len(there))
    slotted = [row for row in rows if row.right and _slots(row)]
    yield _share("slots", sum(_slots_right(row) for row in slotted), len(slotted))
    yield from _listed("slots wrong", misses and (row for row in slotted if not _slots_right(row)))
    asked = [row for row in rows if row.also]
    met = [row for row in asked if set(row.also) <= set(row.got.intents)]
    yield _share("also", len(met), len(asked))
    yield from _listed("also missed", misses and (row for row in asked if row not in met))
    yield from _grave(rows, misses=misses)
    yield from _listed("wrong", misses and (row for row in rows if not row.right))
    yield from _confusion(rows)


def _grave(rows: list[Row], *, misses: bool) -> Iterator[str]:
    stops = [row for row in rows if row.intent == "stop"]
    missed = [row for row in stops if "stop" not in row.got.intents[:1]]
    yield _share("STOP missed", len(missed), len(stops))
    yield from _listed("STOP missed", missed)
    others = [row for row in rows if row.intent != "stop" and "stop" not in row.accept]
    imagined = [row for row in others if "stop" in row.got.intents]
    yield _share("STOP imagined", len(imagined), len(others))
    yield from _listed("STOP imagined", imagined)
    counted = (
        ("consent imagined", [row for row in rows if _imagined(row, "consent_yes")]),
        ("booking invented", [row for row in rows if row.intent == "book_no" and "book_yes" in row.got.intents]),
        ("booking lost", [row for row in rows if row.intent == "book_yes" and "book_no" in row.got.intents]),
        (
            "wish for a person missed",
            [row for row in rows if row.intent == "talk_to_person" and "talk_to_person" not in row.got.intents],
        ),
        ("erasure imagined", [row for row in rows if _imagined(row, "delete_my_data")]),
    )
    for name, faults in counted:
        yield f"{name}: {len(faults)}"
        yield from _listed(name, misses and faults)


def _imagined(row: Row, intent: str) -> bool:
    return intent in row.got.intents and intent not in {row.intent, *row.accept, *row.also}


def _slots(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.slots.items() if name != "topic"}


def _slots_right(row: Row) -> bool:
    return all(str(row.got.slots.get(name, "")).lower() == str(value).lower() for name, value in _slots(row).items())


def _share(name: str, hits: int, count: int) -> str:
    return f"{name}: {said(hits, count)}"


def _listed(name: str, rows: Iterable[Row] | Literal[False]) -> Iterator[str]:
    for row in rows or ():
        slots = dict(row.got.slots)
        meant, read = f"{row.intent} {row.slots or ''}".strip(), f"{', '.join(row.got.intents)} {slots or ''}".strip()
        yield f"    {name}: {row.text!r} [{row.state}] meant {meant}, read {read}"


def _confusion(rows: list[Row]) -> Iterator[str]:
    yield "confusion (meant: read), intents with five rows or more"
    counts = Counter(row.intent for row in rows)
    for intent in sorted(name for name, count in counts.items() if count >= 5):
        read = Counter(row.got.intent for row in rows if row.intent == intent)
        yield f"  {intent} {counts[intent]}: " + ", ".join(f"{name} {count}" for name, count in read.most_common())
