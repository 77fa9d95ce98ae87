"""Being in touch with a person: wanting a call or none, and whom a trainee leaves out."""

from __future__ import annotations

from sqlalchemy import select

from companion.conversation import changes
from companion.conversation.doing.scene import Scene, apply
from companion.escalation.exclusions import let_in
from companion.escalation.leaving_out import leave_out
from companion.models import ContactRequest, Person, record
from companion.programme.notices import tell_facilitators_it_is_off, tell_facilitators_of_request


@apply.register
def _(change: changes.WantsPerson, scene: Scene) -> None:
    person = scene.someone()
    waiting = scene.session.scalar(
        select(ContactRequest.id).where(ContactRequest.person_id == person.id, ContactRequest.settled_at.is_(None))
    )
    if waiting is None:
        scene.session.add(ContactRequest(person_id=person.id, kind=change.kind, asked_at=scene.now))
        tell_facilitators_of_request(scene.session, person, scene.now, scene.voice)
    record(scene.session, scene.now, "asked for a person", person)


@apply.register
def _(_change: changes.NeedsNobody, scene: Scene) -> None:
    person = scene.someone()
    waiting = (ContactRequest.person_id == person.id, ContactRequest.settled_at.is_(None))
    for request in scene.session.scalars(select(ContactRequest).where(*waiting)).all():
        request.settled_at = scene.now
        tell_facilitators_it_is_off(scene.session, person, request.asked_at, scene.now, scene.voice)
        record(scene.session, scene.now, "wants no call after all", person)


@apply.register
def _(change: changes.LeaveOut, scene: Scene) -> None:
    person, other = scene.someone(), scene.session.get_one(Person, change.person_id)
    leave_out(scene.session, person, other, scene.now, scene.voice)


@apply.register
def _(change: changes.LetIn, scene: Scene) -> None:
    let_in(scene.session, scene.someone(), scene.session.get_one(Person, change.person_id), scene.now)
