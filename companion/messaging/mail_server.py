"""The mail server of SMTP_URL: reached, shown to be itself, signed in at. What goes wrong is said in plain words.

Nothing of ours goes over a line that is not encrypted: neither a password nor a letter. The one exception is a server
on this machine that asks for no password, when no authority is set to know it by.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, unquote, urlsplit

from companion.settings import Settings

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class MailServerError(Exception):
    """The mail server cannot be used. `says` tells what was wrong and `mend` what to do; neither holds a password."""

    def __init__(self, says: str, mend: str) -> None:
        super().__init__(says)
        self.says, self.mend = says, mend


@contextmanager
def connected(settings: Settings, timeout: float) -> Iterator[smtplib.SMTP]:
    """Yield the server of SMTP_URL, encrypted and signed in at, with `timeout` seconds for each answer.

    Raises MailServerError when it cannot be used. What the block itself raises is left as it is.
    """
    parts = urlsplit(settings.smtp_url or "")
    server = _reach(parts, settings, timeout)
    with server:
        if parts.scheme == "smtp" and _encrypts(parts, settings):
            _encrypt(server, parts, settings)
        if parts.username:
            _sign_in(server, parts)
        yield server


def examine_server(settings: Settings, timeout: float) -> str:
    """Connect, sign in, ask whether MAIL_FROM may send, and hang up; no e-mail goes. Return how that went, in words.

    Raises MailServerError with what is wrong.
    """
    parts = urlsplit(settings.smtp_url or "")
    with _unbroken(parts), connected(settings, timeout) as server:
        server.ehlo_or_helo_if_needed()
        code, _ = server.mail(settings.mail_from or "")
        if code != 250:
            says = f"It takes no e-mail from {settings.mail_from} (code {code})."
            raise MailServerError(says, "Set MAIL_FROM to an address that this login may send from.")
        server.rset()
    how = "over TLS" if _encrypts(parts, settings) else "without encryption, on this machine"
    return f"{parts.hostname} answers {how}{' and takes our sign-in' if parts.username else ''}."


def _encrypts(parts: SplitResult, settings: Settings) -> bool:
    away = (parts.hostname or "") not in _LOOPBACK
    return parts.scheme == "smtps" or away or bool(parts.username) or settings.smtp_ca_file is not None


def _context(settings: Settings) -> ssl.SSLContext:
    """Return what certificates are checked with: SMTP_CA_FILE alone where it is set, else what the machine knows."""
    file = settings.smtp_ca_file
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except (OSError, ssl.SSLError) as error:
        says = f"The file of SMTP_CA_FILE cannot be read as certificates ({type(error).__name__})."
        raise MailServerError(says, "Put the authority's certificate there, in PEM form.") from error


@contextmanager
def _unbroken(parts: SplitResult) -> Iterator[None]:
    """Say what the block does not say itself: TLS that fails, and a line that breaks."""
    try:
        yield
    except ssl.SSLError as error:
        raise _not_encrypted(parts, error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise _broken_off(parts, error) from error


def _reach(parts: SplitResult, settings: Settings, timeout: float) -> smtplib.SMTP:
    host, port = parts.hostname or "", parts.port or 0
    try:
        if parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=timeout, context=_context(settings))
        return smtplib.SMTP(host, port, timeout=timeout)
    except ssl.SSLError as error:
        raise _not_encrypted(parts, error) from error
    except socket.gaierror as error:
        raise MailServerError(f"No machine is called {host}.", "Look at the name in SMTP_URL.") from error
    except (TimeoutError, smtplib.SMTPServerDisconnected) as error:  # smtplib's name for no answer, too
        mend = "Let this machine connect there. smtp:// is for port 587 or 25, smtps:// for port 465."
        raise MailServerError(f"{host}, port {port}, does not answer.", mend) from error
    except (OSError, smtplib.SMTPException) as error:
        mend = "Look at the name and the port in SMTP_URL, and let this machine connect there."
        raise MailServerError(f"{host}, port {port}, cannot be reached.", mend) from error


def _encrypt(server: smtplib.SMTP, parts: SplitResult, settings: Settings) -> None:
    with _unbroken(parts):
        try:
            server.starttls(context=_context(settings))
        except smtplib.SMTPNotSupportedError as error:
            raise MailServerError(
                f"{parts.hostname} offers no encryption (STARTTLS), so nothing is sent through it.",
                "Use its port 587, or smtps:// with port 465, or another server.",
            ) from error
        except smtplib.SMTPResponseException as error:
            how = f"(code {error.smtp_code}), so nothing is sent through it"
            raise MailServerError(f"{parts.hostname} will not encrypt just now {how}.", "Ask who runs it.") from error


def _sign_in(server: smtplib.SMTP, parts: SplitResult) -> None:
    with _unbroken(parts):
        try:
            server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        except smtplib.SMTPAuthenticationError as error:
            raise MailServerError(
                f"{parts.hostname} refuses our user name or password (code {error.smtp_code}).",
                "Copy both into SMTP_URL again; write @ as %40, : as %3A, / as %2F and % as %25 in them.",
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            says = f"{parts.hostname} takes no sign-in with a password."
            mend = "Leave user and password out of SMTP_URL, or use its port for sign-ins."
            raise MailServerError(says, mend) from error


def _not_encrypted(parts: SplitResult, error: ssl.SSLError) -> MailServerError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailServerError(
            f"The certificate of {parts.hostname} is not one we can trust: {error.verify_message.rstrip('.')}.",
            "Write the server's name as its certificate has it, or set SMTP_CA_FILE to the authority that signed it.",
        )
    return MailServerError(
        f"{parts.hostname}, port {parts.port}, does not speak TLS as it should.",
        "smtps:// is for port 465, smtp:// for port 587. Ask for TLS 1.2 or newer.",
    )


def _broken_off(parts: SplitResult, error: Exception) -> MailServerError:
    says = f"{parts.hostname} broke off ({type(error).__name__})."
    return MailServerError(says, "Try again; then ask who runs it.")
