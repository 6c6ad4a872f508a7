"""What the acts of the site itself are called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from quanheng.city.audit.deeds import declare

declare(
    "site",
    {
        "publish page": _("公布查验网页"),
    },
)
