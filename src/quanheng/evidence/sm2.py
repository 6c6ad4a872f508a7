"""SM2 signatures with SM3 (GB/T 32918.2, curve of GB/T 32918.5), by the system's libcrypto through its EVP functions.

`cryptography` has no SM2, so this binds the few functions that are needed. The identifier of the signer is the default
of GM/T 0009, 1234567812345678; signatures are DER, SEQUENCE of r and s. Where libcrypto is absent or has no SM2, all
that needs it raises NotShown, and reading keys still works.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import secrets
import threading
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_void_p
from functools import cache
from typing import Any

from quanheng.evidence.errors import BadKey
from quanheng.ground.errors import NotShown

SIGNER = b"1234567812345678"
FIELD = 2**256 - 2**224 - 2**96 + 2**64 - 1
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93  # y² = x³ − 3x + B
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123

# DER of AlgorithmIdentifier: id-ecPublicKey 1.2.840.10045.2.1, curve 1.2.156.10197.1.301
_ALGORITHM = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")
_SPKI = bytes.fromhex("3059") + _ALGORITHM + bytes.fromhex("03420004")  # then 64 bytes: x, y
# PKCS#8 without the public key: version 0, algorithm, ECPrivateKey {1, d}
_PKCS8 = bytes.fromhex("3041020100") + _ALGORITHM + bytes.fromhex("042730250201010420")


def is_public(der: bytes) -> bool:
    """Whether bytes are an SM2 SubjectPublicKeyInfo with an uncompressed point."""
    return len(der) == len(_SPKI) + 64 and der.startswith(_SPKI)


def on_curve(der: bytes) -> bool:
    """Whether the point of a SubjectPublicKeyInfo is on the curve (GB/T 32918.5)."""
    x, y = (int.from_bytes(der[k : k + 32], "big") for k in (len(_SPKI), len(_SPKI) + 32))
    return x < FIELD and y < FIELD and (y * y - x * x * x + 3 * x - B) % FIELD == 0


def is_private(der: bytes) -> bool:
    """Whether bytes are an SM2 private key as `PrivateKey.der` writes it."""
    return len(der) == len(_PKCS8) + 32 and der.startswith(_PKCS8)


class PublicKey:
    """A public key; libcrypto is asked only when something is verified."""

    def __init__(self, der: bytes) -> None:
        self._der = der
        self._local = threading.local()

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether a DER signature is of the data. NotShown where this machine lacks SM2."""
        library = _library()
        held = _of_thread(self._local, lambda: _Loaded(library, library.d2i_PUBKEY, self._der))
        library.ERR_clear_error()
        context = held.begin(library.EVP_DigestVerifyInit)
        return bool(library.EVP_DigestVerify(context, signature, len(signature), data, len(data)) == 1)


class PrivateKey:
    """A private key in PKCS#8."""

    def __init__(self, der: bytes) -> None:
        self.der = der
        library = _library()
        self._local = threading.local()
        loaded = _of_thread(self._local, lambda: _Loaded(library, library.d2i_AutoPrivateKey, der))
        self.public_der = loaded.public()

    def sign(self, data: bytes) -> bytes:
        """The DER signature of the data."""
        library = _library()
        held = _of_thread(self._local, lambda: _Loaded(library, library.d2i_AutoPrivateKey, self.der))
        context = held.begin(library.EVP_DigestSignInit)
        size = c_size_t(128)
        room = ctypes.create_string_buffer(128)
        _must(library.EVP_DigestSign(context, room, byref(size), data, len(data)) == 1)
        return room.raw[: size.value]


def of_number(d: int) -> PrivateKey:
    """The key with the private number d. BadKey outside [1, n − 2] (GB/T 32918.1, 6.1)."""
    if not 1 <= d <= ORDER - 2:
        raise BadKey("SM2 私钥应在 [1, n−2] 内 / an SM2 private key lies in [1, n − 2]")
    return PrivateKey(_PKCS8 + d.to_bytes(32, "big"))


def generate() -> PrivateKey:
    """A new key, from the system's random numbers."""
    return of_number(1 + secrets.randbelow(ORDER - 2))


# ---- libcrypto -------------------------------------------------------------------------------------------------


