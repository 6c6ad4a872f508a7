"""The file that travels: one way to write it, and nothing else is read."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanheng.evidence import proof_file
from quanheng.evidence.document import KINDS, Document
from quanheng.evidence.errors import BadDocument

some = st.binary(max_size=40)
documents = st.lists(
    st.builds(Document, st.sampled_from(sorted(KINDS)), some, some, some, some, some),
    min_size=1, max_size=6, unique_by=lambda each: each.data,
)  # fmt: skip
SMALL = (
    Document("certificate", b"<a/>", b"s", b"t", b"u", b"v"),
    Document("certificate", b"<b/>", b"s"),
    Document("status", b"{}", b"s", b"t"),
)


@given(documents)
def test_what_is_written_is_read_back(given_documents):
    data = proof_file.write(given_documents)
    read = proof_file.read(data)
    assert read.subject == given_documents[0]
    assert set(read.documents) == set(given_documents)
    assert proof_file.write(read.documents) == data


@given(documents, st.integers())
def test_order_of_what_the_subject_rests_on_does_not_matter(given_documents, seed):
    others = given_documents[1:]
    random.Random(seed).shuffle(others)
    assert proof_file.write([given_documents[0], *others]) == proof_file.write(given_documents)


def test_any_program_for_archives_opens_it():
    with zipfile.ZipFile(io.BytesIO(proof_file.write(SMALL))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "manifest.json",
            "0/certificate.xml", "0/signature.json", "0/statement.json", "0/salts.json", "0/proof.tlog-proof",
            "1/certificate.xml", "1/signature.json",
            "2/record.json", "2/signature.json", "2/statement.json",
        ]  # fmt: skip
        assert all(each.compress_type == zipfile.ZIP_STORED for each in archive.infolist())


def test_every_single_altered_byte_outside_the_contents_is_refused():
    data = proof_file.write(SMALL)
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1
        with pytest.raises(BadDocument):
            proof_file.read(bytes(altered))


def test_every_cut_and_every_addition_is_refused():
    data = proof_file.write(SMALL)
    for altered in (
        b"\0" + data,
        data + b"\0",
        data + data,
        b"",
        *(data[:n] for n in range(0, len(data), 7)),
    ):
        with pytest.raises(BadDocument):
            proof_file.read(altered)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archive_of_another_program_is_refused(method):
    ours = zipfile.ZipFile(io.BytesIO(proof_file.write(SMALL)))
    theirs = io.BytesIO()
    with zipfile.ZipFile(theirs, "w", method) as archive:
        for name in ours.namelist():
            archive.writestr(name, ours.read(name))
    with pytest.raises(BadDocument):
        proof_file.read(theirs.getvalue())


def test_document_twice_is_refused():
    with pytest.raises(BadDocument, match="twice"):
        proof_file.write([SMALL[0], SMALL[0]])


def test_nothing_is_no_proof():
    with pytest.raises(BadDocument, match="at least one"):
        proof_file.write([])


def _with_manifest(manifest: bytes) -> bytes:
    return proof_file._zip([("manifest.json", manifest), ("0/certificate.xml", b"<a/>")])


@pytest.mark.parametrize("manifest", [
    b"", b"{}", b"[]", b"[" * 100_000, b'{"documents":[]}', b'{"documents":[1],"format":"quanheng-proof-1"}',
    b'{"documents":[{"kind":"../x"}],"format":"quanheng-proof-1"}',
    b'{"documents":[{"kind":["x"]}],"format":"quanheng-proof-1"}',
    b'{"documents":[{"kind":"status"}],"format":"quanheng-proof-1"}',
    b'{"documents":[{"kind":"certificate"}],"format":"quanheng-proof-2"}',
    b'{"documents":[{"kind":"certificate","sha256":"0"}],"format":"quanheng-proof-1","subject":"0"}',
])  # fmt: skip
def test_manifest_that_says_something_else_is_refused(manifest):
    with pytest.raises(BadDocument):
        proof_file.read(_with_manifest(manifest))


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda rest: b"PK\3\4" + rest))
def test_no_bytes_make_the_reader_fail_otherwise(data):
    with pytest.raises(BadDocument):
        proof_file.read(data)


@given(st.binary(max_size=300))
def test_no_manifest_makes_the_reader_fail_otherwise(manifest):
    with pytest.raises(BadDocument):
        proof_file.read(_with_manifest(manifest))
