"""docs/permissions.md: what each role may do, as the site itself answers.

python tests/city/browser/site_matrix.py --write
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quanheng.cli.site import set_up

if TYPE_CHECKING:
    from site_build import Site

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/permissions.md"
ROLES = ("city", "district", "institute", "utility", "enterprise", "auditor", "public")
YES, OWN, NO, NONE = "✓", "○", "–", "·"
KINDS = {
    "list": ("列表", "list"), "export": ("导出", "export"), "add": ("新增", "add"), "import": ("由表格导入", "import"),
    "sheet": ("空白表格", "template"), "import-check": ("导入前查看", "look at an import"),
    "import-write": ("写入导入", "write an import"), "record": ("一条记录", "a record"), "change": ("更改", "change"),
}  # fmt: skip
HEAD = """# 权限 / Permissions

由程序对样例城市的实际回答得出：每一个角色，每一页，每一项接口。
From the actual answers of the site with the sample city: every role, every page, every operation of the API.

```sh
python tests/city/browser/site_matrix.py --write
```

* ✓ 可以 / may
* ○ 只限自己（单位、区）的记录 / only what is theirs (party, district)
* – 不可以 / may not
* · 样例中没有此角色的记录 / the sample has no row of this role

公众是没有登录的人。 / The public is whoever did not sign in.
"""


def rows() -> dict[str, list[list[str]]]:
    """Of the site that Django is set up for: name, what it is (Chinese, English), by table."""
    from django.utils.translation import override
    from site_addresses import addresses
    from site_permissions import operations, said_of

    from quanheng.city.register.declaration import REGISTERS

    kinds = {f"{register.name}-{kind}": (register, kind) for register in REGISTERS.values() for kind in KINDS}
    pages = []
    for each in addresses():
        if each.name in kinds:
            register, kind = kinds[each.name]
            told = []
            for language, word in zip(("zh-hans", "en"), KINDS[kind], strict=True):
                with override(language):
                    told.append(
                        f"{register.title}: {word}" if language == "en" else f"{register.title}：{word}"
                    )
            pages.append([each.name, "/" + each.route, " / ".join(told)])
        else:
            pages.append([each.name, "/" + each.route, said_of(each)])
    return {
        "pages": pages,
        "api": [[each.name, each.name, str(each.said.get("summary", ""))] for each in operations()],
    }


def document(site: Site) -> str:
    """The document."""
    return (
        HEAD
        + "\n"
        + "\n".join([*_table("页面 / Pages", site, "pages"), "", *_table("接口 / API", site, "api"), ""])
    )


def _table(title: str, site: Site, of: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| | | " + " | ".join(ROLES) + " |"
    yield "|---|---|" + ":-:|" * len(ROLES)
    for name, address, told in site.rows[of]:
        cells = " | ".join(cell(site, name, role) for role in ROLES)
        yield f"| `{address}` | {told} | {cells} |"


def cell(site: Site, name: str, role: str) -> str:
    """What a role may do at one address."""
    found = [each for each in site.answers if each["name"] == name and site.roles[each["who"]] == role]
    mine = [let_in(each) for each in found if each["mine"]]
    if not mine:
        return NO if any(not each["mine"] for each in found) else NONE
    if not any(mine):
        return NO
    return OWN if any(not each["mine"] for each in found) else YES


def let_in(answer: dict[str, Any]) -> bool:
    """Whether an answer is no refusal: 401, 403, 404, or the way to the sign-in page."""
    if answer["status"] in (301, 302):
        return not answer["leads"].startswith("/sign-in/")
    return answer["status"] not in (401, 403, 404)


def main() -> int:
    """Write the document, or say whether it is as the program answers."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"QUANHENG_HOME": folder, "QUANHENG_DEMO": "1"}
        set_up()
        from site_build import build, simulate

        told = document(build(simulate(Path(folder) / "city"), Path(folder) / "home"))
    if "--write" in sys.argv[1:]:
        DOCUMENT.write_text(told, "utf-8")
        return 0
    return 0 if DOCUMENT.read_text("utf-8") == told else 1


if __name__ == "__main__":
    sys.exit(main())
