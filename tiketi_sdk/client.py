"""The client: `AsyncTiketi` binds settings, credentials and a transport to the resources. Import it from `tiketi_sdk`."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from tiketi_sdk import codec
from tiketi_sdk.caller import AsyncCaller
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.config import (
    Config,
    Credentials,
    CredentialStore,
    MemoryStore,
    Timeouts,
    service_urls,
)
from tiketi_sdk.contract.operation import Operation, RequestT, ResponseT
from tiketi_sdk.errors import ConfigError
from tiketi_sdk.profiles import ProfileStore, load_profile
from tiketi_sdk.resources.audit import AsyncAudit
from tiketi_sdk.resources.auth import AsyncAuth
from tiketi_sdk.resources.events import AsyncEvents
from tiketi_sdk.resources.images import AsyncImages
from tiketi_sdk.resources.news import AsyncNews
from tiketi_sdk.resources.notifications import AsyncNotifications
from tiketi_sdk.resources.payments import AsyncPayments
from tiketi_sdk.resources.points import AsyncPoints
from tiketi_sdk.resources.queue import AsyncQueue
from tiketi_sdk.resources.reservations import AsyncReservations
from tiketi_sdk.resources.seats import AsyncSeats
from tiketi_sdk.resources.tickets import AsyncTickets
from tiketi_sdk.resources.users import AsyncUsers
from tiketi_sdk.retries import RetryPolicy
from tiketi_sdk.session import AsyncSurroundings
from tiketi_sdk.transport import AsyncHttpxTransport, AsyncTransport

if TYPE_CHECKING:
    from tiketi_sdk.realtime import AsyncWatch


class AsyncTiketi:
    """A client of the platform. Close it, or use it in a `with` block.

        client = AsyncTiketi()                       # the platform on this machine
        client = AsyncTiketi("https://tickets.example")      # six services behind one gateway
        client = AsyncTiketi.from_profile()          # where `tiketi auth login` left off

    `config` says everything at once; `base_url` is its short form. Credentials are either a `token`
    (with `refresh_token`, if there is one) or a `credentials` store of your own.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        config: Config | None = None,
        token: str | None = None,
        refresh_token: str | None = None,
        credentials: CredentialStore | None = None,
        transport: AsyncTransport | None = None,
        surroundings: AsyncSurroundings | None = None,
    ) -> None:
        if base_url is not None and config is not None:
            raise ConfigError("give either base_url or config")
        if credentials is not None and (token is not None or refresh_token is not None):
            raise ConfigError("give either token and refresh_token or credentials")
        if config is None:
            config = Config.from_environment()
            if base_url is not None:
                config = Config(urls=service_urls(base_url))
        caller = AsyncCaller(
            config,
            transport if transport is not None else AsyncHttpxTransport(config),
            credentials or MemoryStore(Credentials(token=token, refresh_token=refresh_token)),
            surroundings=surroundings,
        )
        self._use(caller, owned=transport is None)

    def _use(self, caller: AsyncCaller, *, owned: bool) -> None:
        self._owns_transport = owned
        self._caller = caller
        self.auth = AsyncAuth(self._caller)
        self.users = AsyncUsers(self._caller)
        self.events = AsyncEvents(self._caller)
        self.news = AsyncNews(self._caller)
        self.images = AsyncImages(self._caller)
        self.queue = AsyncQueue(self._caller, watch=self.watch)
        self.seats = AsyncSeats(self._caller)
        self.reservations = AsyncReservations(self._caller)
        self.tickets = AsyncTickets(self._caller)
        self.points = AsyncPoints(self._caller)
        self.payments = AsyncPayments(self._caller)
        self.notifications = AsyncNotifications(self._caller)
        self.audit = AsyncAudit(self._caller)

    @classmethod
    def from_profile(
        cls,
        name: str | None = None,
        *,
        timeouts: Timeouts | None = None,
        retries: RetryPolicy | None = None,
        transport: AsyncTransport | None = None,
    ) -> Self:
        """The platform and user of a profile: `name`, else `TIKETI_PROFILE`, else the default one.

        New tokens are written back to the profile. `TIKETI_TOKEN` and `TIKETI_URL` win over it.
        """
        profile = load_profile(name)
        config = Config(
            urls=profile.urls,
            timeouts=timeouts or Timeouts(),
            retries=retries or RetryPolicy(),
        )
        return cls(config=config, credentials=ProfileStore(profile), transport=transport)

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self._caller.config

    @property
    def credentials(self) -> Credentials:
        """Whom the client acts as now."""
        return self._caller.store.load()

    def as_user(self, token: str | None = None) -> Self:
        """A client for another user over the same connections; closing it leaves them open.

        Without a token it is nobody yet: let it log in or register.
        """
        return type(self)(
            config=self._caller.config,
            token=token,
            transport=self._caller.transport,
            surroundings=self._caller.surroundings,
        )

    def with_options(
        self, *, timeout_s: float | None = None, retries: RetryPolicy | None = None
    ) -> Self:
        """The same client with another patience: the same user, over the same connections.

            client.with_options(timeout_s=2).events.get(1)

        `timeout_s` is for the answer of one attempt. Closing the new client leaves the connections open.
        """
        config = self._caller.config
        if timeout_s is not None:
            config = replace(config, timeouts=replace(config.timeouts, request_s=timeout_s))
        if retries is not None:
            config = replace(config, retries=retries)
        other = copy(self)
        other._use(self._caller.patient(config), owned=False)  # noqa: SLF001  # of this very class
        return other

    async def call(
        self,
        operation: Operation[RequestT, ResponseT],
        request: RequestT,
        *,
        service: str | None = None,
        idempotency_key: str | None = None,
        entry_token: str | None = None,
        timeout_s: float | None = None,
    ) -> ResponseT:
        """Any operation of the contract with its own request struct; what the resources are made of."""
        return await self._caller.call(
            operation,
            request,
            service=service,
            idempotency_key=idempotency_key,
            entry_token=entry_token,
            timeout_s=timeout_s,
        )

    async def raw(
        self,
        method: str,
        service: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        json: object = None,
        idempotency_key: str | None = None,
        entry_token: str | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Any address of a service; the answer is handed over unread, problems are raised as ever."""

        def prepare(token: str | None) -> PreparedRequest:
            headers = codec.headers_of(
                token=token, idempotency_key=idempotency_key, entry_token=entry_token
            )
            return codec.encode_raw(method, path, query=query, json_body=json, headers=headers)

        return await self._caller.raw(
            service,
            prepare=prepare,
            repeatable=method.upper() in {"GET", "HEAD"} or idempotency_key is not None,
            timeout_s=timeout_s,
        )

    def watch(
        self,
        event_id: int,
        *,
        own: bool = True,
        live: bool = True,
        timeout_s: float | None = None,
    ) -> "AsyncWatch":
        """Enter an event's waiting room and iterate over how things are, until you are in or out.

        By Socket.IO, about once a second, where it works (the extra `realtime`); by polling where not, or
        with `live=False`. With `own=False` you only look and enter nothing: for ever, or until closed.
        Raises `WaitTimeoutError` after `timeout_s`; you keep your place then.
        """
        from tiketi_sdk.realtime import AsyncWatch

        return AsyncWatch(self._caller, event_id, own=own, live=live, timeout_s=timeout_s)

    async def close(self) -> None:
        """Close the connections, unless the transport was lent to this client."""
        if self._owns_transport:
            await self._caller.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
