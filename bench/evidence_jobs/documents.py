"""Checking documents: a signed DCC whole, its parts, and detached signatures, beside raw libraries."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from evidence_jobs.chain import line
from quanheng.evidence import keys, signature, xml
from quanheng.evidence.formats.dcc import check, reading, rules, structure, writing
from quanheng.ground.errors import NotShown
from quanheng.work.simulate.chain.kinds import KINDS
from quanheng.work.simulate.chain.world import ChainWorld


def best(function: Callable[[], Any], seconds: float = 0.6) -> float:
    """Least processor time of a call, over several rounds."""
    function()
    start = time.process_time()
    function()
    once = max(time.process_time() - start, 1e-6)
    calls = max(int(0.02 / once), 1)
    least, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.process_time()
        for _ in range(calls):
            function()
        least = min(least, (time.process_time() - start) / calls)
    return least


def sample() -> bytes:
    """A certificate of the sample world."""
    world = ChainWorld(1)
    world.authority()
    return writing.write(world.instrument(0, KINDS[0]))


def without_software(data: bytes) -> bytes:
    """A certificate that does not say with which software it was made: each of its results is warned of."""
    root = etree.fromstring(data)
    for each in list(root.iter("{https://ptb.de/dcc}usedSoftware")):
        each.getparent().remove(each)
    return bytes(etree.tostring(root))


def figures(scale: float = 1.0) -> Iterator[dict[str, Any]]:
    """Figures; scale is not used: a document is a document."""
    data = sample()
    key = keys.of_seed("ecdsa-p256-sha256", b"bench")
    signed = signature.read(signature.sign(data, key))
    raw = serialization.load_der_public_key(key.public.der)
    assert isinstance(raw, ec.EllipticCurvePublicKey)
    algorithm = ec.ECDSA(hashes.SHA256())

    def limit() -> None:
        root = etree.fromstring(data)
        etree.tostring(root, method="c14n", exclusive=True)
        hashlib.sha256(data).digest()
        raw.verify(signed.signature, data, algorithm)
        for _ in root.iter():
            pass

    def ours(data: bytes = data, signed: signature.Signature = signed) -> None:
        root, answer = check.parsed(data)
        assert not answer.standing
        assert not check.form(root).standing
        assert signature.check(data, signed, key.public)

    def read_too() -> None:
        content, answer = check.check(data)
        assert content is not None and not answer.standing
        assert signature.check(data, signed, key.public)

    def limit_with_schema() -> None:
        limit()
        assert schema.validate(etree.fromstring(data))

    schema = structure.validator("3.3.0")
    beside = "parse, canonical form, hash, signature, a pass over its nodes", best(limit)
    parsed = best(lambda: etree.fromstring(data))
    mine = best(ours)
    yield line(f"full check of a signed DCC, {len(data):,} bytes", mine, "s", *beside, 0.8)
    with_schema = best(limit_with_schema) - parsed
    yield line("  the same", mine, "s", "the same, and a compiled schema", with_schema, None)
    remarked = without_software(data)
    told = len(check.form(xml.parse(remarked)).reasons)
    signed_too = signature.read(signature.sign(remarked, key))
    yield line(f"  with {told} warnings", best(lambda: ours(remarked, signed_too)), "s", *beside, None)
    yield line("  checked and read into the model", best(read_too), "s", *beside, None)
    yield line("  of which parse", best(lambda: xml.parse(data, blanks=False)), "s", "lxml", parsed, 0.9)
    root = xml.parse(data, blanks=False)
    yield line("  of which structure", best(lambda: structure.is_plain(root)), "s", "", None, None)
    yield line("  of which business rules", best(lambda: rules.findings_of_plain(root)), "s", "", None, None)
    yield line(
        "  all business rules one by one",
        best(lambda: rules.findings(root)),
        "s",
        "Saxon, 125/s",
        1 / 125,
        40.0,
    )
    yield line("  of which read", best(lambda: reading.read_root(root)), "s", "", None, None)
    yield from signatures(data)


def signatures(data: bytes) -> Iterator[dict[str, Any]]:
    """Detached signatures beside the library or libcrypto."""
    yield beside_library("ed25519", data)
    yield beside_library("ecdsa-p256-sha256", data, ec.ECDSA(hashes.SHA256()))
    try:
        key = keys.of_seed("sm2-sm3", b"bench")
    except NotShown as error:
        yield {
            **line("sm2-sm3, verify", float("nan"), "s", "openssl speed sm2", None, 0.95),
            "reason": str(error),
        }
        return
    short = b"x" * 32
    signed = signature.read(signature.sign(short, key))
    ours = best(lambda: key.public.verify(signed.signature, short))
    yield line("sm2-sm3, verify", ours, "s", "openssl speed sm2", openssl(), 0.95)


def beside_library(algorithm: str, data: bytes, *more: Any) -> dict[str, Any]:
    """A verification beside that of the library alone."""
    key = keys.of_seed(algorithm, b"bench")
    signed = signature.read(signature.sign(data, key))
    raw: Any = serialization.load_der_public_key(key.public.der)
    theirs = best(lambda: raw.verify(signed.signature, data, *more))
    ours = best(lambda: key.public.verify(signed.signature, data))
    return line(f"{algorithm}, verify", ours, "s", "cryptography", theirs, 0.9)


def openssl() -> float | None:
    """Seconds of a verification by `openssl speed sm2`; None where it cannot be asked."""
    try:
        said = subprocess.run(
            ["openssl", "speed", "-seconds", "1", "sm2"], capture_output=True, text=True, check=True
        ).stdout
        return 1 / float(said.split("\n")[-2].split()[-1])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return None
