"""What the acts of the office of certificates are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.deeds import declare

declare(
    "certificates",
    {
        "establish": _("建立密钥、日志与信任"),
        "receive": _("受理器具"),
        "use standards": _("选用计量标准"),
        "measure": _("录入读数"),
        "withdraw": _("撤回测量点"),
        "measured": _("完成检定"),
        "check": _("核验通过"),
        "send back": _("退回重测"),
        "give back": _("退还器具，不出证书"),
        "sign": _("要求签发"),
        "refuse": _("不予签发"),
        "issue": _("签发证书"),
        "register": _("登记证书"),
        "base": _("登记证书所依据的标准"),
        "file": _("归档文书"),
        "revoke": _("撤销证书"),
        "suspend": _("暂停证书"),
        "resume": _("恢复证书"),
        "supersede": _("证书被取代"),
        "report recall": _("报告失准"),
        "drop recall": _("不予召回"),
        "confirm recall": _("确认召回"),
        "carry out recall": _("完成召回"),
        "order": _("要求重新检定"),
        "verify again": _("已重新检定"),
        "lift order": _("取消重新检定"),
    },
)
