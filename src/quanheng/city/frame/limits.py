"""How often somebody may ask: token buckets that all processes of the site share, in a small file of their own.

A bucket holds at most `burst` askings and gains `per_second`; who finds it empty waits. The file (HOME/limits.sqlite3)
is no record: lost, everybody may ask again. One machine's processes share it; several machines count apart.
"""

from __future__ import annotations

import functools
import hashlib
import math
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

STALE = 24 * 3600  # seconds after which a bucket is forgotten: it is full again
TABLE = "CREATE TABLE IF NOT EXISTS bucket (who TEXT PRIMARY KEY, held REAL, at REAL) WITHOUT ROWID"
_local = threading.local()


@dataclass(frozen=True)
class Limit:
    """So many askings at once, and so many a second after that."""

    name: str
    burst: int
    per_second: float


SIGN_IN = Limit("sign-in", 8, 1 / 60)  # wrong ones, by user name
SIGN_IN_PLACE = Limit("sign-in-place", 40, 1 / 10)  # wrong ones, by address
LOOK_UP = Limit("look-up", 60, 1.0)  # of strangers, by address
API = Limit("api", 600, 20.0)  # by token, else by address


def wait(limit: Limit, who: str, now: float | None = None) -> float:
    """Seconds until `who` may ask; 0 where he may. Takes nothing."""
    return _missing(limit, _held(limit, who, time.time() if now is None else now))


def take(limit: Limit, who: str, now: float | None = None) -> float:
    """Take one asking; seconds until that is allowed, 0 where it was."""
    now = time.time() if now is None else now
    with _file() as file:
        file.execute("BEGIN IMMEDIATE")
        held = _held(limit, who, now, file)
        missing = _missing(limit, held)
        if not missing:
            file.execute("INSERT OR REPLACE INTO bucket VALUES (?, ?, ?)", (_key(limit, who), held - 1, now))
        if now - getattr(_local, "swept", 0.0) > STALE:
            file.execute("DELETE FROM bucket WHERE at < ?", (now - STALE,))
            _local.swept = now
    return missing


def refused(request: HttpRequest, seconds: float) -> HttpResponse:
    """429, with when to come again."""
    later = math.ceil(seconds)
    told = _("请求太频繁；请在 %(n)d 秒后再试。") % {"n": later}
    if request.path.startswith("/api/"):
        answer = HttpResponse('{"detail": "too many requests"}', content_type="application/json", status=429)
    else:
        answer = render(request, "frame/fault.html", {"fault": told}, status=429)
    answer["Retry-After"] = str(later)
    return answer


def limited(limit: Limit) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A page that strangers may ask for only so often, by their address; whoever signed in is not counted."""

    def declare(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(page)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated and (seconds := take(limit, address(request))):
                return refused(request, seconds)
            return page(request, *args, **kwargs)

        return answer

    return declare


def api_limits(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The API, by token or by address."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            who = request.headers.get("Authorization") or address(request)
            if seconds := take(API, who):
                return refused(request, seconds)
        return get_response(request)

    return answer


def address(request: HttpRequest) -> str:
    """Where a request comes from: behind QUANHENG_PROXIES trusted proxies, what the outermost of them saw."""
    hops = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
    if settings.PROXIES and len(hops) >= settings.PROXIES:
        return hops[-settings.PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))


def _key(limit: Limit, who: str) -> str:
    return hashlib.sha256(f"{limit.name}\0{who}".encode()).hexdigest()[:32]


def _held(limit: Limit, who: str, now: float, file: sqlite3.Connection | None = None) -> float:
    with _file() if file is None else _same(file) as opened:
        row = opened.execute("SELECT held, at FROM bucket WHERE who = ?", (_key(limit, who),)).fetchone()
    if row is None:
        return float(limit.burst)
    held, at = float(row[0]), float(row[1])
    return min(float(limit.burst), held + max(0.0, now - at) * limit.per_second)


def _missing(limit: Limit, held: float) -> float:
    return 0.0 if held >= 1 else (1 - held) / limit.per_second


class _file:  # noqa: N801 - reads as a word where it is used
    """The file, open for one act; committed at its end."""

    def __enter__(self) -> sqlite3.Connection:
        self.opened = sqlite3.connect(settings.HOME / "limits.sqlite3", timeout=5, isolation_level=None)
        self.opened.execute("PRAGMA synchronous=OFF")
        self.opened.execute(TABLE)
        return self.opened

    def __exit__(self, *_: object) -> None:
        with closing(self.opened):
            if self.opened.in_transaction:
                self.opened.execute("COMMIT")


class _same:  # noqa: N801
    """A file that somebody else has open."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self.file = file

    def __enter__(self) -> sqlite3.Connection:
        return self.file

    def __exit__(self, *_: object) -> None:
        """Left open."""
