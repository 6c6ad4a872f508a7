"""The API: every register, by token or session, described at /api/openapi.json."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.renderers import JSONRenderer
from ninja.security import APIKeyCookie, HttpBearer

from quanheng import __version__
from quanheng.city.certificates.api import router as certificates
from quanheng.city.frame.roles import STRANGER
from quanheng.city.indicators.api import router as indicators
from quanheng.city.people.actions import user_of
from quanheng.city.register.api import router
from quanheng.city.register.declaration import REGISTERS
from quanheng.city.site.events_api import router as events
from quanheng.city.site.public_api import router as public
from quanheng.city.supervision.api import router as supervision
from quanheng.ground.errors import Fault, NotShown, QuanhengError
from quanheng.ground.text import unfit_within


class Readable(JSONRenderer):
    """JSON with Chinese as it is written."""

    json_dumps_params = {"ensure_ascii": False}  # noqa: RUF012 - declared so by ninja


class Careful(Parser):
    """JSON in which every text can be kept."""

    def parse_body(self, request: HttpRequest) -> Any:
        """What a body says. Raises ValueError, RecursionError, Fault; ninja makes HttpError of them."""
        said = json.loads(request.body)
        if found := unfit_within(said):
            raise Fault(
                f"正文中有不能保存的字符（{found}）/ the body holds a character that cannot be kept ({found})"
            )
        return said


class ByToken(HttpBearer):
    """Authorization: Bearer TOKEN."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The user of a token; None: refused."""
        return user_of(token)


class BySession(APIKeyCookie):
    """Whoever is signed in on the site; a change needs its CSRF token."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The user of a session."""
        return request.user if request.user.is_authenticated else None


def stranger(request: HttpRequest) -> Any:
    """Nobody said who he is: the public, which sees what is public."""
    return STRANGER if "Authorization" not in request.headers else None


api = NinjaAPI(
    title="权衡 Quanheng",
    version=__version__,
    renderer=Readable(),
    parser=Careful(),
    docs_url=None,
    auth=[ByToken(), BySession(), stranger],
)
for _name, _register in REGISTERS.items():
    api.add_router(f"/{_name}", router(_register))
for _name, _router in {
    "certificates": certificates,
    "supervision": supervision,
    "indicators": indicators,
    "events": events,
    "public": public,
}.items():
    api.add_router(f"/{_name}", _router)


@api.exception_handler(PermissionDenied)
def denied(request: HttpRequest, error: Exception) -> HttpResponse:
    """403, in words."""
    return api.create_response(request, {"detail": str(error) or "无权 / not permitted"}, status=403)


@api.exception_handler(QuanhengError)
def faulty(request: HttpRequest, error: Exception) -> HttpResponse:
    """What a person can mend: 422, or 409 where evidence is missing."""
    status = 409 if isinstance(error, NotShown) else 422
    return api.create_response(request, {"detail": str(error)}, status=status)


@api.exception_handler(HttpError)
def unread(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What ninja refuses by itself; of a body that it could not read, why."""
    told = str(error.__cause__) if isinstance(error.__cause__, Fault) else str(error)
    return api.create_response(request, {"detail": told}, status=error.status_code)
