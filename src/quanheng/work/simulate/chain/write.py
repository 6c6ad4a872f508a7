"""The sample world of chains on the disk: holdings, log, trust, and the truth about every document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.evidence import holdings
from quanheng.evidence.reasons import REASONS
from quanheng.ground.files import write_durably
from quanheng.work.simulate.chain.entry import enter, policy
from quanheng.work.simulate.chain.world import ChainWorld, Made, Master, good_world
from quanheng.work.simulate.chain.wrong import put_wrong

TRUTH = pa.schema(
    [("document", pa.string()), ("kind", pa.string()), ("rule", pa.int32()), ("code", pa.string())]
)
NOTICE = """样例。此处的密钥由种子得出，人人可知：切勿用于真实的装置。
A sample. Its keys come from a seed and are known to everybody: never use them in a real installation.
"""


def write_chain(out: Path, *, seed: int, instruments: int, masters: Sequence[Master] = ()) -> int:
    """Write OUT/holdings, OUT/log, OUT/trust and OUT/chain_truth.parquet; returns the number of documents.

    The same seed gives the same bytes. Raises OSError.
    """
    world = ChainWorld(seed)
    good_world(world, instruments, masters)
    put_wrong(world)
    found = enter(world, out / "log")
    holdings.add(out / "holdings", (each.document for each in found))
    (out / "trust" / "authority").mkdir(parents=True)
    write_durably(out / "trust" / "policy", policy(world))
    write_durably(out / "trust" / "authority" / "bureau.pem", world.key("authority").public.pem())
    write_durably(out / "trust" / "README.txt", NOTICE.encode())
    pq.write_table(truth(found), out / "chain_truth.parquet")
    return len(found)


def truth(found: Sequence[Made]) -> pa.Table:
    """What is true of each document: a row for each code by which a fault of it shows, with the rule it breaks.

    0 and "" where it is good; rule 0 with a code: what is wrong with the document by itself.
    """
    rows = [
        {
            "document": each.document.digest,
            "kind": each.document.kind,
            "rule": REASONS[code].rule if code else 0,
            "code": code,
        }
        for each in found
        for code in each.codes or ("",)
    ]
    return pa.Table.from_pylist(rows, TRUTH)
