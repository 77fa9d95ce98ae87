"""Every page and action of the console, for every role and for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.console_stage import Stage, stage, token

ROLES = ("nobody", "facilitator", "other facilitator", "lead", "coordinator", "auditor")
WHO = {"facilitator": "ada", "other facilitator": "bo", "lead": "lee", "coordinator": "cor", "auditor": "aud"}

IN, OUT, NO, GONE = "shown", "sign in", "403", "404"
AGAIN = "password again"
DONE = "done"  # an action that ends in a redirect within the console
PUBLIC = (IN, IN, IN, IN, IN)

# Ada runs Wren's group and was paged; Bo runs another group. A facilitator's 404 hides that there is such a thing.
#                                                     nobody facil. other  lead   coordinator
TABLE: dict[tuple[str, str], tuple[str, str, str, str, str]] = {
    ("GET", "/console/"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/today/live"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/requests/{request}/done"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/notices/{notice}/done"): (OUT, DONE, GONE, DONE, NO),
    ("GET", "/console/episodes"): (OUT, IN, IN, IN, NO),
    ("GET", "/console/episodes/{episode}"): (OUT, IN, GONE, IN, NO),
    ("POST", "/console/episodes/{episode}/gate/open"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/episodes/{episode}/take"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/episodes/{episode}/contact"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/episodes/{episode}/note"): (OUT, IN, GONE, IN, NO),
    ("GET", "/console/episodes/{episode}/close"): (OUT, IN, GONE, IN, NO),
    ("POST", "/console/episodes/{episode}/close"): (OUT, IN, GONE, IN, NO),
    ("GET", "/console/episodes/{episode}/closing"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/episodes/{episode}/closing"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/episodes/{episode}/closing/withdraw"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/episodes/{episode}/pass"): (OUT, DONE, GONE, DONE, NO),
    ("POST", "/console/episodes/{episode}/help"): (OUT, DONE, GONE, DONE, NO),
    ("GET", "/console/episodes/{episode}/write"): (OUT, IN, GONE, IN, NO),
    ("POST", "/console/episodes/{episode}/write"): (OUT, IN, GONE, IN, NO),
    ("GET", "/console/more"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/groups"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/groups/{tuesday}"): (OUT, IN, GONE, IN, IN),
    ("GET", "/console/groups/new"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/groups/new"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/groups/{tuesday}/edit"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/groups/{tuesday}/edit"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/groups/{tuesday}/hours"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/groups/{tuesday}/hours"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/calendar"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/sessions/{evening}"): (OUT, IN, GONE, IN, IN),
    ("GET", "/console/sessions/{evening}/run-sheet"): (OUT, IN, GONE, IN, IN),
    ("GET", "/console/sessions/{over}/attendance"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/sessions/{over}/attendance"): (OUT, DONE, GONE, DONE, DONE),
    ("GET", "/console/sessions/{evening}/cancel"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/sessions/{evening}/cancel"): (OUT, IN, GONE, IN, IN),
    ("GET", "/console/sessions/{evening}/move"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/sessions/{evening}/move"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/sessions/{evening}/restore"): (OUT, DONE, GONE, DONE, DONE),
    ("POST", "/console/sessions/{evening}/run"): (OUT, DONE, GONE, DONE, DONE),
    ("GET", "/console/people"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/people/{wren}"): (OUT, IN, GONE, IN, IN),
    ("GET", "/console/people/{wren}/number"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/people/{wren}/number"): (OUT, IN, GONE, IN, IN),
    ("GET", "/console/people/{wren}/concern"): (OUT, IN, GONE, IN, NO),
    ("POST", "/console/people/{wren}/concern"): (OUT, IN, GONE, IN, NO),
    ("GET", "/console/needs"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/needs/food"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/needs/food"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/supervision"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/supervision"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/supervision/mine"): (OUT, DONE, DONE, DONE, NO),
    ("POST", "/console/supervision/{ada}/had"): (OUT, NO, NO, DONE, DONE),
    ("GET", "/console/supervision/dates/{supervision}"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/supervision/dates/{supervision}"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/supervision/dates/{episode}/cancel"): (OUT, NO, NO, DONE, DONE),
    ("GET", "/console/messages"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/messages/{wren}"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/messages/{wren}/read"): (OUT, DONE, GONE, DONE, NO),
    ("GET", "/console/messages/sender/{stranger}"): (OUT, NO, NO, IN, NO),
    ("POST", "/console/messages/sender/{stranger}/read"): (OUT, NO, NO, DONE, NO),
    ("GET", "/console/people/{wren}/copy"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/people/{wren}/copy"): (OUT, NO, NO, DONE, DONE),
    ("GET", "/console/people/{wren}/erase"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/people/{wren}/erase"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/messages/search"): (OUT, IN, IN, IN, NO),
    ("POST", "/console/messages/search"): (OUT, IN, IN, IN, NO),
    ("GET", "/console/messages/delivery"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/messages/group"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/messages/group/new"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/messages/group/new"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/messages/group/{broadcast}"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/messages/group/{broadcast}/send"): (OUT, DONE, GONE, GONE, GONE),
    ("POST", "/console/messages/group/{broadcast}/undo"): (OUT, DONE, GONE, DONE, DONE),
    ("GET", "/console/people/{wren}/write"): (OUT, IN, GONE, IN, IN),
    ("POST", "/console/people/{wren}/write"): (OUT, IN, GONE, IN, IN),
    ("GET", "/console/people/{wren}/left-out"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/people/{wren}/left-out/{wren}/allow"): (OUT, NO, NO, GONE, GONE),
    ("GET", "/console/rota"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/rota/add"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/rota/add"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/rota/duties/{episode}/end"): (OUT, NO, NO, GONE, GONE),
    ("GET", "/console/rota/import"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/rota/import"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/rota/offers/{episode}/yes"): (OUT, GONE, GONE, GONE, GONE),
    ("POST", "/console/rota/hand-over"): (OUT, DONE, DONE, DONE, NO),
    ("POST", "/console/rota/calendar/revoke"): (OUT, DONE, DONE, DONE, NO),
    ("POST", "/console/rota/groups/{episode}/live"): (OUT, NO, NO, GONE, GONE),
    ("GET", "/console/response-times"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/ways"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/ways"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/ways/{episode}"): (OUT, GONE, GONE, GONE, GONE),
    ("POST", "/console/ways/{episode}"): (OUT, GONE, GONE, GONE, GONE),
    ("POST", "/console/ways/{episode}/remove"): (OUT, GONE, GONE, GONE, GONE),
    ("GET", "/console/audit"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/audit.csv"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/set-up"): (OUT, NO, NO, NO, IN),
    ("POST", "/console/set-up/check"): (OUT, NO, NO, NO, DONE),
    ("POST", "/console/set-up/words/done"): (OUT, NO, NO, NO, DONE),
    ("GET", "/console/evaluation"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/evaluation/report"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/evaluation.csv"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/settings"): (OUT, NO, NO, IN, IN),
    ("GET", "/console/account"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/account/stay"): (OUT, "204", "204", "204", "204"),
    ("GET", "/console/password"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/password"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/password-again"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/password-again"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/sign-in"): (IN, DONE, DONE, DONE, DONE),
    ("POST", "/console/sign-in"): (IN, DONE, DONE, DONE, DONE),
    ("GET", "/console/second-factor"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/second-factor"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/recovery-codes"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/recovery-codes"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/passkeys"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/passkeys"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/passkeys/{episode}"): (OUT, DONE, DONE, DONE, DONE),
    ("GET", "/console/passkeys/delete"): (OUT, DONE, DONE, DONE, DONE),
    ("POST", "/console/passkeys/delete"): (OUT, DONE, DONE, DONE, DONE),
    ("GET", "/console/content"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/content/try"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/content/try"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/content/families"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/content/families/wants_to_die/up"): (OUT, DONE, DONE, DONE, DONE),
    ("GET", "/console/content/families/wants_to_die/down"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/content/families/wants_to_die/down"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/content/families/proposals/{proposal}"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/content/families/proposals/{proposal}"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/content/families/proposals/{proposal}/withdraw"): (OUT, DONE, DONE, DONE, DONE),
    ("GET", "/console/content/places"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/content/places/local-occupational-health"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/content/places/local-occupational-health"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/content/places/local-occupational-health/out"): (OUT, NO, NO, DONE, DONE),
    ("GET", "/console/questions"): (OUT, NO, NO, IN, IN),
    ("POST", "/console/questions/{question}/done"): (OUT, NO, NO, DONE, DONE),
    ("GET", "/console/cohorts"): (OUT, IN, IN, IN, IN),
    ("GET", "/console/cohorts/new"): (OUT, NO, NO, NO, IN),
    ("POST", "/console/cohorts/new"): (OUT, NO, NO, NO, IN),
    ("GET", "/console/cohorts/{cohort}"): (OUT, NO, NO, NO, IN),
    ("POST", "/console/cohorts/{cohort}"): (OUT, NO, NO, NO, IN),
    ("GET", "/console/cohorts/{cohort}/poster"): (OUT, IN, IN, IN, IN),
    ("POST", "/console/sources"): (OUT, NO, NO, NO, IN),
    ("POST", "/console/sources/{source}/end"): (OUT, NO, NO, NO, DONE),
    ("GET", "/console/users"): (OUT, NO, NO, NO, IN),
    ("GET", "/console/users/invite"): (OUT, NO, NO, NO, IN),
    ("POST", "/console/users/invite"): (OUT, NO, NO, NO, IN),
    ("GET", "/console/users/{bo}"): (OUT, NO, NO, NO, IN),
    ("POST", "/console/users/{bo}/number"): (OUT, NO, NO, NO, IN),
    ("POST", "/console/users/{bo}/on"): (OUT, NO, NO, NO, DONE),
    ("POST", "/console/users/{new}/code"): (OUT, NO, NO, NO, IN),
    ("GET", "/console/invitation"): PUBLIC,
    ("POST", "/console/invitation"): PUBLIC,
    ("GET", "/console/invitation/none"): (GONE,) * 5,
    ("POST", "/console/invitation/none"): (GONE,) * 5,
    # Only on the way in, between the password and the code.
    ("POST", "/console/second-factor/{episode}"): (OUT, DONE, DONE, DONE, DONE),
    ("GET", "/console/code"): (OUT, OUT, OUT, OUT, OUT),
    ("POST", "/console/code"): (OUT, OUT, OUT, OUT, OUT),
    ("GET", "/console/code/help"): (OUT, DONE, DONE, DONE, DONE),
    ("POST", "/console/code/help"): (OUT, DONE, DONE, DONE, DONE),
    ("GET", "/console/passkey"): (GONE, DONE, DONE, DONE, DONE),
    ("POST", "/console/passkey"): (GONE, DONE, DONE, DONE, DONE),
    ("POST", "/console/passkey/{episode}"): (DONE, DONE, DONE, DONE, DONE),
    ("GET", "/console/code/which"): (OUT, OUT, OUT, OUT, OUT),
    ("POST", "/console/code/which"): (OUT, OUT, OUT, OUT, OUT),
    ("GET", "/console/recovery-code"): (OUT, DONE, DONE, DONE, DONE),
    ("POST", "/console/recovery-code"): (OUT, DONE, DONE, DONE, DONE),
    # These two end the sign-in, so they come last.
    ("POST", "/console/account/sign-out-everywhere"): (OUT, OUT, OUT, OUT, OUT),
    ("POST", "/console/sign-out"): (OUT, OUT, OUT, OUT, OUT),
}

# An auditor sees what was done, has a login, and gets a 403 for everything else that is somebody's.
AUDITOR = {
    ("GET", "/console/account/stay"): "204",
    ("GET", "/console/"): DONE,  # goes on to the audit
    ("GET", "/console/audit"): IN,
    ("GET", "/console/audit.csv"): IN,
    ("GET", "/console/account"): IN,
}
LOGIN = ("/password", "/passkey", "/sign-", "/second-factor", "/recovery-code", "/code", "/account/", "/invitation")


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
    if "/left-out/" in path:
        chosen = ("allow",)
    parts = ["*" if part[:1] in "<{" or part in chosen else part for part in path.split("/")]
    return "/".join(parts)
