"""What a command is given: the options common to all, a client made when first asked for, an output."""

import sys
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import typer

from tiketi_cli.errors import UsageError
from tiketi_cli.output import Output

if TYPE_CHECKING:
    from tiketi_sdk import Config, CredentialStore, Profile, Tiketi, Transport


class Session:
    """One run of one command."""

    def __init__(self) -> None:
        self.json = False
        """Whether stdout is one JSON document."""
        self.profile: str | None = None
        self.url: str | None = None
        self.verbose = False
        self._opened: list[Transport] = []

    @cached_property
    def out(self) -> Output:
        """Where results and talk go."""
        return Output(as_json=self.json)

    @cached_property
    def stored(self) -> "Profile":
        """The profile in force; with `--url` its name at that address, and nobody logged in."""
        from tiketi_sdk.config import service_urls
        from tiketi_sdk.profiles import load_profile

        profile = load_profile(self.profile)
        if self._is_at_home(profile):
            return profile
        assert self.url is not None, "without --url one is at home"
        return replace(
            profile, urls=service_urls(self.url), email=None, token=_environment_token(),
            refresh_token=None, expires_at=None, entry_tokens={},
        )  # fmt: skip

    @cached_property
    def client(self) -> "Tiketi":
        """A client of the profile's platform as its user; closed when the command ends."""
        from tiketi_sdk.config import MemoryStore
        from tiketi_sdk.profiles import ProfileStore

        profile = self.stored
        if self._is_at_home(profile):
            return self._open(ProfileStore(profile))
        return self._open(MemoryStore(profile.credentials))

    def anonymous(self) -> "Tiketi":
        """A client of the same platform that is nobody yet: for logging in."""
        from tiketi_sdk.config import MemoryStore

        return self._open(MemoryStore())

    def remember(self, client: "Tiketi", *, email: str) -> None:
        """Keep the session of `client` in the profile in force, together with its addresses."""
        from tiketi_sdk.profiles import save_profile

        profile = replace(self.stored, email=email)
        save_profile(profile.with_credentials(client.credentials))

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask a person; where there is none only `--yes` is a yes. A no ends the command."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise UsageError(f"nobody can be asked here: {question}", "add --yes")
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes", "예", "네"}:
            raise typer.Abort

    def close(self) -> None:
        """Close what was opened."""
        for transport in self._opened:
            transport.close()

    def _is_at_home(self, profile: "Profile") -> bool:
        """Tokens of one platform are nobody else's to see: they go to their own addresses only."""
        from tiketi_sdk.config import service_urls
        from tiketi_sdk.profiles import load_profile

        if self.url is None:
            return True
        home = load_profile(profile.name)
        return dict(home.urls) == service_urls(self.url)

    def _open(self, store: "CredentialStore") -> "Tiketi":
        from tiketi_sdk import Config, Tiketi

        config = Config(urls=self.stored.urls)
        transport = self._transport(config)
        self._opened.append(transport)
        return Tiketi(config=config, credentials=store, transport=transport)

    def _transport(self, config: "Config") -> "Transport":
        from tiketi_sdk._sync.transport import HttpxTransport

        if not self.verbose:
            return HttpxTransport(config)
        from tiketi_cli.tracing import LoudTransport

        return LoudTransport(config, say=self.out.say)


def _environment_token() -> str | None:
    from os import environ

    return environ.get("TIKETI_TOKEN")


def session(ctx: typer.Context) -> Session:
    """The session of the command that runs."""
    assert isinstance(ctx.obj, Session), "commands are started by tiketi_cli.running"
    return ctx.obj
