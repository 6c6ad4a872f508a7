"""Canonical forms of XML, by libxml2: Canonical XML 1.0 and 1.1, Exclusive XML Canonicalization 1.0 (W3C).

A canonical form costs the square of the names that are in scope, so their number is bounded before one is made.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from quanheng.evidence.answer import Answer, because

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11")
XML = "{http://www.w3.org/XML/1998/namespace}"
MOST = 100  # namespaces in scope, attributes of an element, prefixes of a list
DEEPEST = 256  # libxml2 reads no deeper document
STEPS = 200_000_000  # looks for a name: a few seconds; a certificate of 32 MB takes a fraction of them
COUNT = etree.XPath("count(//*)")
TOO_MANY_ATTRIBUTES = etree.XPath(f"boolean(//*/@*[{MOST + 1}])")


class Refused(Exception):  # noqa: N818 - an answer on its way
    """The signature cannot be judged further."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.answer: Answer = because(code, detail=detail)


@dataclass(frozen=True)
class Canonical:
    """A canonical form: which, and the prefixes that an exclusive one keeps."""

    exclusive: bool = False
    comments: bool = False
    prefixes: tuple[str, ...] = ()

    def of(self, node: Any) -> bytes:
        """The bytes of an element with all in it, or of a whole document where its tree is given. Raises Refused."""
        if not self.exclusive and _inherits(node):
            raise Refused("signature_unsupported", "xml:*")
        try:
            return bytes(
                etree.tostring(
                    node,
                    method="c14n",
                    exclusive=self.exclusive,
                    with_comments=self.comments,
                    inclusive_ns_prefixes=list(self.prefixes) or None,
                )
            )
        except etree.C14NError as error:
            told = "没有规范形式（相对的名称空间） / has no canonical form: a relative namespace"
            raise Refused("signature_malformed", told) from error

    def readings(self) -> Iterator[Canonical]:
        """What may be meant for a whole document: by the standard without comments (xmldsig-core1, 4.4.3.3).

        Some keep them all the same where the form does; that covers the more, so both hold.
        """
        yield dataclasses.replace(self, comments=False)
        if self.comments:
            yield self


FORMS = {
    **{name: Canonical() for name in INCLUSIVE},
    **{name + "#WithComments": Canonical(comments=True) for name in INCLUSIVE},
    EXCLUSIVE: Canonical(exclusive=True),
    EXCLUSIVE + "WithComments": Canonical(exclusive=True, comments=True),
}


def read(element: Any) -> Canonical:
    """The form that an element names. Raises Refused: other transforms can make anything of a document."""
    name = element.get("Algorithm", "")
    if name not in FORMS:
        raise Refused("algorithm_refused", name[:100])
    form = FORMS[name]
    listed = element.find(f"{{{EXCLUSIVE}}}InclusiveNamespaces")
    if not form.exclusive or listed is None:
        return form
    prefixes = tuple((listed.get("PrefixList") or "").split())
    if len(prefixes) > MOST:
        raise Refused("signature_malformed", f"{len(prefixes)} PrefixList")
    return dataclasses.replace(form, prefixes=prefixes)


def bounded(root: Any) -> None:
    """Refuse a document whose canonical form would take long. Raises Refused."""
    if TOO_MANY_ATTRIBUTES(root):
        raise Refused("unsafe_xml", f"一个元素多于 {MOST} 个属性 / more than {MOST} attributes")
    in_scope = most = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        in_scope += 1 if event == "start-ns" else -1
        most = max(most, in_scope)
        if in_scope > MOST:
            raise Refused("unsafe_xml", f"多于 {MOST} 个名称空间 / more than {MOST} namespaces in scope")
    for each in root.iter(f"{{{EXCLUSIVE}}}InclusiveNamespaces"):
        most = max(most, min(len((each.get("PrefixList") or "").split()), MOST))
    # each name is looked up at each element, from there up to the root; each reference may be to the signature's parts
    again = len(root.findall("{*}Signature/{*}SignedInfo/{*}Reference"))
    if COUNT(root) * DEEPEST * most * (1 + again) > STEPS and most * _depths(root, again) > STEPS:
        raise Refused("unsafe_xml", "规范形式过大 / its canonical form would take too long")


def _depths(root: Any, again: int) -> int:
    """How deep each element stands, summed; those inside a signature count `again` times more."""
    total = depth = 0
    for child in root:
        times = 1 + again * (etree.iselement(child) and str(child.tag).endswith("}Signature"))
        for event, _ in etree.iterwalk(child, events=("start", "end")):
            depth += 1 if event == "start" else -1
            total += (1 + depth) * times if event == "start" else 0
    return total


def _inherits(node: Any) -> bool:
    """Whether an inclusive form would take xml:lang and the like from elements around it, which is not done here."""
    return etree.iselement(node) and any(
        str(name).startswith(XML) for each in node.iterancestors() for name in each.attrib
    )
