"""How like a text is to examples of each kind: a naive Bayes reading over weighted features, counted once.

Nothing is stored and nothing is random: to teach it is to write an example. Source: Manning, Raghavan and Schütze,
"Introduction to Information Retrieval" (2008), chapter 13, with weights for the features.
"""

from __future__ import annotations

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
        # What a feature adds for the kinds that have it. Most are alike (seen once, in one kind): they share a tuple.
        shared: dict[tuple[tuple[int, float], ...], tuple[tuple[int, float], ...]] = {}
        self._lift: dict[str, tuple[tuple[int, float], ...]] = {}
        for at, kind in enumerate(self._kinds):
            for name, count in counted.pop(kind).items():
                lift = (*self._lift.get(name, ()), (at, log(1 + count / unseen)))
                self._lift[name] = shared.setdefault(lift, lift)

    def knows(self, feature: str, besides: str = "") -> bool:
        """Whether the examples hold a feature; those of the kind `besides` alone do not count."""
        lift = self._lift.get(feature, ())
        return any(self._kinds[kind] != besides for kind, _ in lift)

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
            if lift is None:
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
