"""What the acts of the office of people are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.deeds import declare

declare(
    "people",
    {
        "import": _("由表格导入"),
        "outline": _("登记区界"),
        "make token": _("发放访问令牌"),
        "drop token": _("作废访问令牌"),
        "make user": _("开立用户"),
        "reset user": _("重设用户的登录"),
        "shut user": _("停用或启用用户"),
        "change password": _("更改口令"),
        "end sessions": _("结束其他登录"),
        "enrol second factor": _("启用第二因子"),
        "use recovery code": _("用恢复码登录"),
    },
)
