"""The six services: their ports and the operations each answers."""

from dataclasses import dataclass
from typing import Any

from tiketi_sdk.contract import (
    auth,
    auth_accounts,
    auth_google,
    auth_keys,
    backlog,
    event,
    images,
    news,
    notification,
    payment,
    queue,
    reservation,
)
from tiketi_sdk.contract.operation import Operation

AnyOperation = Operation[Any, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """One of the six, as its clients see it."""

    name: str
    port: int
    """On this machine, embedded, as processes and through Kind alike."""
    operations: tuple[AnyOperation, ...]


def _operations(*modules: object) -> tuple[AnyOperation, ...]:
    return tuple(
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Operation)
    )


SERVICES: dict[str, Service] = {
    name: Service(name, port, (*_operations(*modules), backlog.BACKLOG))
    for name, port, modules in (
        ("auth", 3001, (auth, auth_accounts, auth_google, auth_keys)),
        ("event", 3002, (event, news, images)),
        ("queue", 3003, (queue,)),
        ("reservation", 3004, (reservation,)),
        ("payment", 3005, (payment,)),
        ("notification", 3006, (notification,)),
    )
}
