"""Where a Redis is, read from a URL; it opens nothing, and never shows the password."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from tiketi_platform.adapters.redis.replies import Argument

port_default = 6379


@dataclass(frozen=True, slots=True)
class Address:
    """One server and database: TCP when `path` is empty, else a Unix socket."""

    host: str
    port: int
    path: str
    database: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """For logs and errors: the URL without credentials."""
        if self.path:
            return f"unix://{self.path}?db={self.database}"
        return f"redis://{self.host}:{self.port}/{self.database}"

    def greeting(self, client_name: str) -> list[tuple[Argument, ...]]:
        """The commands that make a new socket ours; the last is answered only by a server that serves."""
        commands: list[tuple[Argument, ...]] = []
        if self.password is not None:
            user = () if self.username is None else (self.username,)
            commands.append(("AUTH", *user, self.password))
        if self.database:
            commands.append(("SELECT", self.database))
        commands.append(("CLIENT", "SETNAME", client_name))
        commands.append(("PING",))
        return commands


def parse_address(url: str) -> Address:
    """Read `redis://[[user]:password@]host[:port][/db]` or `unix://[[user]:password@]/path[?db=N]`.

    Raises ValueError, without the URL's password, when it is neither.
    """
    parts = urlsplit(url)
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    query_db = parse_qs(parts.query).get("db", [""])[0]
    if parts.scheme == "unix" and parts.path:
        database = _database(query_db)
        return Address("", 0, unquote(parts.path), database, username, password)
    if parts.scheme == "redis" and parts.hostname:
        database = _database(query_db or parts.path.strip("/"))
        port = parts.port or port_default
        return Address(parts.hostname, port, "", database, username, password)
    raise ValueError(
        f"a Redis URL is redis://[:password@]host:port/db or unix:///path, not {parts.scheme!r}://…"
    )


def _database(text: str) -> int:
    if text and not text.isdecimal():
        raise ValueError(f"a Redis database is a number, not {text!r}")
    return int(text or 0)
