"""The holdings that a job of `quanheng chain` is about, judged: options, documents, and which certificate is meant."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from quanheng.cli.certificate import DAYS, JSON, NOBODY, day, opened
from quanheng.evidence import holdings, procedures, proof_file, qr_proof
from quanheng.evidence.chain.columns import NONE, Chain
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Rules, day_of
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.trust import read_trust
from quanheng.ground.errors import Fault
from quanheng.ground.files import read_bytes
from quanheng.work.trace.holdings_check import Whole, check_holdings
from quanheng.work.trace.part import Asked
from quanheng.work.trace.recall import find

CITED = "摘要、证书编号或器具标识 / digest, number of a certificate, or item"
NOT_HERE = "馆藏中没有这份证书，或读不出；应为摘要、证书编号或器具标识"
NOT_HERE_ENGLISH = "no such certificate is here that can be read; give its digest, its number, or an item"


@dataclass(frozen=True)
class Judged:
    """Holdings, judged; of a proof file its subject."""

    whole: Whole
    asked: Asked
    subject: str | None  # digest

    @property
    def chain(self) -> Chain:
        """Columns of all certificates that can be read."""
        return self.whole.judged.chain

    @property
    def when(self) -> str:
        """The day they are to hold, and that of knowing."""
        on, known = self.asked.on, self.asked.known
        return f"{on}，按 {known} 所知 / on {on}, as known on {known}"

    def find(self, asked: str) -> int:
        """The row of a certificate. Raises Fault where none is meant."""
        row = find(self.chain, asked)
        if row == NONE:
            raise Fault(f"{asked}：{NOT_HERE} / {asked}: {NOT_HERE_ENGLISH}")
        return row


def add_options(job: argparse.ArgumentParser) -> None:
    """Options of every job."""
    job.add_argument(
        "holdings",
        metavar="HOLDINGS",
        type=Path,
        help="馆藏、证明文件，或证明文件的文件夹 / holdings, a proof file, or a folder of proof files",
    )
    job.add_argument(
        "--trust",
        metavar="DIR",
        type=Path,
        help="信任文件夹；不给则无人作保 / folder of trust; without it nobody vouches for anything",
    )
    job.add_argument(
        "--on", metavar="DATE", type=day, help="哪一天有效（今天）/ the day they are to hold (today)"
    )
    job.add_argument(
        "--known", metavar="DATE", type=day, help="按哪一天所知（今天）/ as known on which day (today)"
    )
    job.add_argument(
        "--procedures", metavar="FILE", type=Path, help="本地的规程（TOML）/ procedures of your own"
    )
    job.add_argument("--grace", metavar="DAYS", type=int, default=GRACE, help=DAYS)
    job.add_argument("--json", action="store_true", help=JSON)


def judged(args: argparse.Namespace) -> Judged:
    """The holdings of the command line, judged. Raises Fault, BadDocument, NotShown."""
    today = day_of(int(time.time()))
    regulations = procedures.read(args.procedures) if args.procedures else procedures.regulations()
    asked = Asked(args.on or today, args.known or today, regulations)
    trust = read_trust(args.trust) if args.trust else NOBODY
    documents, subject = _documents(args.holdings)
    with _progress() as progress:
        whole = check_holdings(documents, trust, Rules(sealed.read, args.grace), asked, progress=progress)
    return Judged(whole, asked, subject)


def _documents(path: Path) -> tuple[Iterable[Document], str | None]:
    if path.is_dir():
        return holdings.documents_of(path), None
    data = read_bytes(path, Fault, at_most=proof_file.LARGEST)
    if data.startswith(qr_proof.PREFIX.encode()):
        told = "二维码里没有证书的内容；用 certificate verify / a QR code holds no certificate: see certificate verify"
        raise Fault(f"{path}：{told}")
    try:
        found = opened(data)
    except BadDocument as error:
        raise BadDocument(f"{path}：{error}") from error
    return found.documents, found.subject.digest


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("核对 / checking"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=None)
        yield lambda n: bars.update(task, completed=n)
