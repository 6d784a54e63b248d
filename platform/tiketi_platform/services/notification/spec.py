"""What the notification service is; the composition root reads this and nothing else of it."""

from typing import Final

from tiketi_core.notification.rules import TOLD
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.framework.spec import ServiceSpec
from tiketi_platform.services.notification.routes import ROUTES
from tiketi_platform.services.notification.service import NotificationService, build
from tiketi_platform.services.notification.unsubscribe import raw_routes

SPEC: Final[ServiceSpec[NotificationService, Resources]] = ServiceSpec(
    name="notification",
    schema="notification",
    uses_redis=True,
    build=build,
    routes=ROUTES,
    raw_routes=raw_routes,
    stop=NotificationService.close,
    tasks=NotificationService.tasks,
    listens=dict.fromkeys(TOLD, NotificationService.hear),
)
