"""How like a text is to examples of each kind: a naive Bayes reading over weighted features, counted once.

Nothing is stored and nothing is random: to teach it is to write an example. Source: Manning, Raghavan and Schütze,
"Introduction to Information Retrieval" (2008), chapter 13, with weights for the features.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the features of a text add for each kind, and how much they weigh: all, and those of one kind alone."""

    added: Sequence[float]
    weights: float
    only: float


_Lift = tuple[tuple[int, float], ...]  # kinds by their number, and what a feature adds for each


class _Lifts:
    """A mapping that never changes, in a tenth of a dict's memory: numbers in place of the features, in their order.

    The numbers are Python's own hashes of 64 bits: that two of 100,000 features share one has a chance of 1 in 10^9.
    """

    def __init__(self, lifts: Mapping[str, _Lift]) -> None:
        self._kept = tuple(set(lifts.values()))
        places = {lift: place for place, lift in enumerate(self._kept)}
        ordered = sorted((hash(name), places[lift]) for name, lift in lifts.items())
        self._hashes = array("q", (number for number, _ in ordered))
        self._places = array("L", (place for _, place in ordered))

    def get(self, name: str) -> _Lift:
        """Return what a feature adds; nothing for one that no example holds."""
        number = hash(name)
        at = bisect_left(self._hashes, number)
        return self._kept[self._places[at]] if at < len(self._hashes) and self._hashes[at] == number else ()


class Likeness:
    """What was counted in the examples.

    A feature that the examples of a kind do not hold counts for it as if seen `unseen` times. `prior` is how much it
    counts, from 0 to 1, that a kind has more examples than another.
    """

    def __init__(self, examples: Iterable[tuple[str, Mapping[str, float]]], unseen: float, prior: float = 1.0) -> None:
        counted: dict[str, dict[str, float]] = defaultdict(dict)  # by kind; a dict a feature would take thrice as much
        texts: Counter[str] = Counter()
        for kind, features in examples:
            texts[kind] += 1
            of_kind = counted[kind]
            for name, weight in features.items():
                of_kind[name] = of_kind.get(name, 0.0) + weight
        self._kinds = tuple(sorted(texts))
        features_in_all = len({name for of_kind in counted.values() for name in of_kind})
        totals = [unseen * features_in_all + sum(counted[kind].values()) for kind in self._kinds]
        self._start = tuple(prior * log(texts[kind]) for kind in self._kinds)
        self._base = tuple(log(unseen / total) for total in totals)
        self._lift = _Lifts(self._by_feature(counted, unseen))

    def _by_feature(self, counted: dict[str, dict[str, float]], unseen: float) -> dict[str, _Lift]:
        """What each feature adds for the kinds that have it. Most were seen once, in one kind: they share a tuple."""
        shared: dict[_Lift, _Lift] = {}
        lifts: dict[str, _Lift] = {}
        for at, kind in enumerate(self._kinds):
            for name, count in counted.pop(kind).items():
                lift = (*lifts.get(name, ()), (at, log(1 + count / unseen)))
                lifts[name] = shared.setdefault(lift, lift)
        return lifts

    def knows(self, feature: str, besides: str = "") -> bool:
        """Whether the examples hold a feature; those of the kind `besides` alone do not count."""
        return any(self._kinds[kind] != besides for kind, _ in self._lift.get(feature))

    def shares(self, features: Mapping[str, float], besides: str = "") -> dict[str, float]:
        """Return how likely each kind is for a text with these features, together 1; as if there were no `besides`."""
        return self.shares_of(self.weigh(features, besides), besides)

    def weigh(self, features: Mapping[str, float], besides: str = "") -> Weighed:
        """Return what the features add for each kind, for `shares_of` with this kind left out or without."""
        left_out = self._kinds.index(besides) if besides else -1
        added = [0.0] * len(self._kinds)
        weights = only = 0.0
        for name, weight in features.items():
            lift = self._lift.get(name)
            if not lift:
                continue
            weights += weight
            if len(lift) == 1 and lift[0][0] == left_out:
                only += weight
            for kind, more in lift:
                added[kind] += weight * more
        return Weighed(added, weights, only)

    def shares_of(self, weighed: Weighed, besides: str = "") -> dict[str, float]:
        """Return the shares of what was weighed for `besides`, as if there were no such kind; of all without it."""
        weights = weighed.weights - weighed.only if besides else weighed.weights
        points = {
            kind: start + weights * base + more
            for kind, start, base, more in zip(self._kinds, self._start, self._base, weighed.added, strict=True)
            if kind != besides
        }
        best = max(points.values())
        odds = {kind: exp(point - best) for kind, point in points.items()}
        total = sum(odds.values())
        return {kind: share / total for kind, share in odds.items()}
