"""How like a text is to examples of each kind: a naive Bayes reading over weighted features, counted once.

Nothing is stored and nothing is random: to teach it is to write an example. Source: Manning, Raghavan and Schütze,
"Introduction to Information Retrieval" (2008), chapter 13, with weights for the features.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import exp, log


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
        left_out = self._kinds.index(besides) if besides else -1
        known = [
            (lift, weight)
            for name, weight in features.items()
            if (lift := self._lift.get(name)) is not None and (len(lift) > 1 or lift[0][0] != left_out)
        ]
        weights = sum(weight for _, weight in known)
        points = [start + weights * base for start, base in zip(self._start, self._base, strict=True)]
        for lift, weight in known:
            for kind, more in lift:
                points[kind] += weight * more
        kept = [
            (kind, point) for at, (kind, point) in enumerate(zip(self._kinds, points, strict=True)) if at != left_out
        ]
        best = max(point for _, point in kept)
        odds = {kind: exp(point - best) for kind, point in kept}
        total = sum(odds.values())
        return {kind: share / total for kind, share in odds.items()}
