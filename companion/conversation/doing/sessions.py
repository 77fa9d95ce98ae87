"""Places in sessions, the way to them, and which group is theirs."""

from __future__ import annotations

from companion.conversation import changes
from companion.conversation.doing.scene import Scene, apply
from companion.models import GroupSession, record
from companion.programme import places, telling
from companion.programme.broadcast import withdraw_moved
from companion.programme.cohorts import move_to_cohort
from companion.programme.notices import tell_runners


@apply.register
def _(change: changes.Book, scene: Scene) -> None:
    meeting = scene.session.get_one(GroupSession, change.session_id)
    places.book(scene.session, meeting, scene.someone(), change.status, scene.now)
    telling.answered_since(scene.session, meeting, scene.someone(), change.status, scene.now, scene.voice)


@apply.register
def _(change: changes.SayLate, scene: Scene) -> None:
    meeting = scene.session.get_one(GroupSession, change.session_id)
    tell_runners(scene.session, meeting, scene.someone(), "late", scene.now, scene.voice)


@apply.register
def _(change: changes.SayCantGetIn, scene: Scene) -> None:
    meeting = scene.session.get_one(GroupSession, change.session_id)
    tell_runners(scene.session, meeting, scene.someone(), "cant_get_in", scene.now, scene.voice)


@apply.register
def _(change: changes.JoinBy, scene: Scene) -> None:
    scene.someone().joins_by = change.way


@apply.register
def _(change: changes.GiveCalendar, scene: Scene) -> None:
    person = scene.someone()
    if person.calendar_number != change.number:
        record(scene.session, scene.now, "calendar link given", person, number=change.number)
    person.calendar_number = change.number


@apply.register
def _(change: changes.ChooseGroup, scene: Scene) -> None:
    person = scene.someone()
    if person.group_id != change.group_id:
        places.give_up_all(scene.session, person, scene.now)
        person.group_id = change.group_id
        withdraw_moved(scene.session, person, scene.now)
        record(scene.session, scene.now, "group chosen", person, group=str(change.group_id))


@apply.register
def _(change: changes.MoveCohort, scene: Scene) -> None:
    person = scene.someone()
    move_to_cohort(scene.session, person, change.cohort_id, scene.now)
    places.give_up_all(scene.session, person, scene.now)
    withdraw_moved(scene.session, person, scene.now)
