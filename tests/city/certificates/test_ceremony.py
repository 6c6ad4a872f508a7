"""A registry comes into being, with a witness that somebody else runs; certificates from elsewhere come in."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates import house, store
from quanheng.city.certificates.actions import ceremony, standing
from quanheng.city.certificates.house import House
from quanheng.city.certificates.models import Certificate, Filed
from quanheng.evidence import key_file, keys
from quanheng.evidence.document_check import Rules
from quanheng.evidence.errors import BadDocument
from quanheng.evidence.formats.dcc import sealed
from quanheng.evidence.holdings import Holdings
from quanheng.evidence.log.store import Log
from quanheng.evidence.log.witness import Witness
from quanheng.evidence.log.witness_http import server
from quanheng.evidence.monitor import GRACE
from quanheng.evidence.proof_check import check_proof
from quanheng.evidence.proof_file import ProofFile
from quanheng.evidence.records import Scope
from quanheng.ground.errors import Fault, NotShown
from quanheng.work.simulate.chain.entry import ORIGIN, WITNESSES, enter, policy
from quanheng.work.simulate.chain.kinds import KINDS
from quanheng.work.simulate.chain.world import BUREAU, CITY, ChainWorld

pytestmark = pytest.mark.django_db
CITY_LOG = "log.example/new-city"


@pytest.fixture
def home(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HOME, and a passphrase."""
    settings.HOME = tmp_path
    monkeypatch.setenv("QUANHENG_KEY_PASSPHRASE", "a passphrase of the tests")
    monkeypatch.setattr(key_file, "COST", 2)
    return tmp_path


@pytest.fixture
def witness(home: Path) -> Iterator[tuple[str, str]]:
    """Somebody else's witness, over HTTP: its verifier key and address. It learns of the log when that is there."""
    key = keys.generate("ed25519")
    logs: dict[str, Any] = {}
    found = Witness(home / "elsewhere", "witness.example", keys.raw_ed25519(key.public), key, logs)
    found.folder.mkdir()
    serving = server(found, ("127.0.0.1", 0), time.time)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()

    def know() -> None:
        while not (home / "log" / "checkpoint").exists():
            time.sleep(0.01)
        with Log.open(home / "log") as log:
            logs[CITY_LOG] = [log.key]

    learning = threading.Thread(target=know, daemon=True)
    learning.start()
    yield str(found.key), f"http://127.0.0.1:{serving.server_address[1]}/"
    serving.shutdown()
    thread.join()
    serving.server_close()


def established(small: SmallCity, witnesses: list[tuple[str, str]]) -> House:
    """The registry of the city."""
    today = timezone.localdate()
    return ceremony.establish(
        SYSTEM, small.institute, origin=CITY_LOG, authority="bureau", witnesses=witnesses, since=today,
        until=today + timedelta(days=365),
    )  # fmt: skip


def test_a_new_registry_speaks_for_its_keys(small: SmallCity, home: Path, witness: tuple[str, str]) -> None:
    for _attempt in range(20):  # the witness learns of the log while this goes on
        try:
            established(small, [witness])
            break
        except NotShown:
            time.sleep(0.05)
    scope = Scope(
        small.institute.code, "energy", "kW·h", 0.1, 100.0, 0.0, 0.0002, "authorisation", "[样例] 1",
        date(2026, 1, 1), date(2030, 1, 1),
    )  # fmt: skip
    standing.say(SYSTEM, [scope], timezone.localdate())
    assert sorted(Filed.objects.values_list("about", flat=True))[-1]
    documents = [store.get(each) for each in Filed.objects.values_list("digest", flat=True)]
    found = check_proof(
        ProofFile(tuple(each for each in documents if each)), house.trust(), Rules(sealed.read, GRACE),
        on=timezone.localdate(),
    )  # fmt: skip
    assert [str(reason) for each in found for reason in each.answer.reasons if reason.standing] == []
    before = house.entries()
    established(small, [witness])  # again: nothing new
    assert house.entries() == before == 3


