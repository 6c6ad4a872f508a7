"""A document of the evidence: exact bytes, and beside them what shows whose they are and since when they exist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from quanheng.evidence.records import RECORDS
from quanheng.ground.digest import sha256_bytes

CERTIFICATE = "certificate"
BUNDLE = "bundle"
ORDER = "order"  # of a run; its `proof` is the path to the root that the run's bundle holds
KINDS = {ORDER: "order.json", CERTIFICATE: "certificate.xml", BUNDLE: "run.json"} | dict.fromkeys(
    RECORDS, "record.json"
)
"""Every kind, and the name its bytes go by in a proof file."""


@dataclass(frozen=True)
class Document:
    """A certificate, a bundle, an order, or a record of the authority. What is empty is absent; nothing was checked."""

    kind: str  # one of KINDS
    data: bytes  # as they were signed
    signature: bytes = b""  # signature file; empty: unsigned
    statement: bytes = b""  # entry of the log
    salts: bytes = b""  # open the statement's commitments; empty for a record, which hides nothing
    proof: bytes = b""  # C2SP tlog-proof; empty: not logged

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes, the document's name everywhere."""
        return sha256_bytes(self.data)
