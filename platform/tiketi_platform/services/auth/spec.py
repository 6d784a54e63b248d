"""The auth service in one value."""

from tiketi_platform.framework.spec import ServiceSpec, Task
from tiketi_platform.services.auth.routes import ROUTES
from tiketi_platform.services.auth.service import AuthService, build

PRUNE_EVERY_S = 60.0


def _tasks(service: AuthService) -> tuple[Task, ...]:
    return (Task(name="prune", every_s=PRUNE_EVERY_S, work=service.prune),)


SPEC = ServiceSpec(
    name="auth",
    build=build,
    routes=ROUTES,
    schema="auth",
    start=AuthService.ensure_admin,
    stop=AuthService.close,
    tasks=_tasks,
)
