"""Private keys at rest: PKCS#8 under a passphrase, by scrypt (RFC 7914) and AES-256-GCM, in one small JSON file.

One envelope for all algorithms, since PKCS#8's own encryption by `cryptography` cannot hold SM2. The public key stands
outside, so that a file says whose it is; it is authenticated with the rest.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from quanheng.evidence.errors import BadKey
from quanheng.evidence.keys import LARGEST, MemoryKey, PublicKey, read_private, read_public
from quanheng.ground.digest import canonical_line, read_json
from quanheng.ground.files import read_bytes, sync

FORMAT = "quanheng-key-1"
COST = 1 << 15  # scrypt's N with r = 8, p = 1: 32 MiB, some 0.1 s
LEAST_PASSPHRASE = 8


def write(path: Path, key: MemoryKey, passphrase: bytes) -> None:
    """Write a new key file that only its owner may read. BadKey where it exists or the passphrase is too short.

    1 created, mode 0600, never over another  2 write  3 fsync  4 fsync of the folder
    """
    if len(passphrase) < LEAST_PASSPHRASE:
        raise BadKey(
            f"口令至少 {LEAST_PASSPHRASE} 字节 / the passphrase has at least {LEAST_PASSPHRASE} bytes"
        )
    data = seal(key, passphrase, salt=os.urandom(16), nonce=os.urandom(12))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise BadKey(f"{path}：已存在，不会覆盖密钥 / {path}: exists; a key is never overwritten") from error
    except OSError as error:
        raise BadKey(
            f"{path}：不能写入：{error.strerror} / {path}: cannot be written: {error.strerror}"
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


def seal(key: MemoryKey, passphrase: bytes, *, salt: bytes, nonce: bytes) -> bytes:
    """The bytes of a key file. salt: 16 bytes, nonce: 12 bytes, random and used once."""
    public = key.public.der
    secret = AESGCM(_derive(passphrase, salt)).encrypt(nonce, key.der, FORMAT.encode() + public)
    said = {"public": public, "salt": salt, "nonce": nonce, "key": secret}
    return canonical_line(
        {"format": FORMAT, **{name: base64.b64encode(each).decode() for name, each in said.items()}}
    )


def read(path: Path, passphrase: bytes) -> MemoryKey:
    """The private key of a file. BadKey where there is none, or the passphrase is another."""
    said = _parts(path)
    try:
        der = AESGCM(_derive(passphrase, said["salt"])).decrypt(
            said["nonce"], said["key"], FORMAT.encode() + said["public"]
        )
    except InvalidTag as error:
        raise BadKey(
            f"{path}：口令不对，或文件被改动 / {path}: wrong passphrase, or an altered file"
        ) from error
    return read_private(der)


def public_of(path: Path) -> PublicKey:
    """The public key of a key file, without its passphrase. BadKey."""
    return read_public(_parts(path)["public"])


def _parts(path: Path) -> dict[str, bytes]:
    data = read_bytes(path, BadKey, at_most=LARGEST)
    try:
        facts = read_json(data) if len(data) <= LARGEST else {}
        if facts.pop("format") != FORMAT:
            raise ValueError
        found = {
            name: base64.b64decode(facts[name], validate=True) for name in ("public", "salt", "nonce", "key")
        }
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise BadKey(f"{path}：不是密钥文件 / {path}: is no file of a key ({FORMAT})") from error
    if len(found["nonce"]) != 12 or not 8 <= len(found["salt"]) <= 64:
        raise BadKey(f"{path}：不是密钥文件 / {path}: is no file of a key ({FORMAT})")
    return found


def _derive(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase)
