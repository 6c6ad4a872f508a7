"""The human copy of a certificate: PDF/A-3b with the certificate's bytes inside and a QR code of its proof.

The same certificate gives the same bytes everywhere: the document's date is the certificate's, fonts come from a
package and from the typesetter, never from the machine. Texts of a certificate reach the typesetter as data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files

import typst

from quanheng.evidence.certificate import Certificate
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.paper.words import Standard, words
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import NotShown
from quanheng.measure.errors import MeasureError

FONTS = "manimgx_fonts_cjk"  # package with Noto Sans CJK, SIL OFL 1.1
CERTIFICATE = "certificate.xml"
PROOF = "certificate.proof.zip"


@dataclass(frozen=True)
class _Attachment:
    name: str
    data: bytes
    relationship: str  # ISO 19005-3, annex E
    type: str
    description: str

    def said(self) -> dict[str, object]:
        return {
            "name": self.name,
            "octets": list(self.data),
            "digest": sha256_bytes(self.data),
            "relationship": self.relationship,
            "type": self.type,
            "description": self.description,
        }


def write(
    certificate: Certificate,
    data: bytes,
    *,
    standards: Mapping[str, Standard] | None = None,
    code: bytes = b"",
    proof: bytes = b"",
) -> bytes:
    """The PDF/A-3b of a certificate.

    certificate: what its bytes `data` say. standards: what is to be printed of cited certificates, by digest.
    code: the QR code as SVG (`qr_proof.draw`). proof: its proof file, to lie beside the certificate in the PDF.
    Raises BadDocument where something in it cannot be set; NotShown where the fonts are missing.
    """
    attached = [_Attachment(CERTIFICATE, data, "source", "application/xml", "原件 / the original (DCC)")]
    if proof:
        attached.append(_Attachment(PROOF, proof, "supplement", "application/zip", "证明文件 / proof file"))
    try:
        said = words(certificate, standards or {}, code.decode())
        inputs = {
            "said": json.dumps(said, allow_nan=False),
            "attached": json.dumps([each.said() for each in attached]),
        }
    except (MeasureError, ValueError) as error:
        raise BadDocument(f"证书中有不能印出的值：{error} / a value cannot be printed: {error}") from error
    return _set(inputs, datetime.combine(certificate.issued, datetime.min.time(), UTC))


def _set(inputs: dict[str, str], time: datetime) -> bytes:
    try:
        made = _typesetter().compile(
            _template(), format="pdf", sys_inputs=inputs, pdf_standards=["a-3b"], timestamp=time
        )
    except typst.TypstError as error:
        raise BadDocument(
            f"证书不能排成 PDF/A：{error.message} / cannot be set as PDF/A: {error.message}"
        ) from error
    assert isinstance(made, bytes)
    return made


@cache
def _template() -> bytes:
    return files("quanheng.evidence.formats.paper").joinpath("certificate.typ").read_bytes()


@cache
def _typesetter() -> typst.Compiler:
    try:
        with as_file(files(FONTS)) as folder:
            fonts = typst.Fonts(include_system_fonts=False, font_paths=[folder])
    except ModuleNotFoundError as error:
        raise NotShown(
            "没有中文字体，不能排印证书：pip install manimgx-fonts-cjk"
            " / the Chinese font is missing, a certificate cannot be set: pip install manimgx-fonts-cjk"
        ) from error
    return typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
