"""Does what a flow decided, within the transaction of the text that led to it."""

# Each registers what it does with `apply`.
from companion.conversation.doing import around, membership, own, people, sessions  # noqa: F401
from companion.conversation.doing.scene import Scene, apply

__all__ = ["Scene", "apply"]