def test_without_a_witness_that_answers_it_can_be_run_again(small: SmallCity, home: Path) -> None:
    nobody = keys.generate("ed25519")
    key = Witness(home, "witness.example", keys.raw_ed25519(nobody.public), nobody, {}).key
    for _attempt in range(2):
        with pytest.raises(NotShown):
            established(small, [(str(key), "http://127.0.0.1:9/")])
    assert Filed.objects.count() == 0


def test_a_site_belongs_to_one_institute(small: SmallCity, home: Path) -> None:
    established(small, [])
    with pytest.raises(Fault, match="本站已属于"):
        ceremony.establish(
            SYSTEM, small.power, origin=CITY_LOG, authority="bureau", witnesses=[], since=date(2026, 1, 1),
            until=date(2027, 1, 1),
        )  # fmt: skip


@pytest.fixture
def elsewhere(small: SmallCity, home: Path) -> tuple[ChainWorld, Holdings]:
    """A site that trusts the sample world and has filed nothing of it yet."""
    world = ChainWorld(5)
    world.authority()
    world.standard(KINDS[0], 3)
    made = enter(world, home / "log")
    (home / "trust" / "authority").mkdir(parents=True)
    (home / "trust" / "policy").write_bytes(policy(world))
    (home / "trust" / "authority" / "a.pem").write_bytes(world.key("authority").public.pem())
    names = {"institute": "city", "authority": "authority", "bundles": "supervisor", "log": ORIGIN}
    house.establish(
        House(CITY, small.institute.code, BUREAU, ORIGIN),
        b"a passphrase of the tests",
        made={name: world.key(each) for name, each in names.items()},
    )
    assert len(WITNESSES) == 3
    return world, Holdings(each.document for each in made)


def proof_of_bench(elsewhere: tuple[ChainWorld, Holdings]) -> bytes:
    """The proof file of the energy bench, as it travels."""
    world, held = elsewhere
    return held.proof(held.documents[world.standards["energy", 3, 0]])


def test_a_standard_comes_in_with_its_chain_once(elsewhere: tuple[ChainWorld, Holdings]) -> None:
    data = proof_of_bench(elsewhere)
    assert ceremony.take_in(SYSTEM, data, on=date(2026, 6, 1)) > 4
    assert Certificate.objects.get(item="energy-3-0").log_index is not None
    assert ceremony.take_in(SYSTEM, data, on=date(2026, 6, 1)) == 0


def test_what_is_invalid_or_not_shown_is_not_filed(
    elsewhere: tuple[ChainWorld, Holdings], home: Path
) -> None:
    data = proof_of_bench(elsewhere)
    with pytest.raises(BadDocument):
        ceremony.take_in(SYSTEM, data[:-1], on=date(2026, 6, 1))
    (home / "trust" / "policy").write_bytes(policy(ChainWorld(6)))  # another log than the one that it is in
    with pytest.raises(NotShown, match="log_unknown"):
        ceremony.take_in(SYSTEM, data, on=date(2026, 6, 1))
    assert Filed.objects.count() == 0


def test_the_page_takes_a_proof_file_and_explains_a_bad_one(
    elsewhere: tuple[ChainWorld, Holdings], small: SmallCity
) -> None:
    browser = Client()
    browser.force_login(small.users["institute"])

    def hand_in(data: bytes) -> Any:
        file = io.BytesIO(data)
        file.name = "standard.proof"
        return browser.post("/certificates/take-in/", {"proof": file})

    assert browser.get("/certificates/take-in/").status_code == 200
    assert hand_in(b"PK\x03\x04").status_code == 422
    assert hand_in(proof_of_bench(elsewhere)).status_code == 302
    browser.force_login(small.users["power"])
    assert browser.get("/certificates/take-in/").status_code == 403
