"""Downloading a file that is known beforehand: https only, bounded in size and time, verified, then renamed."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from chainrule.core import files
from chainrule.core.errors import ChainruleError, FetchError

SILENCE = 20.0  # seconds a server may send nothing
DEADLINE = 300.0  # seconds a file may take in all
BLOCK = 1 << 16


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows redirects from https to https, up to urllib's limit of ten."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https":
            raise FetchError(
                f"it redirects to {urlsplit(newurl).scheme or 'another scheme'}, only https is followed"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Deadline(urllib.request.HTTPSHandler):
    """Cuts every connection once the time is up: a server that drips a byte a second is never silent."""

    def __init__(self, context: ssl.SSLContext, deadline: float) -> None:
        super().__init__(context=context)
        self._context, self._seconds = context, deadline
        self._timer = threading.Timer(deadline, self._cut)
        self._timer.daemon = True
        self._sockets: list[socket.socket] = []
        self._over = False

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *problem: object) -> None:
        self._timer.cancel()
        if self._over:
            raise FetchError(f"it took more than {self._seconds:g} seconds")

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        sockets = self._sockets

        class Watched(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                sockets.append(self.sock)  # kept, as the connection forgets it once the answer's body begins

        def connection(host: str, **settings: Any) -> http.client.HTTPSConnection:
            return Watched(host, context=self._context, **settings)

        return self.do_open(connection, req)

    def _cut(self) -> None:
        self._over = True
        for sock in self._sockets:
            with contextlib.suppress(OSError):  # it may be closed already
                sock.shutdown(socket.SHUT_RDWR)


def fetch(
    urls: Sequence[str],
    path: Path,
    verify: Callable[[bytes, str], None],
    most: int,
    *,
    context: ssl.SSLContext | None = None,
    silence: float = SILENCE,
    deadline: float = DEADLINE,
) -> Path:
    """The file from the first mirror whose bytes ``verify`` accepts, written to ``path`` whole.

    Each mirror may send at most ``most`` bytes within ``deadline`` seconds, never silent for ``silence``.
    FetchError names what went wrong at each. CHAINRULE_OFFLINE=1 forbids trying.
    """
    if os.environ.get("CHAINRULE_OFFLINE", "") not in ("", "0"):
        raise FetchError(
            f"{path.name} is not here, and CHAINRULE_OFFLINE forbids fetching it. Put it into a folder and name "
            "that with --data-dir or CHAINRULE_DATA"
        )
    problems = []
    for url in urls:
        try:
            data = _download(url, most, context, silence, deadline)
            verify(data, url)
        except (OSError, http.client.HTTPException, ChainruleError, ValueError) as problem:
            problems.append(f"{urlsplit(url).hostname}: {_reason(problem)}")
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise FetchError(f"cannot make the folder {path.parent}: {problem.strerror}") from None
        files.write_whole(path, data)
        return path
    raise FetchError(
        f"could not fetch {path.name} from any mirror ({'; '.join(problems)}). Get it by other means, put it into "
        "a folder and name that with --data-dir or CHAINRULE_DATA"
    )


def _download(url: str, most: int, context: ssl.SSLContext | None, silence: float, deadline: float) -> bytes:
    if urlsplit(url).scheme != "https":
        raise FetchError("only https is used")
    handler = _Deadline(context or ssl.create_default_context(), deadline)
    opener = urllib.request.build_opener(handler, _SameScheme)
    request = urllib.request.Request(url, headers={"User-Agent": "chainrule", "Accept-Encoding": "identity"})
    parts: list[bytes] = []
    size = 0
    with handler, opener.open(request, timeout=silence) as answer:
        declared = answer.headers.get("Content-Length")
        while block := answer.read1(BLOCK):
            parts.append(block)
            size += len(block)
            if size > most:
                raise FetchError(f"it sends more than {most} bytes")
    if declared is not None and size != int(declared):
        raise FetchError(f"it sent {size} of {declared} bytes")
    return b"".join(parts)


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return "it stayed silent too long"
    if isinstance(problem, urllib.error.HTTPError):
        return f"it answered {problem.code}"
    if isinstance(problem, urllib.error.URLError):
        return _reason(problem.reason) if isinstance(problem.reason, Exception) else str(problem.reason)
    return " ".join(str(problem).split())[:200] or type(problem).__name__


def user_cache() -> Path:
    """Where this user's programs keep what they can fetch again."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "chainrule"
