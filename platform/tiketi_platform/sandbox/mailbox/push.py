"""Takes push messages as FCM's HTTP v1 API does and shows them as mails; refuses to reach any device.

    POST /token                                   the OAuth endpoint: a JWT bearer assertion for an access token
    POST /v1/projects/{project}/messages:send     firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send

Registration tokens that start with `unregistered`, `unavailable`, `quota` or `invalid` fail the way FCM does.
"""

import secrets
import time
from collections import OrderedDict
from typing import Any, Final

import jwt
import orjson
from aiohttp import web

from tiketi_platform.sandbox.mailbox.plain import plain_mail
from tiketi_platform.sandbox.mailbox.store import MailStore

SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ACCESS_TTL_S: Final = 3_599
ASSERTION_TTL_S_MAX: Final = 3_600
TOKENS_MAX: Final = 1_000
_FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_FAILURES: Final = {
    "unregistered": (404, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
    "stranger": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"),
    "unavailable": (503, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
    "quota": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded."),
    "invalid": (
        400,
        "INVALID_ARGUMENT",
        "INVALID_ARGUMENT",
        "The registration token is not valid.",
    ),
}


class FcmSandbox:
    """FCM over one mailbox."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._access: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/token", self._token),
            web.post("/v1/projects/{project}/messages:send", self._send),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != GRANT:
            return _oauth_error("unsupported_grant_type", "Invalid grant_type")
        try:
            # Whose key it is only Google knows; all else is judged as Google does.
            claims: dict[str, Any] = jwt.decode(
                str(form.get("assertion", "")), options={"verify_signature": False}
            )
            lasts_s = int(claims["exp"]) - int(claims["iat"])
            is_good = claims["exp"] > time.time() and 0 < lasts_s <= ASSERTION_TTL_S_MAX
        except (jwt.InvalidTokenError, KeyError, ValueError):
            return _oauth_error("invalid_grant", "Invalid JWT")
        if not is_good or SCOPE not in str(claims.get("scope", "")).split():
            return _oauth_error("invalid_grant", "Invalid JWT: check iat, exp and scope")
        token = secrets.token_urlsafe(32)
        self._access[token] = str(claims.get("iss", "")), time.monotonic() + ACCESS_TTL_S
        while len(self._access) > TOKENS_MAX:
            self._access.popitem(last=False)
        return _json(
            200, {"access_token": token, "expires_in": ACCESS_TTL_S, "token_type": "Bearer"}
        )

    async def _send(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        _, good_until_s = self._access.get(token, ("", 0.0))
        if scheme != "Bearer" or good_until_s < time.monotonic():
            return _error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "Invalid credentials.")
        try:
            message = orjson.loads(await request.read())["message"]
            device, said = message["token"], message["notification"]
            title, body = str(said["title"]), str(said["body"])
        except (ValueError, KeyError, TypeError):
            return _error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "Invalid JSON payload.")
        for start, failure in _FAILURES.items():
            if str(device).startswith(start):
                return _error(*failure)
        tag = message.get("android", {}).get("notification", {}).get("tag", secrets.token_hex(8))
        kept = self._store.add(
            plain_mail("push", str(device), title, body, message_id=f"{tag}@push"),
            sender="push@sandbox",
            recipients=(str(device),),
        )
        project = request.match_info["project"]
        return _json(200, {"name": f"projects/{project}/messages/0:{kept.number}"})


def _error(status: int, name: str, code: str, message: str) -> web.Response:
    details = [{"@type": _FCM_ERROR, "errorCode": code}]
    body = {"error": {"code": status, "message": message, "status": name, "details": details}}
    response = _json(status, body)
    if status in {429, 503}:
        response.headers["Retry-After"] = "1"
    return response


def _oauth_error(error: str, description: str) -> web.Response:
    return _json(400, {"error": error, "error_description": description})


def _json(status: int, content: object) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(content), content_type="application/json")
