"""The one address that mail programs and people without an account's password open: ending advertising.

GET shows a button and changes nothing, because mail scanners follow links; POST does it (RFC 8058).
"""

from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Final

from aiohttp import web

from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.tokens.unsubscribe import PATH
from tiketi_platform.framework.access import TokenVerifier
from tiketi_platform.framework.spec import RawRoute
from tiketi_platform.services.notification.service import NotificationService

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_QUESTION: Final = """<h1>광고성 정보 수신 거부</h1>
<p>더 이상 tiketi의 광고성 정보를 받지 않으시겠습니까?<br><small>Stop getting offers from tiketi?</small></p>
<form method="post"><button>수신 거부 · Unsubscribe</button></form>"""
_DONE: Final = """<h1>수신이 거부되었습니다</h1>
<p>예매와 결제 안내는 계속 보내 드립니다.<br><small>Done. Mail about your own tickets and money still comes.</small></p>"""
_UNKNOWN: Final = """<h1>알 수 없는 링크입니다</h1>
<p>메일에 있는 링크를 그대로 열어 주세요.<br><small>Open the link as it stands in the mail.</small></p>"""


class UnsubscribePage:
    """Answers for one service."""

    def __init__(self, service: NotificationService) -> None:
        self._service = service
        self._page = Template(
            files("tiketi_platform.services.notification")
            .joinpath("unsubscribe.html")
            .read_text("utf-8")
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The page, or the deed."""
        if request.method not in {"GET", "POST"}:
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
        meant = self._service.links.read(request.query.get("t", ""))
        if meant is None:
            return self._answer(_UNKNOWN, status=404)
        if request.method == "GET":
            return self._answer(_QUESTION)
        try:
            await self._service.preferences.refuse_marketing(*meant)
        except UnavailableError:
            return self._answer(_UNKNOWN, status=503)
        return self._answer(_DONE)

    def _answer(self, content: str, *, status: int = 200) -> web.Response:
        response = web.Response(
            status=status, text=self._page.substitute(content=content), content_type="text/html"
        )
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response


def raw_routes(service: NotificationService, _verifier: TokenVerifier) -> Sequence[RawRoute]:
    """The page's address."""
    return (RawRoute(path=PATH, answer=UnsubscribePage(service).answer, close=_nothing),)


async def _nothing() -> None:
    """There is nothing open to end."""
