"""The places that a text asks for by their name: "whats the number for the bma", "rmbf website"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_WAY = r"(?:phone |contact )?(?:numbers?|no|contact|line|helpline|website|web ?site|link|address|details|phone)"
# After the name: "the bma line was no help" asks nothing.
_AFTER = r"(?:(?:phone |contact )?(?:numbers?|details)|website|web ?site|link|address)"
_THERE = r" (?:in|for) (?:england|scotland|wales|northern ireland|ni)"
_REACH = r"(?:contact|ring|call|phone|reach|e ?mail|get hold of|speak to|talk to)"
_NO_NAMES = frozenset({"nhs", "gmc"})  # of too much: "my gmc number" is a doctor's own
_LONGEST = 12  # words; more tell of a need


class Names:
    """The names of places, made from their short names and what else they are called, by id."""

    def __init__(self, called: Mapping[str, tuple[str, ...]]) -> None:
        self._names = {id_: (*_names(id_, names[0]), *names[1:]) for id_, names in called.items()}
        every = sorted({name for names in self._names.values() for name in names})
        self._any = re.compile(rf"\b(?:{'|'.join(map(re.escape, every))})")  # most texts hold none of them

    def asked_for(self, text: str) -> tuple[str, ...]:
        """Return the ids of the places whose number or address a text asks for by name, in their order."""
        words = re.findall(r"[a-z0-9]+", re.sub(r"['\u2019]", "", text.lower()))
        said = " ".join(words)
        if len(words) > _LONGEST or self._any.search(said) is None:
            return ()
        return tuple(id_ for id_, names in self._names.items() if names and _asking(names).search(said))


@lru_cache(maxsize=512)
def _asking(names: tuple[str, ...]) -> re.Pattern[str]:
    name = "|".join(map(re.escape, names))
    return re.compile(
        rf"^(?:(?:i )?need )?(?:the |a |an |my )?(?:{name})(?: line| helpline)?(?: please| pls)?$"
        rf"|^(?:is |are )?(?:the )?(?:{name})(?: line)? (?:open|free|anonymous)\b"
        rf"|\b{_WAY}(?: is)?(?: (?:for|of|to))?(?: (?:the|nhs))* (?:{name})\b"
        rf"|\b{_REACH}(?: (?:the|nhs))* (?:{name})\b"
        rf"|\b(?:{name})s?(?: line| helpline)?(?:{_THERE})? {_AFTER}\b"
    )


def _names(resource_id: str, short_name: str) -> tuple[str, ...]:
    """The name without what stands in brackets, its first word where that is an abbreviation, and a short id."""
    words = re.findall(r"[A-Za-z0-9]+", short_name.partition("(")[0])
    whole = " ".join(words).lower().removeprefix("nhs ")
    short = [words[0].lower()] if len(words[0]) > 2 and words[0].isupper() else []
    ids = [resource_id] if resource_id.isalpha() else []
    return tuple(each for each in dict.fromkeys((whole, *short, *ids)) if each not in _NO_NAMES)
