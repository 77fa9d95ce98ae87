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
    unmet: Collection[str] = (),
) -> tuple[Resource, ...]:
    """Return what may be offered for a topic, best first.

    `better` are the ids that the words of a text bring forward, `unmet` the ids that go to the end because they are
    for somebody else (unless the topic is what they are for). Only what covers the nation is offered; without a nation,
    only what covers all four, and in a crisis only 999, Samaritans and Shout. A line that is shut never stands before
    one that answers and fits as well.
    """
    fitting = [
        resource
        for resource in resources
        if topic in resource.topics
        and covers(resource, topic, nation)
        and resource.shown(uk_day(at)) is not Shown.NOTHING
    ]
    return tuple(sorted(fitting, key=lambda r: _order(r, topic, at, r.id in better, r.id in unmet)))


def covers(resource: Resource, topic: str, nation: str | None) -> bool:
    """Return whether a resource may be offered to somebody in `nation` (None: not known)."""
    if nation is not None:
        return nation in resource.nations
    if topic == "crisis":
        return resource.id in CRISIS_ANYWHERE
    return len(resource.nations) == len(NATIONS)


def _order(resource: Resource, topic: str, at: datetime, better: bool, unmet: bool) -> tuple[float, ...]:
    """Return a key that is smaller the better a resource fits; equal ones stay in the order of the file."""
    if topic == "crisis" and resource.id in _CRISIS_ORDER:
        place = _CRISIS_ORDER.index(resource.id)
        return (-100, min(place, 1) if better else place + 1 if place else 0)
    meant = topic in resource.best_for or topic in resource.good_for
    fit = 2 * (topic in resource.best_for) + (topic in resource.good_for) + 3 * better - 10 * (unmet and not meant)
    unchecked = resource.publish == "check" and resource.checked is None
    shut = resource.open_at(at) is False
    return (-fit, unchecked, shut, not resource.reaches_doctors, not resource.free)