class _Loaded:
    """A key and a context of libcrypto, of one thread; freed with this object."""

    def __init__(self, library: Any, decode: Any, der: bytes) -> None:
        self._library = library
        self.key = self.context = self.signer = None
        room = ctypes.create_string_buffer(der, len(der))
        place = ctypes.cast(room, c_void_p)
        self.key = decode(None, byref(place), len(der))
        if not self.key:
            raise BadKey("libcrypto 读不出这把 SM2 密钥 / libcrypto cannot read this SM2 key")
        # a key of the right form may still be of a point that is not on the curve
        self.signer = library.EVP_PKEY_CTX_new(self.key, None)
        self.context = library.EVP_MD_CTX_new()
        _must(bool(self.signer and self.context))
        _must(library.EVP_PKEY_CTX_set1_id(self.signer, SIGNER, len(SIGNER)) > 0)
        library.EVP_MD_CTX_set_pkey_ctx(self.context, self.signer)

    def begin(self, start: Any) -> Any:
        """The context, ready for one message."""
        _must(start(self.context, None, self._library.EVP_sm3(), None, self.key) == 1)
        return self.context

    def public(self) -> bytes:
        """DER SubjectPublicKeyInfo."""
        size = self._library.i2d_PUBKEY(self.key, None)
        _must(size > 0)
        room = ctypes.create_string_buffer(size)
        place = ctypes.cast(room, c_void_p)
        _must(self._library.i2d_PUBKEY(self.key, byref(place)) == size)
        return room.raw

    def __del__(self) -> None:
        if self.context:
            self._library.EVP_MD_CTX_free(self.context)
        if self.signer:
            self._library.EVP_PKEY_CTX_free(self.signer)
        if self.key:
            self._library.EVP_PKEY_free(self.key)


def _of_thread(local: threading.local, make: Any) -> _Loaded:
    """Contexts of libcrypto are not to be shared between threads: each has its own."""
    held = getattr(local, "held", None)
    if held is None:
        held = local.held = make()
    return held  # type: ignore[no-any-return]


def _must(held: bool) -> None:
    if not held:
        raise NotShown("libcrypto 的 SM2 运算失败 / an SM2 operation of libcrypto failed")


def available() -> bool:
    """Whether this machine has SM2."""
    try:
        _library()
    except NotShown:
        return False
    return True


@cache
def _library() -> Any:
    """The system's libcrypto with the types of what is called. NotShown where it is absent or lacks SM2."""
    name = ctypes.util.find_library("crypto")
    try:
        library = ctypes.CDLL(name) if name else None
        for function, result, arguments in _FUNCTIONS:
            bound = getattr(library, function)
            bound.restype, bound.argtypes = result, arguments
    except (OSError, AttributeError):
        library = None
    if library is None or not library.EVP_sm3() or not _has_sm2(library):
        raise NotShown(
            "本机的 libcrypto 没有 SM2（algorithm_absent）；请安装含 SM2 的 OpenSSL 3 / "
            "this machine's libcrypto has no SM2 (algorithm_absent): install an OpenSSL 3 that has it"
        )
    return library


def _has_sm2(library: Any) -> bool:
    try:
        _Loaded(library, library.d2i_AutoPrivateKey, _PKCS8 + (1).to_bytes(32, "big"))
    except (BadKey, NotShown):
        return False
    return True


_P = c_void_p
_FUNCTIONS: list[tuple[str, Any, list[Any]]] = [
    ("ERR_clear_error", None, []),
    ("EVP_sm3", _P, []),
    ("d2i_PUBKEY", _P, [_P, POINTER(c_void_p), c_long]),
    ("d2i_AutoPrivateKey", _P, [_P, POINTER(c_void_p), c_long]),
    ("i2d_PUBKEY", c_int, [_P, _P]),
    ("EVP_PKEY_free", None, [_P]),
    ("EVP_PKEY_CTX_new", _P, [_P, _P]),
    ("EVP_PKEY_CTX_free", None, [_P]),
    ("EVP_PKEY_CTX_set1_id", c_int, [_P, c_char_p, c_int]),
    ("EVP_MD_CTX_new", _P, []),
    ("EVP_MD_CTX_free", None, [_P]),
    ("EVP_MD_CTX_set_pkey_ctx", None, [_P, _P]),
    ("EVP_DigestSignInit", c_int, [_P, _P, _P, _P, _P]),
    ("EVP_DigestSign", c_int, [_P, c_char_p, POINTER(c_size_t), c_char_p, c_size_t]),
    ("EVP_DigestVerifyInit", c_int, [_P, _P, _P, _P, _P]),
    ("EVP_DigestVerify", c_int, [_P, c_char_p, c_size_t, c_char_p, c_size_t]),
]
