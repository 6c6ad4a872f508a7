"""What the acts of the office of supervision are called: those with one order as its state machine calls them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.deeds import declare
from quanheng.city.supervision.actions.orders import MOVES

declare(
    "supervision",
    {
        "point to lake": _("指向数据湖"),
        "open lake": _("开立数据湖"),
        "check lake": _("检查数据湖"),
        "take delivery": _("收到报送"),
        "refuse lake": _("拒收数据"),
        "assemble lake": _("汇成数据湖"),
        "plan cycles": _("安排周期"),
        "ask for cycle": _("要求运行周期"),
        "hand over cycle": _("交由后台运行周期"),
        "cancel cycle": _("取消周期"),
        "next by the clock": _("到时运行下一周期"),
        "index cycle": _("记入周期的结果"),
        "index areas": _("记入台区的结果"),
        "index verdicts": _("记入判定"),
        "seal cycle": _("周期签名并登记"),
        "propose orders": _("周期提出工单"),
        "lapse orders": _("工单被新周期取代"),
        "issue orders": _("下达工单"),
        "expire orders": _("工单逾期"),
        "recall orders": _("召回工单"),
        "recall verdicts": _("召回判定"),
        "object": _("提出异议"),
        "withdraw objection": _("撤回异议"),
        "answer objection": _("答复异议"),
        "uphold objection": _("异议成立"),
        "record field check": _("记录现场核查"),
        "ask for recomputation": _("要求重算"),
        "hand over recomputation": _("交由后台重算"),
        "answer recomputation": _("重算作答"),
    }
    | {f"{name} order": move.title for name, move in MOVES.items()},
)
