"""The event service in one value."""

from tiketi_platform.framework.spec import ServiceSpec
from tiketi_platform.services.event.routes import ROUTES
from tiketi_platform.services.event.service import build

SPEC = ServiceSpec(name="event", build=build, routes=ROUTES, schema="event")
