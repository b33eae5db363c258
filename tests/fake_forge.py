"""A forge on loopback: tokens, limits and faults; the kinds of forge answer below it."""

import json
import re
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from forge_world import FakeClock, World

#: Invented, and shaped like no real forge's.
TOKEN = "fake-token-aaaaaaaaaaaaaaaa"
OTHER_TOKEN = "fake-token-bbbbbbbbbbbbbbbb"


@dataclass
class Reply:
    """An answer to be sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Any, status: int = 200, **headers: str) -> "Reply":
        return cls(status, json.dumps(content).encode(), headers)


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    token: str | None


@dataclass
class FakeForge(ABC):
    """What all forges have in common.

    `faults` says what goes wrong by the number of the request, from 0.
    """

    world: World
    clock: FakeClock
    tokens: set[str] = field(default_factory=lambda: {TOKEN, OTHER_TOKEN})
    faults: dict[int, str] = field(default_factory=dict)
    broken: str = "(?!)"  # pattern of a path, or of a question, that fails each time
    before: list[Reply] = field(default_factory=list)  # said in place of the first answers
    skew: float = 0.0  # seconds that the forge's clock is ahead
    limit: int = 5000
    window: float = 3600.0
    asked: list[Asked] = field(default_factory=list)
    answered: list[tuple[Asked, Reply]] = field(default_factory=list)  # what went well
    under_way: dict[str | None, int] = field(default_factory=dict)
    most_at_once: int = 0
    remaining: dict[str | None, int] = field(default_factory=dict)
    reset: float = 0.0
    refused_while_limited: int = 0

    def now(self) -> float:
        return self.clock.now() + self.skew

    @abstractmethod
    def reply(self, asked: Asked) -> Reply:
        """The right answer."""

    @abstractmethod
    def spoiled(self, kind: str) -> Reply:
        """An answer that says something of its own kind of forge in place of the right one."""

    def points(self, asked: Asked) -> int:
        return 1

    def limited(self, asked: Asked) -> Reply | None:
        """Count points, as long as there are some."""
        now = self.now()
        if now >= self.reset:
            self.remaining.clear()
            self.reset = float(int(now + self.window))
        left = self.remaining.setdefault(asked.token, self.limit)
        points = self.points(asked)
        if left < points:
            self.refused_while_limited += 1
            self.remaining[asked.token] = 0
            return self.spoiled("limit")
        self.remaining[asked.token] = left - points
        return None

    def limit_headers(self, token: str | None) -> dict[str, str]:
        return {
            "X-RateLimit-Remaining": str(self.remaining.get(token, self.limit)),
            "X-RateLimit-Reset": str(int(self.reset)),
        }


COMMON_FAULTS = {
    "502": Reply(502, b"<html>Bad Gateway</html>"),
    "503": Reply(503, b"", {"Retry-After": "7"}),
    "page": Reply(200, b"<html>Maintenance</html>"),
    "secondary": Reply(
        403, b'{"message": "You have exceeded a secondary rate limit"}', {"Retry-After": "30"}
    ),
    "secondary-silent": Reply(403, b'{"message": "You have exceeded a secondary rate limit."}'),
    "429": Reply(429, b'{"message": "Too many requests"}', {"Retry-After": "12"}),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: two would wait 40 ms for each other
    forge: FakeForge

    def log_message(self, *_: object) -> None:
        pass

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        told = self.headers.get("Authorization")
        token = told.partition(" ")[2] if told else None
        body = self.rfile.read(length)
        return Asked(self.command, parts.path, dict(parse_qsl(parts.query)), body, token)

    def do_GET(self) -> None:
        forge, asked = self.forge, self._asked()
        number = len(forge.asked)
        forge.asked.append(asked)
        forge.under_way[asked.token] = forge.under_way.get(asked.token, 0) + 1
        forge.most_at_once = max(forge.most_at_once, forge.under_way[asked.token])
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                self._answer(asked, forge.faults.get(number))
        finally:
            forge.under_way[asked.token] -= 1

    do_POST = do_GET
    do_HEAD = do_GET

    def _answer(self, asked: Asked, fault: str | None) -> None:
        forge = self.forge
        if fault == "closed":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if fault == "slow":
            time.sleep(2)
        if fault == "revoked":
            forge.tokens.discard(asked.token or "")
        if asked.token is not None and asked.token not in forge.tokens:
            self._send(Reply.of({"message": "Bad credentials"}, 401))
            return
        if forge.before:
            self._send(forge.before.pop(0))
            return
        if re.search(forge.broken, asked.path) or re.search(forge.broken, asked.body.decode()):
            self._send(Reply.of({"message": "Internal Server Error"}, 500))
            return
        if fault in COMMON_FAULTS:
            self._send(COMMON_FAULTS[fault])
            return
        if fault is not None and fault not in ("slow", "truncated", "revoked"):
            self._send(forge.spoiled(fault))
            return
        reply = forge.limited(asked) or forge.reply(asked)
        reply.headers |= forge.limit_headers(asked.token)
        if reply.status == 200:
            forge.answered.append((asked, reply))
        self._send(reply, cut=fault == "truncated")

    def _send(self, reply: Reply, cut: bool = False) -> None:
        self.send_response_only(reply.status)
        date = datetime.fromtimestamp(self.forge.now(), UTC)
        self.send_header("Date", format_datetime(date, usegmt=True))
        self.send_header("Content-Type", "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)
        self.wfile.flush()
        if cut:
            self.close_connection = True


@contextmanager
def serve(forge: FakeForge) -> Iterator[str]:
    """The forge's address while it answers."""
    handler = type("Handler", (_Handler,), {"forge": forge})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
