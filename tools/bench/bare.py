"""The floor of every HTTP row: aiohttp and uvloop answering a fixed number of bytes, and nothing else.

With CHECKS = 1 it also checks one Ed25519 signature over as many bytes as a token has, for each request.

python tools/bench/bare.py PORT BYTES CHECKS
"""

import sys

import uvloop
from aiohttp import web
from nacl.signing import SigningKey

SIGNED: bytes = b"x" * 225


async def made(size_bytes: int, *, checks: bool) -> web.Application:
    body = b"x" * size_bytes
    key = SigningKey.generate()
    signature, public = key.sign(SIGNED).signature, key.verify_key

    async def hello(request: web.Request) -> web.Response:
        await request.read()
        if checks:
            public.verify(SIGNED, signature)
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/hello", hello)
    return app


if __name__ == "__main__":
    uvloop.install()
    web.run_app(
        made(int(sys.argv[2]), checks=sys.argv[3] == "1"),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
    )
