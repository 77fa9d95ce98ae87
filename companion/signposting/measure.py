"""How often the directory answers well, on rows that say which topics a good answer addresses.

A row has `text`, `topics` (most important first, empty when nothing should be offered) and, where known, `nation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from companion.measuring import read_lines, said
from companion.signposting.directory import Answer, Directory

# Misses on these are read one by one.
READ_ONE_BY_ONE = ("domestic abuse", "crisis", "addiction")


@dataclass(frozen=True)
class Row:
    """One question and the topics that a good answer addresses."""

    text: str
    topics: tuple[str, ...]
    nation: str | None = None


@dataclass
class Share:
    """So many hits of so many rows."""

    hits: int = 0
    rows: int = 0

    def add(self, hit: bool) -> None:
        """Count one row."""
        self.hits += hit
        self.rows += 1

    def __str__(self) -> str:
        return said(self.hits, self.rows)


@dataclass
class Measures:
    """The measures of one set of rows; `misses` are (row, answer) in the order of the rows."""

    first_topic: Share = field(default_factory=Share)
    second_topic: Share = field(default_factory=Share)
    nation_fit: Share = field(default_factory=Share)
    silence_right: Share = field(default_factory=Share)
    silence_kept: Share = field(default_factory=Share)
    by_topic: dict[str, Share] = field(default_factory=dict)
    misses: list[tuple[Row, Answer]] = field(default_factory=list)


def read_rows(path: Path) -> Iterator[Row]:
    """Read rows from JSON lines. Raises OSError, or ValueError that names file and line."""
    for number, data in read_lines(path):
        try:
            yield Row(data["text"], tuple(data["topics"]), data.get("nation"))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path}, line {number}: is not a row with text and topics: {error}") from error


def measure(directory: Directory, rows: Iterable[Row], at: datetime, default_nation: str) -> Measures:
    """Ask the directory every row at the moment `at` and count."""
    found = Measures()
    for row in rows:
        answer = directory.find(row.text, row.nation, at, default_nation)
        _count(found, row, answer)
    return found


def _count(found: Measures, row: Row, answer: Answer) -> None:
    silent = not answer.resources
    if silent:
        found.silence_right.add(not row.topics)
    if row.nation is not None:
        found.nation_fit.add(all(row.nation in resource.nations for resource in answer.resources))
    if not row.topics:
        found.silence_kept.add(silent)
        if not silent:
            found.misses.append((row, answer))
        return
    hit = covered(answer, row.topics[0], row.nation, 2)
    found.first_topic.add(hit)
    found.by_topic.setdefault(row.topics[0], Share()).add(hit)
    if not hit:
        found.misses.append((row, answer))
    if len(row.topics) > 1:
        found.second_topic.add(covered(answer, row.topics[1], row.nation, 3))


def covered(answer: Answer, topic: str, nation: str | None, places: int) -> bool:
    """Return whether one of the first resources is for the topic, and for the nation where one is given."""
    return any(
        topic in resource.topics and (nation is None or nation in resource.nations)
        for resource in answer.resources[:places]
    )


def report(found: Measures) -> Iterator[str]:
    """Say the measures in lines for a person; shares with counts and 95 % Wilson intervals."""
    yield f"topic hit@2          {found.first_topic}"
    yield f"second topic in 3    {found.second_topic}"
    yield f"nation fit           {found.nation_fit}"
    yield f"no-answer precision  {found.silence_right}"
    yield f"no-answer recall     {found.silence_kept}"
    yield "hits by first topic"
    for topic, share in sorted(found.by_topic.items()):
        yield f"  {topic:28} {share.hits} of {share.rows}"
    for topic in READ_ONE_BY_ONE:
        texts = [row.text for row, _ in found.misses if row.topics[:1] == (topic,)]
        yield f"misses on {topic}: {len(texts)}"
        yield from (f"  {text}" for text in texts)


def report_misses(found: Measures) -> Iterator[str]:
    """List every miss: what was wanted, what was understood, the text."""
    for row, answer in found.misses:
        yield f"  wanted {list(row.topics)}, understood {list(answer.topics)}: {row.text}"
