"""What every request passes before anything looks at it: where it comes from, whether it may, and how long it is."""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

LONGEST = 256 * 1024
"""Bytes of a request's body."""
READING = frozenset({"GET", "HEAD"})

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Door:
    """Turns away who comes from a foreign web page, would change something without the token, or says too much.

    Args:
        app: What lies behind it.
        token: The word without which nothing changes.
        host: Where the worker listens.
    """

    def __init__(self, app: App, token: str, host: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()
        self._host = host.lower()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        refusal = self._refusal(str(scope["method"]), headers)
        if refusal is None:
            body = await _body(receive)
            if body is None:
                refusal = 413, f"the request is longer than {LONGEST // 1024} KiB"
            else:
                await self._app(scope, _given(body, receive), send)
                return
        await _answer(send, *refusal)

    def _refusal(self, method: str, headers: MutableMapping[bytes, bytes]) -> tuple[int, str] | None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if not self._is_ours(host):
            return 421, f"this is not {host or 'a host without a name'}; ask by the address that the worker printed"
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower() != f"http://{host}":
            return 403, "a web page of somebody else may not ask the worker"
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > LONGEST:
            return 413, f"the request is longer than {LONGEST // 1024} KiB"
        if method not in READING and not hmac.compare_digest(headers.get(b"authorization", b""), self._expected):
            return 401, (
                "nothing is changed without the token; send it as `Authorization: Bearer ...`, it lies in the file "
                "that the worker named"
            )
        return None

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header names an address, which no name server can bend, or the worker's own name."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in {"localhost", self._host}:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


async def _body(receive: Receive) -> bytes | None:
    """Read a request's body; None if it is too long."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LONGEST:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return body


def _given(body: bytes, receive: Receive) -> Receive:
    """Return what hands a body over that was read already, and afterwards whatever comes."""
    left = [body]

    async def given() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": False} if left else await receive()

    return given


async def _answer(send: Send, status: int, sentence: str) -> None:
    content = json.dumps({"error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
