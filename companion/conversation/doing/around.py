"""What is around sessions: answers to the survey, practical needs, buddies."""

from __future__ import annotations

import uuid
from datetime import date

from companion.conversation import changes
from companion.conversation.doing.scene import Scene, apply
from companion.programme import buddies, needs, survey


@apply.register
def _(change: changes.CountAnswer, scene: Scene) -> None:
    survey.count(scene.session, uuid.UUID(change.group), date.fromisoformat(change.quarter), helpful=change.helpful)
    _keep_no_words(scene)


@apply.register
def _(change: changes.KeepComment, scene: Scene) -> None:
    id_, group, quarter = uuid.UUID(change.comment), uuid.UUID(change.group), date.fromisoformat(change.quarter)
    survey.keep_words(scene.session, id_, group, quarter, change.words)
    _keep_no_words(scene)


@apply.register
def _(change: changes.SettleComment, scene: Scene) -> None:
    survey.settle_words(scene.session, uuid.UUID(change.comment), agreed=change.agreed)
    _keep_no_words(scene)


@apply.register
def _(change: changes.NoteNeed, scene: Scene) -> None:
    needs.note(scene.session, scene.someone(), change.kind, scene.now)


@apply.register
def _(_change: changes.WantBuddy, scene: Scene) -> None:
    buddies.wish(scene.session, scene.someone(), scene.now)


@apply.register
def _(change: changes.TellBuddy, scene: Scene) -> None:
    sid = scene.inbound.provider_sid
    buddies.pass_on(scene.session, scene.someone(), change.words, sid, scene.now, scene.voice)


@apply.register
def _(_change: changes.LeaveBuddy, scene: Scene) -> None:
    buddies.leave(scene.session, scene.someone(), scene.now, scene.voice)


def _keep_no_words(scene: Scene) -> None:
    """Let the text itself show nothing of an answer, unless a person has to read it."""
    if scene.inbound.route is None:
        scene.inbound.body = None
