"""How a DCC of each edition is built: what stands where, how often, and what it may hold.

`structure.toml` says it in a notation of ours, an edition by its differences from the one before; here it becomes a
validator of libxml2. The notation of a type:

    (a b)  in this order     <a b>  one of them     &(a b)  all, in any order     ? * + [m,n]  how often
    name:type  an element    @name  an element declared at the top    any(namespace,how)    {…}  a type without a name
    #name:type  an attribute, ! after it: required     text type  text with attributes
    of type facet="…"  a narrower text      list type  words separated by spaces
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lxml import etree

from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc.names import DCC, SI, VERSION

XS = "http://www.w3.org/2001/XMLSchema"
DS = "http://www.w3.org/2000/09/xmldsig#"
SI_OF_OLD = "https://ptb.de/si/smartcom/d-si/v1_0_1"  # what editions 2.1 called it
TOKEN = re.compile(
    r"\s*(?:(?P<facet>[a-zA-Z]+=\"(?:[^\"\\]|\\.)*\")|(?P<any>any\([^)]*\))"
    r"|(?P<word>[@#/]?[\w.]+(?::(?![{])[\w.:]+)?(?:![a-zA-Z]+=[\w:.]+)*)|(?P<often>\[\d+,\w+\]|[?*+])"
    r"|(?P<mark>&\(|[()<>{}!:]))"
)
# so many elements that faults are counted before they are placed
LARGE = etree.XPath("boolean(/descendant::*[5001])")
CHUNK = 1 << 16
FEW = 100  # faults of a large document that are told with their lines


@cache
def editions() -> Mapping[str, Mapping[str, str]]:
    """The types of every edition of the DCC, by name of the edition; those of D-SI under "si 2.2.1"."""
    table = _table("structure.toml")
    whole: dict[str, Mapping[str, str]] = {}
    for kind, prefix in (("si", "si "), ("dcc", "")):
        now: dict[str, str] = {}
        for edition, changes in table[kind].items():
            now = {name: content for name, content in {**now, **changes}.items() if content}
            whole[prefix + edition] = now
    return whole


def _table(name: str) -> Any:
    return tomllib.loads((files("quanheng.evidence.formats.dcc") / name).read_text("utf-8"))


def check(root: Any, schema_dir: Path | None = None) -> list[tuple[int, str]]:
    """What is built wrong in a certificate: line and words of libxml2; nothing where all is right.

    Raises BadDocument where the edition is not one of those known.
    """
    edition = str(root.get("schemaVersion"))
    schema = validator(edition)
    wrong = _faults(schema, root)
    if schema_dir is not None:
        wrong += _faults(validator_of(schema_dir, edition), root)
    return wrong


def _faults(schema: Any, root: Any) -> list[tuple[int, str]]:
    """Line and words of every fault; of many faults in a large document the words alone, and its first line."""
    if LARGE(root):
        told = _streamed(schema, root)
        if not 0 < len(told) <= FEW:
            return [(root.sourceline, each) for each in told]
    return [] if schema.validate(root) else [(each.line, each.message) for each in schema.error_log]


def _streamed(schema: Any, root: Any) -> list[str]:
    """What is wrong with a document, told while it is parsed once more: without lines, and not much more than FEW.

    In a tree libxml2 says of each fault where it is, and counts all elements before it to do so: faults without end
    then cost the square of their number. In a stream it has no tree to count in, and can be left when that is enough.
    """
    parser = etree.XMLParser(schema=schema, no_network=True, resolve_entities=False)
    data = etree.tostring(root)
    try:
        for k in range(0, len(data), CHUNK):
            parser.feed(data[k : k + CHUNK])
            if len(parser.feed_error_log) > FEW:
                break
        else:
            parser.close()
    except etree.XMLSyntaxError as error:
        return [each.message for each in parser.feed_error_log] or [str(error)]
    return [each.message for each in parser.feed_error_log]


@cache
def validator(edition: str) -> Any:
    """The validator of an edition. Raises BadDocument."""
    if edition not in editions() or edition.startswith("si "):
        listed = ", ".join(name for name in editions() if not name.startswith("si "))
        raise BadDocument(
            f"DCC 版本 {edition[:20]!r} 不认识；认识 {listed} / DCC edition unknown; known: {listed}"
        )
    types = editions()[edition]
    return _schema(types, editions()[f"si {types['#si']}"], SI_OF_OLD if edition.startswith("2.1.") else SI)


def is_plain(root: Any) -> bool:
    """Whether a certificate is built right, and besides so plainly that `rules.BUILT_IN` find nothing (plain.toml)."""
    if root.get("schemaVersion") != VERSION:
        return False
    return not _streamed(_plain(), root) if LARGE(root) else bool(_plain().validate(root))


@cache
def _plain() -> Any:
    table, types = _table("plain.toml"), editions()[VERSION]
    return _schema({**types, **table["dcc"]}, {**editions()[f"si {types['#si']}"], **table["si"]}, SI)


@cache
def validator_of(schema_dir: Path, edition: str) -> Any:
    """The official schema of an edition, from a folder that somebody has: dcc/vN/dcc.xsd. Raises BadDocument."""
    path = schema_dir / "dcc" / f"v{edition}" / "dcc.xsd"
    try:
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
        return etree.XMLSchema(etree.parse(str(path), parser))
    except (OSError, etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
        raise BadDocument(f"{path}：没有可用的 XSD：{error} / no usable schema: {error}") from error


# ---- notation to schema ----------------------------------------------------------------------------------------


def _schema(types: Mapping[str, str], si_types: Mapping[str, str], space: str) -> Any:
    parts = {
        "dcc": _document(types, DCC, {"dcc": DCC, "si": space}, {space: "si", DS: "ds"}),
        "si": _document(si_types, space, {"dcc": DCC, "si": space}, {}),
        "ds": _signature(),
    }
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(_Parts(parts))
    return etree.XMLSchema(etree.fromstring(parts["dcc"], parser, base_url="part:dcc"))


class _Parts(etree.Resolver):  # type: ignore[misc]
    """Hands out the parts of a schema; everything else is empty."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self.parts = parts

    def resolve(self, url: str, public_id: str, context: Any) -> Any:
        """The part that an import asks for."""
        return self.resolve_string(self.parts.get(url.rpartition(":")[2], b""), context)


