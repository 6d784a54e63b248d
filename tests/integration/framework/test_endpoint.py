"""One service of our own over real HTTP: everything that lies between a socket and a handler."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

import aiohttp
import orjson
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tiketi_core.kernel.errors import DomainError, NotFoundError
from tiketi_platform.adapters.tokens.keys import LocalKeys
from tiketi_platform.adapters.tokens.signer import Signer
from tiketi_platform.framework.access import ACCESS_AUDIENCE, ENTRY_AUDIENCE, TokenVerifier
from tiketi_platform.framework.app import build_app
from tiketi_platform.framework.call import Call, Reply
from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.health import Check
from tiketi_platform.framework.routing import bind
from tiketi_platform.framework.spec import ServiceSpec
from tiketi_sdk.contract.fields import Id
from tiketi_sdk.contract.operation import Operation, Request, Wire

NOW_MS = 1_800_000_000_000


class Clock:
    def now_ms(self) -> int:
        return NOW_MS


class EchoRequest(Request):
    thing_id: Id
    amount: int
    note: str | None = None


class FindRequest(Request):
    thing_id: Id
    limit: int = 10


class Echo(Wire):
    thing_id: int
    amount: int
    note: str | None = None


ECHO = Operation(
    name="things.echo",
    method="POST",
    path="/things/{thing_id}",
    request=EchoRequest,
    response=Echo,
    status=201,
    body_bytes_max=200,
)
FIND = Operation(
    name="things.find",
    method="GET",
    path="/things",
    request=FindRequest,
    response=Echo,
    access="public",
    errors=("not_found",),
)
ENTER = Operation(
    name="things.enter",
    method="GET",
    path="/entered",
    request=FindRequest,
    response=Echo,
    entry=True,
)
ADMIN = Operation(
    name="things.admin",
    method="POST",
    path="/admin",
    request=FindRequest,
    response=Echo,
    access="admin",
    idempotency="required",
)
SECRET = replace(ADMIN, name="things.secret", path="/secret", access="public", sandbox_only=True)


class UndeclaredError(DomainError):
    """Nobody declared this."""

    code = "seat_taken"


async def echo(_service: None, call: Call[EchoRequest]) -> Echo:
    return Echo(**call.body.model_dump())


async def find(_service: None, call: Call[FindRequest]) -> Echo | Reply:
    match call.body.thing_id:
        case 404:
            raise NotFoundError
        case 409:
            raise UndeclaredError
        case 500:
            raise RuntimeError("boom: password=hunter2")
        case 304:
            return Reply(None, 304, {"ETag": '"1"'})
    return Echo(thing_id=call.body.thing_id, amount=call.body.limit)


@dataclass(frozen=True)
class Served:
    url: str
    http: aiohttp.ClientSession
    signer: Signer

    def token(self, *, sub: str = "7", role: str = "user", expires_in_s: int = 60) -> str:
        now_s = NOW_MS // 1000
        return self.signer.sign(
            {"sub": sub, "role": role},
            audience=ACCESS_AUDIENCE,
            issued_at_s=now_s,
            expires_at_s=now_s + expires_in_s,
        )

    def entry(self, *, sub: str = "7", expires_in_s: int = 60) -> str:
        now_s = NOW_MS // 1000
        return self.signer.sign(
            {"sub": sub, "event_id": 1, "number": 1},
            audience=ENTRY_AUDIENCE,
            issued_at_s=now_s,
            expires_at_s=now_s + expires_in_s,
        )

    async def ask(self, method: str, path: str, **kwargs: object) -> tuple[int, dict[str, object]]:
        async with self.http.request(method, self.url + path, **kwargs) as response:  # type: ignore[arg-type]
            body = await response.read()
            assert response.headers["X-Request-Id"]
            return response.status, orjson.loads(body) if body else {}

    def as_user(self, **kwargs: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(**kwargs)}"}  # type: ignore[arg-type]


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    signer = Signer(Ed25519PrivateKey.generate())
    keys = LocalKeys(signer.jwks)
    spec: ServiceSpec[None, None] = ServiceSpec(
        name="things",
        build=lambda _resources: None,
        routes=[
            bind(ECHO, echo),
            bind(FIND, find),
            bind(ENTER, find),
            bind(ADMIN, find),
            bind(SECRET, find),
        ],
    )

    async def gone() -> None:
        raise ConnectionError

    async def here() -> None:
        return

    app = build_app(
        spec,
        None,
        verifier=TokenVerifier(access_key=keys.key, entry_key=keys.key, clock=Clock()),
        farewell=Farewell(),
        checks=[Check("postgres", gone), Check("redis", here)],
        sandbox=False,
        version="1.2.3",
        revision="abc",
    )
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as http:
        yield Served(f"http://127.0.0.1:{port}", http, signer)
    await runner.cleanup()


async def test_path_and_body_become_one_struct(served: Served) -> None:
    answer = await served.ask(
        "POST", "/things/3", json={"amount": 5, "note": "안녕"}, headers=served.as_user()
    )
    assert answer == (201, {"thing_id": 3, "amount": 5, "note": "안녕"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"amount": "1"}', "amount"),
        (b'{"amount": 1.5}', "amount"),
        (b'{"amount": 1, "other": 2}', "other"),
        (b'{"amount": 1, "thing_id": 9}', "thing_id"),
        (b"{}", "amount"),
        (b"[1]", ""),
        (b"{nope", ""),
        (b'{"amount": 1, "note": "\\ud800"}', ""),
        (b'\xff\xfe{"amount": 1}', ""),
    ],
)
async def test_a_body_that_does_not_fit_names_the_field(
    served: Served, body: bytes, field: str
) -> None:
    headers = {**served.as_user(), "Content-Type": "application/json"}
    status, problem = await served.ask("POST", "/things/3", data=body, headers=headers)
    assert (status, problem["code"]) == (400, "invalid_request")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert field in {error["field"] for error in errors}


@pytest.mark.parametrize(
    "thing_id", ["0", "-1", "x", "1.0", "%201", "1_0", "9" * 19, "9" * 30, "१"]
)
async def test_a_number_in_the_query_has_one_spelling(served: Served, thing_id: str) -> None:
    status, problem = await served.ask("GET", f"/things?thing_id={thing_id}")
    assert (status, problem["code"]) == (400, "invalid_request")
    assert problem["errors"][0]["field"] == "thing_id"  # type: ignore[index]


async def test_query_parameters_are_known_and_given_once(served: Served) -> None:
    assert await served.ask("GET", "/things?thing_id=5") == (
        200,
        {"thing_id": 5, "amount": 10, "note": None},
    )
    for query in ("thing_id=5&thing_id=6", "thing_id=5&colour=red", ""):
        status, _ = await served.ask("GET", f"/things?{query}")
        assert status == 400


async def test_a_body_over_the_limit_or_of_another_type_is_refused(served: Served) -> None:
    headers = served.as_user()
    status, problem = await served.ask(
        "POST", "/things/3", json={"amount": 1, "note": "x" * 300}, headers=headers
    )
    assert (status, problem["code"]) == (413, "body_too_large")
    status, problem = await served.ask("POST", "/things/3", data=b"amount=1", headers=headers)
    assert (status, problem["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda _: {}, "unauthenticated"),
        (lambda _: {"Authorization": "Basic abc"}, "unauthenticated"),
        (lambda _: {"Authorization": "Bearer "}, "unauthenticated"),
        (lambda _: {"Authorization": "Bearer garbage"}, "token_invalid"),
        (lambda _: {"Authorization": "Bearer " + "x" * 5000}, "token_invalid"),
        (lambda s: {"Authorization": f"Bearer {s.token(expires_in_s=0)}"}, "token_expired"),
        (lambda s: {"Authorization": f"Bearer {s.token(role='root')}"}, "token_invalid"),
        (lambda s: {"Authorization": f"Bearer {s.token(sub='x')}"}, "token_invalid"),
        (lambda s: {"Authorization": f"Bearer {s.token()[:-4]}AAAA"}, "token_invalid"),
        (lambda s: {"Authorization": f"Bearer {s.entry()}"}, "token_invalid"),
        (
            lambda s: {
                "Authorization": f"Bearer {Served('', s.http, Signer(Ed25519PrivateKey.generate())).token()}"
            },
            "token_invalid",
        ),
    ],
)
async def test_every_wrong_token_is_a_401(
    served: Served, make: Callable[[Served], dict[str, str]], code: str
) -> None:
    status, problem = await served.ask(
        "POST", "/things/3", json={"amount": 1}, headers=make(served)
    )
    assert (status, problem["code"]) == (401, code)


async def test_roles_and_keys_are_demanded(served: Served) -> None:
    body = {"thing_id": 1}
    status, problem = await served.ask("POST", "/admin", json=body, headers=served.as_user())
    assert (status, problem["code"]) == (403, "forbidden")
    status, problem = await served.ask(
        "POST", "/admin", json=body, headers=served.as_user(role="admin")
    )
    assert (status, problem["code"]) == (400, "idempotency_key_required")
    headers = {**served.as_user(role="admin"), "Idempotency-Key": "x" * 201}
    status, problem = await served.ask("POST", "/admin", json=body, headers=headers)
    assert (status, problem["code"]) == (400, "invalid_request")
    headers["Idempotency-Key"] = "k"
    assert (await served.ask("POST", "/admin", json=body, headers=headers))[0] == 200


async def test_entry_is_demanded_and_is_ones_own(served: Served) -> None:
    for entry in (
        None,
        "garbage",
        served.entry(sub="8"),
        served.entry(expires_in_s=0),
        served.token(),
    ):
        headers = served.as_user() | ({"Entry-Token": entry} if entry else {})
        status, problem = await served.ask("GET", "/entered?thing_id=1", headers=headers)
        assert (status, problem["code"]) == (403, "entry_required")
    headers = {**served.as_user(), "Entry-Token": served.entry()}
    assert (await served.ask("GET", "/entered?thing_id=1", headers=headers))[0] == 200


async def test_refusals_faults_and_unknown_addresses_are_problems(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    for path, method, status, code in (
        ("/things?thing_id=404", "GET", 404, "not_found"),
        ("/things?thing_id=409", "GET", 500, "internal"),
        ("/things?thing_id=500", "GET", 500, "internal"),
        ("/nowhere", "GET", 404, "not_found"),
        ("/things", "DELETE", 405, "method_not_allowed"),
        ("/secret", "POST", 404, "not_found"),
    ):
        answer_status, problem = await served.ask(method, path)
        assert (answer_status, problem["code"]) == (status, code)
        assert "hunter2" not in str(problem)
        assert "Traceback" not in str(problem)
    assert "undeclared refusal" in caplog.text
    assert (await served.ask("GET", "/things?thing_id=304"))[0] == 304


async def test_a_sound_request_id_comes_back_and_a_strange_one_does_not(served: Served) -> None:
    for given, kept in (("abc-1", True), ("x" * 65, False), ("a b", False)):
        async with served.http.get(
            served.url + "/health/live", headers={"X-Request-Id": given}
        ) as response:
            assert (response.headers["X-Request-Id"] == given) is kept


async def test_health_metrics_and_openapi(served: Served) -> None:
    assert await served.ask("GET", "/health/live") == (
        200,
        {"status": "ok", "service": "things", "version": "1.2.3", "revision": "abc"},
    )
    status, problem = await served.ask("GET", "/health/ready")
    assert (status, problem["failed"]) == (503, ["postgres"])
    status, document = await served.ask("GET", "/openapi.json")
    assert sorted(document["paths"]) == ["/admin", "/entered", "/things", "/things/{thing_id}"]  # type: ignore[call-overload]
    async with served.http.get(served.url + "/metrics") as response:
        text = await response.text()
    assert (
        'tiketi_request_seconds_count{operation="/health/ready",service="things",status="503"} 1.0'
        in text
    )
