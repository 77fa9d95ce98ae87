"""Free text in, resources out: the one door of this room."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

from companion.signposting.errors import DirectoryError
from companion.signposting.names import Names
from companion.signposting.nations import NATIONS
from companion.signposting.phrases import Index
from companion.signposting.ranking import offers
from companion.signposting.resources import OwnContact, Resource, read_resources
from companion.signposting.topics import Reading, Topics, read_topics
from companion.signposting.topics_file import phrases_of

CONTENT = Path(__file__).parent.parent / "content"


@dataclass(frozen=True)
class Answer:
    """What to offer for a text: the needs, most important first, and every resource for them, best first.

    Both are empty when nothing should be offered. `warning` is the id of a text that has to come before any resource.
    `nation` is the nation that was used; None means that only what covers all four was offered.
    """

    topics: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()
    warning: str | None = None
    nation: str | None = None


class Directory:
    """The topics and resources of one deployment. Reading is pure; one directory serves every thread."""

    def __init__(self, topics: Topics, resources: tuple[Resource, ...], version: str) -> None:
        self.version = version
        self._topics = topics
        self._resources = resources
        self._by_id = {resource.id: resource for resource in resources}
        self._menu = tuple(
            (number, topic.title, topic.topic) for number, topic in enumerate(topics.file.topics, start=1)
        )
        self._word = {topic.topic: phrases_of(topic.aliases)[0].upper() for topic in topics.file.topics}
        names = {topic.topic for topic in topics.file.topics}
        for resource in resources:
            if set(resource.topics) - names:
                raise DirectoryError(f"{resource.id}: topics that do not exist: {set(resource.topics) - names}")
        self._names = Names({resource.id: (resource.short_name, *resource.called) for resource in resources})
        self._better = self._words("better_if")
        self._only = self._words("only_if")
        self._conditional = {resource.id for resource in resources if resource.only_if}

    def find(self, text: str, nation: str | None, at: datetime, default_nation: str | None = None) -> Answer:
        """Return what to offer for a text at an aware moment.

        `nation` is what is known of the sender. A place in the text stands in when it is None, and goes before it when
        the text asks for a number there. `default_nation` is used when neither is known. Raises ValueError for a nation
        that does not exist or a moment without a time zone, and nothing else, whatever the text is.
        """
        _check(nation, at)
        _check(default_nation, at)
        reading = self._topics.read(text)
        if not reading.topics:
            return Answer()
        where = self._where(reading, nation, default_nation)
        found = self._ranked(reading, where, at)
        warning = next((r.warning for r in found if r.warning), None)
        return Answer(reading.topics, found, warning, where)

    def named(self, text: str, nation: str, at: datetime) -> list[Resource]:
        """Return the places that a text asks for by name, that cover `nation` and may be shown at an aware moment."""
        asked_for = (self._by_id[id_] for id_ in self._names.asked_for(text))
        return [resource for resource in asked_for if nation in resource.nations and resource.line(at.date())]

    def read(self, text: str) -> Reading:
        """Return how a text is understood, with the reasons."""
        return self._topics.read(text)

    def words_for_the_rest(self, text: str) -> tuple[str, ...]:
        """Return the words to text for the needs of `text` beyond the two that one answer can meet, at most two."""
        return tuple(self._word[topic] for topic in self._topics.read(text).further[:2])

    def by_topic(self, topic: str, nation: str | None, at: datetime) -> tuple[Resource, ...]:
        """Return what to offer for a topic, best first. Raises ValueError for a nation that does not exist."""
        _check(nation, at)
        return offers(self._resources, topic, nation, at, unmet=self._conditional)

    def get(self, resource_id: str) -> Resource | None:
        """Return the resource with an id, or None."""
        return self._by_id.get(resource_id)

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource, held ones too: whether one may be shown is `Resource.shown`."""
        return self._resources

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic, in the order of the menu."""
        return tuple(topic for _, _, topic in self._menu)

    def menu(self) -> tuple[tuple[int, str, str], ...]:
        """Return the menu: (number, title, topic)."""
        return self._menu

    def topic_of_menu(self, number: int) -> str | None:
        """Return the topic with a number in the menu, or None."""
        return next((topic for at, _, topic in self._menu if at == number), None)

    def with_contacts(self, contacts: Mapping[str, OwnContact]) -> Directory:
        """Return this directory with contacts of one's own filled in, by id; only `local` entries take one."""
        filled = copy(self)
        filled._resources = tuple(
            resource.filled_in(contacts[resource.id])
            if resource.publish == "local" and resource.id in contacts
            else resource
            for resource in self._resources
        )
        filled._by_id = {resource.id: resource for resource in filled._resources}
        return filled

    def every_phrase(self) -> Iterator[str]:
        """Work out and yield every phrase. Raises DirectoryError for one that is not in the notation."""
        words = (text for resource in self._resources for text in (*resource.better_if, *resource.only_if))
        for text in (*self._topics.every_phrase(), *words):
            self._topics.phrase(text)
            yield text

    def _where(self, reading: Reading, nation: str | None, default: str | None) -> str | None:
        if reading.nation is not None and (nation is None or reading.asks_for_nation):
            return reading.nation
        return nation or default

    def _ranked(self, reading: Reading, nation: str | None, at: datetime) -> tuple[Resource, ...]:
        """Take the lists of the topics in turn, so that each need has one of the first places.

        What is only for somebody else is left out, so that MORE never brings an alcohol line to a gambler.
        """
        better = {name for _, name, _ in self._better.find(reading.words)}
        unmet = self._conditional - {name for _, name, _ in self._only.find(reading.words)}
        fitting = [resource for resource in self._resources if _meant(resource, unmet, reading.topics)]
        lists = [offers(fitting, topic, nation, at, better=better) for topic in reading.topics]
        ordered: dict[str, Resource] = {}
        if reading.topics[0] == "crisis":  # 999 and somebody to talk to stand together, before anything else
            ordered.update((resource.id, resource) for resource in lists[0][:2])
        for row in zip_longest(*lists):
            ordered.update((resource.id, resource) for resource in row if resource and resource.id not in ordered)
        return tuple(ordered.values())

    def _words(self, field: str) -> Index[str]:
        return self._topics.index(
            (text, resource.id) for resource in self._resources for text in getattr(resource, field)
        )


@lru_cache(maxsize=4)
def load_directory(laid_over: Path | None = None, content: Path = CONTENT) -> Directory:
    """Read the directory of this deployment; once read, it is kept.

    `laid_over` is the folder of a deployment's own words (COMPANION_CONTENT_DIR): its resources.yaml fills in local
    contacts, its topics.yaml stands in for ours. Raises DirectoryError that names file and entry.
    """
    own_topics = laid_over / "topics.yaml" if laid_over else None
    own = bool(own_topics and own_topics.exists())
    topics = read_topics(
        own_topics if own and own_topics else content / "topics.yaml", None if own else content / "topic_examples.yaml"
    )
    version, resources = read_resources(content / "resources.yaml", laid_over / "resources.yaml" if laid_over else None)
    return Directory(topics, resources, version)


def _meant(resource: Resource, unmet: Collection[str], topics: Collection[str]) -> bool:
    return resource.id not in unmet or bool(set(topics) & {*resource.best_for, *resource.good_for})


def _check(nation: str | None, at: datetime) -> None:
    if nation is not None and nation not in NATIONS:
        raise ValueError(f"no such nation: {nation!r}; one of {', '.join(NATIONS)}")
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
