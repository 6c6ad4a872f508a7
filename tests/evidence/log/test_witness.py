"""Witnesses: they cosign what continues, refuse what does not, and never go back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys_of_logs import ORIGIN, key, log_key, public, witness_key

from quanheng.evidence.errors import BadNote
from quanheng.evidence.log import checkpoint, witness_http
from quanheng.evidence.log.checkpoint import Checkpoint
from quanheng.evidence.log.store import Log
from quanheng.evidence.log.witness import Refused, Request, Witness, cosigned, parse
from quanheng.ground.digest import sha256_bytes
from quanheng.ground.errors import NotShown

NOW = 1_770_000_000


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log.create(tmp_path / "log", ORIGIN, public(ORIGIN), key(ORIGIN)) as made:
        made.append([b"entry %d" % k for k in range(5)])
        made.publish(key(ORIGIN))
        yield made


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    (tmp_path / "witness").mkdir()
    return Witness(
        tmp_path / "witness", "w1.example", public("w1.example"), key("w1.example"), {ORIGIN: [log_key()]}
    )


def grown(log: Log) -> Checkpoint:
    log.append([b"more"] * 3)
    return log.publish(key(ORIGIN))


def asked(log: Log, old: int) -> bytes:
    return str(Request(old, tuple(log.consistency(old, log.published.size)), log.published)).encode()


def refusal(witness: Witness, data: bytes) -> int:
    with pytest.raises(Refused) as refused:
        witness.add_checkpoint(data, NOW)
    return refused.value.status


def test_a_witness_cosigns_a_checkpoint_with_its_time(log: Log, witness: Witness):
    line = witness.add_checkpoint(asked(log, 0), NOW)
    seen = cosigned(log.published, [line], [witness.key])
    assert checkpoint.cosigned_at(seen, witness_key("w1.example")) == NOW


def test_a_witness_cosigns_what_continues(log: Log, witness: Witness):
    witness.add_checkpoint(asked(log, 0), NOW)
    grown(log)
    witness.add_checkpoint(asked(log, 5), NOW + 1)
    latest = witness.latest(ORIGIN)
    assert latest is not None
    assert latest.size == 8


def test_a_witness_remembers_after_it_was_stopped(log: Log, witness: Witness):
    witness.add_checkpoint(asked(log, 0), NOW)
    again = Witness(witness.folder, witness.name, witness.public, witness.signer, witness.logs)
    assert refusal(again, asked(log, 0)) == 409


def test_another_old_size_is_a_conflict_that_says_the_right_one(log: Log, witness: Witness):
    witness.add_checkpoint(asked(log, 0), NOW)
    with pytest.raises(Refused, match=r"^5$"):
        witness.add_checkpoint(asked(log, 0), NOW)


def test_a_fork_is_not_cosigned(log: Log, witness: Witness, tmp_path: Path):
    witness.add_checkpoint(asked(log, 0), NOW)
    with Log.create(tmp_path / "fork", ORIGIN, public(ORIGIN), key(ORIGIN)) as fork:
        fork.append([b"forged"] * 9)
        fork.publish(key(ORIGIN))
        assert refusal(witness, asked(fork, 5)) == 422
    same_size = checkpoint.sign(ORIGIN, 5, b"x" * 32, public(ORIGIN), key(ORIGIN))
    assert refusal(witness, str(Request(5, (), same_size)).encode()) == 422


def test_a_log_that_goes_back_is_not_cosigned(log: Log, witness: Witness):
    first = asked(log, 0)
    grown(log)
    witness.add_checkpoint(asked(log, 0), NOW)
    assert refusal(witness, first) == 409
    assert refusal(witness, first.replace(b"old 0", b"old 8")) == 400


def test_an_unknown_log_and_a_false_signature_are_refused(log: Log, witness: Witness):
    other = checkpoint.sign("other.example", 1, b"x" * 32, public("o"), key("o"))
    rogue = checkpoint.sign(ORIGIN, 1, b"x" * 32, public(ORIGIN), key("rogue"))
    assert refusal(witness, str(Request(0, (), other)).encode()) == 404
    assert refusal(witness, str(Request(0, (), rogue)).encode()) == 403


def test_a_proof_from_nothing_is_refused(log: Log, witness: Witness):
    assert refusal(witness, str(Request(0, (b"x" * 32,), log.published)).encode()) == 422


def test_threads_that_ask_at_once_never_roll_the_state_back(log: Log, witness: Witness):
    requests = [asked(log, 0)]
    for _ in range(10):
        grown(log)
        requests.append(asked(log, 0))

    def ask(data: bytes) -> None:
        try:
            witness.add_checkpoint(data, NOW)
        except Refused as refused:
            assert refused.status == 409

    threads = [threading.Thread(target=ask, args=(each,)) for each in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latest = witness.latest(ORIGIN)
    assert latest is not None
    assert sum(1 for each in requests if parse(each).checkpoint.size == latest.size) == 1


def test_a_false_cosignature_is_not_taken_over(log: Log, witness: Witness):
    false = checkpoint.cosign(log.published, "w1.example", public("w1.example"), key("rogue"), NOW)
    assert cosigned(log.published, [false], [witness.key]) == log.published


def test_a_second_cosignature_of_the_same_witness_is_not_taken_over(log: Log, witness: Witness):
    first, later = (
        checkpoint.cosign(log.published, "w1.example", public("w1.example"), key("w1.example"), NOW + n)
        for n in (0, 60)
    )
    seen = cosigned(log.published, [later, first], [witness.key])
    assert seen.note.signatures == (*log.published.note.signatures, first)
    assert cosigned(seen, [later], [witness.key]) == seen


def test_a_request_that_repeats_the_logs_signature_leaves_the_witness_its_state(log: Log, witness: Witness):
    again = log.published.bearing(log.published.note.signatures * 100)
    witness.add_checkpoint(str(Request(0, (), again)).encode(), NOW)
    assert witness.latest(ORIGIN) is not None
    assert refusal(witness, asked(log, 0)) == 409


def test_a_request_is_read_as_it_was_written(log: Log):
    assert str(parse(asked(log, 3))).encode() == asked(log, 3)


@given(st.binary(max_size=300))
def test_noise_is_refused_and_never_crashes(data: bytes):
    with pytest.raises(BadNote):
        parse(data)


@pytest.fixture
def address(witness: Witness) -> Iterator[str]:
    serving = witness_http.server(witness, ("127.0.0.1", 0), lambda: NOW)
    thread = threading.Thread(target=serving.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{serving.server_address[1]}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_a_witness_is_asked_over_http_and_catches_up(log: Log, witness: Witness, address: str):
    for size in (5, 8, 11):
        seen = cosigned(log.published, witness_http.ask(address, log), [witness.key])
        assert checkpoint.cosigned_at(seen, witness.key) == NOW
        assert seen.size == size
        log.attach(seen)
        grown(log)


@pytest.mark.parametrize(("length", "status"), [("9" * 5000, 400), ("1e3", 400), ("99999999", 413)])
def test_a_request_of_an_odd_length_is_answered(address: str, length: str, status: int):
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as asked:
        asked.sendall(f"POST /add-checkpoint HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
        assert int(asked.recv(100).split()[1]) == status


def test_a_witness_shows_what_it_saw_last(log: Log, witness: Witness, address: str):
    witness_http.ask(address, log)
    with urlopen(f"{address}/{sha256_bytes(ORIGIN.encode())}/checkpoint") as answer:
        assert checkpoint.parse(answer.read()).size == 5


def test_a_fork_is_refused_over_http(log: Log, witness: Witness, address: str, tmp_path: Path):
    witness_http.ask(address, log)
    with Log.create(tmp_path / "fork", ORIGIN, public(ORIGIN), key(ORIGIN)) as fork:
        fork.append([b"forged"] * 9)
        fork.publish(key(ORIGIN))
        with pytest.raises(NotShown, match="422"):
            witness_http.ask(address, fork)


def test_a_witness_that_is_not_there_is_said(log: Log):
    for url in ("http://127.0.0.1:9", "file:///etc/hostname"):
        with pytest.raises(NotShown):
            witness_http.ask(url, log)
