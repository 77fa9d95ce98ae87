"""The order in which resources are offered: fits the need, open now, takes doctors, free."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from companion.signposting.nations import NATIONS
from companion.signposting.resources import Resource, Shown, uk_day

# All that may be offered in a crisis when the nation is not known.
CRISIS_ANYWHERE = ("emergency-999", "samaritans", "shout")
_CRISIS_ORDER = (
    "emergency-999",
    "nhs-111-england",
    "nhs-111-wales",
    "nhs24-111-scotland",
    "lifeline-ni",
    "samaritans",
    "shout",
)


def offers(
    resources: Iterable[Resource],
    topic: str,
    nation: str | None,
    at: datetime,
    *,
    better: Collection[str] = (),
    unfit: Collection[str] = (),
) -> tuple[Resource, ...]:
    """Return what may be offered for a topic, best first.

    `better` and `unfit` are ids that the words of a text bring forward or send to the end. Only what covers the nation
    is offered; without a nation, only what covers all four, and in a crisis only 999, Samaritans and Shout. A line that
    is shut never stands before one that answers and fits as well.
    """
    fitting = [
        r
        for r in resources
        if topic in r.topics and covers(r, topic, nation) and r.shown(uk_day(at)) is not Shown.NOTHING
    ]
    order = {resource.id: place for place, resource in enumerate(fitting)}
    return tuple(sorted(fitting, key=lambda r: (_unfit(r, topic, at, better, unfit), order[r.id])))


def covers(resource: Resource, topic: str, nation: str | None) -> bool:
    """Return whether a resource may be offered to somebody in `nation` (None: not known)."""
    if nation is not None:
        return nation in resource.nations
    if topic == "crisis":
        return resource.id in CRISIS_ANYWHERE
    return len(resource.nations) == len(NATIONS)


def _unfit(
    resource: Resource, topic: str, at: datetime, better: Collection[str], unfit: Collection[str]
) -> tuple[float, ...]:
    """Return a key that is smaller the better a resource fits."""
    if topic == "crisis" and resource.id in _CRISIS_ORDER:
        first = resource.id == CRISIS_ANYWHERE[0]
        place = 0 if first else _CRISIS_ORDER.index(resource.id) - 10 * (resource.id in better)
        return (-100, 0 if first else 1, place, 0, 0, 0)
    fit = 2 * (topic in resource.best_for) + 3 * (resource.id in better) - 10 * (resource.id in unfit)
    by_name = resource.shown(uk_day(at)) is Shown.NAME
    shut = resource.open_at(at) is False
    return (-fit, by_name, shut, not resource.reaches_doctors, not resource.free, 0)
