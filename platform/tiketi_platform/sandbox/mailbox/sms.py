"""Takes text messages over HTTP and shows them as mails; refuses to reach any telephone.

`POST /sms/messages {id, to, text}` → 200 `{id}`; the same id and number again is the same message. Numbers that end in `0000`
are refused for good (422), in `0001` for a while (503).
"""

import re
from typing import Final

import orjson
from aiohttp import web

from tiketi_platform.sandbox.mailbox.plain import plain_mail
from tiketi_platform.sandbox.mailbox.store import MailStore

NUMBER: Final = re.compile(r"\+?[0-9][0-9-]{6,18}")
TEXT_CHARS_MAX: Final = 2_000


class SmsSandbox:
    """An SMS gateway over one mailbox."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/sms/messages", self._send)]

    async def _send(self, request: web.Request) -> web.Response:
        try:
            asked = orjson.loads(await request.read())
            number, text, message_id = str(asked["to"]), str(asked["text"]), str(asked["id"])
        except (ValueError, KeyError, TypeError):
            return _answer(400, error="id, to and text are needed")
        if not NUMBER.fullmatch(number) or len(text) > TEXT_CHARS_MAX or number.endswith("0000"):
            return _answer(422, error="no such number, or too long")
        if number.endswith("0001"):
            return _answer(503, error="not now, as asked")
        self._store.add(
            plain_mail("sms", number, text, text, message_id=f"{message_id}@sms"),
            sender="sms@sandbox",
            recipients=(number,),
        )
        return _answer(200, id=message_id)


def _answer(status: int, **content: str) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(content), content_type="application/json")
