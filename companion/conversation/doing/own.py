"""What is the person's own: check-ins, pauses, hours, where they live, and whether help was of use."""

from __future__ import annotations

from companion.conversation import changes
from companion.conversation.doing.scene import Scene, apply
from companion.programme import questions
from companion.programme.checkins import NONE_WANTED, SILENCES, last_check_in


@apply.register
def _(change: changes.CheckedIn, scene: Scene) -> None:
    person = scene.someone()
    if person.silent_checkins < NONE_WANTED:
        person.silent_checkins = 0
    last = last_check_in(scene.session, person)
    if last is not None:
        last.answered_at, last.score, last.said_hard = scene.now, change.score, change.said_hard


@apply.register
def _(change: changes.AskAt, scene: Scene) -> None:
    person = scene.someone()
    person.checkin_weekday, person.checkin_at = change.weekday, change.at
    if person.silent_checkins > SILENCES:
        person.silent_checkins = 0


@apply.register
def _(change: changes.AskWeekly, scene: Scene) -> None:
    scene.someone().silent_checkins = 0 if change.wanted else NONE_WANTED


@apply.register
def _(_change: changes.Helped, scene: Scene) -> None:
    if scene.person is not None:
        scene.counted["helped"] = scene.person.helped + 1


@apply.register
def _(change: changes.Unanswered, scene: Scene) -> None:
    questions.put_on_list(scene.session, scene.inbound.body, change.why, change.topic, scene.nation, scene.now)


@apply.register
def _(change: changes.HelpWas, scene: Scene) -> None:
    questions.count(scene.session, change.topic, scene.now, needed=change.needed)
    if not change.needed:
        asked = questions.last_need(scene.session, scene.someone())
        questions.put_on_list(scene.session, asked, "not needed", change.topic, scene.nation, scene.now)


@apply.register
def _(change: changes.Pause, scene: Scene) -> None:
    person = scene.someone()
    person.paused_until = change.until
    if change.until is None:
        person.silent_checkins = 0


@apply.register
def _(change: changes.QuietHours, scene: Scene) -> None:
    person = scene.someone()
    person.quiet_from, person.quiet_until = change.start, change.end


@apply.register
def _(change: changes.LivesIn, scene: Scene) -> None:
    scene.someone().nation = change.nation


@apply.register
def _(change: changes.UseChannel, scene: Scene) -> None:
    scene.someone().channel = change.channel


@apply.register
def _(change: changes.Speak, scene: Scene) -> None:
    scene.someone().language = change.language
