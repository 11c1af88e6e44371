"""Keeps strangers out: a foreign Host, a foreign Origin, and, beyond loopback, anyone without the token.

A page on another site can make a person's browser call 127.0.0.1 (cross-site requests, DNS rebinding). The browser
then says so in `Origin` or `Host`, and such a call is refused. Stands before everything, pages and API alike.
"""

import hmac
import http.cookies
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from backend import errors, settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})
COOKIE = "winnow_token"
LOGIN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Winnow</title>
<body style="font:16px system-ui;max-width:24rem;margin:20vh auto"><h1>Winnow</h1>
<form method="post" action="/login"><label>Token<br><input name="token" type="password" autofocus
style="width:100%;padding:.5rem;margin:.5rem 0"></label><button style="padding:.5rem 1rem">Open</button></form>
<p>The token is what WINNOW_TOKEN says on the machine that runs Winnow.</p></body></html>"""


class Guard:
    """ASGI middleware. `address` is what the server is bound to."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], address: str) -> None:
        self.app = app
        self.is_loopback = address in LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self.refusal(headers)
        if refusal is None and not self.is_loopback and not is_known(headers):
            refusal = errors.Refused("This Winnow needs a token.", "Send it as Authorization: Bearer TOKEN.")
            if scope["type"] == "http" and not scope["path"].startswith("/api"):
                await (await login(scope, receive))(scope, receive, send)
                return
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.message})
        else:
            response = JSONResponse({"error": refusal.as_json()}, status_code=refusal.status)
            await response(scope, receive, send)

    def refusal(self, headers: dict[str, str]) -> errors.Refused | None:
        host = headers.get("host", "")
        if self.is_loopback and host_name(host) not in LOOPBACK:
            return errors.Refused(f'The host "{host}" is not this machine.', "Open 127.0.0.1 with the port of Winnow.")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return errors.Refused(f'A page of "{origin}" may not use this Winnow.', "Open Winnow in a tab of its own.")
        return None


def host_name(host: str) -> str:
    """Without the port. An IPv6 address keeps its brackets."""
    return host if host.endswith("]") else host.rsplit(":", 1)[0]


def is_known(headers: dict[str, str]) -> bool:
    """Whether the request carries the token, as a bearer or in the cookie that the login set."""
    cookies = http.cookies.SimpleCookie(headers.get("cookie", ""))
    sent = [
        headers.get("authorization", "").removeprefix("Bearer "),
        cookies[COOKIE].value if COOKIE in cookies else "",
    ]
    return any(is_token(each) for each in sent)


def is_token(text: str) -> bool:
    return bool(settings.token()) and hmac.compare_digest(text.encode(), settings.token().encode())


async def login(scope: Scope, receive: Receive) -> Response:
    if scope["method"] == "POST" and scope["path"] == "/login":
        form = parse_qs((await small_body(receive)).decode("utf-8", "replace"))
        sent = form.get("token", [""])[0]
        if is_token(sent):
            response = RedirectResponse("/", status_code=303)
            response.set_cookie(COOKIE, sent, httponly=True, samesite="strict")
            return response
    return HTMLResponse(LOGIN_PAGE, status_code=401)


async def small_body(receive: Receive, limit_bytes: int = 4096) -> bytes:
    body = b""
    while len(body) <= limit_bytes:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body
