"""Keys, log and trust of the sample chains, in the folder of the tests' site."""

from __future__ import annotations

import shutil

import pytest
from django.conf import settings
from small_city import SmallCity

from quanheng.city.audit.actions import SYSTEM
from quanheng.city.certificates import house
from quanheng.city.certificates.actions import filing
from quanheng.city.certificates.house import House
from quanheng.evidence import key_file
from quanheng.work.simulate.chain.entry import ORIGIN, WITNESSES, enter, policy
from quanheng.work.simulate.chain.kinds import KINDS
from quanheng.work.simulate.chain.world import BUREAU, CITY, ChainWorld

PHRASE = b"a passphrase of the tests"
ENERGY = KINDS[0]
PLACES = ("keys", "log", "trust", "witnesses", "certificates", "house.json")
NAMES = {"institute": "city", "authority": "authority", "bundles": "supervisor", "log": ORIGIN}


def clear() -> None:
    """Nothing is left of an earlier registry."""
    for name in PLACES:
        place = settings.HOME / name
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


def establish(small: SmallCity, monkeypatch: pytest.MonkeyPatch) -> ChainWorld:
    """The energy bench with its chain, one instrument verified on it, all logged; the small city's institute signs."""
    clear()
    monkeypatch.setattr(key_file, "COST", 2)  # a key file takes its tenth of a second otherwise
    monkeypatch.setattr(settings, "DEMO", True)  # its witnesses are of its own
    monkeypatch.setenv("QUANHENG_KEY_PASSPHRASE", PHRASE.decode())
    world = ChainWorld(3)
    world.authority()
    world.standard(ENERGY, 3)
    world.certify(world.instrument(0, ENERGY))
    found = enter(world, settings.HOME / "log")
    trust = settings.HOME / "trust"
    (trust / "authority").mkdir(parents=True)
    (trust / "policy").write_bytes(policy(world))
    (trust / "authority" / "a.pem").write_bytes(world.key("authority").public.pem())
    (settings.HOME / "witnesses").mkdir()
    for name in WITNESSES:
        key_file.write(settings.HOME / "witnesses" / f"{name}.key", world.key(name), PHRASE)
    made = {name: world.key(each) for name, each in NAMES.items()}
    house.establish(House(CITY, small.institute.code, BUREAU, ORIGIN), PHRASE, made=made)
    with house.writing() as log:
        indexes = {entry: n for n, entry in enumerate(log.entries())}
    filing.bring_in(SYSTEM, [each.document for each in found], indexes)
    return world
