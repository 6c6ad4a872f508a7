"""What fuzzers found, one file each: it ended in somebody else's error, or ended the process."""

from __future__ import annotations

import base64
import io
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from parsers import PARSERS, certificates, good, lake_files, log_files, trust_files

from quanheng.evidence.formats.dcc import check as dcc
from quanheng.ground.digest import read_json, read_toml

HUGE = b"9" * 400
SCOPE = good()[4].data
RECORD, INDEX = "record of the authority", "index of a chain"


def pem_with(old: bytes, new: bytes) -> bytes:
    """The anchor, in which some octets are others."""
    der = base64.b64decode(trust_files()["x509/a.pem"].split(b"-----")[2])
    assert old in der
    changed = base64.encodebytes(der.replace(old, new, 1))
    return b"-----BEGIN CERTIFICATE-----\n" + changed + b"-----END CERTIFICATE-----\n"


def area_of_no_text() -> bytes:
    """The table of areas with a name that is not UTF-8."""
    table = pq.read_table(io.BytesIO(lake_files()["areas.parquet"]))
    names = pa.StringArray.from_buffers(
        2, pa.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0"), pa.py_buffer(b"\xff\xfea2")
    )
    out = io.BytesIO()
    pq.write_table(table.set_column(table.column_names.index("area"), "area", names), out)
    return out.getvalue()


FOUND = {
    "a number that no float holds, in a record": (RECORD, re.sub(rb'"lower":0.1', b'"lower":' + HUGE, SCOPE)),
    "infinity in a record": (RECORD, re.sub(rb'"lower":0.1', b'"lower":1e999', SCOPE)),
    "half a character in a record, escaped": (RECORD, SCOPE.replace(b"energy", b"\\ud800")),
    "half a character in a record, in octets": (RECORD, SCOPE.replace(b"energy", b"\xed\xa0\x80")),
    "a number that no float holds, in a form": (
        "form of a certificate",
        b"points = [{value = 0x" + b"f" * 400 + b"}]",
    ),
    "a key of no name in a policy": ("policy", b"log \xff" + log_files()["key"]),
    "a certificate X.509 of version 10": (
        "trust, anchors",
        pem_with(bytes.fromhex("a003020102"), bytes.fromhex("a003020109")),
    ),
    "a certificate X.509 whose issuer is no text": (
        "trust, anchors",
        pem_with(b"authority", b"\xff\xfe\xfdhority"),
    ),
    "names of an index that are no table": (INDEX, b'{"format":"quanheng-chain-3","names":"x"}'),
    "procedures that are nested too deeply": ("procedures", b"procedure = " + b"[" * 5000),
    "a form whose record is a table": ("form of a record", b"[[record]]"),
    "a record issued at a time of day": (
        "form of a record",
        b'record = "status"\nissuer = "x"\nissued = 2026-01-02T00:00:00',
    ),
    "procedures that are a text": ("procedures", b'procedure = "JJG 1"'),
    "a procedure without its edition": ("procedures", b"[[procedure]]\nratio = 0.3"),
    "a population in another encoding": ("population in CSV", "电,m_R\n1,2\n".encode("gb18030")),
    "a population with a column twice": ("population in CSV", b"m_R,m_R\n1,2\n"),
    "costs that no float holds": ("costs", b"visit = " + HUGE),
    "costs that are nested too deeply": ("costs", b"visit = " + b"[" * 5000),
    "costs in tables without end": ("costs", b".".join([b"a"] * 900) + b" = 1"),
    "a budget in tables without end": ("budget in TOML", b".".join([b"a"] * 900) + b" = 1"),
    "a PDF whose table lies beyond any file": (
        "paper copy",
        b"%PDF-1.7\nstartxref\n" + b"9" * 30 + b"\n%%EOF\n",
    ),
    "an area's name that is no text": ("lake, its areas", area_of_no_text()),
}


@pytest.mark.parametrize(("parser", "data"), FOUND.values(), ids=list(FOUND))
def test_what_was_found_is_refused(parser: str, data: bytes) -> None:
    with pytest.raises(PARSERS[parser].refuses):
        PARSERS[parser].read(data)


@pytest.mark.parametrize("name", ["coverageFactor", "coverageProbability", "unit"])
def test_lists_of_different_lengths_in_a_certificate_are_no_results(name: str) -> None:
    listed = certificates()[4]
    tag = f"si:{name}XMLList>".encode()
    shorter = re.sub(rb"<" + tag + rb"(\S+) \S+</" + tag, rb"<" + tag + rb"\1 \1 \1</" + tag, listed)
    assert shorter != listed
    content, _ = dcc.check(shorter)
    assert content is None or not content.points


def test_json_is_read_as_utf_8_alone() -> None:
    for data in ('{"a":1}'.encode("utf-16"), b'"\xed\xa0\x80"', b'"\\ud800"', HUGE):
        with pytest.raises(ValueError, match=r"."):
            read_json(data)
    assert read_json('"\\u4e00一\\ud83d\\ude00"'.encode()) == "一一😀"


def test_whole_numbers_of_toml_have_64_bits() -> None:
    assert read_toml(b"a = [9223372036854775807, -9223372036854775808]")["a"][0] == 2**63 - 1
    for number in (b"9223372036854775808", b"0x" + b"f" * 5000):
        with pytest.raises(ValueError, match="64 bits"):
            read_toml(b"a = [{b = " + number + b"}]")
