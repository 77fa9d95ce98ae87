"""E-mail as the second way: encrypted, to a server that shows who it is, and never a password in the clear."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from companion.doctor import examine
from companion.messaging.mail_server import MailServerError, examine_server
from companion.settings import Settings
from tests.mail_servers import Authority, TlsPostbox, authority, serving
from tests.safety.stage import Postbox, flagged, give_logins, mailbox, open_alarms
from tests.world import World

PATIENCE = 2.0


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority of a trust, which no machine knows by itself."""
    return authority(tmp_path_factory.mktemp("trust"), "trust")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Another authority."""
    return authority(tmp_path_factory.mktemp("stranger"), "stranger")


def settings(url: str, ca: Path | None = None) -> Settings:
    return Settings.model_construct(smtp_url=url, smtp_ca_file=ca, mail_from="companion@example.org")


def wrong(url: str, ca: Path | None = None) -> str:
    """Return what is wrong with a mail server, and what to do."""
    with pytest.raises(MailServerError) as caught:
        examine_server(settings(url, ca), PATIENCE)
    said = f"{caught.value.says} {caught.value.mend}"
    assert "p@ss" not in said
    assert "p%40" not in said
    return said


@pytest.mark.parametrize("implicit", [False, True])
def test_r21_a_server_is_used_only_when_its_certificate_is_one_we_trust(
    trust: Authority, stranger: Authority, implicit: bool, tmp_path: Path
) -> None:
    with serving(trust.context, implicit=implicit) as box:
        assert "certificate of 127.0.0.1 is not one we can trust" in wrong(box.url)
        assert "SMTP_CA_FILE" in wrong(box.url, stranger.file)
        # Signed by the right authority, for another name.
        assert "certificate of localhost is not one" in wrong(box.url.replace("127.0.0.1", "localhost"), trust.file)
        nonsense = tmp_path / "nonsense.pem"
        nonsense.write_text("no certificate")
        assert "SMTP_CA_FILE cannot be read" in wrong(box.url, nonsense)
        assert box.seen == []  # nobody has tried to sign in
        said = examine_server(settings(box.url, trust.file), PATIENCE)
        assert said == "127.0.0.1 answers over TLS and takes our sign-in."
        assert box.seen == [True]
        assert box.letters == []  # looking sends nothing
        assert "refuses our user name or password (code 535)" in wrong(box.url.replace("word", "sword"), trust.file)
        box.refuses_sender = True
        assert "takes no e-mail from companion@example.org (code 553)" in wrong(box.url, trust.file)


def test_r21_what_is_wrong_with_a_mail_server_is_said_in_a_line(trust: Authority, postbox: Postbox) -> None:
    assert examine_server(settings(postbox.url), PATIENCE) == "127.0.0.1 answers without encryption, on this machine."
    with serving(None) as box:
        assert "offers no encryption (STARTTLS)" in wrong(box.url)
        assert "does not speak TLS as it should" in wrong(box.url.replace("smtp:", "smtps:"), trust.file)
        assert box.seen == []
    assert "cannot be reached" in wrong(box.url)  # it has gone
    assert "No machine is called mail.invalid" in wrong("smtp://mail.invalid:587")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(MailServerError, match="does not answer"):
            examine_server(settings(url), 0.2)


def paged_by_mail_alone(world: World) -> None:
    """Let somebody be in danger while the first facilitator is reached by no text and no call."""
    world.standin.fault("+447700900201", "refuse", code=21612)
    world.standin.fault("+447700900201", "call_failed")
    flagged(world, world.member())


def checked(world: World) -> tuple[str, str]:
    """Return what `companion doctor` finds of the mail server."""
    return next((found.state, found.says) for found in examine(world.services) if found.name == "E-mail")


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.one_database("sqlite")
def test_r21_a_page_arrives_by_e_mail_over_tls(
    make_world: Callable[..., World], trust: Authority, implicit: bool
) -> None:
    with serving(trust.context, implicit=implicit) as box:
        world = _with(make_world, box, smtp_ca_file=trust.file)
        assert checked(world) == ("good", "127.0.0.1 answers over TLS and takes our sign-in.")
        paged_by_mail_alone(world)
        world.advance(seconds=30)
        assert len(box.to(mailbox("Dr Cole"))) == 1
        assert box.seen
        assert all(box.seen)
        world.staff_ignores()


@pytest.mark.one_database("sqlite")
def test_r21_a_server_that_offers_no_encryption_gets_nothing_and_the_next_is_paged(
    make_world: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    with serving(None) as box:
        world = _with(make_world, box)
        state, says = checked(world)
        assert (state, "offers no encryption" in says) == ("bad", True)
        paged_by_mail_alone(world)
        world.advance(seconds=30)
        assert "mail_not_sent" in open_alarms(world)
        assert "offers no encryption" in caplog.text
        world.staff("facilitator", 1).hears("an item needs you now")
        assert box.letters == []
        assert box.seen == []
        world.staff_ignores()


def _with(make_world: Callable[..., World], box: TlsPostbox, **more: Any) -> World:
    world = make_world(smtp_url=box.url, mail_from="companion@example.org", **more).seeded()
    give_logins(world)
    return world
