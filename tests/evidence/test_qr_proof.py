"""A certificate's proof on paper: small, strict, and honest about what paper cannot show."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import date, timedelta
from functools import cache

import proof_world as world
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proof_world import ISSUED, LABORATORY, ON, ORIGIN, RULES, World, cosigned, key_of

from quanheng.evidence import base45, keys, qr_proof
from quanheng.evidence.answer import Standing
from quanheng.evidence.certificate import Use
from quanheng.evidence.document import Document
from quanheng.evidence.document_check import Authority, check_document
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.log import checkpoint as checkpoints
from quanheng.evidence.log import merkle
from quanheng.evidence.log.proof import LogProof
from quanheng.evidence.qr_proof import Code

TRUST = world.trusted()
POLICY = TRUST.policy


@cache
def leaf(algorithm: str = "ed25519") -> Document:
    """The laboratory's certificate of the small world, with a stranger's signature under the checkpoint."""
    document = World().good(algorithm)[0]
    return dataclasses.replace(document, proof=document.proof + b"\xe2\x80\x94 stranger.example AAAAAAA=\n")


@cache
def code(algorithm: str = "ed25519") -> Code:
    return qr_proof.of_document(leaf(algorithm), world.WRITTEN[leaf(algorithm).data], POLICY)


def in_a_log_of_10_million(standards: int = 3) -> Document:
    """The first entry of a log of 10 million, whose other hashes are made up; so many standards, P-256."""
    uses = tuple(Use(f"{n:064x}", "energy", 1.0, "kW·h") for n in range(standards))
    content = world.certificate("JL-2026-000131", LABORATORY, "item-000042", ISSUED, uses)
    document = World().certify(content, "laboratory", algorithm="ecdsa-p256-sha256")
    path = tuple(bytes([n]) * 32 for n in range(24))
    root = merkle.leaf_hash(document.statement)
    for each in path:
        root = merkle.node_hash(root, each)
    log = key_of(ORIGIN)
    point = checkpoints.sign(ORIGIN, 10_000_000, root, keys.raw_ed25519(log.public), log)
    proof = LogProof(0, path, cosigned(point, world.noon(ISSUED)))
    return dataclasses.replace(document, proof=str(proof).encode())


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256-sha256"])
def test_code_and_certificate_give_back_the_document(algorithm):
    back = qr_proof.read_text(qr_proof.text(code(algorithm))).document(leaf(algorithm).data)
    assert dataclasses.replace(back, proof=b"") == dataclasses.replace(leaf(algorithm), proof=b"")
    authority = Authority.of([world.binding("laboratory", LABORATORY, algorithm=algorithm)])
    assert check_document(back, TRUST, authority, RULES, on=ON).answer.standing == Standing.VALID


def test_signatures_that_the_policy_does_not_know_are_left_out():
    assert len(code().proof.checkpoint.note.signatures) == 4
    assert b"stranger" not in qr_proof.pack(code())


def test_code_of_a_log_of_10_million_with_3_witnesses_stays_below_2000_bytes():
    document = in_a_log_of_10_million()
    made = qr_proof.of_document(document, world.WRITTEN[document.data], POLICY)
    assert len(qr_proof.pack(made)) <= 1_700
    answer, time = qr_proof.check(qr_proof.read_text(qr_proof.text(made)), POLICY, grace=7)
    assert (answer.codes, time) == ({"values_unseen"}, world.noon(ISSUED))


def test_code_that_would_be_too_large_is_refused():
    document = in_a_log_of_10_million(standards=20)
    with pytest.raises(BadDocument, match="2000"):
        qr_proof.text(qr_proof.of_document(document, world.WRITTEN[document.data], POLICY))


def test_paper_alone_shows_the_log_and_no_values():
    answer, time = qr_proof.check(code(), POLICY, grace=7)
    assert answer.standing == Standing.NOT_SHOWN
    assert answer.codes == {"values_unseen"}
    assert time == world.noon(ISSUED)


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "2026-0132"), ("items", ("item-2",)), ("issued", ISSUED - timedelta(1)), ("issuer", "other"),
     ("standards", ()), ("sm3", "")],
)  # fmt: skip
def test_code_that_was_made_to_say_something_else_is_invalid(field, value):
    altered = dataclasses.replace(code(), **{field: value})
    assert "proof_wrong" in qr_proof.check(altered, POLICY, grace=7)[0].codes


def test_code_tells_late_registration():
    here = World()
    content = world.WRITTEN[here.good()[0].data]
    late = here.certify(content, "laboratory", logged=ISSUED + timedelta(8))
    made = qr_proof.of_document(late, content, POLICY)
    assert qr_proof.check(made, POLICY, grace=7)[0].codes == {"values_unseen", "registered_late"}


def test_code_does_not_join_another_certificate():
    with pytest.raises(BadDocument, match="another"):
        code().document(b"<other/>")


@pytest.mark.parametrize("field", ["signature", "statement", "salts", "proof"])
def test_document_that_is_not_whole_has_no_code(field):
    with pytest.raises(BadDocument):
        qr_proof.of_document(dataclasses.replace(leaf(), **{field: b""}), world.WRITTEN[leaf().data], POLICY)


def test_document_whose_statement_differs_has_no_code():
    content = world.WRITTEN[leaf().data]
    with pytest.raises(BadDocument):
        qr_proof.of_document(leaf(), dataclasses.replace(content, number="2"), POLICY)


def test_every_altered_byte_of_a_code_is_refused_or_found():
    data, all_three = qr_proof.pack(code()), world.trusted(3).policy
    assert qr_proof.check(code(), all_three, grace=7)[0].codes == {"values_unseen"}
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 0x01
        try:
            read = qr_proof.unpack(bytes(altered))
        except BadDocument:
            continue
        assert qr_proof.check(read, all_three, grace=7)[0].codes != {"values_unseen"}


def test_every_cut_and_addition_is_refused():
    data = qr_proof.pack(code())
    for altered in (data + b"\0", b"", *(data[:n] for n in range(len(data)))):
        with pytest.raises(BadDocument):
            qr_proof.unpack(altered)


def test_longer_way_to_write_a_number_is_refused():
    data = qr_proof.pack(code())
    assert data[1] == len(LABORATORY.identifier)
    with pytest.raises(BadDocument):
        qr_proof.unpack(data[:1] + bytes([data[1] | 0x80, 0]) + data[2:])


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda rest: b"\x01" + rest))
def test_no_bytes_make_the_reader_fail_otherwise(data):
    with pytest.raises(BadDocument):
        qr_proof.unpack(data)


@given(st.integers(0, 10_000), st.binary(max_size=4))
def test_no_replaced_part_makes_the_reader_fail_otherwise(place, part):
    data = bytearray(qr_proof.pack(code()))
    place %= len(data)
    data[place : place + len(part)] = part
    with contextlib.suppress(BadDocument):
        assert qr_proof.pack(qr_proof.unpack(bytes(data))) == bytes(data)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail_otherwise(said):
    for each in (said, qr_proof.PREFIX + said):
        with pytest.raises(BadDocument):
            qr_proof.read_text(each)


def test_drawn_code_is_read_by_a_camera_program():
    zxing = pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed: the code is not scanned")
    numpy = pytest.importorskip("numpy")
    import segno

    document = in_a_log_of_10_million()
    said = qr_proof.text(qr_proof.of_document(document, world.WRITTEN[document.data], POLICY))
    drawn = segno.make(said, error="l", micro=False)
    modules = numpy.array([[0 if dark else 255 for dark in row] for row in drawn.matrix], numpy.uint8)
    image = numpy.kron(numpy.pad(modules, 4, constant_values=255), numpy.ones((3, 3), numpy.uint8))
    [found] = zxing.read_barcodes(image)
    assert found.text == said


def test_drawing_is_the_same_every_time():
    said = qr_proof.text(code())
    assert qr_proof.draw(said) == qr_proof.draw(said)
    assert qr_proof.draw(said).startswith(b"<svg")


# ---- base45: RFC 9285, 4.3 and 4.4 ----


@pytest.mark.parametrize(
    ("data", "said"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581")]
)
def test_base45_has_the_examples_of_its_standard(data, said):
    assert base45.encode(data) == said
    assert base45.decode(said) == data


@given(st.binary())
def test_base45_comes_back(data):
    assert base45.decode(base45.encode(data)) == data


@pytest.mark.parametrize("said", ["GGW", ":::", "A", "BB8A", "a00", "::", "中00"])
def test_base45_that_is_none_is_refused(said):
    with pytest.raises(BadDocument):
        base45.decode(said)


@given(st.text(base45.ALPHABET))
def test_base45_has_one_way_to_say_bytes(said):
    with contextlib.suppress(BadDocument):
        assert base45.encode(base45.decode(said)) == said


def test_date_of_no_calendar_is_refused():
    data = bytearray(qr_proof.pack(code()))
    place = bytes(data).index(b"item-1") + len("item-1")
    assert (
        date.fromordinal(data[place] & 0x7F | (data[place + 1] & 0x7F) << 7 | data[place + 2] << 14) == ISSUED
    )
    data[place : place + 3] = b"\xff\xff\x7f\x01"
    with pytest.raises(BadDocument):
        qr_proof.unpack(bytes(data))
