"""`quanheng uncertainty`: a measurement model in, an uncertainty report out."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from quanheng.ground.errors import BadOutput, Fault
from quanheng.ground.files import write_durably
from quanheng.work.budget import machine, population, population_report, text
from quanheng.work.budget.evaluate import evaluate
from quanheng.work.budget.reading import read_budget
from quanheng.work.budget.result import Budget
from quanheng.work.budget.template import write_template
from quanheng.work.budget.words import LANGUAGES, Language

NARROWEST = 132  # columns of a budget table where nobody looks at a terminal

# Only the reports that are asked for are loaded: plots take their time.
REPORTS = {"html": "page", "latex": "latex", "excel": "excel"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `uncertainty` and its options."""
    parser = subparsers.add_parser(
        "uncertainty",
        help="由测量模型得出不确定度报告 / from a measurement model to an uncertainty report",
        description="读一个预算文件（TOML 或 Excel），按不确定度传播律和蒙特卡洛法评定，打印报告。\n"
        "Read a budget file (TOML or Excel), evaluate it by the law of propagation and by Monte Carlo, print a report.",
        epilog="退出状态 / exit status: 0 已评定，不论合格与否 / done, whatever the verdict; "
        "2 文件或命令行有误 / the file or the command line is at fault",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", metavar="FILE", type=Path, nargs="?", help="预算文件 / budget file, .toml or .xlsx")
    add(
        "--population",
        metavar="TABLE",
        type=Path,
        help="每台器具一行的表（csv、parquet、xlsx）：整个总体的预算 / a row for each instrument: a budget over all",
    )
    add("--json", action="store_true", help="只输出一个 JSON 对象 / print one JSON object and nothing else")
    add("--html", metavar="PATH", type=Path, help="写成一页 / write a page")
    add("--latex", metavar="PATH", type=Path, help="写成 LaTeX / write LaTeX")
    add("--excel", metavar="PATH", type=Path, help="写成 Excel 工作簿 / write an Excel workbook")
    add(
        "--lang",
        choices=LANGUAGES,
        default="both",
        help="报告的语言；网页总可切换 / language of the report; a page always has a switch (%(default)s)",
    )
    add(
        "--template",
        choices=("toml", "excel"),
        help="给出一个预算文件的样例：toml 打印，excel 写到 --excel PATH / a budget to begin with: toml is printed, "
        "excel written to --excel PATH",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Evaluate and report; 0. Raises BadBudget, BadOutput and Fault.

    1 the paths that will be written  2 evaluate  3 every report  4 write them  5 print
    """
    if args.template:
        return template(args)
    if args.file is None:
        raise Fault(
            "缺少 FILE；用 --template toml 得到样例 / FILE is missing; --template toml gives an example"
        )
    paths = {kind: path for kind in REPORTS if (path := getattr(args, kind)) is not None}
    if args.population is not None:
        return over_population(args, paths)
    check_paths(args.file, list(paths.values()))
    with progress_bar() as progress:
        budget = evaluate(read_budget(args.file), progress)
    written = {path: rendered(kind, budget, args.lang) for kind, path in paths.items()}
    for path, data in written.items():
        write(path, data)
    if args.json:
        sys.stdout.write(machine.as_bytes(budget).decode())
    else:
        show(budget, args.lang)
    return 0


def over_population(args: argparse.Namespace, paths: dict[str, Path]) -> int:
    """Evaluate over a population and report; 0."""
    check_paths(args.file, list(paths.values()))
    found = population.evaluate(read_budget(args.file), args.population)
    written = {path: population_report.REPORTS[kind](found, args.lang) for kind, path in paths.items()}
    for path, data in written.items():
        write(path, data)
    if args.json:
        sys.stdout.write(population_report.as_json(found).decode())
    else:
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=NARROWEST)
        console.print(population_report.as_text(found, args.lang))
    return 0


def template(args: argparse.Namespace) -> int:
    """Print the template in TOML, or write that in Excel."""
    if args.file is not None or args.json or args.html or args.latex:
        raise Fault("--template 不与 FILE 或报告同用 / --template goes without FILE and without reports")
    if args.template == "toml" and args.excel:
        raise Fault("--excel 用于 --template excel / --excel goes with --template excel")
    if args.template == "toml":
        sys.stdout.write(write_template("toml").decode())
        return 0
    if args.excel is None:
        raise Fault("--template excel 要写到 --excel PATH / --template excel is written to --excel PATH")
    check_paths(None, [args.excel])
    write(args.excel, write_template("excel"))
    return 0


def rendered(kind: str, budget: Budget, language: Language) -> bytes:
    """A report as a file: `write` of the module of its kind."""
    module = importlib.import_module(f"quanheng.work.budget.{REPORTS[kind]}")
    data: bytes = module.write(budget, language)
    return data


def check_paths(file: Path | None, paths: list[Path]) -> None:
    """Raises BadOutput for a path that is a folder, is in none, is the budget file itself, or stands twice."""
    for k, path in enumerate(paths):
        if path.is_dir() or not path.parent.is_dir():
            raise BadOutput(
                f"{path} 写不进去：须是文件夹中的一个文件 / {path}: should be a file in a folder that exists"
            )
        if any(path.resolve() == other.resolve() for other in (*paths[:k], *([file] if file else []))):
            raise BadOutput(
                f"{path} 已用于别处；请另选一个名字 / {path}: is in use already; choose another name"
            )


def write(path: Path, data: bytes) -> None:
    """Write a report, in place of an earlier one. Raises BadOutput."""
    try:
        write_durably(path, data)
    except OSError as fault:
        raise BadOutput(
            f"{path} 写不进去：{fault.strerror} / {path} cannot be written: {fault.strerror}"
        ) from fault


def show(budget: Budget, language: Language) -> None:
    """Print the report: as wide as the terminal, or as the table where there is none."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=NARROWEST)
    console.print(text.report(budget, language))


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int], None] | None]:
    """Trials done, on stderr, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("蒙特卡洛 / Monte Carlo", total=None)
        yield lambda done, expected: bars.update(task, completed=done, total=expected)
