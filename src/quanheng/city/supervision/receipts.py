"""Receipts: what was handed in, when, by whom; signed with the site's key where it has one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from quanheng.city.certificates import house
from quanheng.evidence import key_file, signature
from quanheng.evidence.keys import MemoryKey, PublicKey
from quanheng.ground.digest import canonical_line
from quanheng.ground.errors import NotShown

FORMAT = "quanheng-receipt-1"
KEY = "receipts"  # HOME/keys/receipts.key
UNSIGNED = "本站没有收据密钥 keys/receipts.key / this site has no key of receipts (keys/receipts.key)"


def key_path() -> Path:
    """Where the key of receipts lies: `quanheng keys new` makes one (Ed25519)."""
    return Path(settings.HOME) / "keys" / f"{KEY}.key"


def public_key() -> PublicKey | None:
    """The public key of receipts. Raises BadKey where the file is none."""
    return key_file.public_of(key_path()) if key_path().exists() else None


def make(
    *, lake: str, path: str, sha256: str, size: int, user: str, party: str, at: datetime
) -> tuple[str, str]:
    """A receipt, and the file of its signature; "" where nothing can be signed here, and the receipt says why.

    Raises BadKey where the passphrase is another's.
    """
    key, why = _key()
    facts = {
        "format": FORMAT,
        "lake": lake,
        "path": path,
        "sha256": sha256,
        "bytes": size,
        "from": {"user": user, "party": party},
        "received": at.isoformat(timespec="seconds"),
        **({"key": key.public.identifier} if key else {"unsigned": why}),
    }
    data = canonical_line(facts)
    return data.decode(), signature.sign(data, key).decode() if key else ""


def _key() -> tuple[MemoryKey | None, str]:
    """The key, or why there is none."""
    if not key_path().exists():
        return None, UNSIGNED
    try:
        return house.key(KEY), ""
    except NotShown as error:
        return None, str(error)
