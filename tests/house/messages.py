"""The site's words in English: `make messages` brings every office's catalogue up to date and compiles it.

Chinese texts stand in code and templates; locale/en/LC_MESSAGES/django.po of each app has their English, one entry a
text, sorted. A text that one app has translated is not asked for again in another. Exit status 1: English is missing.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

CITY = Path(__file__).resolve().parents[2] / "src/quanheng/city"
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
TEXT = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
IN_TEMPLATE = re.compile(rf"\b(?:_|gettext|ngettext)\(\s*{TEXT}(?:\s*,\s*{TEXT})?")
Text = str | tuple[str, str]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def apps() -> list[Path]:
    """The folders that may have a catalogue, lower floors first."""
    order = ["audit", "queue", "frame", "register", "people", "instruments", "certificates", "supervision"]
    found = sorted(each.parent for each in CITY.glob("*/__init__.py"))
    return sorted(found, key=lambda each: order.index(each.name) if each.name in order else len(order))


def texts(app: Path) -> set[Text]:
    """What an app says."""
    said: set[Text] = set()
    for path in app.rglob("*.py"):
        if "migrations" not in path.parts:
            said |= of_code(path)
    for path in app.rglob("templates/**/*.html"):
        for one, other in IN_TEMPLATE.findall(templatize(path.read_text("utf-8"))):
            first = ast.literal_eval(one)
            said.add((first, ast.literal_eval(other)) if other else first)
    return said


def of_code(path: Path) -> set[Text]:
    """Texts of calls like _("…")."""
    said: set[Text] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        given = [each.value for each in node.args[: CALLS.get(name, 0)] if isinstance(each, ast.Constant)]
        words = [each for each in given if isinstance(each, str)]
        if words and len(words) == CALLS[name]:
            said.add(words[0] if len(words) == 1 else (words[0], words[1]))
    return said


def catalogue(app: Path) -> Catalog:
    """What an app has translated so far."""
    path = app / "locale/en/LC_MESSAGES/django.po"
    if not path.exists():
        return Catalog(locale="en")
    with path.open("rb") as file:
        return read_po(file, locale="en")


def key(text: Text) -> str:
    """How a catalogue finds a text."""
    return text if isinstance(text, str) else text[0]


def renewed() -> dict[Path, Catalog]:
    """Every app's catalogue with what it says today and nothing else."""
    wanted = {app: texts(app) for app in apps()}
    made: dict[Path, Catalog] = {}
    done: set[str] = set()
    for app, said in wanted.items():
        old, new = catalogue(app), Catalog(locale="en", fuzzy=False)
        for text in sorted(said, key=key):
            if key(text) in done:
                continue
            before = old.get(key(text))
            new.add(
                text, before.string if before else "", flags={"python-format"} if "%(" in key(text) else ()
            )
            done.add(key(text))
        made[app] = new
    return made


def untranslated(catalog: Catalog) -> list[str]:
    """Texts without their English."""
    return [key(each.id) for each in catalog if each.id and "" in (each.string or "", *each.string)]


HEAD = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def po_of(catalog: Catalog) -> bytes:
    """A catalogue as its file has it: no dates, no places."""
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=True, no_location=True, sort_output=True)
    return HEAD.encode() + out.getvalue()


def mo_of(catalog: Catalog) -> bytes:
    """A catalogue compiled, the same bytes from the same texts."""
    out = io.BytesIO()
    plain = read_po(io.BytesIO(po_of(catalog)), locale="en")
    plain.creation_date = plain.revision_date = LONG_AGO  # else the hour of writing
    write_mo(out, plain)
    return out.getvalue()


def main() -> int:
    """Write and compile all catalogues; say what lacks its English."""
    settings.configure(USE_I18N=True)
    django.setup()
    missing = 0
    for app, catalog in renewed().items():
        folder = app / "locale/en/LC_MESSAGES"
        if not len(catalog):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "django.po").write_bytes(po_of(catalog))
        (folder / "django.mo").write_bytes(mo_of(catalog))
        for text in untranslated(catalog):
            missing += 1
            print(f"{app.name}: {text}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
