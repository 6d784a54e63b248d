"""What a command is given: the options common to all, a client made when first asked for, an output."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
        from tiketi_sdk.profiles import load_profile

        return load_profile(self.profile, url=self.url)

    @cached_property
    def client(self) -> "Tiketi":
        """A client of the profile's platform as its user; closed when the command ends."""
        from tiketi_sdk.profiles import ProfileStore

        return self._open(ProfileStore(self.stored))

    def anonymous(self) -> "Tiketi":
        """A client of the same platform that is nobody yet: for logging in."""
        from tiketi_sdk.config import MemoryStore

        return self._open(MemoryStore())

    def check_memory(self) -> None:
        """Refuse, before anybody logs in, what would let another platform take over a profile nobody named."""
        from tiketi_sdk.profiles import is_at_home

        if not is_at_home(self.stored) and not (self.profile or os.environ.get("TIKETI_PROFILE")):
            raise UsageError(
                f"profile {self.stored.name} belongs to another address and would lose its session",
                "tiketi config profiles set NAME --at URL, then log in with --profile NAME",
            )

    def remember(self, client: "Tiketi", *, email: str) -> None:
        """Keep the session of `client` in the profile in force, together with its addresses."""
        from tiketi_sdk.profiles import save_profile

        profile = replace(self.stored, email=email)
        save_profile(profile.with_credentials(client.credentials))

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Say at once what takes a while, to a person at a terminal; it is gone when the block ends."""
        if self.json or self.verbose or not sys.stderr.isatty():
            yield
            return
        sys.stderr.write(f"{what} …")
        sys.stderr.flush()
        try:
            yield
        finally:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

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


def session(ctx: typer.Context) -> Session:
    """The session of the command that runs."""
    assert isinstance(ctx.obj, Session), "commands are started by tiketi_cli.running"
    return ctx.obj
