"""What the office of people does: the only place that writes its tables."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from quanheng.city.audit import actions as audit
from quanheng.city.audit.models import Event, Recorded
from quanheng.city.people import second_factor
from quanheng.city.people.models import District, Token, User
from quanheng.ground.errors import Fault


def keep(actor: audit.Actor, row: Recorded) -> Event:
    """Add or change a district, party, person or qualification."""
    return audit.save(actor, f"people.{'change' if row.pk else 'add'} {row._meta.model_name}", row)


def keep_all(actor: audit.Actor, rows: Sequence[Recorded], facts: Mapping[str, Any]) -> Event:
    """Write an import."""
    return audit.write_all(actor, "people.import", rows, facts)


def outline(actor: audit.Actor, rings: Mapping[str, Any]) -> int:
    """Keep outlines of districts by their codes; returns how many. Raises Fault for codes that no district has."""
    districts = {each.code: each for each in District.objects.filter(code__in=list(rings))}
    if strange := sorted(set(rings) - set(districts)):
        raise Fault(f"没有这样的区：{', '.join(strange)[:200]} / there are no such districts")
    for code, district in districts.items():
        district.outline = rings[code]
    if districts:
        audit.write_all(actor, "people.outline", list(districts.values()), {"districts": sorted(districts)})
    return len(districts)


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


# ---- users -----------------------------------------------------------------------------------------------------------


def make_user(actor: audit.Actor, username: str, role: str, **facts: Any) -> tuple[User, str]:
    """A user with a first password, shown once, that he must change. Raises ValidationError."""
    first = secrets.token_urlsafe(12)
    with transaction.atomic():
        user = User(username=username, role=role, must_change=True, **facts)
        user.set_password(first)
        user.full_clean()
        user.save(force_insert=True)
        audit.record(actor, "people.make user", user, after={"username": username, "role": role})
    return user, first


def reset_user(actor: audit.Actor, user: User) -> str:
    """A first password anew; sessions, tokens and the second factor end."""
    first = secrets.token_urlsafe(12)
    with transaction.atomic():
        user.set_password(first)
        user.must_change, user.second_factor, user.recovery = True, "", []
        user.epoch += 1
        user.save()
        user.tokens.all().delete()
        audit.record(actor, "people.reset user", user, after={"username": user.username})
    return first


def shut_user(actor: audit.Actor, user: User, *, active: bool) -> None:
    """Shut a user out, or let him in again; done twice, it is as done once."""
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if user.is_active == active:
            return
        user.is_active = active
        user.epoch += 1
        user.save(update_fields=["is_active", "epoch"])
        audit.record(actor, "people.shut user", user, after={"is_active": user.is_active})


def change_password(user: User, new: str) -> None:
    """A new password of one's own; other sessions end."""
    with transaction.atomic():
        user.set_password(new)
        user.must_change = False
        user.epoch += 1
        user.save(update_fields=["password", "must_change", "epoch"])
        audit.record(user, "people.change password", user)


def end_sessions(user: User) -> None:
    """All sessions of a user end."""
    with transaction.atomic():
        user.epoch += 1
        user.save(update_fields=["epoch"])
        audit.record(user, "people.end sessions", user)


def enrol(user: User, secret: bytes, step: int) -> list[str]:
    """Keep a second factor whose first code, of a time step, was right; returns recovery codes, shown once."""
    codes = second_factor.recovery_codes()
    with transaction.atomic():
        user.second_factor = second_factor.seal(secret, settings.SECRET_KEY)
        user.second_factor_used = step
        user.recovery = [second_factor.digest(each) for each in codes]
        user.epoch += 1
        user.save(update_fields=["second_factor", "second_factor_used", "recovery", "epoch"])
        audit.record(user, "people.enrol second factor", user)
    return codes


def accept_second_factor(user: User, given: str, now: float) -> bool:
    """Whether a code or a recovery code is right; it is used up."""
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=user.pk)
        secret = second_factor.unseal(held.second_factor, settings.SECRET_KEY)
        used = held.second_factor_used
        step = second_factor.accepted(secret, given, now=now, used=used) if secret else None
        if step is not None:
            held.second_factor_used = step
            held.save(update_fields=["second_factor_used"])
            return True
        if (digest := second_factor.digest(given)) in held.recovery:
            held.recovery = [each for each in held.recovery if each != digest]
            held.save(update_fields=["recovery"])
            audit.record(held, "people.use recovery code", held, after={"left": len(held.recovery)})
            return True
    return False
