"""Builds the aiohttp application of one service out of its spec; starts nothing."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache

from aiohttp import web

from tiketi_core.kernel import bounds
from tiketi_platform.framework.access import TokenVerifier
from tiketi_platform.framework.client_address import AddressOf, socket_address
from tiketi_platform.framework.edge import Edge, Handler, unknown_address
from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.health import Check, health_routes
from tiketi_platform.framework.openapi import document
from tiketi_platform.framework.routing import JSON_TYPE, Route
from tiketi_platform.framework.shortcuts import SHORTCUTS, shortcuts
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
    farewell: Farewell,
    address_of: AddressOf = socket_address,
    sandbox: bool,
    version: str,
    revision: str,
) -> web.Application:
    """The application: the spec's routes, health, metrics and the OpenAPI document, behind the edge."""
    metrics = Metrics(spec.name)
    metrics.gauges = tuple(spec.gauges(service))
    edge = Edge(metrics, farewell)
    app = web.Application(client_max_size=bounds.provision_body_bytes_max)
    app[METRICS] = metrics
    routes = [
        route
        for route in (*spec.routes, *extra_routes)
        if sandbox or not route.operation.sandbox_only
    ]
    answers: list[tuple[str, str, Handler]] = []
    for route in routes:
        operation = route.operation
        answer = edge.around(operation.name, route.answer(service, verifier, address_of=address_of))
        answers.append((operation.method, operation.path, answer))
    for method, path, answer in answers:
        # GET only: aiohttp's shortcut would add HEAD by itself, which the contract does not know.
        app.router.add_route(method, path, answer)
    raws = spec.raw_routes(service, verifier)
    app[SHORTCUTS] = shortcuts([*answers, *(("GET", raw.path, raw.answer) for raw in raws)])
    for raw in raws:
        app.router.add_route("*", raw.path, raw.answer)
        app.on_shutdown.append(_closing(raw.close))

    @cache
    def openapi() -> bytes:
        # When first asked for: writing it takes 50 ms, which is a fifth of a start with six services.
        return document(spec.name, [route.operation for route in routes], version=version)

    async def serve_openapi(_request: web.Request) -> web.Response:
        return web.Response(body=openapi(), content_type=JSON_TYPE)

    extra: list[tuple[str, Handler]] = [
        *health_routes(
            spec.name, metrics, checks, version=version, revision=revision, farewell=farewell
        ),
        ("/openapi.json", serve_openapi),
    ]
    for path, answer in extra:
        app.router.add_route("GET", path, edge.around(path, answer))
    # Last, because it matches everything.
    app.router.add_route("*", "/{path:.*}", edge.around("unknown", unknown_address))
    return app


def _closing(close: Callable[[], Awaitable[None]]) -> Callable[[web.Application], Awaitable[None]]:
    async def on_shutdown(_app: web.Application) -> None:
        await close()

    return on_shutdown
