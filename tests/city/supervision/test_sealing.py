"""A run is signed and logged by the city's registry; an order then proves whose it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates import house
from quanheng.city.certificates.actions import filing
from quanheng.city.certificates.house import House
from quanheng.city.supervision import places
from quanheng.city.supervision.actions import sealing
from quanheng.city.supervision.models import Cycle, Order
from quanheng.city.supervision.proofs import proof_of
from quanheng.evidence import key_file, proof_file
from quanheng.evidence.document import BUNDLE, ORDER
from quanheng.ground.errors import BadOutput
from quanheng.work.simulate.chain.entry import ORIGIN, WITNESSES, enter, policy
from quanheng.work.simulate.chain.world import BUREAU, CITY, ChainWorld

As = Callable[[str], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def registry(small: SmallCity, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """Keys, log and trust of a sample world, in which the bureau may sign runs."""
    monkeypatch.setattr(key_file, "COST", 2)  # a key file takes its tenth of a second otherwise
    monkeypatch.setenv("QUANHENG_KEY_PASSPHRASE", "an honest passphrase")
    settings.DEMO = True
    phrase, home, world = b"an honest passphrase", settings.HOME, ChainWorld(3)
    world.authority()
    found = enter(world, home / "log")
    (home / "trust/authority").mkdir(parents=True)
    (home / "trust/policy").write_bytes(policy(world))
    (home / "trust/authority/a.pem").write_bytes(world.key("authority").public.pem())
    (home / "witnesses").mkdir()
    for name in WITNESSES:
        key_file.write(home / "witnesses" / f"{name}.key", world.key(name), phrase)
    names = {"institute": "city", "authority": "authority", "bundles": "supervisor", "log": ORIGIN}
    made = {name: world.key(each) for name, each in names.items()}
    house.establish(House(CITY, small.institute.code, BUREAU, ORIGIN), phrase, made=made)
    filing.bring_in(SYSTEM, [each.document for each in found], {})
    yield
    for each in ("keys", "log", "trust", "witnesses", "certificates"):
        shutil.rmtree(home / each)
    (home / "house.json").unlink()


def test_a_sealed_run_and_its_orders_are_proven(registry: None, as_user: As, issued: Cycle) -> None:
    order = Order.objects.get(kind="replace_trend")
    assert [each.kind for each in proof_file.read(proof_of(order)).documents] == [ORDER, BUNDLE]
    proof = sealing.seal(SYSTEM, issued)
    assert sealing.seal(SYSTEM, issued) == proof
    documents = proof_file.read(proof_of(order)).documents
    bundle = next(each for each in documents if each.kind == BUNDLE)
    assert bundle.digest == issued.run
    assert bundle.signature and bundle.proof
    assert "已签名并登记" in as_user("city").get(f"/supervision/cycles/{issued.pk}/").content.decode()
    answer = as_user("auditor").get(f"/supervision/cycles/{issued.pk}/run.proof")
    assert b"".join(answer.streaming_content) == proof  # type: ignore[attr-defined]
    answer.close()


def test_what_was_changed_after_the_run_is_not_signed(registry: None, cycle: Cycle) -> None:
    path = places.run(cycle.pk) / "out/orders.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(BadOutput, match="不予签名"):
        sealing.seal(SYSTEM, cycle)
    assert not (places.run(cycle.pk) / "out/run.proof").exists()


def test_without_keys_nothing_is_sealed_and_it_is_said(as_user: As, cycle: Cycle) -> None:
    assert not sealing.possible()
    assert as_user("city").post(f"/supervision/cycles/{cycle.pk}/seal/").status_code == 409
    assert as_user("power").post(f"/supervision/cycles/{cycle.pk}/seal/").status_code == 403
