"""Real mail servers on this machine that speak TLS, with an authority made for the test."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.safety.stage import Postbox

USER, PASSWORD = "companion@example.org", "p@ss/word:1"
LOGIN = "companion%40example.org:p%40ss%2Fword%3A1"


@dataclass(frozen=True)
class Authority:
    """An authority in a file, and a server's certificate that it signed."""

    file: Path
    context: ssl.SSLContext


def authority(folder: Path, name: str) -> Authority:
    """Make an authority called `name`, and a certificate for 127.0.0.1 (not for localhost) that it signed."""
    key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    root = _certificate(issuer, issuer, key.public_key(), x509.BasicConstraints(ca=True, path_length=0), True)
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
    leaf = _certificate(subject, issuer, server_key.public_key(), host, False)
    file, chain = folder / f"{name}.pem", folder / f"{name}-server.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(root.sign(key, hashes.SHA256()).public_bytes(pem))
    private = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(leaf.sign(key, hashes.SHA256()).public_bytes(pem) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return Authority(file, context)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: Any, extension: x509.ExtensionType, critical: bool
) -> x509.CertificateBuilder:
    # The machine's own time, as TLS asks the machine.
    today = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(extension, critical=critical)
    )


class TlsPostbox(Postbox):
    """A mail server that asks for a password. `seen` holds each try to sign in: whether it came encrypted."""

    def __init__(self, context: ssl.SSLContext | None, *, implicit: bool = False) -> None:
        super().__init__()
        self.seen: list[bool] = []
        self.refuses_sender = False
        box = self

        class Server(SMTP):
            async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 (aiosmtpd's name)
                assert self.session
                box.seen.append(self.session.ssl is not None or implicit)
                await super().smtp_AUTH(arg)

        class Door(Controller):
            def factory(self) -> SMTP:
                return Server(box, **self.SMTP_kwargs)

        self._controller = Door(
            self,
            hostname="127.0.0.1",
            port=self.port,
            ssl_context=context if implicit else None,
            tls_context=None if implicit else context,
            authenticator=self._knows,
            auth_required=True,
            auth_require_tls=False,  # it would take a password in the clear: not sending one is ours to do
        )
        self._scheme = "smtps" if implicit else "smtp"

    def _knows(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        known = isinstance(given, LoginPassword) and (given.login, given.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=known, handled=known)

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.refuses_sender:
            return "553 not yours"
        envelope.mail_from = address
        return "250 OK"

    @property
    def url(self) -> str:
        """Where it listens, as SMTP_URL with the right login."""
        return f"{self._scheme}://{LOGIN}@127.0.0.1:{self.port}"


@contextmanager
def serving(context: ssl.SSLContext | None, *, implicit: bool = False) -> Iterator[TlsPostbox]:
    """Serve while the block lasts; without `context` it offers no encryption."""
    box = TlsPostbox(context, implicit=implicit)
    with box.open():
        yield box
