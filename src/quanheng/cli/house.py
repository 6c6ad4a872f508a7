"""`quanheng house`: keys, log and trust of a site; what the authority says; certificates that come from elsewhere."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from quanheng.cli.certificate import day
from quanheng.cli.issue import read_form
from quanheng.cli.site import bring_up_to_date, set_up
from quanheng.evidence.certificate import Certificate
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import Fault
from quanheng.ground.files import read_bytes

YEARS = 5  # for which keys are bound where nothing else is said


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the jobs of `house`."""
    parser = subparsers.add_parser(
        "house",
        help="网站的密钥、日志与信任 / keys, log and trust of the site",
        description="网站用以签发的密钥、日志与信任，都在 QUANHENG_HOME 之下；口令取自 QUANHENG_KEY_PASSPHRASE\n"
        "或 QUANHENG_KEY_PASSPHRASE_FILE。What the site signs and logs with, below QUANHENG_HOME.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    jobs = parser.add_subparsers(dest="house_job", metavar="JOB", required=True)
    new = jobs.add_parser("establish", help="建立；可重复运行 / make them; may be run again")
    add = new.add_argument
    add(
        "--institute", metavar="CODE", required=True, help="检定机构的信用代码 / credit code of the institute"
    )
    add("--origin", required=True, help="日志的名称 / name of the log, such as log.example/city")
    add("--authority", default="bureau", help="主管部门的标识 / how the authority is called (%(default)s)")
    add(
        "--witness",
        nargs=2,
        metavar=("KEY", "URL"),
        action="append",
        default=[],
        help="见证人的验证密钥与地址，可重复 / verifier key and address of a witness, repeatable",
    )
    add("--until", metavar="DATE", type=day, help=f"密钥用到哪天 / keys are bound until ({YEARS} years)")
    say = jobs.add_parser("say", help="主管部门的记录：能力、型式批准…… / records of the authority: scopes …")
    say.add_argument(
        "forms", metavar="FORM", type=Path, nargs="+", help="表单 / form; certificate issue --template"
    )
    take = jobs.add_parser("take-in", help="登记外来证书 / file certificates from elsewhere")
    take.add_argument("proofs", metavar="PROOF", type=Path, nargs="+", help="证明文件 / proof files")
    jobs.add_parser("publish", help="把查验网页登记于日志 / enter the page that verifies into the log")
    jobs.add_parser("show", help="有什么 / what there is")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do a job; 0. Raises Fault, and NotShown where witnesses are too few or nothing can be signed here."""
    set_up()
    bring_up_to_date()
    from django.utils import timezone

    today = timezone.localdate()
    match args.house_job:
        case "establish":
            _establish(args, today)
        case "say":
            _say(args.forms, today)
        case "take-in":
            _take_in(args.proofs, today)
        case "publish":
            _publish(today)
        case _:
            _show()
    return 0


def _establish(args: argparse.Namespace, today: date) -> None:
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.certificates.actions import ceremony
    from quanheng.city.people.models import Party

    institute = Party.objects.filter(code=args.institute).first()
    if institute is None:
        raise Fault(
            f"{args.institute}：没有登记这个单位 / {args.institute}: there is no such party in the register"
        )
    ceremony.establish(
        SYSTEM,
        institute,
        origin=args.origin,
        authority=args.authority,
        witnesses=[(key, url) for key, url in args.witness],
        since=today,
        until=args.until or today.replace(year=today.year + YEARS, day=min(today.day, 28)),
    )
    _show()


def _say(paths: list[Path], today: date) -> None:
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.certificates import house
    from quanheng.city.certificates.actions import standing

    said, known = [], house.house()
    for path in paths:
        content, issuer, _issued = read_form(path)
        if isinstance(content, Certificate):
            raise Fault(
                f"{path}：是证书，不是记录；证书在网站上签发 / is a certificate: these are issued on the site"
            )
        if issuer != known.authority:
            raise Fault(f"{path}：issuer 应为 {known.authority} / issuer should be {known.authority}")
        said.append(content)
    standing.say(SYSTEM, said, today)
    print(f"{len(said)} 份记录已登记 / records logged")


def _take_in(paths: list[Path], today: date) -> None:
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.certificates.actions import ceremony

    for path in paths:
        count = ceremony.take_in(SYSTEM, read_bytes(path, Fault), on=today)
        print(f"{path}：{count} 份新文书 / new documents")


def _publish(today: date) -> None:
    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.site import verify

    digest, index = verify.publish(SYSTEM, today)
    print(f"/verify/page.html  SHA-256 {digest}  日志第 {index} 条 / entry {index} of the log")


def _show() -> None:
    from quanheng.city.certificates import house

    found, trust = house.house(), house.trust()
    print(f"机构 institute   {found.institute.name} {found.code}")
    print(f"主管部门 authority {found.authority}  {'、'.join(key[:16] for key in trust.authority)}")
    print(f"日志 log         {found.origin}，{house.entries()} 条 / entries")
    print(f"见证人 witnesses  {len(trust.policy.witnesses)}，quorum {trust.policy.quorum}")
    print(f"policy SHA-256  {sha256_bytes(trust.policy_file)}")
