"""The sample world of chains on the disk: holdings, log, trust, and the truth about every document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from quanheng.evidence import holdings
from quanheng.ground.files import write_durably
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
    found = world.enter(out / "log")
    holdings.add(out / "holdings", (each.document for each in found))
    (out / "trust" / "authority").mkdir(parents=True)
    write_durably(out / "trust" / "policy", world.policy())
    write_durably(out / "trust" / "authority" / "bureau.pem", world.key("authority").public.pem())
    write_durably(out / "trust" / "README.txt", NOTICE.encode())
    pq.write_table(truth(found), out / "chain_truth.parquet")
    return len(found)


def truth(found: Sequence[Made]) -> pa.Table:
    """What is true of each document: the rule that it breaks and the code that shows it; 0 and "" where it is good."""
    return pa.table(
        {
            "document": [each.document.digest for each in found],
            "kind": [each.document.kind for each in found],
            "rule": pa.array([each.label.rule for each in found], pa.int32()),
            "code": [each.label.code for each in found],
        },
        TRUTH,
    )