def _signature() -> bytes:
    """ds:Signature with whatever it holds: it is looked at elsewhere."""
    return (
        f'<xs:schema xmlns:xs="{XS}" targetNamespace="{DS}" elementFormDefault="qualified">'
        '<xs:element name="Signature">'
        '<xs:complexType mixed="true"><xs:sequence><xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/>'
        '</xs:sequence><xs:anyAttribute processContents="skip"/></xs:complexType></xs:element></xs:schema>'
    ).encode()


def _document(
    types: Mapping[str, str], target: str, spaces: Mapping[str, str], imports: Mapping[str, str]
) -> bytes:
    names = {"xs": XS, "ds": DS, **spaces}
    schema = etree.Element(
        f"{{{XS}}}schema", nsmap=names, targetNamespace=target, elementFormDefault="qualified"
    )
    for space, part in imports.items():
        etree.SubElement(schema, f"{{{XS}}}import", namespace=space, schemaLocation=f"part:{part}")
    for name, content in types.items():
        if name == "#si":  # its edition, no type
            continue
        reader = _Reader(content)
        if name.startswith("/"):
            reader.element(schema)
        else:
            reader.type(schema, name)
        reader.end(name)
    return bytes(etree.tostring(schema))


class _Reader:
    """Reads the notation of one type, and writes it as a schema has it."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.place = 0

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self.place += 1
        return token

    def end(self, name: str) -> None:
        """Nothing may be left."""
        if self._peek():
            raise ValueError(f"{name}: {self.tokens[self.place :]}")

    def type(self, parent: Any, name: str = "") -> None:
        """A type, with or without a name."""
        named = {"name": name} if name else {}
        first = self._peek()
        if first in ("of", "list"):
            self._next()
            simple = etree.SubElement(parent, f"{{{XS}}}simpleType", **named)
            self._narrower(simple) if first == "of" else self._inner(
                etree.SubElement(simple, f"{{{XS}}}list"), "itemType"
            )
            return
        complex_type = etree.SubElement(parent, f"{{{XS}}}complexType", **named)
        holder = complex_type
        if first == "text":
            self._next()
            content = etree.SubElement(complex_type, f"{{{XS}}}simpleContent")
            holder = etree.SubElement(content, f"{{{XS}}}extension", base=_known(self._next()))
        while self._peek() not in ("", "}"):
            if self._peek().startswith("#"):
                self._attribute(holder)
            else:
                self._group(holder)

    def _narrower(self, simple: Any) -> None:
        restriction = etree.SubElement(simple, f"{{{XS}}}restriction")
        self._inner(restriction, "base")
        while "=" in self._peek():
            name, _, value = self._next().partition("=")
            etree.SubElement(restriction, f"{{{XS}}}{name}", value=json.loads(value))

    def _inner(self, owner: Any, name: str) -> None:
        """A type by its name, or standing here."""
        if self._peek() == "{":
            self._next()
            self.type(owner)
            self._next()
        else:
            owner.set(name, _known(self._next()))

    def _attribute(self, holder: Any) -> None:
        name, _, kind = self._next()[1:].partition(":")
        attribute = etree.SubElement(holder, f"{{{XS}}}attribute", name=name)
        if kind:
            attribute.set("type", _known(kind))
        else:
            self._next()  # the colon
            self._inner(attribute, "type")
        if self._peek() == "!":
            self._next()
            attribute.set("use", "required")

    def _group(self, holder: Any) -> None:
        opening = self._next()
        kind = {"(": "sequence", "<": "choice", "&(": "all"}[opening]
        group = etree.SubElement(holder, f"{{{XS}}}{kind}")
        while (token := self._peek()) not in (")", ">"):
            if token in ("(", "<", "&("):
                self._group(group)
            elif token.startswith("any("):
                space, _how = self._next()[4:-1].split(",")
                # what is foreign is not looked into: a formula in MathML is right without MathML's schema at hand
                self._often(etree.SubElement(group, f"{{{XS}}}any", namespace=space, processContents="lax"))
            else:
                self.element(group)
        self._next()
        self._often(group)

    def element(self, parent: Any) -> None:
        """An element, declared here or elsewhere."""
        word = self._next()
        if word.startswith("@"):
            self._often(etree.SubElement(parent, f"{{{XS}}}element", ref=word[1:]))
            return
        head, *extra = word.split("!")
        name, _, kind = head.partition(":")
        element = etree.SubElement(parent, f"{{{XS}}}element", name=name)
        if kind:
            element.set("type", _known(kind))
        elif self._peek() == ":":
            self._next()
            if self._peek() == "*":
                self._next()  # anything
            else:
                self._inner(element, "type")
        for each in extra:
            key, _, value = each.partition("=")
            element.set(key, value)
        self._often(element)

    def _often(self, element: Any) -> None:
        token = self._peek()
        given = {"?": ("0", "1"), "*": ("0", "unbounded"), "+": ("1", "unbounded")}.get(token)
        if given is None and token.startswith("["):
            given = tuple(token[1:-1].split(","))  # type: ignore[assignment]
        if given is not None:
            self._next()
            for name, value in zip(("minOccurs", "maxOccurs"), given, strict=True):
                if value != "1":
                    element.set(name, value)


def _known(name: str) -> str:
    """QUDT's kinds of quantity are texts."""
    return "xs:string" if name.startswith("qudt:") else name


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text.rstrip()):
        found = TOKEN.match(text, place)
        if found is None:
            raise ValueError(f"{text[place : place + 40]!r}")
        yield found.group().strip()
        place = found.end()
