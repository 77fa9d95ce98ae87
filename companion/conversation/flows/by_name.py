"""A place that is asked for by its name (`companion.signposting.names`)."""

from __future__ import annotations

from companion.conversation.flows import helping
from companion.conversation.known import Decision, Known

_MAY_BE = frozenset({"unknown", "help", "signpost", "next_session", "join_link", "talk_to_person", "practical_need"})


def said(known: Known) -> Decision | None:
    """Name the places of that name; None where no way to a place is asked for by its name."""
    if known.meant.intent not in _MAY_BE:
        return None
    named = known.directory.named(known.text, known.nation, known.now)
    return helping.these(known, named) if named else None
