"""`companion setup`, as somebody answers it who sets the service up; and the settings file that it writes."""

from __future__ import annotations

import os
import stat
import xml.etree.ElementTree as ET
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from companion.cli import main
from companion.machine.env_file import EXAMPLE, read, write
from companion.settings import load_settings
from companion.simulator.identity import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from tests.world import World

WRONG_TOKEN = "0123456789abcdef0123456789abcdef"
TWILIO = [DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, "+447700900000", ""]
PROGRAMME = ["North Deanery", "scotland"]
MAIL = ["", ""]
LOGIN = ["Fran", "Fran@example.org"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> Path:
    """An empty folder in which commands run, with the stand-in in Twilio's place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWILIO_API_BASE_URL", str(world.settings.twilio_api_base_url))
    return tmp_path


def answered(*answers: str) -> Result:
    return CliRunner().invoke(main, ["setup"], input="\n".join(answers) + "\n")


def every_answer(folder: Path) -> list[str]:
    return ["https://companion.example.org", *TWILIO, *PROGRAMME, *MAIL, str(folder / "backups"), "y", *LOGIN]


@pytest.mark.one_database("sqlite")
def test_who_answers_everything_can_start(here: Path, world: World) -> None:
    done = answered(*every_answer(here))
    assert done.exit_code == 0, done.output
    assert DEMO_AUTH_TOKEN not in done.output
    file = here / ".env"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    settings = load_settings(_env_file=file)
    assert settings.public_url == "https://companion.example.org"
    assert settings.companion_nation == "scotland"
    assert "How fast your senders may send" in file.read_text()  # what .env.example explains stays beside it

    listed = CliRunner().invoke(main, ["users", "list"])
    assert listed.output.startswith("fran@example.org\tFran\tcoordinator")
    made = here / "var/setup"
    for process in ("serve", "worker", "backup"):
        unit = (made / f"companion-{process}.service").read_text()
        assert f'companion" {process}\n' in unit
        assert f"WorkingDirectory={here}\n" in unit
    assert (made / "Caddyfile").read_text().startswith("companion.example.org {")
    said = [message.text for message in ET.fromstring((made / "fallback.xml").read_text())]
    assert said == [world.services.words.render("system_down").body]
    assert "Nobody has been told that you rang" in (made / "fallback-call.xml").read_text()
    assert "https://companion.example.org/twilio/inbound" in done.output

    backup = CliRunner().invoke(main, ["backup"])
    assert backup.exit_code == 0, backup.output
    assert len(list((here / "backups").iterdir())) == 1
    checked = CliRunner().invoke(main, ["doctor"])
    assert "It has the shape this version needs" in checked.output


@pytest.mark.one_database("sqlite")
def test_to_run_it_again_changes_nothing_that_is_not_answered_anew(here: Path) -> None:
    answered(*every_answer(here))
    before = read(here / ".env")
    again = answered("", "", "", "", "", "East Deanery")
    assert again.exit_code != 0  # the input ended in the middle of a chapter, as with Ctrl-C
    assert read(here / ".env") == before
    again = answered("", "", "", "", "", "East Deanery", "", "", "", "")
    assert again.exit_code == 0, again.output
    assert read(here / ".env") == {**before, "COMPANION_PROGRAMME": "East Deanery"}
    assert "first password" not in again.output
    assert DEMO_AUTH_TOKEN not in again.output


@pytest.mark.one_database("sqlite")
def test_a_bad_answer_is_explained_and_asked_again(here: Path) -> None:
    done = answered(
        *("companion.example.org", "https://companion.example.org"),
        *("AC12", DEMO_ACCOUNT_SID, "short", WRONG_TOKEN, "07700 900000", "+447700900000", ""),
        *TWILIO,
        *PROGRAMME,
        *("mail.example.org", "smtp://mail.example.org:587", "nobody", "companion@example.org"),
        "",
        *("F", "fran@example.org"),
        *("Fran", "fran@example"),
        *LOGIN,
    )
    assert done.exit_code == 0, done.output
    for what in (
        "is not a plain web address",
        "two letters and 32 digits",
        "is too short for a Twilio Auth Token",
        "is not a number in full international form",
        "It refuses our sign-in (HTTP 401)",
        "is no mail server such as",
        "is no e-mail address",
        "use 2 to 20",
        "write the e-mail address in full",
    ):
        assert what in done.output, what
    assert load_settings(_env_file=here / ".env").mail_from == "companion@example.org"
    assert not (here / "var/setup/companion-backup.timer").exists()


@pytest.mark.one_database("sqlite")
def test_what_is_not_known_yet_is_left_open_and_the_rest_is_kept(here: Path) -> None:
    done = answered("https://companion.example.org", "", "", "", "", "", "", "", "", "")
    assert done.exit_code != 0
    assert "Still open: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_SMS_FROM" in done.output
    kept = read(here / ".env")
    assert kept.keys() == {"SECRET_KEY", "ENCRYPTION_KEYS", "PUBLIC_URL"}
    assert not (here / "var").exists()


@pytest.mark.one_database("sqlite")
def test_a_file_that_is_no_text_is_left_alone(here: Path) -> None:
    (here / ".env").write_bytes(b"\xff\xfe\x00")
    done = answered()
    assert "no text (UTF-8)" in done.output
    assert (here / ".env").read_bytes() == b"\xff\xfe\x00"


@given(
    st.dictionaries(
        st.sampled_from(["COMPANION_PROGRAMME", "SMTP_URL", "SECRET_KEY", "DATABASE_URL"]),
        st.text(
            st.characters(exclude_categories=["C"], exclude_characters="\u2028\u2029\x85"), min_size=1, max_size=40
        ),
        min_size=1,
    )
)
def test_whatever_is_written_is_read_as_it_was(values: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / ".env"
        for _ in range(2):  # into a new file, and into one that has it
            write(file, values)
            assert read(file) == {**read(EXAMPLE), **values}
        assert file.read_text().count("COMPANION_PROGRAMME=") == 1
