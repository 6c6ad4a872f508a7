"""Notes, checkpoints, proofs and policies: read strictly, written in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys_of_logs import ORIGIN, key, log_key, public, witness_key
from reference import TLOG, needs_vectors

from quanheng.evidence.errors import BadNote
from quanheng.evidence.log import checkpoint, merkle, note, policy, proof
from quanheng.evidence.log.checkpoint import Checkpoint

ENTRIES = [b"entry %d" % k for k in range(11)]
HASHES = [merkle.leaf_hash(each) for each in ENTRIES]
ROOT = merkle.root(b"".join(HASHES))
WITNESSES = ("w1.example", "w2.example", "w3.example")
POLICY = (
    f"# whom we trust\nlog {log_key()} https://log.example/\n"
    + "".join(f"witness {name} {witness_key(name)}\n" for name in WITNESSES)
    + f"group two 2 {' '.join(WITNESSES)}\nquorum two\n"
)


def seen_by(*names: str, time: int = 1000) -> Checkpoint:
    """The checkpoint, cosigned by each at one second after another."""
    bare = checkpoint.sign(ORIGIN, len(ENTRIES), ROOT, public(ORIGIN), key(ORIGIN))
    lines = [checkpoint.cosign(bare, name, public(name), key(name), time + k) for k, name in enumerate(names)]
    return checkpoint.parse(str(bare.bearing([*bare.note.signatures, *lines])).encode())


def node(level: int, index: int) -> bytes:
    return merkle.root(b"".join(HASHES[index << level : (index + 1) << level]))


def proven(index: int = 3) -> proof.LogProof:
    return proof.LogProof(index, tuple(merkle.inclusion_proof(node, index, 11)), seen_by(*WITNESSES))


def test_the_example_of_the_specification_verifies():
    # C2SP signed-note, "Example"
    known = note.parse_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    given_note = note.parse(
        "This is an example message.\n\n— example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n".encode()
    )
    assert note.check(given_note, known) is True


def test_a_verifier_key_is_read_as_it_was_written():
    assert note.parse_key(str(log_key())) == log_key()


@pytest.mark.parametrize(
    "text", ["", "a+b", "name+00000000+AekyeRrm", str(log_key()).replace("log.", "lag.")]
)
def test_a_damaged_verifier_key_is_refused(text: str):
    with pytest.raises(BadNote):
        note.parse_key(text)


def test_a_checkpoint_is_read_as_it_was_written():
    assert checkpoint.parse(str(seen_by("w1.example")).encode()) == seen_by("w1.example")


def test_a_checkpoint_verifies_by_the_key_of_its_log_only():
    assert checkpoint.check(seen_by(), log_key())
    assert not checkpoint.check(seen_by(), log_key("other.example"))
    assert not checkpoint.check(seen_by(), witness_key(ORIGIN))


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        "origin\n01\nAAAA\n",
        "origin\n1\nAAAA\n",
        f"origin\n-1\n{'A' * 43}=\n",
        f"origin\n0\n{'A' * 43}=\n",
        f"origin\n1\n{'A' * 43}=\n\nmore\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str):
    line = note.sign(text, ORIGIN, public(ORIGIN), key(ORIGIN))
    with pytest.raises(BadNote):
        checkpoint.parse(str(note.Note(text, (line,))).encode())


def test_a_proof_is_read_as_it_was_written():
    assert proof.parse(str(proven()).encode()) == proven()


def test_a_proof_carries_opaque_data():
    with_extra = proof.LogProof(0, (), seen_by(), b"salt")
    assert proof.parse(str(with_extra).encode()).extra == b"salt"


def test_a_proof_holds_for_its_entry_only():
    assert proven(3).holds(HASHES[3])
    assert not proven(3).holds(HASHES[4])


def test_a_quorum_has_seen_a_checkpoint_when_the_last_needed_witness_had():
    rules = policy.parse(POLICY.encode())
    assert rules.signed(seen_by())
    assert rules.seen(seen_by()) is None
    assert rules.seen(seen_by("w1.example")) is None
    assert rules.seen(seen_by("w1.example", "w3.example")) == 1001
    assert rules.seen(seen_by(*WITNESSES)) == 1001


def test_one_witness_twice_is_no_quorum():
    assert policy.parse(POLICY.encode()).seen(seen_by("w1.example", "w1.example")) is None


def test_a_witness_that_is_not_known_counts_for_nothing():
    assert policy.parse(POLICY.encode()).seen(seen_by("w1.example", "w9.example")) is None


def test_a_false_cosignature_of_a_known_witness_is_refused():
    earlier = seen_by("w1.example").note.signatures[1]
    forged = note.Signature(earlier.name, earlier.key_id, (5).to_bytes(8, "big") + earlier.signature[8:])
    with pytest.raises(BadNote, match=r"w1\.example"):
        policy.parse(POLICY.encode()).seen(
            checkpoint.parse(str(seen_by().bearing([*seen_by().note.signatures, forged])).encode())
        )


def test_groups_of_groups_are_asked_as_they_are_defined():
    text = POLICY.replace("quorum two", "group all all two\nquorum all")
    assert policy.parse(text.encode()).seen(seen_by("w1.example", "w2.example")) == 1001


def test_a_policy_may_need_no_witness():
    text = f"log {log_key()}\nquorum none\n"
    assert policy.parse(text.encode()).seen(seen_by()) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("quorum two\n", ""),
        ("quorum two", "quorum three"),
        ("quorum two", "quorum two\nquorum two"),
        ("group two 2", "group two 4"),
        ("group two 2", "group two 0"),
        ("group two 2", "group none 2"),
        ("w1.example w2.example", "w1.example w1.example"),
        ("w1.example w2.example", "w1.example w8.example"),
        (f"log {log_key()}", f"log {witness_key('w7')}"),
        (
            f"witness w1.example {witness_key('w1.example')}",
            f"witness w1.example {witness_key('w2.example')}",
        ),
        ("# whom", "whom"),
        ("# whom", "\r"),
    ],
)
def test_a_damaged_policy_is_refused(old: str, new: str):
    assert old in POLICY
    with pytest.raises(BadNote):
        policy.parse(POLICY.replace(old, new, 1).encode())


@given(
    (st.binary(max_size=400) | st.text(max_size=400).map(str.encode)).filter(
        lambda data: b"quorum" not in data
    )
)
def test_foreign_bytes_are_refused_and_never_crash(data: bytes):
    for read in (note.parse, checkpoint.parse, proof.parse, policy.parse):
        with pytest.raises(BadNote):
            read(data)


@given(st.integers(0, 5000), st.integers(0, 255))
def test_an_altered_proof_is_refused_or_proves_nothing(place: int, octet: int):
    data = bytearray(str(proven()).encode())
    place %= len(data)
    if data[place] == octet:
        return
    data[place] = octet
    rules = policy.parse(POLICY.encode())
    try:
        altered = proof.parse(bytes(data))
        good = rules.signed(altered.checkpoint) and rules.seen(altered.checkpoint) is not None
    except BadNote:
        return
    # one witness of three may be damaged in its name: two are enough
    untouched = (
        altered.checkpoint.note.text == proven().checkpoint.note.text and altered.path == proven().path
    )
    assert not (good and altered.holds(HASHES[3])) or (untouched and altered.index == 3)


@pytest.mark.reference
@needs_vectors
@pytest.mark.parametrize("size", [0, 8, 12, 15])
def test_a_checkpoint_of_another_implementation_verifies(size: int):
    # the key id stands in each signature line, so that the key itself cannot be mistaken
    known = note.parse_key("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
    read = checkpoint.parse((TLOG / f"tessera/testdata/log/checkpoint.{size}").read_bytes())
    assert read.size == size
    assert checkpoint.check(read, known)
