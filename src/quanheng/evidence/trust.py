"""Whom a verifier trusts: the log and its witnesses, and the authority that vouches for laboratories. Nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from quanheng.evidence import keys
from quanheng.evidence.errors import BadDocument, BadKey, BadNote
from quanheng.evidence.keys import PublicKey
from quanheng.evidence.log import policy as policies
from quanheng.evidence.log.policy import Policy
from quanheng.ground.files import read_bytes

MOST = 100  # keys of the authority


@dataclass(frozen=True)
class Trust:
    """What is pinned: a policy (C2SP tlog-policy) and keys of the authority by their ids."""

    policy: Policy
    authority: Mapping[str, PublicKey]
    policy_file: bytes  # as it was read, for whoever hands it on


def trust(policy_file: bytes, authority: Iterable[PublicKey]) -> Trust:
    """Trust in what a policy file states, and in keys of the authority. Raises BadNote."""
    return Trust(policies.parse(policy_file), {key.identifier: key for key in authority}, policy_file)


def read_trust(folder: Path) -> Trust:
    """The trust that a folder holds: `policy` and `authority/*.pem`.

    Raises BadDocument, which names the file that is missing or cannot be read.
    """
    paths = sorted((folder / "authority").glob("*.pem"))
    if not 0 < len(paths) <= MOST:
        raise BadDocument(
            f"{folder}/authority：应有 1 至 {MOST} 个 .pem 公钥"
            f" / {folder}/authority should hold 1 to {MOST} public keys, *.pem"
        )
    found = []
    for path in paths:
        try:
            found.append(keys.read_public(read_bytes(path, BadDocument, at_most=policies.LARGEST)))
        except BadKey as error:
            raise BadDocument(f"{path}：{error}") from error
    try:
        return trust(read_bytes(folder / "policy", BadDocument, at_most=policies.LARGEST), found)
    except BadNote as error:
        raise BadDocument(f"{folder / 'policy'}：{error}") from error
