"""What a verifier lets pass: published certificates, and forgeries of our own, by ours, pydcc and dcclib.

    python bench/verifiers.py [--markdown | --json] [--examples DIR] [--schema FILE] [--peers PYTHON]

Peers run in an environment of their own (`make bench-peers`) on the same certificate; they know neither logs, nor proof
files, nor chains, so of a proof file they are handed the certificate alone. What they need and we do not ship is named
on the command line: the published examples, and the official schema (dcc.xsd of 3.3.0 with what it imports).
Where something is missing the table says so.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "stories"), str(ROOT / "tests" / "evidence")]

from forgeries import ON, forgeries, good, trusted  # noqa: E402 - the corpus of the tests

from quanheng.cli.certificate import NOBODY, verified  # noqa: E402
from quanheng.evidence import proof_file  # noqa: E402
from quanheng.evidence.answer import Answer, Standing  # noqa: E402
from quanheng.evidence.document_check import Rules  # noqa: E402
from quanheng.evidence.errors import BadDocument  # noqa: E402
from quanheng.evidence.formats.dcc import check, sealed  # noqa: E402
from quanheng.evidence.formats.xmldsig.anchors import Anchors  # noqa: E402
from quanheng.evidence.formats.xmldsig.signer import read_pem  # noqa: E402
from quanheng.evidence.procedures import regulations  # noqa: E402
from quanheng.evidence.trust import Trust  # noqa: E402

RULES = Rules(sealed.read, 7)
WORDS = {Standing.VALID: "valid", Standing.NOT_SHOWN: "not shown", Standing.INVALID: "invalid"}
DAY = date(2026, 6, 15)


@dataclass(frozen=True)
class Judged:
    """A file, and what is said of it."""

    group: str
    name: str
    ours: str
    codes: str
    pydcc: str
    dcclib: str
    seconds: dict[str, float]  # of processor time, for the certificate alone


def said(answer: Answer) -> tuple[str, str]:
    """An answer and its gravest code."""
    grave = [each.code for each in answer.reasons if each.standing == answer.standing]
    return WORDS[answer.standing], grave[0] if grave and answer.standing else ""


def files(examples: Path | None) -> Iterator[tuple[str, str, bytes, bytes, Trust]]:
    """Group, name, what we are handed, the certificate in it, and whom we trust."""
    if examples is not None:
        known = Trust(NOBODY.policy, NOBODY.authority, NOBODY.policy_file, anchors(examples))
        for path in sorted(examples.glob("*.xml")):
            yield "published", path.name, path.read_bytes(), path.read_bytes(), known
    whole = proof_file.write(good())
    yield "our own, good", "a good certificate", whole, good()[0].data, trusted()
    for each in forgeries():
        yield "our own, forged", each.name, each.data, certificate_in(each.data), trusted()


def anchors(examples: Path) -> Anchors:
    """The authority of the examples, where it lies beside them."""
    path = examples / "dcclib_ca.pem"
    return Anchors(tuple(read_pem(path.read_bytes()))) if path.exists() else Anchors()


def certificate_in(data: bytes) -> bytes:
    """The certificate of a proof file; of one that cannot be read, what stands there."""
    try:
        return proof_file.read(data).subject.data
    except BadDocument:
        return data if data.startswith(b"<") else b""


def peers(python: Path, authority: str, schema: str, paths: list[Path]) -> Mapping[str, dict[str, Any]]:
    """What the peers say, by path; empty where they cannot be asked."""
    if not python.exists() or not schema:
        return {}
    command = [str(python), str(ROOT / "bench" / "evidence_jobs" / "dcc_judges.py"), authority, schema]
    asked = "".join(f"{path}\n" for path in paths)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    return {said["path"]: said for line in done.stdout.splitlines() for said in [json.loads(line)]}


def judged(examples: Path | None, schema: str, python: Path) -> Iterator[Judged]:
    """Every file."""
    listed = list(files(examples))
    authority = str(examples / "dcclib_ca.pem") if examples else ""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{n}.xml" for n in range(len(listed))]
        for path, (_group, _name, _data, certificate, _known) in zip(paths, listed, strict=True):
            path.write_bytes(certificate)
        theirs = peers(python, authority, schema, paths)
    for path, (group, name, data, certificate, known) in zip(paths, listed, strict=True):
        answer, _ = verified(data, known, RULES, regulations(), on=ON if group != "published" else DAY)
        other = theirs.get(str(path))
        if not certificate or other is None:
            told = ("nothing to read", "nothing to read") if theirs else ("not asked", "not asked")
        else:
            pydcc, dcclib = (
                "; ".join(f"{k}: {v}" for k, v in other[who].items()) for who in ("pydcc", "dcclib")
            )
            told = (pydcc, dcclib)
        seconds = {"ours": took(certificate), **other["seconds"]} if certificate and other else {}
        yield Judged(group, name, *said(answer), *told, seconds)


def took(certificate: bytes) -> float:
    """Processor time of the form of a certificate: structure and business rules; the least of three."""

    def once() -> float:
        start = time.process_time()
        root, _ = check.parsed(certificate)
        if root is not None:
            check.form(root)
        return time.process_time() - start

    return min(once() for _ in range(3))


def passes(each: Judged) -> dict[str, bool]:
    """Who lets a file pass: says valid, and nothing against it. Peers: structure and rules, and no wrong signature."""
    return {
        "ours": each.ours == "valid",
        **{
            who: ": " in said
            and all(part.split(": ", 1)[1] in ("valid", "none inside") for part in said.split("; "))
            for who, said in (("pydcc", each.pydcc), ("dcclib", each.dcclib))
        },
    }


MARKS = {"valid": "✓", "invalid": "✗", "none inside": "–"}


def brief(said: str) -> str:
    """What a peer says, as the table has room for it; what kept it from an answer stands by its name."""
    parts = [part.split(": ", 1) for part in said.split("; ")]
    if len(parts[0]) < 2:
        return said
    return ", ".join(f"{MARKS.get(word, '✗ ' + word.split(':')[0])}" for _name, word in parts)


def main() -> int:
    """Print the table, or an object a line; 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--markdown", action="store_true", help="a table")
    parser.add_argument("--examples", type=Path, help="folder of published certificates")
    parser.add_argument("--schema", default="", help="dcc.xsd of the official schema 3.3.0, for dcclib")
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-peers" / "bin" / "python")
    args = parser.parse_args()
    rows = list(judged(args.examples, args.schema, args.peers))
    if args.json:
        for each in rows:
            print(json.dumps(asdict(each), ensure_ascii=False))
        return 0
    print("| file | ours | by | pydcc: structure, signature | dcclib: structure, rules, signature |")
    print("|---|---|---|---|---|")
    for each in rows:
        cells = (
            each.name,
            each.ours,
            each.codes and f"`{each.codes}`",
            brief(each.pydcc),
            brief(each.dcclib),
        )
        print("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    print()
    for group in dict.fromkeys(each.group for each in rows):
        some = [passes(each) for each in rows if each.group == group]
        counts = ", ".join(f"{who} {sum(each[who] for each in some)}" for who in ("ours", "pydcc", "dcclib"))
        print(f"{group}: of {len(some)} files pass: {counts}  ")
    timed = [each.seconds for each in rows if each.group == "our own, forged" and each.seconds]
    if timed:
        times = ", ".join(f"{who} {median(each[who] for each in timed) * 1e3:.3g} ms" for who in timed[0])
        print(f"the certificate alone, median of {len(timed)}: {times}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
