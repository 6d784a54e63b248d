"""Carries prepared requests over HTTP with httpx, which no other module knows; understands no answer."""

import ssl
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.config import Config
from tiketi_sdk.errors import (
    ConfigError,
    ConnectError,
    ConnectionLostError,
    ConnectionsBusyError,
    InvalidAnswerError,
    RequestTimeoutError,
)

if TYPE_CHECKING:
    import httpx

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class AsyncTransport(Protocol):
    """What a client needs of HTTP; bring your own for another library or for a test."""

    async def send(
        self, base_url: str, request: PreparedRequest, *, timeout_s: float | None = None
    ) -> Answer:
        """One attempt. Raises `TransportError`, with `sent` False only if surely nothing was sent."""
        ...

    async def close(self) -> None:
        """Close all connections; nothing can be sent afterwards."""
        ...


class AsyncHttpxTransport:
    """A pool of connections to the services, HTTP/1.1, no redirects, proxies as the environment says."""

    def __init__(self, config: Config) -> None:
        # Imported here: httpx takes half a second, and whoever brings a transport does not need it.
        import httpx

        self._config = config
        self._httpx = httpx
        trust = _trust(config)
        try:
            self._client = httpx.AsyncClient(
                headers={"User-Agent": config.user_agent},
                timeout=self._timeout(config.timeouts.request_s),
                limits=httpx.Limits(
                    max_connections=config.limits.connections_max,
                    max_keepalive_connections=config.limits.keepalive_max,
                    keepalive_expiry=config.limits.keepalive_s,
                ),
                verify=trust,
                # What listens on this machine is never behind a proxy.
                mounts={f"all://{host}": None for host in _LOOPBACK},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            # What else it takes comes from us: only the proxies are the environment's own.
            raise ConfigError(f"the proxy of the environment cannot be used: {error}") from None

    def _timeout(self, request_s: float) -> "httpx.Timeout":
        return self._httpx.Timeout(request_s, connect=self._config.timeouts.connect_s)

    async def send(
        self, base_url: str, request: PreparedRequest, *, timeout_s: float | None = None
    ) -> Answer:
        httpx = self._httpx
        timeout = self._timeout(self._config.timeouts.request_s if timeout_s is None else timeout_s)
        try:
            response = await self._client.request(
                request.method,
                base_url + request.target,
                headers=request.headers,
                content=request.body,
                timeout=timeout,
            )
        except httpx.PoolTimeout as error:
            raise ConnectionsBusyError(
                f"all {self._config.limits.connections_max} connections of this client are busy: "
                "ask less at once, or raise Limits.connections_max"
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise ConnectError(
                f"cannot reach {base_url}: {error or type(error).__name__}"
            ) from error
        except httpx.TimeoutException as error:
            raise RequestTimeoutError(
                f"{request.method} {base_url}{request.target}: no answer in time"
            ) from error
        except httpx.TransportError as error:
            raise ConnectionLostError(
                f"{request.method} {base_url}{request.target}: {error or type(error).__name__}"
            ) from error
        except httpx.RequestError as error:
            raise InvalidAnswerError(
                f"{request.method} {base_url}{request.target}: the answer cannot be read: {error}"
            ) from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ConfigError(f"not a URL: {base_url + request.target!r} ({error})") from None
        return Answer(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _trust(config: Config) -> ssl.SSLContext | bool:
    """The usual authorities; none where no address is https, for reading them takes longer than a call."""
    if any(urlsplit(url).scheme == "https" for url in config.urls.values()):
        return True
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
