"""Every page and action of the console, for every role and for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console_roles import AGAIN, AUDITOR, DONE, IN, LOGIN, NO, OUT, TABLE
from tests.console_stage import Stage, stage, token

ROLES = ("nobody", "facilitator", "other facilitator", "lead", "coordinator", "auditor")
WHO = {"facilitator": "ada", "other facilitator": "bo", "lead": "lee", "coordinator": "cor", "auditor": "aud"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def on(request: pytest.FixtureRequest) -> Iterator[Stage]:
    here = stage(request.getfixturevalue(f"{request.param}_databases")())
    yield here
    here.database.close()


@pytest.mark.one_database("postgresql")
@pytest.mark.parametrize("role", ROLES)
def test_every_page_and_action_for(role: str, on: Stage) -> None:
    browser = on.browser(WHO.get(role))
    column = ROLES.index(role)
    page = "/console/account" if role != "nobody" else "/console/sign-in"
    wrong, csrf = {}, token(browser.get(page))
    for (method, template), expected in TABLE.items():
        path = on.path(template)
        answer = browser.get(path) if method == "GET" else browser.post(path, data={"csrf_token": csrf})
        got = _outcome(answer.status_code, answer.headers.get("Location", ""))
        if got == OUT and role != "nobody" and browser.get(page).status_code != 200:  # signed out by that
            browser = on.browser(WHO[role])
            csrf = token(browser.get(page))
        wanted = _auditor(method, template, expected) if role == "auditor" else expected[column]
        if got != wanted:
            wrong[method, template] = (got, wanted)
    assert not wrong


def _auditor(method: str, template: str, expected: tuple[str, ...]) -> str:
    own = template.removeprefix("/console").startswith(LOGIN)
    return AUDITOR.get((method, template), expected[4] if own else NO)


def _outcome(status: int, location: str) -> str:
    if status == 200:
        return IN
    if status in (302, 303):
        if "/sign-in" in location:
            return OUT
        return AGAIN if "/password-again" in location else DONE
    return str(status)


@pytest.mark.one_database("sqlite")
def test_the_table_names_every_route(on: Stage) -> None:
    known = {(method, _shape(path)) for method, path in TABLE}
    missing = []
    for rule in on.app.url_map.iter_rules():
        if rule.endpoint.endswith(".static"):
            continue
        missing += [
            (method, rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
            if (method, _shape(rule.rule)) not in known
        ]
    assert not missing


@pytest.mark.one_database("postgresql")
def test_every_view_of_the_console_says_who_may_see_it(on: Stage) -> None:
    for endpoint, view in on.app.view_functions.items():
        if endpoint.startswith("console.") and not endpoint.endswith("static"):
            assert getattr(view, "roles", None), endpoint


@pytest.mark.one_database("sqlite")
def test_a_facilitator_sees_no_group_and_no_person_of_another(on: Stage) -> None:
    browser = on.browser("bo")
    for page in ("/console/", "/console/groups", "/console/people", "/console/messages"):
        text = browser.get(page).text
        assert "Wren" not in text, page
        assert "Tuesday</a>" not in text, page


def _shape(path: str) -> str:
    chosen: tuple[str, ...] = ("none", "words", "done")
    if "/gate/" in path:
        chosen = ("open", "pass")
    if "/users/" in path:
        chosen = ("on", "off")
    chosen += ("food",) if "/needs/" in path else ("local-occupational-health", "wants_to_die")
    if path.startswith(("/console/rota/", "/console/ways/")):
        chosen = ("yes", "revoke", "remove")
    if path.startswith("/console/r/"):
        chosen = ("K7Q9",)
    if "/left-out/" in path:
        chosen = ("allow",)
    parts = ["*" if part[:1] in "<{" or part in chosen else part for part in path.split("/")]
    return "/".join(parts)
