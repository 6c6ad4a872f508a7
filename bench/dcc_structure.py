"""Read off the schemas of the DCC what stands where, and write it as evidence/formats/dcc/structure.toml has it.

The schemas themselves (PTB, LGPL) are no part of the project: give their folder. For each edition: the content of
each type in our notation (evidence/formats/dcc/structure.py explains it), where it differs from the edition before.

    python bench/dcc_structure.py SCHEMAS > src/quanheng/evidence/formats/dcc/structure.toml
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
FACETS = (
    "enumeration",
    "pattern",
    "minLength",
    "minInclusive",
    "minExclusive",
    "maxInclusive",
    "maxExclusive",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schemas", type=Path, help="folder with dcc/vN/dcc.xsd and dsi/vN/SI_Format.xsd")
    folder = parser.parse_args().schemas
    print(
        "# What stands where in a DCC, by edition; an edition says only what differs from the one before it."
    )
    print("# Read off the published schemas by bench/dcc_structure.py; structure.py explains the notation.\n")
    for kind, pattern in (("si", "dsi/v*/SI_Format.xsd"), ("dcc", "dcc/v*/dcc.xsd")):
        before: dict[str, str] = {}
        for path in sorted(folder.glob(pattern), key=lambda each: version(each.parent.name)):
            root = etree.parse(path, etree.XMLParser(remove_comments=True)).getroot()
            now = types(root)
            print(f'[{kind}."{path.parent.name[1:]}"]')
            if kind == "dcc":
                print(f'"#si" = "{dsi_of(root)}"')
            for name in sorted(before.keys() - now.keys()):
                print(f'"{name}" = ""')
            for name, content in now.items():
                if before.get(name) != content:
                    print(f"{json.dumps(name)} = {json.dumps(content, ensure_ascii=False)}")
            print()
            before = now


def version(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.removeprefix("v").split(".")))


def dsi_of(root: Any) -> str:
    """The edition of D-SI that an edition of the DCC builds on."""
    places = [each.get("schemaLocation") for each in root.iter(XS + "import")]
    return next(Path(place).stem.removeprefix("v") for place in places if "/dsi/" in place)


def types(root: Any) -> dict[str, str]:
    """Content by name of type; top elements by their name with a slash."""
    found = {}
    for each in root:
        if each.tag == XS + "element":
            found["/" + each.get("name")] = element(each)
        elif each.tag in (XS + "complexType", XS + "simpleType"):
            found[each.get("name")] = content(each)
    return found


def element(e: Any) -> str:
    """An element with its type, and how often it stands."""
    if e.get("ref"):
        return f"@{e.get('ref')}{often(e)}"
    inner = next((c for c in e if c.tag in (XS + "complexType", XS + "simpleType")), None)
    kind = f"{{{content(inner)}}}" if inner is not None else e.get("type") or "*"
    extra = "".join(f"!{n}={e.get(n)}" for n in ("abstract", "substitutionGroup") if e.get(n))
    return f"{e.get('name')}:{kind}{extra}{often(e)}"


def often(e: Any) -> str:
    least, most = e.get("minOccurs", "1"), e.get("maxOccurs", "1")
    names = {("1", "1"): "", ("0", "1"): "?", ("0", "unbounded"): "*", ("1", "unbounded"): "+"}
    return names.get((least, most), f"[{least},{most}]")


def content(t: Any) -> str:
    """What a type holds."""
    parts = []
    for each in t:
        name = each.tag.removeprefix(XS)
        if name in ("sequence", "choice", "all"):
            parts.append(group(each))
        elif name == "attribute":
            parts.append(attribute(each))
        elif name == "simpleContent":
            extension = each[0]
            parts.append(f"text {extension.get('base')}")
            parts += [attribute(a) for a in extension.iter(XS + "attribute")]
        elif name == "restriction":
            parts.append(restriction(each))
        elif name == "list":
            inner = each.find(XS + "simpleType")
            parts.append(f"list {each.get('itemType') or '{' + content(inner) + '}'}")
        elif name != "annotation":
            raise SystemExit(f"unknown: {each.tag}")
    return " ".join(parts)


def group(g: Any) -> str:
    opening = {"sequence": "(", "choice": "<", "all": "&("}[g.tag.removeprefix(XS)]
    inner = []
    for each in g:
        name = each.tag.removeprefix(XS)
        if name == "element":
            inner.append(element(each))
        elif name in ("sequence", "choice"):
            inner.append(group(each))
        elif name == "any":
            inner.append(
                f"any({each.get('namespace', '##any')},{each.get('processContents', 'strict')}){often(each)}"
            )
        elif name != "annotation":
            raise SystemExit(f"unknown: {each.tag}")
    return opening + " ".join(inner) + (">" if opening == "<" else ")") + often(g)


def attribute(a: Any) -> str:
    inner = a.find(XS + "simpleType")
    kind = f"{{{content(inner)}}}" if inner is not None else a.get("type")
    return f"#{a.get('name')}:{kind}" + ("!" if a.get("use") == "required" else "")


def restriction(r: Any) -> str:
    inner = r.find(XS + "simpleType")
    base = f"{{{content(inner)}}}" if inner is not None else r.get("base")
    facets = [
        f"{e.tag.removeprefix(XS)}={json.dumps(e.get('value'))}"
        for e in r
        if e.tag.removeprefix(XS) in FACETS
    ]
    return " ".join([f"of {base}", *facets])


if __name__ == "__main__":
    main()
