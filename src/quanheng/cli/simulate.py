"""`quanheng simulate`: write a sample city and the truth about it."""

from __future__ import annotations

import argparse
from pathlib import Path

from pyarrow.parquet import read_table
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from quanheng.ground.errors import Fault
from quanheng.readings.lake.schema import UTILITIES
from quanheng.work.simulate.chain.world import Master
from quanheng.work.simulate.chain.write import NOTICE, write_chain
from quanheng.work.simulate.city import write_city
from quanheng.work.simulate.faults import FAULTS, parse_faults
from quanheng.work.simulate.world import DATA, World

LEAST = {"areas": 1, "meters": 1, "days": 1, "seed": 0}
METERS = {"electricity": 200}  # other utilities: a building
METERS_OF_A_BUILDING = 20
BAD_LOTS = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `simulate` and its options."""
    parser = subparsers.add_parser(
        "simulate",
        help="生成样例城市及其真值 / make a sample city and its truth",
        description="生成样例城市：OUT/lake 与真值 OUT/truth.parquet、OUT/areas_truth.parquet；--chain：溯源链。\n"
        "Make a sample city: OUT/lake and the truth about it; with --chain, chains of certificates as well.",
        epilog="故障 / faults:\n" + "\n".join(f"  {name:14} {kind.meaning}" for name, kind in FAULTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="新的或空的文件夹 / a new or empty folder")
    parser.add_argument("--areas", metavar="N", type=int, default=10, help="台区数 / areas (%(default)s)")
    parser.add_argument(
        "--meters", metavar="M", type=int, help="每台区表数 / meters an area (200; 水气热 / others 20)"
    )
    parser.add_argument("--days", metavar="D", type=int, default=365, help="天数 / days (%(default)s)")
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="随机种子 / seed (%(default)s)")
    parser.add_argument(
        "--data",
        choices=DATA,
        help="读数 / readings (curves; 水气热只有 / others only registers)",
    )
    parser.add_argument(
        "--utility", choices=UTILITIES, default="electricity", help="行业 / utility (%(default)s)"
    )
    parser.add_argument(
        "--fault",
        metavar="NAME[:VALUE]",
        action="append",
        default=[],
        help="故障，可重复 / a fault, repeatable",
    )
    parser.add_argument(
        "--struck",
        metavar="SHARE",
        type=float,
        default=1.0,
        help="单区故障所及的台区比例 / share of areas that faults of single areas strike (%(default)s)",
    )
    parser.add_argument(
        "--chain",
        metavar="N",
        type=int,
        default=0,
        help="另有 N 台器具的溯源链：OUT/holdings、log、trust、chain_truth.parquet；一万台约 20 秒"
        " / chains of N instruments as well; 10,000 take some 20 s (%(default)s)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the city; 0. Raises errors.Fault where the command line or OUT is at fault."""
    world = _world(args)
    bar = Progress(
        TextColumn("生成台区 / areas"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task("", total=args.areas)
        write_city(world, args.out, areas=args.areas, seed=args.seed, on_area=lambda: bar.advance(task))
    if args.chain:
        print(f"{_write_chain(args)} 份文件 / documents：{args.out / 'holdings'}\n{NOTICE}", end="")
    return 0


def _write_chain(args: argparse.Namespace) -> int:
    """Chains of instruments, the master meters of the lake among them."""
    areas = read_table(
        args.out / "lake" / "areas.parquet", columns=["master", "master_u", "master_mpe"]
    ).to_pylist()
    masters = [Master(*each.values()) for each in areas]
    return write_chain(args.out, seed=args.seed, instruments=args.chain, masters=masters)


def _world(args: argparse.Namespace) -> World:
    meters = args.meters if args.meters is not None else METERS.get(args.utility, METERS_OF_A_BUILDING)
    if args.chain < 0 or (args.chain and args.utility != "electricity"):
        raise Fault(f"--chain {args.chain}: 不为负，且只用于电力 / not negative, and for electricity alone")
    for name, value in (("areas", args.areas), ("meters", meters), ("days", args.days), ("seed", args.seed)):
        if value < LEAST[name]:
            raise Fault(f"--{name} {value}: 不应小于 {LEAST[name]} / must not be below {LEAST[name]}")
    if args.utility != "electricity" and args.data not in (None, "registers"):
        raise Fault(f"--data {args.data}: {args.utility} 只有 / has only registers")
    if not 0 < args.struck <= 1:
        raise Fault(f"--struck {args.struck}: 应大于 0 且不大于 1 / must be above 0 and at most 1")
    return World(
        meters=meters,
        struck=args.struck,
        days=args.days,
        data=args.data or ("curves" if args.utility == "electricity" else "registers"),
        utility=args.utility,
        bad_lots=BAD_LOTS,
        faults=parse_faults(args.fault),
    )
