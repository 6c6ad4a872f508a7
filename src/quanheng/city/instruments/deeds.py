"""What the acts of the office of instruments are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.deeds import declare

declare(
    "instruments",
    {
        "import": _("由表格导入"),
        "verified": _("检定记入台账"),
        "reopen": _("证书不作数，台账重新待检"),
        "in date again": _("证书恢复，台账恢复有效期"),
    },
)
