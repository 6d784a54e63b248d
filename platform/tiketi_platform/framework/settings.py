"""Reads the environment once into a frozen struct; nothing else in the platform looks at os.environ."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Self

from tiketi_core.kernel import bounds
from tiketi_sdk.contract.services import SERVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this process finds its stores, its secrets, its peers and the outside world."""

    database_url: str = "postgresql://127.0.0.1:5432/tiketi"
    """Where PostgreSQL is; user and password are each service's own and come from `secrets_dir`."""
    database_owner: str = "postgres"
    """Who may make databases and roles there; asked for by `database` alone, password in `postgres`."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    """Where Redis is; its password, if any, is the file `valkey` in `secrets_dir`."""
    secrets_dir: Path = Path("/run/secrets/tiketi")
    """One file a secret: `<service>-database`, `<service>-service`, `valkey`, `toss-secret-key`, …"""
    keys_dir: Path = Path("/run/secrets/tiketi-keys")
    """Private Ed25519 keys in PEM: `auth.pem`, `queue.pem`, `reservation.pem`."""
    host: str = "127.0.0.1"
    ports: Mapping[str, int] = field(
        default_factory=lambda: {s.name: s.port for s in SERVICES.values()}
    )
    peer_urls: Mapping[str, str] = field(default_factory=dict)
    """Where the other services are, by name; on `host` at their port unless said."""
    sandbox: bool = False
    """Whether provisioning calls exist and the outside world is played by stand-ins."""
    toss_url: str = "https://api.tosspayments.com"
    smtp_url: str = "smtp://127.0.0.1:25"
    """Where mail is handed in: `smtp://[user@]host:port`, `smtp+starttls://`, `smtps://`, or `ses://region`."""
    push_url: str = ""
    """FCM, as `https://fcm.googleapis.com`; empty: nobody gets push messages."""
    sms_url: str = ""
    """`sns://region`, or the address of a sandbox; empty: nobody gets text messages."""
    notification_rates: str = ""
    """What providers take a second, over all replicas: `email=14,sms=1`; unlimited where not said."""
    public_url: str = ""
    """The notification service as people reach it, for links in mails; its own address unless said."""
    bus_url: str = ""
    """What carries messages: empty for Redis Streams, `sns://region/prefix` for SNS with SQS."""
    aws_endpoint_url: str = ""
    """Where all of Amazon's services are, for an emulator; empty: Amazon."""
    mail_from: str = "tiketi <no-reply@tiketi.test>"
    google_url: str = "https://accounts.google.com"
    """Google's issuer: its addresses are read from `/.well-known/openid-configuration` below it."""
    google_client_id: str = ""
    """Of this platform at Google; without it nobody logs in with Google. The secret is `google-client-secret`."""
    google_redirect_uri: str = ""
    """Where Google sends browsers back to unless the client says where."""
    admin_email: str = ""
    """An administrator to make sure of at start; the password is the file `admin-password`."""
    version: str = field(default_factory=lambda: metadata.version("tiketi"))
    """The release; an image may name it more precisely than the distribution does."""
    images_store: str = "file:///var/lib/tiketi/images"
    """Where images are kept: `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`. A bucket's keys are
    the secrets `s3-access-key` and `s3-secret-key`, or what the surroundings give Amazon's own tools."""
    images_url: str = ""
    """What stands before an image's name in public; the event service's own address unless said."""
    revision: str = "unknown"
    """The git revision the code was built from."""
    trusted_proxies: str = ""
    """Whose X-Forwarded-For is believed: addresses and networks, `10.0.0.0/8,192.168.1.7`; nobody's unless said."""
    linger_s: float = 0.0
    """How long after SIGTERM requests are still taken, while every answer asks its connection to go."""
    drain_s: float = 10.0
    """How long requests under way may take to end after SIGTERM."""
    stores_wait_s: float = bounds.stores_wait_s_default
    """How long a start waits for PostgreSQL and Redis, alive but not ready; then the process ends."""
    lease_ms: int | None = None
    """How long one process has a payment or a mail to itself, which after a crash nobody else touches so
    long; None leaves it to the service. Below a peer's timeout it is asked twice, which does no harm."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read `TIKETI_*`; a value that cannot be understood raises ValueError naming its variable."""
        env = os.environ if environ is None else environ
        default = cls()
        return cls(
            database_url=env.get("TIKETI_DATABASE_URL", default.database_url),
            database_owner=env.get("TIKETI_DATABASE_OWNER", default.database_owner),
            redis_url=env.get("TIKETI_REDIS_URL", default.redis_url),
            secrets_dir=Path(env.get("TIKETI_SECRETS_DIR", default.secrets_dir)),
            keys_dir=Path(env.get("TIKETI_KEYS_DIR", default.keys_dir)),
            host=env.get("TIKETI_HOST", default.host),
            ports={
                name: _port(env, f"TIKETI_{name.upper()}_PORT", service.port)
                for name, service in SERVICES.items()
            },
            peer_urls={
                name: env[f"TIKETI_{name.upper()}_URL"]
                for name in SERVICES
                if f"TIKETI_{name.upper()}_URL" in env
            },
            sandbox=env.get("TIKETI_SANDBOX", "") == "1",
            toss_url=env.get("TIKETI_TOSS_URL", default.toss_url),
            smtp_url=env.get("TIKETI_SMTP_URL", default.smtp_url),
            push_url=env.get("TIKETI_PUSH_URL", default.push_url),
            sms_url=env.get("TIKETI_SMS_URL", default.sms_url),
            notification_rates=env.get("TIKETI_NOTIFICATION_RATES", default.notification_rates),
            public_url=env.get("TIKETI_PUBLIC_URL", default.public_url),
            bus_url=env.get("TIKETI_BUS_URL", default.bus_url),
            aws_endpoint_url=env.get("TIKETI_AWS_ENDPOINT_URL", default.aws_endpoint_url),
            mail_from=env.get("TIKETI_MAIL_FROM", default.mail_from),
            google_url=env.get("TIKETI_GOOGLE_URL", default.google_url),
            google_client_id=env.get("TIKETI_GOOGLE_CLIENT_ID", default.google_client_id),
            google_redirect_uri=env.get("TIKETI_GOOGLE_REDIRECT_URI", default.google_redirect_uri),
            admin_email=env.get("TIKETI_ADMIN_EMAIL", default.admin_email),
            version=env.get("TIKETI_VERSION") or default.version,
            images_store=env.get("TIKETI_IMAGES_STORE", default.images_store),
            images_url=env.get("TIKETI_IMAGES_URL", default.images_url),
            revision=env.get("TIKETI_REVISION", default.revision),
            trusted_proxies=env.get("TIKETI_TRUSTED_PROXIES", default.trusted_proxies),
            linger_s=float(env.get("TIKETI_LINGER_S", default.linger_s)),
            drain_s=float(env.get("TIKETI_DRAIN_S", default.drain_s)),
            stores_wait_s=float(env.get("TIKETI_STORES_WAIT_S", default.stores_wait_s)),
            lease_ms=int(env["TIKETI_LEASE_MS"]) if env.get("TIKETI_LEASE_MS") else None,
        )

    def to_environ(self) -> dict[str, str]:
        """The environment that makes another process read the same settings."""
        return {
            "TIKETI_DATABASE_URL": self.database_url,
            "TIKETI_DATABASE_OWNER": self.database_owner,
            "TIKETI_REDIS_URL": self.redis_url,
            "TIKETI_SECRETS_DIR": str(self.secrets_dir),
            "TIKETI_KEYS_DIR": str(self.keys_dir),
            "TIKETI_HOST": self.host,
            **{f"TIKETI_{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
            **{f"TIKETI_{name.upper()}_URL": url for name, url in self.peer_urls.items()},
            "TIKETI_SANDBOX": "1" if self.sandbox else "0",
            "TIKETI_TOSS_URL": self.toss_url,
            "TIKETI_SMTP_URL": self.smtp_url,
            "TIKETI_PUSH_URL": self.push_url,
            "TIKETI_SMS_URL": self.sms_url,
            "TIKETI_NOTIFICATION_RATES": self.notification_rates,
            "TIKETI_PUBLIC_URL": self.public_url,
            "TIKETI_BUS_URL": self.bus_url,
            "TIKETI_AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "TIKETI_MAIL_FROM": self.mail_from,
            "TIKETI_GOOGLE_URL": self.google_url,
            "TIKETI_GOOGLE_CLIENT_ID": self.google_client_id,
            "TIKETI_GOOGLE_REDIRECT_URI": self.google_redirect_uri,
            "TIKETI_ADMIN_EMAIL": self.admin_email,
            "TIKETI_VERSION": self.version,
            "TIKETI_IMAGES_STORE": self.images_store,
            "TIKETI_IMAGES_URL": self.images_url,
            "TIKETI_REVISION": self.revision,
            "TIKETI_TRUSTED_PROXIES": self.trusted_proxies,
            "TIKETI_LINGER_S": str(self.linger_s),
            "TIKETI_DRAIN_S": str(self.drain_s),
            "TIKETI_STORES_WAIT_S": str(self.stores_wait_s),
            "TIKETI_LEASE_MS": "" if self.lease_ms is None else str(self.lease_ms),
        }

    def peer_url(self, service: str) -> str:
        """The base URL of another service."""
        return self.peer_urls.get(service) or f"http://{self.host}:{self.ports[service]}"

    def secret(self, name: str) -> str:
        """The content of a secret's file; FileNotFoundError names the file that is missing."""
        return (self.secrets_dir / name).read_text(encoding="utf-8").strip()

    def optional_secret(self, name: str) -> str | None:
        """The same, or None where there is no such file."""
        path = self.secrets_dir / name
        return path.read_text(encoding="utf-8").strip() if path.exists() else None


def _port(env: Mapping[str, str], variable: str, default: int) -> int:
    text = env.get(variable, str(default))
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        msg = f"{variable} must be a port between 1 and 65535, not {text!r}"
        raise ValueError(msg)
    return int(text)
