"""What those who run the programme do by text besides taking pages: each errand knows the texts that are its own.

An errand is a function from `Request` to what it answers, or None when the text is none of its own. To add one, write
it in a module of its own and name it in ERRANDS; the first that knows a text answers it.
"""

from __future__ import annotations

from collections.abc import Callable

from companion.conversation import concern, group_messages, items, rota_errands, session_errands, supervising
from companion.conversation.request import Answer, Request

Errand = Callable[[Request], Answer | None]
ERRANDS: tuple[Errand, ...] = (
    session_errands.answer,
    items.answer,
    rota_errands.answer,
    concern.answer,
    group_messages.answer,
    supervising.answer,
)


def run(request: Request) -> Answer | None:
    """Do what the text asks, if it is an errand; return the intent and what is answered, or None."""
    return next((answer for errand in ERRANDS if (answer := errand(request)) is not None), None)
