"""An archive: a tar file that anybody can unpack, with a list of what is in it and the digest of each file.

    NAME …           files and hard links, as they were; symbolic links
    manifest.json    last: {"sha256": of the list as canonical JSON, "list": {"files": {NAME: [size, SHA-256]},
                     "links": {NAME: where it points}, "facts": {…}}}

The list comes last because a file is read once, while it is copied: what was archived is what was digested.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from quanheng.ground.digest import canonical_json, read_json, sha256_bytes
from quanheng.ground.errors import BadArchive
from quanheng.ground.files import sync

MANIFEST = "manifest.json"
PIECE = 1 << 20


class Writer:
    """An archive that is being written; it has its name, and is for its owner alone, once it is whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hidden = path.with_name(f".{path.name}.{os.getpid()}")
        self.files: dict[str, list[Any]] = {}
        self.links: dict[str, str] = {}
        handle = os.open(self.hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.hidden.unlink(missing_ok=True)

    def add(self, name: str, source: Path) -> None:
        """A file or a link, under a name. A file that grows meanwhile is taken as long as it was. Raises OSError."""
        info = self._tar.gettarinfo(source, name)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        if info.issym():
            self.links[name] = info.linkname
            self._tar.addfile(info)
        elif info.islnk():  # the same file under another name: once in the archive
            self.files[name] = self.files[info.linkname]
            self._tar.addfile(info)
        elif info.isreg():
            with source.open("rb") as file:
                info.size = os.fstat(file.fileno()).st_size
                digesting = _Digesting(file)
                self._tar.addfile(info, digesting)  # type: ignore[arg-type]
            self.files[name] = [info.size, digesting.digest.hexdigest()]

    def finish(self, facts: dict[str, Any]) -> None:
        """Write the list, wait for the disk, give the archive its name."""
        listed = {"files": self.files, "links": self.links, "facts": facts}
        data = canonical_json({"sha256": sha256_bytes(canonical_json(listed)), "list": listed})
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(data)
        self._tar.addfile(info, BytesIO(data))
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self.hidden.rename(self.path)
        sync(self.path.parent)


class _Digesting:
    """A file that digests what is read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        return data


class Reader:
    """An archive to be read. Raises BadArchive where it has no list, or one that was changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._bad(f"读不出来：{error.strerror}", f"cannot be read: {error.strerror}") from error
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        try:
            self._tar = tarfile.open(fileobj=self._file, mode="r:")  # noqa: SIM115
            members = self._tar.getmembers()
        except (OSError, tarfile.TarError, EOFError) as error:
            raise self._bad(f"读不出来：{error}", f"cannot be read: {error}") from error
        if not members or members[-1].name != MANIFEST:
            raise self._bad("不完整，或不是备份：末尾没有清单", "not whole, or no backup: no list at its end")
        try:
            said = read_json(self._bytes(members.pop()))
            listed = said["list"]
            if said["sha256"] != sha256_bytes(canonical_json(listed)):
                raise ValueError("SHA-256")
            self.files: dict[str, list[Any]] = listed["files"]
            self.links: dict[str, str] = listed["links"]
            self.facts: dict[str, Any] = listed["facts"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._bad("清单损坏", "its list is damaged") from error
        self._members = {each.name: each for each in members}
        for name in self._members:
            parts = PurePosixPath(name).parts
            if name.startswith("/") or not parts or ".." in parts:
                raise self._bad(f"{name!r} 不在文件夹之内", f"{name!r} leads out of the folder")
        if len(members) != len(self._members) or set(self._members) != {*self.files, *self.links}:
            odd = sorted(set(self._members) ^ {*self.files, *self.links})[:3]
            raise self._bad(f"内容与清单不符：{odd}", f"holds what its list does not, or lacks it: {odd}")

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _bad(self, chinese: str, english: str) -> BadArchive:
        return BadArchive(f"{self.path}：{chinese} / {self.path}: {english}")

    def _bytes(self, member: tarfile.TarInfo) -> bytes:
        return b"".join(self._pieces(member))

    def _pieces(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        try:
            file = self._tar.extractfile(member)
            while file and (piece := file.read(PIECE)):
                yield piece
        except (OSError, tarfile.TarError, EOFError) as error:
            raise self._bad(f"{member.name}：{error}", f"{member.name}: {error}") from error

    def verify(self) -> None:
        """Read all of it and compare with the list. Raises BadArchive, naming the file."""
        for name, member in self._members.items():
            if member.issym():
                same = self.links.get(name) == member.linkname
            elif member.islnk():
                same = self.files.get(name, 0) == self.files.get(member.linkname, 1)
            else:
                same = self.files.get(name) == self._found(member)
            if not same:
                raise self._bad(
                    f"{name} 与清单中的摘要不符，已损坏",
                    f"{name} is not what its digest says: the archive is damaged",
                )

    def _found(self, member: tarfile.TarInfo) -> list[Any]:
        digest, size = hashlib.sha256(), 0
        for piece in self._pieces(member):
            digest.update(piece)
            size += len(piece)
        return [size, digest.hexdigest()]

    def extract(self, below: str, folder: Path) -> int:
        """Unpack what lies `below/` into an empty folder, for its owner alone; how many files and links.

        Links are made last, so that nothing is written through one. Raises OSError.
        """
        links: list[tuple[str, Path]] = []
        count = 0
        for name, member in self._members.items():
            if not name.startswith(f"{below}/"):
                continue
            count += 1
            place = folder / name.removeprefix(f"{below}/")
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if member.issym():
                links.append((member.linkname, place))
            elif member.islnk():
                os.link(folder / member.linkname.removeprefix(f"{below}/"), place)
            else:
                handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, member.mode & 0o700)
                with os.fdopen(handle, "wb") as file:
                    for piece in self._pieces(member):
                        file.write(piece)
        for target, place in links:
            place.symlink_to(target)
        return count
