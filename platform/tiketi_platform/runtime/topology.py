"""Who listens to whom: said once, because a stream may be trimmed only when every listener is known."""

from collections.abc import Mapping
from typing import Final

from tiketi_platform.framework.spec import AnySpec

LISTENS_TO: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": (),
    "event": (),
    "queue": ("reservation",),
    "reservation": ("payment",),
    "payment": ("reservation",),
    "notification": ("auth", "queue", "reservation", "payment"),
}
"""Service → the services whose messages it applies."""

_PUBLISHER_OF_PREFIX: Final = {"user": "auth", "entry": "queue", "points": "payment"}
"""Where the first word of a message's name is not its publisher's."""


def listeners_of(service: str) -> tuple[str, ...]:
    """The services that apply messages of `service`: the consumer groups of its stream."""
    return tuple(name for name, heard in LISTENS_TO.items() if service in heard)


def check(spec: AnySpec) -> None:
    """Assert that a spec listens to those, and only those, that the table names."""
    prefixes = {name.partition(".")[0] for name in spec.listens}
    heard = {_PUBLISHER_OF_PREFIX.get(prefix, prefix) for prefix in prefixes}
    assert heard == set(LISTENS_TO.get(spec.name, ())), (
        f"{spec.name} listens to {heard}; say so in topology.py"
    )
