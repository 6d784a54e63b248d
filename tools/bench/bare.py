"""The floor of every HTTP row: aiohttp and uvloop answering a fixed number of bytes, and nothing else.

python tools/bench/bare.py PORT BYTES
"""

import sys

import uvloop
from aiohttp import web


async def made(size_bytes: int) -> web.Application:
    body = b"x" * size_bytes

    async def hello(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/hello", hello)
    return app


if __name__ == "__main__":
    uvloop.install()
    web.run_app(
        made(int(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
    )
