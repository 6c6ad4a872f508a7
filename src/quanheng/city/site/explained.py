"""What the city measures and how it decides, in words for people; the words are data (explained.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from quanheng.city.frame.cache import cached
from quanheng.city.frame.language import in_english

FILE = Path(__file__).with_name("explained.toml")
KEPT = 3600  # seconds


@dataclass(frozen=True)
class Said:
    """An entry whose texts come in two languages: NAME and NAME_english, the title's is `english`."""

    texts: dict[str, Any]
    limits: list[Said] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        english = in_english()
        other = "english" if name == "title" else f"{name}_english"
        return self.texts[other] if english and other in self.texts else self.texts[name]


@cache
def read() -> tuple[dict[str, Said], list[Said]]:
    """Kinds by their keys, and the steps of a decision."""
    with FILE.open("rb") as file:
        data = tomllib.load(file)
    kinds = {each["key"]: Said(each, [Said(one) for one in each.pop("limits")]) for each in data["kind"]}
    return kinds, [Said(each) for each in data["step"]]


@require_safe
@cached(KEPT)
def explained(request: HttpRequest) -> HttpResponse:
    """All kinds."""
    kinds, _steps = read()
    return render(request, "site/explained.html", {"kinds": list(kinds.values())})


@require_safe
@cached(KEPT)
def one(request: HttpRequest, key: str) -> HttpResponse:
    """One kind."""
    kinds, _steps = read()
    if key not in kinds:
        raise Http404
    return render(request, "site/explained_one.html", {"kind": kinds[key]})


@require_safe
@cached(KEPT)
def decided(request: HttpRequest) -> HttpResponse:
    """How a decision is made."""
    _kinds, steps = read()
    return render(request, "site/decided.html", {"steps": steps})
