"""What the office of people does: the only place that writes its tables."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.audit.models import Event, Recorded
from quanheng.city.people.models import Token, User


def keep(actor: audit.Actor, row: Recorded) -> Event:
    """Add or change a district, party, person or qualification."""
    return audit.save(actor, f"people.{'change' if row.pk else 'add'} {row._meta.model_name}", row)


def keep_all(actor: audit.Actor, rows: Sequence[Recorded], facts: Mapping[str, Any]) -> Event:
    """Write an import."""
    return audit.write_all(actor, "people.import", rows, facts)


def make_token(user: User, name: str, days: int) -> str:
    """A token of the API for a user; shown once, only its digest is kept."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        until = timezone.now() + timedelta(days=days)
        Token.objects.create(user=user, name=name[:60], digest=digest_of(secret), until=until)
        audit.record(user, "people.make token", user, after={"name": name[:60], "until": until.isoformat()})
    return secret


def drop_token(user: User, pk: int) -> None:
    """A user withdraws one of his tokens."""
    with transaction.atomic():
        if Token.objects.filter(user=user, pk=pk).delete()[0]:
            audit.record(user, "people.drop token", user, after={"token": pk})


def user_of(token: str) -> User | None:
    """Whose a token is, while it holds and its user may sign in."""
    now = timezone.now()
    found = Token.objects.select_related("user").filter(digest=digest_of(token), until__gt=now).first()
    if found is None or not found.user.is_active:
        return None
    if found.used is None or now - found.used > timedelta(minutes=1):
        Token.objects.filter(pk=found.pk).update(used=now)
    return found.user


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
