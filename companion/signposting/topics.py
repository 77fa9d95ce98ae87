"""Which needs a text speaks of: curated words with weights, and silence when there is none.

A text scores points per topic (content/topics.yaml says how many for what), words of someone who asks for help add one,
words of chat and arrangements take theirs off. Nothing is learnt and nothing is random: `Reading.reasons` says which
words gave which points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from companion.content.examples import NONE
from companion.signposting.errors import DirectoryError
from companion.signposting.likeness import TopicExamples, Words
from companion.signposting.nations import Places
from companion.signposting.phrases import Index, Phrase, PhraseError, first_words, parse
from companion.signposting.topics_file import TopicsFile, phrases_of, read_topics_file
from companion.signposting.words import Speller, split, stem

T = TypeVar("T")
POINTS = {"sure": 4.0, "likely": 2.0, "hint": 1.0}
# "silent" outweighs every word of a topic: news, arrangements, somebody's patient.
_QUIET_POINTS = {"silent": 12.0, **POINTS}
# What comes before one of these is not what the text is about ("passed the exam but i feel nothing").
_TURNS = frozenset({"but", "though", "although", "however", "except"})
_ASKING, _ASKING_MARK = 1.0, "asking"
_A_KEYWORD = 4  # words: so short a text is about its topic, whoever speaks
_PER_FURTHER_WORD = 0.25
# Shares of the most similar examples, from 0 to 1, chosen on texts that are not among them. At most so many in which
# nothing is asked, and at least so many of a topic, name it first; so many name it second; so many ask for silence.
_ASKED, _LIKE, _LIKE_TOO, _NOTHING_ASKED = 0.2, 0.6, 0.6, 0.999
_A_TALE = 7  # words: fewer are like too much
_A_SECOND_TALE, _SAYS_SOMETHING = 2, 4  # so many words of so many letters beside the first need: fewer tell no second
_MAY_BE = 0.15  # of a crisis: less is like something else
_COURTESY = frozenset(
    {"number", "pleas", "thank", "hi", "hello", "can", "you", "i", "have", "the", "a", "need", "send"}
)
_TOLD = 5.0  # points with which a need is told in so many words that no likeness takes it back
_CRISIS = "crisis"
_NEVER_HUSHED = frozenset({_CRISIS, "domestic abuse", "addiction"})
# What nobody is to be asked about by likeness, but where the examples are near certain, nor by a word in passing.
_DELICATE, _DELICATELY, _DELICATE_SHARE = frozenset({"domestic abuse", "addiction"}), 0.9, 0.6
# A second need is named when it has at least this share of the first one's points.
_SECOND_SHARE = 0.45
_NAMED_FURTHER = 3.0  # points of a third: with fewer a word in passing would be named


@dataclass(frozen=True)
class Reading:
    """What was understood: topics with their points, best first, and which words gave them.

    `words` are the words as they were compared; `reasons` are lines for a person; `asks` tells whether help was asked
    for, with a keyword or in words, or a need only told.
    """

    topics: tuple[str, ...]
    points: Mapping[str, float]
    words: tuple[str, ...]
    reasons: tuple[str, ...]
    nation: str | None = None
    asks_for_nation: bool = False
    asks: bool = False
    by_name: bool = False  # the text is a topic's name or alias and nothing else
    further: tuple[str, ...] = ()  # topics told as plainly as those, beyond the two that one answer can meet


@dataclass(frozen=True)
class _Mark:
    topic: str
    points: float


class Topics:
    """The topics and the words that people use for them."""

    def __init__(self, file: TopicsFile, path: Path, examples: Path | None = None) -> None:
        self._path = path
        self.file = file
        self._sets = {name: words.split() for name, words in file.sets.items()}
        self._spellings = {word: tuple(stem(part) for part in split(right)) for word, right in file.spellings.items()}
        self._plain: dict[str, list[str]] = {}  # thousands of phrases share a few thousand words
        self._marks = self.index(
            [
                *(
                    (text, _Mark(topic.topic, points))
                    for topic in file.topics
                    for level, points in POINTS.items()
                    for text in phrases_of(getattr(topic, level))
                ),
                *(
                    (text, _Mark("quiet", _QUIET_POINTS[level]))
                    for level, texts in file.quiet.items()
                    for text in phrases_of(texts)
                ),
                *((text, _Mark(_ASKING_MARK, _ASKING)) for text in phrases_of(file.asking)),
            ]
        )
        self._aliases = {
            tuple(self.plain(alias)): topic.topic
            for topic in file.topics
            for alias in (topic.topic, *phrases_of(topic.aliases))
        }
        self._speaking = frozenset(part for word in file.speaking.split() for part in self.plain(word))
        self._priority = {topic.topic: topic.priority for topic in file.topics}
        topics = [topic.topic for topic in file.topics]
        # A text is read twice, for what it means and for what helps: the second time it is here.
        self.read = lru_cache(maxsize=4)(self._read)
        self._speller = Speller(self._known_words(), file.spellings, file.ordinary.split())
        self._places = Places(
            self.index((text, nation) for nation, places in file.nations.items() for text in phrases_of(places)),
            elsewhere=frozenset(self.plain(file.elsewhere)),
            wanted=frozenset(self.plain(file.wanted)),
            help_there=frozenset(self.plain(file.help_there)),
            there=frozenset(self.plain(file.there)),
        )
        self._examples = TopicExamples(examples, topics, self.compared) if examples else None

    def index(self, phrases: Iterable[tuple[str, T]]) -> Index[T]:
        """Make phrases in the notation of topics.yaml ready to be found. Raises DirectoryError for a bad beginning."""
        return Index(phrases, self._begins, self.phrase)

    def phrase(self, text: str) -> tuple[Phrase, ...]:
        """Work out one phrase. Raises DirectoryError that shows it."""
        try:
            return parse(text, self._sets, self.plain)
        except PhraseError as error:
            raise DirectoryError(f"{self._path}: {error}") from None

    def every_phrase(self) -> Iterator[str]:
        """Yield every phrase as it is written, for the checks."""
        for topic in self.file.topics:
            yield from (text for level in POINTS for text in phrases_of(getattr(topic, level)))
        for texts in (*self.file.quiet.values(), self.file.asking, *self.file.nations.values()):
            yield from phrases_of(texts)

    def _begins(self, text: str) -> Iterator[str]:
        try:
            choices = first_words(text, self._sets)
        except PhraseError as error:
            raise DirectoryError(f"{self._path}: {error}") from None
        for choice in choices:
            word = choice.split()[0]
            yield self.file.spellings.get(word, word)

    def plain(self, text: str) -> list[str]:
        """Return words as they are compared, without mending slips."""
        known = self._plain.get(text)
        if known is None:
            words = [text] if text.isalpha() and text.isascii() and text.islower() else split(text)
            known = [part for word in words for part in self._spellings.get(word, (stem(word),))]
            self._plain[text] = known
        return known

    def compared(self, text: str) -> tuple[str, ...]:
        """Return the words of a text as they are compared, slips mended."""
        return tuple(stem(word) for word in self._speller.right(split(text)))

    def _read(self, text: str) -> Reading:
        """Understand a text. Whatever the text is, this raises nothing."""
        words = self.compared(text)
        nation, asks = self._places.said(words)
        if words in self._aliases:
            topic = self._aliases[words]
            return Reading((topic,), {topic: POINTS["sure"]}, words, (f"{topic}: keyword",), nation, asks, True, True)
        points, reasons, explained = self._points(words)
        asking = any(reason.startswith("asking:") for reason in reasons)
        told = asking or "?" in text or len(words) <= _A_KEYWORD or bool(self._speaking.intersection(words))
        enough = self.file.threshold if told else max(self.file.threshold, self.file.in_passing)
        ranked = sorted(
            (topic for topic, score in points.items() if score >= enough),
            key=lambda topic: (-points[topic], -self._priority[topic]),
        )
        best = points[ranked[0]] if ranked else 0.0
        told_of = tuple(topic for topic in ranked if points[topic] >= best * _share_to_be_told(topic))
        topics = told_of[:2]
        if self._examples is not None and (topics or len(words) >= _A_TALE):
            left = _left_over(words, explained, topics) if topics else words
            topics = self._beside_examples(self._examples, words, left, topics, points, reasons)
        plain = [topic for topic in told_of if topic not in topics and points[topic] >= _NAMED_FURTHER]
        further = tuple(plain) if len(topics) > 1 else ()
        return Reading(topics, points, words, tuple(reasons), nation, asks, asking, further=further)

    def _beside_examples(
        self,
        examples: TopicExamples,
        words: Words,
        left: Words,
        topics: tuple[str, ...],
        points: dict[str, float],
        reasons: list[str],
    ) -> tuple[str, ...]:
        """Let the most similar examples name the topic where the words found none, or a second, or ask for silence.

        A second one is told in words that the first does not explain (`left`).
        """
        shares = examples.shares(words)
        nothing, best = shares[NONE], _most_like(shares)
        enough = _DELICATELY if best in _DELICATE else _LIKE_TOO
        second = shares[best] >= enough and best not in topics and self._told_beside(examples, left, best)
        if not topics:
            if nothing > _ASKED or shares[best] < _LIKE:
                return ()
            topics = (best,)
        elif nothing > _NOTHING_ASKED and points[topics[0]] < _TOLD and not _NEVER_HUSHED.intersection(topics):
            reasons.append(f"nothing is asked, by the most similar examples ({nothing:.3f})")
            return ()
        elif not second or _NEVER_HUSHED.intersection(topics[1:]):
            return topics
        else:
            topics = (topics[0], best)
        points[best] = max(points.get(best, 0.0), self.file.threshold)
        reasons.append(f"{best}: by the most similar examples ({shares[best]:.2f})")
        return topics

    @staticmethod
    def _told_beside(examples: TopicExamples, left: Words, topic: str) -> bool:
        """Whether a second topic is told in the words that the first does not explain: "occupational health number
        pls" has none. Of a crisis the least word will do, unless it is like something else.
        """
        if topic == _CRISIS:
            return not _COURTESY.issuperset(left) and examples.shares(left)[topic] >= _MAY_BE
        return sum(len(word) >= _SAYS_SOMETHING for word in left) >= _A_SECOND_TALE

    def _points(self, words: Words) -> tuple[dict[str, float], list[str], dict[str, set[int]]]:
        """The points of each topic, the reasons, and the places of the words that gave them."""
        by_topic: dict[str, list[tuple[float, Phrase, frozenset[int]]]] = {}
        turn = max((place for place, word in enumerate(words) if word in _TURNS), default=-1)
        for phrase, mark, places in self._marks.find(words):
            if mark.topic == "quiet" and max(places) < turn:
                continue
            worth = mark.points + _PER_FURTHER_WORD * (phrase.length - 1)
            by_topic.setdefault(mark.topic, []).append((worth, phrase, places))
        totals: dict[str, float] = {}
        reasons: list[str] = []
        explained: dict[str, set[int]] = {}
        for topic, found in by_topic.items():
            taken = explained.setdefault(topic, set())
            for worth, phrase, places in sorted(found, key=lambda f: (-f[0], -len(f[2]), f[1].text)):
                if taken & places:
                    continue
                taken |= places
                totals[topic] = totals.get(topic, 0.0) + worth
                reasons.append(f"{topic}: {phrase.text} ({worth:g})")
        asking = min(totals.pop(_ASKING_MARK, 0.0), _ASKING)
        quiet = totals.pop("quiet", 0.0)
        scores = {topic: score + asking - quiet + self._priority[topic] / 100 for topic, score in totals.items()}
        return scores, reasons, explained

    def _known_words(self) -> Iterable[str]:
        texts = [topic.sure + "," + topic.likely + "," + topic.aliases for topic in self.file.topics]
        return sorted({word for text in texts for word in split(text) if word not in self.file.spellings})


def _share_to_be_told(topic: str) -> float:
    return _DELICATE_SHARE if topic in _DELICATE else _SECOND_SHARE


def _most_like(shares: Mapping[str, float]) -> str:
    """The topic that is likeliest; it may well be that nothing is asked."""
    return max(shares.keys() - {NONE}, key=shares.__getitem__)


def _left_over(words: Words, explained: Mapping[str, set[int]], topics: tuple[str, ...]) -> Words:
    """The words that are no phrase of a topic that was named, nor one that asks for help."""
    taken = {place for topic in (*topics, _ASKING_MARK) for place in explained.get(topic, ())}
    return tuple(word for place, word in enumerate(words) if place not in taken)


def read_topics(path: Path, examples: Path | None = None) -> Topics:
    """Read topics.yaml, and the examples beside it. Raises DirectoryError that names the file and the entry."""
    return Topics(read_topics_file(path), path, examples)
