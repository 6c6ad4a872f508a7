"""Whom a verifier trusts: the log and its witnesses, and the authority that vouches for laboratories. Nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from quanheng.evidence import keys
from quanheng.evidence.errors import BadDocument, BadKey, BadNote
from quanheng.evidence.formats.xmldsig.anchors import Anchors, read_parties
from quanheng.evidence.formats.xmldsig.signer import Signer, read_pem
from quanheng.evidence.keys import PublicKey
from quanheng.evidence.log import policy as policies
from quanheng.evidence.log.policy import Policy
from quanheng.ground.files import read_bytes

MOST = 100  # keys of the authority, anchors
NO_ANCHORS = Anchors()


@dataclass(frozen=True)
class Trust:
    """What is pinned: a policy (C2SP tlog-policy) and keys of the authority by their ids."""

    policy: Policy
    authority: Mapping[str, PublicKey]
    policy_file: bytes  # as it was read, for whoever hands it on
    x509: Anchors = NO_ANCHORS  # of signatures inside foreign certificates


def trust(policy_file: bytes, authority: Iterable[PublicKey], x509: Anchors = NO_ANCHORS) -> Trust:
    """Trust in what a policy file states, in keys of the authority, and in anchors. Raises BadNote."""
    return Trust(policies.parse(policy_file), {key.identifier: key for key in authority}, policy_file, x509)


def read_trust(folder: Path) -> Trust:
    """The trust that a folder holds: `policy`, `authority/*.pem`, and where there are any `x509/*.pem`, `x509/parties`.

    Raises BadDocument, which names the file that is missing or cannot be read.
    """
    if not folder.is_dir():
        raise BadDocument(
            f"{folder}：没有这个文件夹；信任文件夹里应有 policy 与 authority/*.pem"
            f" / {folder}: no such folder; a folder of trust holds policy and authority/*.pem"
        )
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
        policy = read_bytes(folder / "policy", BadDocument, at_most=policies.LARGEST)
        return trust(policy, found, _anchors(folder / "x509"))
    except BadNote as error:
        raise BadDocument(f"{folder / 'policy'}：{error}") from error


def _anchors(folder: Path) -> Anchors:
    """Certificates X.509 of a folder, and whose they are. Raises BadDocument."""
    found: list[Signer] = []
    for path in sorted(folder.glob("*.pem")):
        try:
            found += read_pem(read_bytes(path, BadDocument, at_most=policies.LARGEST))
        except ValueError as error:
            raise BadDocument(f"{path}：不是 X.509 证书（PEM） / is no certificate X.509 in PEM") from error
    if len(found) > MOST:
        raise BadDocument(f"{folder}：多于 {MOST} 张证书 / {folder}: more than {MOST} certificates")
    path = folder / "parties"
    if not path.exists():
        return Anchors(tuple(found))
    try:
        text = read_bytes(path, BadDocument, at_most=policies.LARGEST).decode()
        return Anchors(tuple(found), read_parties(text))
    except ValueError as error:
        raise BadDocument(f"{path}：{error}") from error
