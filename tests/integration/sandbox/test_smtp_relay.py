"""The SMTP adapter against a relay we did not write: STARTTLS, a login, and a server without PIPELINING."""

import datetime as dt
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port
from tiketi_platform.adapters.smtp import Mail, MailDeferredError, SmtpMailer, SmtpSettings


class Relay:
    """Takes mail from whoever knows the password."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_DATA(self, server, session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append(envelope)
        return "250 OK"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def check(server, session, envelope, mechanism, data: LoginPassword) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"tiketi", b"secret"))


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[tuple[Relay, SmtpSettings]]:
    cert_file, key_file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    handler, port = Relay(), free_port()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=check,
    )
    controller.start()
    yield (
        handler,
        SmtpSettings(
            "localhost",
            port,
            tls="starttls",
            ca_file=cert_file,
            username="tiketi",
            password="secret",
        ),
    )
    controller.stop()


async def test_mail_goes_through_starttls_and_a_login(relay: tuple[Relay, SmtpSettings]):
    handler, settings = relay
    async with SmtpMailer(settings) as mailer:
        for n in range(3):
            await mailer.send(Mail(f"m-{n}", "kim@example.com", "안녕", "하세요"))
    assert [envelope.rcpt_tos for envelope in handler.taken] == [["kim@example.com"]] * 3


async def test_a_certificate_we_do_not_know_is_not_spoken_to(relay: tuple[Relay, SmtpSettings]):
    handler, settings = relay
    stranger = SmtpSettings("localhost", settings.port, tls="starttls")
    with pytest.raises(MailDeferredError, match="CERTIFICATE_VERIFY_FAILED"):
        await SmtpMailer(stranger).send(Mail("m-1", "kim@example.com", "s", "t"))
    assert handler.taken == []


def test_a_password_is_never_sent_in_the_clear():
    with pytest.raises(ValueError, match="TLS"):
        SmtpSettings("localhost", 25, username="tiketi", password="secret")
    assert "secret" not in repr(
        SmtpSettings("localhost", 25, tls="starttls", username="tiketi", password="secret")
    )
