"""Who listens to whom: said once, because a stream may be trimmed only when every listener is known."""

from collections.abc import Mapping
from typing import Final

from tiketi_platform.framework.spec import AnySpec

LISTENS_TO: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": (),
    "event": ("reservation",),
    "queue": ("reservation", "event"),
    "reservation": ("payment", "event"),
    "payment": ("reservation",),
    "notification": ("auth", "queue", "reservation", "payment"),
}
"""Service → the services whose messages it applies."""

_PUBLISHER_OF_PREFIX: Final = {
    "user": "auth",
    "entry": "queue",
    "points": "payment",
    "seats": "reservation",
}
"""Where the first word of a message's name is not its publisher's."""


def listeners_of(service: str) -> tuple[str, ...]:
    """The services that apply messages of `service`: the consumer groups of its stream."""
    return tuple(name for name, heard in LISTENS_TO.items() if service in heard)


def heard_by(spec: AnySpec) -> frozenset[str]:
    """The services whose messages a spec names."""
    prefixes = {name.partition(".")[0] for name in spec.listens}
    return frozenset(_PUBLISHER_OF_PREFIX.get(prefix, prefix) for prefix in prefixes)


def check(spec: AnySpec) -> None:
    """Assert that a spec listens to nobody whom the table does not name; a stand-in may hear less."""
    heard = heard_by(spec)
    assert heard <= set(LISTENS_TO.get(spec.name, ())), (
        f"{spec.name} listens to {heard}; say so in topology.py"
    )
