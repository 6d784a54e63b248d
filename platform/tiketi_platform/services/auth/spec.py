"""The auth service in one value."""

from tiketi_platform.framework.spec import ServiceSpec, Task
from tiketi_platform.services.auth.routes import ROUTES
from tiketi_platform.services.auth.service import AuthService, build

PRUNE_EVERY_S = 60.0
RESETS_EVERY_S = 0.5
"""How late a reset mail that was asked for is on its way."""
KEYS_EVERY_S = 1.0
"""How late a replica learns of a key that another one published."""


def _tasks(service: AuthService) -> tuple[Task, ...]:
    return (
        Task(name="prune", every_s=PRUNE_EVERY_S, work=service.prune),
        Task(name="resets", every_s=RESETS_EVERY_S, work=service.passwords.answer_forgotten),
        Task(name="keys", every_s=KEYS_EVERY_S, work=service.keys.refresh),
    )


SPEC = ServiceSpec(
    name="auth",
    build=build,
    routes=ROUTES,
    schema="auth",
    start=AuthService.begin,
    stop=AuthService.close,
    tasks=_tasks,
)
