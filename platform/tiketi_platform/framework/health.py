"""Says whether a service is alive, whether it can work, and how much it has done."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from aiohttp import web
from prometheus_client import exposition

from tiketi_platform.framework import problems
from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.telemetry import Metrics, log, request_id_var

CHECK_TIMEOUT_S: Final = 2.0
"""One readiness check; a store that takes longer counts as gone."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Check:
    """Something this service cannot work without; `probe` raises when it does not answer."""

    name: str
    probe: Callable[[], Awaitable[object]]


def health_routes(
    service: str,
    metrics: Metrics,
    checks: Sequence[Check],
    *,
    version: str,
    revision: str,
    farewell: Farewell | None = None,
) -> list[tuple[str, Handler]]:
    """`/health/live`, `/health/ready` and `/metrics`."""
    alive = orjson.dumps(
        {"status": "ok", "service": service, "version": version, "revision": revision}
    )

    async def live(_request: web.Request) -> web.Response:
        return web.Response(body=alive, content_type="application/json")

    async def ready(_request: web.Request) -> web.Response:
        if farewell is not None and farewell.is_said:
            detail = "this process is about to end"
            return problems.problem("unavailable", detail, request_id=request_id_var.get())
        results = await asyncio.gather(*(_passes(check) for check in checks))
        failed = [check.name for check, passed in zip(checks, results, strict=True) if not passed]
        if failed:
            detail = f"no answer from {', '.join(failed)}"
            return problems.problem(
                "unavailable", detail, request_id=request_id_var.get(), extra={"failed": failed}
            )
        body = {"status": "ok", "service": service, "checks": [check.name for check in checks]}
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    async def scrape(_request: web.Request) -> web.Response:
        return web.Response(
            body=exposition.generate_latest(metrics.registry),
            headers={"Content-Type": exposition.CONTENT_TYPE_LATEST},
        )

    return [("/health/live", live), ("/health/ready", ready), ("/metrics", scrape)]


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await check.probe()
    except Exception as error:  # noqa: BLE001  # whatever a probe raises means: not ready
        log.warning("not ready", extra={"check": check.name, "reason": repr(error)})
        return False
    return True
