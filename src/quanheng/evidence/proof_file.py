"""The proof file: what travels with an instrument. One stored ZIP with its certificate, all ancestors, and the records.

There is one way to write it, so a reader has nothing to forgive: what does not come out the same when it is written
again is refused. That covers gaps, duplicates, wrong sums, other dates, and a directory that tells another story than
the entries. docs/proof-file.md describes the layout.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from quanheng.evidence.document import KINDS, Document
from quanheng.evidence.errors import BadDocument
from quanheng.ground.digest import canonical_line, read_json

FORMAT = "quanheng-proof-1"
LARGEST = 64 * 1024 * 1024  # bytes of a proof file
MOST = 4_000  # documents
MANIFEST = "manifest.json"
BESIDE = {
    "signature": "signature.json",
    "statement": "statement.json",
    "salts": "salts.json",
    "proof": "proof.tlog-proof",
}

# APPNOTE.TXT 6.3.10, 4.3.7, 4.3.12, 4.3.16. Version 1.0, no flags, stored, 1980-01-01 00:00 (the format's first day).
ENTRY = struct.Struct("<4sHHHHHIIIHH")
LISTED = struct.Struct("<4sHHHHHHIIIHHHHHII")
END = struct.Struct("<4sHHHHIIH")
FIXED = (10, 0, 0, 0, 0x21)


@dataclass(frozen=True)
class ProofFile:
    """Documents of a proof file; the first is its subject, the others are what the subject rests on."""

    documents: tuple[Document, ...]

    @property
    def subject(self) -> Document:
        """The document that the file is about."""
        return self.documents[0]


def write(documents: Iterable[Document]) -> bytes:
    """The proof file of some documents, the subject first; the same bytes in whatever order the others come.

    Raises BadDocument if there is none, one comes twice, or there is too much.
    """
    subject, *others = _some(documents)
    order = list(KINDS)
    others.sort(key=lambda each: (order.index(each.kind), each.digest))
    data = _zip(_entries([subject, *others]))
    if len(data) > LARGEST:
        raise BadDocument(f"证明文件大于 {LARGEST} 字节 / the proof file is larger than {LARGEST} bytes")
    return data


def read(data: bytes) -> ProofFile:
    """The proof file that bytes hold. Raises BadDocument.

    1 entries, one after the other  2 manifest  3 documents  4 written again they must be the same bytes.
    """
    if len(data) > LARGEST:
        raise BadDocument(f"证明文件大于 {LARGEST} 字节 / the proof file is larger than {LARGEST} bytes")
    files = _unzip(data)
    kinds = _kinds(files.get(MANIFEST, b""))
    documents = tuple(_document(n, kind, files) for n, kind in enumerate(kinds))
    again = write(documents)
    if again != data:
        place = next((i for i, (a, b) in enumerate(zip(again, data, strict=False)) if a != b), len(again))
        raise BadDocument(
            f"证明文件没有按唯一的写法写出，从第 {place} 字节起"
            f" / the proof file is not written in the one way, from byte {place} on"
        )
    return ProofFile(documents)


def _some(documents: Iterable[Document]) -> list[Document]:
    if not (listed := list(documents)):
        raise BadDocument("证明文件至少有一份文书 / a proof file holds at least one document")
    return listed


def _entries(documents: list[Document]) -> Iterator[tuple[str, bytes]]:
    if len(documents) > MOST:
        raise BadDocument(f"文件多于 {MOST} 份 / more than {MOST} documents")
    if len({each.digest for each in documents}) < len(documents):
        raise BadDocument("同一份文件出现两次 / one document stands twice in the proof file")
    yield (
        MANIFEST,
        canonical_line(
            {
                "format": FORMAT,
                "subject": documents[0].digest,
                "documents": [{"kind": each.kind, "sha256": each.digest} for each in documents],
            }
        ),
    )
    for n, each in enumerate(documents):
        yield f"{n}/{KINDS[each.kind]}", each.data
        for field, name in BESIDE.items():
            if content := getattr(each, field):
                yield f"{n}/{name}", content


def _kinds(manifest: bytes) -> list[str]:
    try:
        facts = read_json(manifest)
        kinds = [each["kind"] for each in facts["documents"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadDocument(
            f"{MANIFEST} 不是证明文件的清单 / {MANIFEST} is not the manifest of a proof file"
        ) from error
    if facts.get("format") != FORMAT or not 0 < len(kinds) <= MOST:
        raise BadDocument(f"{MANIFEST}：应为 {FORMAT} / {MANIFEST} should be of format {FORMAT}")
    for kind in kinds:
        if not isinstance(kind, str) or kind not in KINDS:
            raise BadDocument(f"{MANIFEST}：未知的种类 {str(kind)[:40]!r} / unknown kind of document")
    return kinds


def _document(n: int, kind: str, files: Mapping[str, bytes]) -> Document:
    name = f"{n}/{KINDS[kind]}"
    if name not in files:
        raise BadDocument(f"证明文件中没有 {name} / the proof file holds no {name}")
    beside: dict[str, Any] = {field: files.get(f"{n}/{file}", b"") for field, file in BESIDE.items()}
    return Document(kind, files[name], **beside)


# ---- stored ZIP ------------------------------------------------------------------------------------------------


def _zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    parts, directory, offset = [], [], 0
    for name, content in entries:
        told = (*FIXED, crc32(content), len(content), len(content), len(name), 0)
        parts += [ENTRY.pack(b"PK\3\4", *told), name.encode("ascii"), content]
        directory += [LISTED.pack(b"PK\1\2", 10, *told, 0, 0, 0, 0, offset), name.encode("ascii")]
        offset += ENTRY.size + len(name) + len(content)
        if offset > LARGEST:
            raise BadDocument(f"证明文件大于 {LARGEST} 字节 / the proof file is larger than {LARGEST} bytes")
    count, listed = len(directory) // 2, b"".join(directory)
    end = END.pack(b"PK\5\6", 0, 0, count, count, len(listed), offset, 0)
    return b"".join([*parts, listed, end])


def _unzip(data: bytes) -> dict[str, bytes]:
    """Entries by name, read one after the other; only what keeps `write` from being asked the impossible is checked."""
    files: dict[str, bytes] = {}
    offset = 0
    while data[offset : offset + 4] == b"PK\3\4":
        if len(data) < offset + ENTRY.size:
            raise BadDocument("证明文件不完整 / the proof file is cut off")
        _, _, flags, method, _, _, _, size, _, length, extra = ENTRY.unpack_from(data, offset)
        if method or flags or extra:
            raise BadDocument(
                "证明文件中只能有未压缩的条目 / a proof file holds stored entries, without flags"
            )
        start = offset + ENTRY.size + length
        name, offset = data[offset + ENTRY.size : start].decode("latin-1"), start + size
        if offset > len(data):
            raise BadDocument("证明文件不完整 / the proof file is cut off")
        if name in files:
            raise BadDocument(f"证明文件中有两个 {name[:60]!r} / the proof file holds {name[:60]!r} twice")
        files[name] = data[start:offset]
    if MANIFEST not in files:
        raise BadDocument(f"不是证明文件：没有 {MANIFEST} / is no proof file: it has no {MANIFEST}")
    return files
