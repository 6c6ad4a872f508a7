"""Roles, and whose sight is asked for: a user, or somebody who did not sign in. docs/permissions.md has the matrix."""

from __future__ import annotations

from typing import Any, Protocol

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody comes for."""

    CITY = "city", _("市级监管")
    DISTRICT = "district", _("区级监督员")
    INSTITUTE = "institute", _("检定机构")
    UTILITY = "utility", _("公用事业")
    ENTERPRISE = "enterprise", _("企业")
    AUDITOR = "auditor", _("审计")
    PUBLIC = "public", _("公众")


class Viewer(Protocol):
    """Whose sight is asked for."""

    @property
    def username(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def party_id(self) -> int | None: ...
    @property
    def district_id(self) -> int | None: ...
    @property
    def is_authenticated(self) -> bool: ...


class Stranger:
    """Somebody who did not sign in: the public."""

    username = "public"
    role = Role.PUBLIC.value
    party_id: int | None = None
    district_id: int | None = None
    is_authenticated = False


STRANGER = Stranger()
EVERYBODY = frozenset(Role)
STAFF = EVERYBODY - {Role.PUBLIC}
AUTHORITY = frozenset({Role.CITY, Role.DISTRICT})
READERS = frozenset({Role.CITY, Role.DISTRICT, Role.AUDITOR})


def viewer_of(request: Any) -> Viewer:
    """Who asks: the user of a token or a session, else the public."""
    user = getattr(request, "auth", None) or getattr(request, "user", None)
    return user if user is not None and user.is_authenticated and user.is_active else STRANGER


def check_role(viewer: Viewer, roles: frozenset[Role]) -> None:
    """Raises PermissionDenied unless the viewer's role is one of these."""
    if viewer.role not in roles:
        raise PermissionDenied(gettext("您的角色不能做这件事。"))
