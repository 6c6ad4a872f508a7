"""`quanheng user`: who may sign in, from the command line: the first user of a new site above all."""

from __future__ import annotations

import argparse

from quanheng.cli.site import bring_up_to_date, set_up
from quanheng.ground.errors import Fault

ROLES = ("city", "district", "institute", "utility", "enterprise", "auditor")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `user` and its options."""
    parser = subparsers.add_parser(
        "user",
        help="网站的用户：新建、给新口令 / users of the site: make one, give a new password",
        description="新建用户或给他新口令；口令只显示一次，第一次登录时须改。\n"
        "Make a user or give him a new password; it is shown once, and must be changed at the first sign-in.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    jobs = parser.add_subparsers(dest="user_job", metavar="JOB", required=True)
    add = jobs.add_parser("add", help="新建 / make one")
    add.add_argument("name", metavar="NAME", help="用户名 / user name")
    add.add_argument("--role", choices=ROLES, required=True, help="角色 / role")
    add.add_argument("--party", metavar="CODE", help="单位的统一社会信用代码 / credit code of the party")
    add.add_argument("--district", metavar="CODE", help="区划代码 / code of the district")
    reset = jobs.add_parser(
        "reset", help="给新口令，作废第二因素 / a new password; the second factor is void"
    )
    reset.add_argument("name", metavar="NAME", help="用户名 / user name")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make or reset; 0. Raises Fault: there is one already, none, or something the role needs is missing."""
    set_up()
    bring_up_to_date()
    from django.core.exceptions import ValidationError

    from quanheng.city.audit.actions import SYSTEM
    from quanheng.city.people import actions
    from quanheng.city.people.models import District, Party, User

    if args.user_job == "reset":
        user = User.objects.filter(username=args.name).first()
        if user is None:
            raise Fault(f"{args.name}：没有这个用户 / there is no such user")
        print(actions.reset_user(SYSTEM, user))
        return 0
    facts = {}
    for name, model, code in (("party", Party, args.party), ("district", District, args.district)):
        if code:
            facts[name] = model._default_manager.filter(code=code).first()
            if facts[name] is None:
                raise Fault(f"--{name} {code}：没有 / there is none")
    try:
        _user, first = actions.make_user(SYSTEM, args.name, args.role, **facts)
    except ValidationError as error:
        raise Fault(f"{args.name}：" + "；".join(error.messages)) from error
    print(first)
    return 0
