"""A place that is asked for by its name: "whats the number for the bma", "rmbf website"."""

from __future__ import annotations

import re
from functools import lru_cache

from companion.conversation.flows import helping
from companion.conversation.known import Decision, Known

_WAY = r"(?:phone |contact )?(?:numbers?|no|contact|line|helpline|website|web ?site|link|address|details|phone)"
# After the name: "the bma line was no help" asks nothing.
_AFTER = r"(?:(?:phone |contact )?(?:numbers?|details)|website|web ?site|link|address)"
_REACH = r"(?:contact|ring|call|phone|reach|e ?mail|get hold of|speak to|talk to)"
_NO_NAMES = frozenset({"nhs", "gmc"})  # of too much: "my gmc number" is a doctor's own
_MAY_BE = frozenset({"unknown", "help", "signpost", "next_session", "join_link", "talk_to_person"})
_LONGEST = 12  # words; more tell of a need


def said(known: Known) -> Decision | None:
    """Name the places of that name; None where no way to a place is asked for by its name."""
    words = re.findall(r"[a-z0-9]+", known.text.lower().replace("'", "").replace("\u2019", ""))
    if known.meant.intent not in _MAY_BE or not words or len(words) > _LONGEST:
        return None
    text, resources = " ".join(words), known.directory.resources
    if _any_name(tuple((each.id, each.short_name) for each in resources)).search(text) is None:
        return None
    named = [each for each in resources if _asked_for(each.id, each.short_name).search(text)]
    found = [each for each in named if known.nation in each.nations and each.line(known.now.date())]
    return helping.these(known, found) if found else None


@lru_cache(maxsize=4)
def _any_name(resources: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """Return what finds any of their names: most texts hold none."""
    names = {name for resource_id, short_name in resources for name in _names(resource_id, short_name)}
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})")


@lru_cache(maxsize=512)
def _asked_for(resource_id: str, short_name: str) -> re.Pattern[str]:
    name = "|".join(map(re.escape, _names(resource_id, short_name)))
    return re.compile(
        rf"^(?:the )?(?:{name})(?: line| helpline)?$"
        rf"|\b{_WAY}(?: is)?(?: (?:for|of|to))?(?: (?:the|nhs))* (?:{name})\b"
        rf"|\b{_REACH}(?: (?:the|nhs))* (?:{name})\b"
        rf"|\b(?:{name})s?(?: line| helpline)? {_AFTER}\b"
    )


def _names(resource_id: str, short_name: str) -> list[str]:
    """The name without what stands in brackets, its first word where that is an abbreviation, and a short id."""
    words = re.findall(r"[A-Za-z0-9]+", short_name.partition("(")[0])
    whole = " ".join(words).lower().removeprefix("nhs ")
    short = [words[0].lower()] if len(words[0]) > 2 and words[0].isupper() else []
    ids = [resource_id] if resource_id.isalpha() else []
    return [each for each in dict.fromkeys((whole, *short, *ids)) if each not in _NO_NAMES]
