"""What flows decide is done: nothing that a flow may change is left without code that does it."""

from __future__ import annotations

from companion.conversation.changes import Change
from companion.conversation.doing import apply


def test_every_change_has_something_that_does_it() -> None:
    assert set(Change.__subclasses__()) == apply.registry.keys() - {object}
