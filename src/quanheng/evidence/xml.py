"""XML from strangers: no entities, no DTD, no network, bounded size; libxml2 bounds the depth."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from quanheng.evidence.errors import BadXml, UnsafeXml

LARGEST = 32 * 1024 * 1024
DECLARED = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']")
PARSERS = {  # each is locked by lxml while a thread parses
    blanks: etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=not blanks
    )
    for blanks in (True, False)
}


def parse(data: bytes, *, at_most: int = LARGEST, blanks: bool = True) -> Any:
    """The root element of a document. BadXml where it is not well-formed, UnsafeXml for a DTD or beyond the limits.

    blanks: whether to keep what only indents elements. Half the nodes of a document that a person can read are such;
    a signature inside it counts them, nobody else does.
    """
    if len(data) > at_most:
        raise UnsafeXml(f"XML 超过 {at_most} 字节 / the XML is larger than {at_most} bytes")
    said = DECLARED.match(data)
    if said and said[1].upper() != b"UTF-8":  # readers differ over what bytes in other encodings say
        raise _encoded(said[1].decode("ascii", "replace"))
    # told by its first bytes alone
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or {*b"<\0"} <= {*data[:4]}:
        raise _encoded("UTF-16")
    try:
        root = etree.fromstring(data, PARSERS[blanks])
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise BadXml(
            f"第 {line} 行第 {column} 列不是格式良好的 XML / "
            f"not well-formed in line {line}, column {column}: {error.msg}"
        ) from error
    except (ValueError, LookupError) as error:
        raise BadXml(f"不是 XML / is no XML: {error}") from error
    info = root.getroottree().docinfo
    if info.doctype:
        raise UnsafeXml("XML 含有 DTD / the XML holds a DTD; certificates need none")
    return root


def _encoded(name: str) -> UnsafeXml:
    return UnsafeXml(f"XML 应以 UTF-8 编码，不是 {name[:40]} / the XML is not in UTF-8 but in {name[:40]}")
