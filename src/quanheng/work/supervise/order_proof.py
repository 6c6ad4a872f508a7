"""An order of a run with its proof: the verdict, the path to the run's bundle, and the master's chain up to the SI."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from quanheng.evidence import proof_file
from quanheng.evidence.bundle import NAME, SIGNATURE
from quanheng.evidence.document import BUNDLE, ORDER, Document
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc import check as dcc
from quanheng.evidence.holdings import Holdings
from quanheng.evidence.order import path_to
from quanheng.ground.errors import BadOutput, Fault
from quanheng.ground.files import read_bytes
from quanheng.work.supervise.leaves import read_orders


def prove(out: Path, number: str, run: Iterable[Document], behind: Holdings) -> bytes:
    """The proof file of one order. run: the documents that prove its run; behind: where the master's chain is found.

    Raises BadOutput, Fault for an order that the run does not hold.
    """
    orders = read_orders(out)
    numbers = [str(each.order.get("order")) for each in orders]
    if number not in numbers:
        near = ", ".join(numbers[:3])
        raise Fault(
            f"{number}：这次运行没有这张工单，如 {near} / the run holds no such order; there are {near} …"
        )
    index = numbers.index(number)
    leaves = [each.write() for each in orders]
    subject = Document(ORDER, leaves[index], proof=path_to(leaves, index).write())
    listed = [subject, *run, *chain_of(behind, str(orders[index].area.get("master")))]
    return proof_file.write({each.digest: each for each in listed}.values())


def read_proof(path: Path) -> proof_file.ProofFile:
    """The proof of a run that was sealed. Raises Fault."""
    data = read_bytes(path, Fault)
    try:
        found = proof_file.read(data)
    except BadDocument as error:
        raise Fault(f"{path}：{error}") from error
    if found.subject.kind != BUNDLE:
        raise Fault(
            f"{path}：不是运行的证明，先 quanheng seal run / is no proof of a run: seal run makes one"
        )
    return found


def unsealed(out: Path) -> Document:
    """The bundle of a run that was not entered into a log: with its signature, where it was signed."""
    signed = out / SIGNATURE
    data = read_bytes(out / NAME, BadOutput)
    return Document(BUNDLE, data, read_bytes(signed, BadOutput) if signed.exists() else b"")


def chain_of(behind: Holdings, master: str) -> list[Document]:
    """The latest certificate of a master meter, with all that it rests on; nothing where none is at hand."""
    found = []
    for each in behind.certificates():
        content = dcc.check(each.data)[0] if master.encode() in each.data else None
        if content is not None and any(item.identifier == master for item in content.items):
            found.append((content.ended, each, [item.type_approval for item in content.items]))
    if not found:
        return []
    _, document, approvals = max(found, key=lambda each: each[0])
    return behind.behind(document, [each for each in approvals if each])
