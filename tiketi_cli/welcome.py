"""What a platform that has just come up is handed over with: a profile logged in, and an overview.

Knows the platform by its ports and its administrator only; starts and stops nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tiketi_cli.output import Output
from tiketi_sdk import Config, Profile, Tiketi
from tiketi_sdk.contract.services import SERVICES
from tiketi_sdk.errors import TiketiError
from tiketi_sdk.profiles import PROFILE_DEFAULT, default_profile, save_profile

EXAMPLES: Final = (
    'tiketi events create "My concert" --artist Me --venue Here',
    "tiketi seats generate EVENT --layout large_theater",
    "tiketi points charge 10000",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A platform that is ready."""

    ports: Mapping[str, int]
    """Service, sandbox or engine → port on this machine."""
    pid: int
    mode: str
    data: str
    """Its data folder."""
    admin_email: str
    admin_password: str
    """Used once, to log in; never shown."""

    @property
    def urls(self) -> dict[str, str]:
        """The six services."""
        return {name: f"http://127.0.0.1:{self.ports[name]}" for name in SERVICES}

    @property
    def mailbox_url(self) -> str:
        """Where its mails can be read."""
        return f"http://127.0.0.1:{self.ports['mailbox']}/"


def welcome(arrival: Arrival, out: Output) -> None:
    """Log the administrator in to profile `local`, then show where everything is."""
    logged_in = _log_in(arrival, out)
    active = default_profile()
    if out.as_json:
        out.document(_document(arrival, active))
        return
    rows: dict[str, object] = dict(arrival.urls)
    rows |= {
        "mailbox": arrival.mailbox_url,
        "administrator": arrival.admin_email,
        "password in": f"{arrival.data}/secrets/admin-password",
        "data": arrival.data,
        "profile": PROFILE_DEFAULT if logged_in else None,
    }
    out.facts(arrival, rows)
    if active != PROFILE_DEFAULT:
        out.say(
            f"profile {active} stays the chosen one; for this platform say --profile {PROFILE_DEFAULT}"
            f" or: tiketi config profiles use {PROFILE_DEFAULT}"
        )
    out.say("")
    out.say("go on with:")
    for example in EXAMPLES:
        out.say(f"  {example}")


def _log_in(arrival: Arrival, out: Output) -> bool:
    profile = Profile(name=PROFILE_DEFAULT, urls=arrival.urls, email=arrival.admin_email)
    try:
        with Tiketi(config=Config(urls=arrival.urls)) as client:
            client.auth.login(email=arrival.admin_email, password=arrival.admin_password)
            save_profile(profile.with_credentials(client.credentials))
    except (TiketiError, OSError) as error:
        # The platform runs all the same; only the convenience is missing.
        out.say(f"could not log {arrival.admin_email} in: {error}; later: tiketi auth login")
        return False
    return True


def _document(arrival: Arrival, active: str) -> dict[str, object]:
    return {
        "urls": arrival.urls,
        "mailbox_url": arrival.mailbox_url,
        "ports": arrival.ports,
        "pid": arrival.pid,
        "mode": arrival.mode,
        "data": arrival.data,
        "admin_email": arrival.admin_email,
        "profile": PROFILE_DEFAULT,
        "active_profile": active,
    }
