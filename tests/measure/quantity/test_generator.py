from __future__ import annotations

import numpy as np
import pytest

from quanheng.measure.quantity.generator import MANTISSA, ONE, key, philox, uniforms


@pytest.mark.parametrize(
    ("counter", "keys", "words"),
    [
        # kat_vectors of Random123, philox4x64 10
        (
            [0, 0, 0, 0],
            [0, 0],
            [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B],
        ),
        (
            [2**64 - 1] * 4,
            [2**64 - 1] * 2,
            [0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0],
        ),
        (
            [0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89],
            [0x452821E638D01377, 0xBE5466CF34E90C6C],
            [0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6],
        ),
    ],
)
def test_philox_gives_the_published_words(counter: list[int], keys: list[int], words: list[int]) -> None:
    one = sum(word << 64 * i for i, word in enumerate(counter))
    found = philox(sum(word << 64 * i for i, word in enumerate(keys)), one, 4)
    assert found.tolist() == words


def test_philox_can_begin_at_any_block() -> None:
    assert philox(5, 3, 8).tolist() == philox(5, 0, 20)[12:].tolist()


def test_keys_differ_by_seed_and_by_stream() -> None:
    assert len({key(seed, stream) for seed in range(10) for stream in ("sobol", "plain")}) == 20


def test_the_key_of_a_recorded_seed_stays_what_it_is() -> None:
    # the first half of SHA-256 of "quanheng/sobol/1", least byte first: recorded runs depend on it
    assert key(1, "sobol") == 0x81B9884F97022BBDF74BEA56AD6AB466


def test_uniforms_are_never_0_or_1_and_exact() -> None:
    ends = uniforms(np.array([0, MANTISSA], dtype=np.uint64) | ONE)
    assert ends.tolist() == [2.0**-53, 1 - 2.0**-53]
