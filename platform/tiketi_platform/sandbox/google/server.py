"""Serves the sandbox Google over HTTP; refuses what Google refuses, and to send anybody's browser off this machine."""

import base64
import binascii
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote, urlencode, urlsplit

import orjson
from aiohttp import web
from jinja2 import Environment

from tiketi_platform.sandbox.google.grants import TOKEN_TTL_S, Grants, RefusedError
from tiketi_platform.sandbox.google.people import PEOPLE, Person, person
from tiketi_platform.sandbox.google.signing import Keys, id_claims
from tiketi_platform.sandbox.ports import (
    GOOGLE_CLIENT_ID,
    GOOGLE_CLIENT_SECRET,
    GOOGLE_PORT,
    LOOPBACK,
)
from tiketi_platform.sandbox.serving import serving

BODY_BYTES_MAX: Final = 64 * 1024
_CERTS_MAX_AGE_S: Final = 60
_CARRIED: Final = (
    "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
)  # fmt: skip
_LOOPBACK_HOSTS: Final = {"127.0.0.1", "localhost", "::1"}


class GoogleSandbox:
    """The running provider: its address, and its inside for tests that live in the same loop."""

    def __init__(self, *, client_id: str, client_secret: str) -> None:
        self.url = ""
        """The issuer, `http://host:port`, set once it listens."""
        self.browser_url = ""
        """How browsers reach it; set with `url`."""
        self.keys = Keys()
        self.grants = Grants()
        self._client_id = client_id
        self._client_secret = client_secret
        source = files("tiketi_platform.sandbox.google").joinpath("page.html").read_text("utf-8")
        self._page = Environment(autoescape=True).from_string(source)

    def app(self) -> web.Application:
        """The paths below Google's several hosts, on one."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._discovery),
                web.get("/o/oauth2/v2/auth", self._authorize),
                web.post("/o/oauth2/v2/consent", self._consent),
                web.post("/token", self._token),
                web.get("/v1/userinfo", self._userinfo),
                web.get("/oauth2/v3/certs", self._certs),
                web.get("/health/ready", self._ready),
            ]
        )
        return app

    async def _discovery(self, _request: web.Request) -> web.Response:
        return _json(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.browser_url}/o/oauth2/v2/auth",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/v1/userinfo",
                "jwks_uri": f"{self.url}/oauth2/v3/certs",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "code_challenge_methods_supported": ["S256"],
                "grant_types_supported": ["authorization_code"],
            }
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        query = request.query
        self._check(query)
        hint = query.get("login_hint", "")
        if query.get("prompt") == "none":
            # No page may be shown: either Google knows who it is, or it says so.
            if not hint:
                return _back(query, error="interaction_required")
            return _back(query, code=self.grants.code(person(hint, verified=True), query))
        page = self._page.render(
            client_id=self._client_id,
            query={name: query[name] for name in _CARRIED if name in query},
            people=PEOPLE,
            hint=hint,
        )
        response = web.Response(text=page, content_type="text/html")
        # No form-action: browsers hold it against the redirect that follows, and that one is elsewhere.
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response

    async def _consent(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self._check(form)
        if form.get("deny"):
            return _back(form, error="access_denied")
        email = form.get("account") or form.get("email", "")
        if "@" not in email:
            return _page_error(400, "invalid_request", "choose an account, or type an e-mail")
        who = person(email, verified=form.get("verified") == "1")
        return _back(form, code=self.grants.code(who, form))

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        try:
            form |= _basic(request.headers.get("Authorization", ""))
            self._check_client(form)
            if form.get("grant_type") != "authorization_code":
                raise RefusedError("unsupported_grant_type", "Invalid grant_type.")
            grant = self.grants.redeem(form)
        except RefusedError as error:
            status = 401 if error.error == "invalid_client" else 400
            said = {"error": error.error, "error_description": error.description}
            return _json(said, status=status)
        access_token = self.grants.access_token(grant.person)
        claims = id_claims(grant, issuer=self.url, access_token=access_token)
        return _json(
            {
                "access_token": access_token,
                "expires_in": TOKEN_TTL_S,
                "scope": "openid https://www.googleapis.com/auth/userinfo.email"
                " https://www.googleapis.com/auth/userinfo.profile",
                "token_type": "Bearer",
                "id_token": self.keys.sign(claims),
            },
            headers={"Cache-Control": "no-store"},
        )

    async def _userinfo(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        who = self.grants.person_of(token)
        if who is None:
            said = {"error": "invalid_request", "error_description": "Invalid Credentials"}
            return _json(said, status=401)
        return _json(_profile(who))

    async def _certs(self, _request: web.Request) -> web.Response:
        cached = {"Cache-Control": f"public, max-age={_CERTS_MAX_AGE_S}"}
        return _json(self.keys.certs(), headers=cached)

    @staticmethod
    async def _ready(_request: web.Request) -> web.Response:
        return _json({"status": "ready"})

    def _check(self, query: Mapping[str, str]) -> None:
        """Refuses with a page, as Google does where it may not send the browser back."""
        if query.get("client_id") != self._client_id:
            raise _error(401, "invalid_client", "The OAuth client was not found.")
        if urlsplit(query.get("redirect_uri", "")).hostname not in _LOOPBACK_HOSTS:
            raise _error(400, "redirect_uri_mismatch", "The sandbox returns to this machine only.")
        if "openid" not in query.get("scope", "").split():
            raise _error(400, "invalid_scope", "Some requested scopes were invalid.")
        if query.get("code_challenge_method", "S256") != "S256":
            raise _error(400, "invalid_request", "code_challenge_method must be S256.")

    def _check_client(self, form: Mapping[str, str]) -> None:
        known = form.get("client_id") == self._client_id
        secret = form.get("client_secret", "").encode()
        if not known or not hmac.compare_digest(secret, self._client_secret.encode()):
            raise RefusedError("invalid_client", "Unauthorized")


def _profile(who: Person) -> dict[str, Any]:
    return {
        "sub": who.subject,
        "name": who.name,
        "given_name": who.name,
        "picture": f"https://images.gmail.test/{who.subject}",
        "email": who.email,
        "email_verified": who.verified,
    }


def _back(query: Mapping[str, str], **answer: str) -> web.Response:
    if "state" in query:
        answer["state"] = query["state"]
    if "code" in answer:
        answer |= {"scope": "openid email profile", "authuser": "0", "prompt": "consent"}
    redirect_uri = query["redirect_uri"]
    separator = "&" if "?" in redirect_uri else "?"
    return web.Response(
        status=302, headers={"Location": f"{redirect_uri}{separator}{urlencode(answer)}"}
    )


def _basic(header: str) -> dict[str, str]:
    if not header.startswith("Basic "):
        return {}
    try:
        name, _, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise RefusedError("invalid_client", "Unauthorized") from error
    return {"client_id": unquote(name), "client_secret": unquote(secret)}


def _error(status: int, error: str, sentence: str) -> web.HTTPException:
    text = f"Error {status}: {error}\n{sentence}\n"
    kind = web.HTTPUnauthorized if status == 401 else web.HTTPBadRequest
    return kind(text=text)


def _page_error(status: int, error: str, sentence: str) -> web.Response:
    return web.Response(status=status, text=f"Error {status}: {error}\n{sentence}\n")


def _json(
    content: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(content),
        status=status,
        content_type="application/json",
        headers=headers,
    )


@asynccontextmanager
async def running_google_sandbox(
    *,
    port: int = GOOGLE_PORT,
    host: str = LOOPBACK,
    client_id: str = GOOGLE_CLIENT_ID,
    client_secret: str = GOOGLE_CLIENT_SECRET,
    issuer: str | None = None,
    browser_url: str | None = None,
) -> AsyncIterator[GoogleSandbox]:
    """Serve the provider in this loop until the block ends; port 0 takes a free one. OSError: port taken.

    `issuer`: the base URL callers know it by, where they do not reach it as it listens (another container).
    `browser_url`: the same for people's browsers, where those do not reach the issuer (it is in a cluster).
    """
    sandbox = GoogleSandbox(client_id=client_id, client_secret=client_secret)
    async with serving(sandbox.app(), host=host, port=port) as url:
        sandbox.url = issuer or url
        sandbox.browser_url = browser_url or sandbox.url
        yield sandbox
