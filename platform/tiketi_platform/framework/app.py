"""Builds the aiohttp application of one service out of its spec; starts nothing."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from tiketi_core.kernel import bounds
from tiketi_platform.framework.access import TokenVerifier
from tiketi_platform.framework.edge import edge
from tiketi_platform.framework.health import Check, health_routes
from tiketi_platform.framework.openapi import document
from tiketi_platform.framework.routing import JSON_TYPE, Route
from tiketi_platform.framework.spec import AnySpec
from tiketi_platform.framework.telemetry import Metrics

METRICS = web.AppKey("metrics", Metrics)


def build_app(
    spec: AnySpec,
    service: object,
    *,
    extra_routes: Sequence[Route] = (),
    verifier: TokenVerifier,
    checks: Sequence[Check],
    sandbox: bool,
    version: str,
    revision: str,
) -> web.Application:
    """The application: the spec's routes, health, metrics and the OpenAPI document, behind the edge."""
    metrics = Metrics(spec.name)
    operation_of: dict[object, str] = {}
    app = web.Application(
        middlewares=[edge(metrics, operation_of)], client_max_size=bounds.provision_body_bytes_max
    )
    app[METRICS] = metrics
    routes = [
        route
        for route in (*spec.routes, *extra_routes)
        if sandbox or not route.operation.sandbox_only
    ]
    for route in routes:
        operation = route.operation
        # GET only: aiohttp would add HEAD by itself, which the contract does not know.
        added = app.router.add_route(
            operation.method, operation.path, route.answer(service, verifier)
        )
        operation_of[added.resource] = operation.name
    openapi = document(spec.name, [route.operation for route in routes], version=version)

    async def serve_openapi(_request: web.Request) -> web.Response:
        return web.Response(body=openapi, content_type=JSON_TYPE)

    extra: list[tuple[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = [
        *health_routes(spec.name, metrics, checks, version=version, revision=revision),
        ("/openapi.json", serve_openapi),
    ]
    for path, answer in extra:
        operation_of[app.router.add_route("GET", path, answer).resource] = path
    return app
