"""Where mail is handed in, as whom and how patiently; refuses a password without encryption."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """One SMTP server. A password is sent only over TLS: ValueError otherwise."""

    host: str
    port: int
    sender_address: str = "no-reply@tiketi.example"
    sender_name: str = "tiketi"
    tls: Literal["none", "starttls", "implicit"] = "none"
    """`starttls` refuses servers that do not offer it; nothing is sent in the clear then."""
    ca_file: Path | None = None
    """Authorities to believe instead of the system's, PEM; for a relay of one's own."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    connections_max: int = 4
    """Open at once; more mails than that wait their turn."""
    mails_per_connection_max: int = 1_000
    """After so many a connection is replaced; relays count them too."""
    keep_alive_s: float = 20.0
    """An idle connection older than this is not used again; below any server's own patience."""
    connect_timeout_s: float = 5.0
    """Connection, greeting, TLS and login together."""
    send_timeout_s: float = 15.0
    """One mail, from MAIL to the server's last word, without the wait for a connection."""

    def __post_init__(self) -> None:
        if self.username is not None and (self.password is None or self.tls == "none"):
            raise ValueError("a login needs a password, and TLS to send it over")
