"""What a new deployment must say, in the order in which it is asked, and what is wrong with an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.fernet import Fernet

from companion.settings import Settings, SettingsError, load_settings


@dataclass(frozen=True)
class Question:
    """One setting. `needed`: nothing starts without it. `secret`: it is not shown, neither typed nor kept."""

    name: str
    asks: str
    needed: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Chapter:
    """Questions that belong together, and what to know before they are answered."""

    title: str
    tells: str
    questions: tuple[Question, ...]


CHAPTERS = (
    Chapter(
        "The web address",
        "Twilio and your browser reach this machine by a name of its own, such as https://companion.example.org.",
        (Question("PUBLIC_URL", "Its https address", needed=True),),
    ),
    Chapter(
        "Twilio",
        "The first two stand on the front page of Twilio's console. The number must be a mobile number that can send\n"
        "and receive SMS and make calls.",
        (
            Question("TWILIO_ACCOUNT_SID", "Account SID (AC...)", needed=True),
            Question("TWILIO_AUTH_TOKEN", "Auth Token (it is not shown while you type or paste it)", True, True),
            Question("TWILIO_SMS_FROM", "Number that texts come from (+44...)", needed=True),
            Question("TWILIO_WHATSAPP_FROM", "WhatsApp sender (+44...), if you have one"),
        ),
    ),
    Chapter(
        "The programme",
        "The consent text says who runs this.",
        (
            Question("COMPANION_PROGRAMME", 'Who runs it, as in "run by ..."'),
            Question("COMPANION_NATION", "Where most of the doctors work: england, wales, scotland or ni"),
        ),
    ),
    Chapter(
        "E-mail",
        "The second way to those who run the programme, for when texts fail. Your trust or a mail provider can\n"
        "say what to write: smtp://user:password@mail.example.org:587",
        (
            Question("SMTP_URL", "Mail server", secret=True),
            Question("MAIL_FROM", "Address that the e-mails come from"),
        ),
    ),
    Chapter(
        "Backups",
        "A folder that is copied away from this machine, or a disk of its own. Numbers and texts in it are encrypted.",
        (Question("COMPANION_BACKUP_DIR", "Folder for a backup every night"),),
    ),
)
_STANDS_IN = {  # for what is not answered yet: an answer is looked at together with these
    "secret_key": "0123456789abcdef" * 3,
    "encryption_keys": Fernet.generate_key().decode(),
    "public_url": "https://companion.example.org",
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "0" * 32,
    "twilio_sms_from": "+447700900000",
    "smtp_url": "smtp://mail.example.org:587",
    "mail_from": "companion@example.org",
}


def settings_so_far(values: Mapping[str, str]) -> Settings:
    """Return the settings of `values`, and something that stands in for what is open. Raises SettingsError."""
    given = {name.lower(): value for name, value in values.items()}
    return load_settings(_env_file=None, **{**_STANDS_IN, **given})


def standard(name: str) -> str:
    """Return what a setting is when nobody says anything, or nothing."""
    value = Settings.model_fields[name.lower()].default
    return value if isinstance(value, str) else ""


def problem(name: str, values: Mapping[str, str]) -> str | None:
    """Return what is wrong with the setting called `name`, or None."""
    try:
        settings_so_far(values)
    except SettingsError as error:
        for line in str(error).splitlines():
            at, _, what = line.partition(": ")
            if at == name:
                return what
    return None


def still_open(values: Mapping[str, str]) -> list[str]:
    """Return the names without which nothing starts and that hold nothing yet."""
    service = "TWILIO_MESSAGING_SERVICE_SID"  # sends in place of a number
    return [
        question.name
        for chapter in CHAPTERS
        for question in chapter.questions
        if question.needed and question.name not in values and not (question.name[-4:] == "FROM" and service in values)
    ]
