"""Archives of the GUM Tree Calculator (GTC 1.5, JSON): read with their correlation, and written for it to read.

Format: the JSON schema json_1.5.0 that GTC carries. An archive lists *leaf nodes*, its elementary uncertain numbers
with u and degrees of freedom, and tagged numbers with their components of uncertainty c·u with respect to leaves.
A leaf is a source here, and its unique identifier is the source's identity: what two archives share, from whatever
session of GTC, is correlated here too, and goes back to GTC under the identifier it came with.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from quanheng.evidence.errors import BadArchive, expect
from quanheng.evidence.record import read_record, write_record
from quanheng.evidence.recorded_sources import said_identity
from quanheng.ground.digest import canonical_line, read_json
from quanheng.measure.errors import MeasureError
from quanheng.measure.quantity.source import Ensemble, Source, checked_correlation
from quanheng.measure.quantity.uncertain import Uncertain

VERSION = "https://measurement.govt.nz/gtc/json_1.5.0"
LEAF = re.compile(r"\((\d{1,50}), (\d{1,50})\)")
GTC = "gtc"
SECTIONS = ("leaf_nodes", "tagged_real", "tagged_complex", "untagged_real", "intermediate_uids")
OF_LEAF = {"CLASS", "uid", "label", "u", "df", "independent", "complex", "correlation", "ensemble"}
TOGETHER = ("ensemble", "complex")
OF_INTERMEDIATE = {"CLASS", "value", "label", "uid", "u_components", "d_components", "i_components"}

Numbers = Mapping[str, Uncertain]


# ---- reading ---------------------------------------------------------------------------------------------------


def read(data: bytes) -> dict[str, Uncertain]:
    """The tagged numbers of an archive, one row each, by their tags; a complex one as "tag.re" and "tag.im".

    What GTC declares an ensemble, and the two parts of a correlated complex number, are a declared ensemble here.
    BadArchive for another version, an unknown field, or anything that does not fit.
    """
    try:
        archive = _archive(data)
        sources = _sources(archive["leaf_nodes"])
        return _numbers(archive, sources)
    except (MeasureError, RecursionError, OverflowError) as error:
        raise BadArchive(f"GTC 存档的内容不成立 / what the GTC archive says cannot be: {error}") from error


def _archive(data: bytes) -> dict[str, dict[str, Any]]:
    """The sections of an archive."""
    try:
        said = read_json(data)
    except ValueError as error:
        raise BadArchive(f"GTC 存档不是 JSON / the GTC archive is no JSON: {error}") from error
    archive = _object(said, "Archive", {"CLASS", "version", *SECTIONS}, "archive")
    if archive.get("version") != VERSION:
        raise BadArchive(
            f"GTC 存档的版本 {archive.get('version')!r}，应为 {VERSION}；请用 GTC 1.5 重新存档 / "
            f"version of the GTC archive: not {VERSION}; load and store it with GTC 1.5"
        )
    return {section: expect(archive.get(section, {}), dict, section, BadArchive) for section in SECTIONS}


def _sources(leaves: Mapping[str, Any]) -> dict[str, tuple[Source, float]]:
    """Sources with the u that GTC gives them, by identifier."""
    plain: dict[str, tuple[Source, float]] = {}
    for uid, said in leaves.items():
        leaf = _object(said, "LeafNode", OF_LEAF, f"leaf_nodes.{uid}")
        if leaf.get("uid") != _leaf(uid):
            raise BadArchive(f"leaf_nodes.{uid}：标识不符 / leaf_nodes.{uid}: has another identifier within")
        u = _number(leaf.get("u"), f"leaf_nodes.{uid}.u")
        df = leaf.get("df")
        dof = math.inf if df is None else _number(df, f"leaf_nodes.{uid}.df")
        label = leaf.get("label")
        name = uid if label is None else expect(label, str, f"leaf_nodes.{uid}.label", BadArchive)
        plain[uid] = Source(name, dof, identity=(GTC, uid)), u
    for group in _ensembles(leaves):
        for _, uid in group.identities:  # type: ignore[misc]
            if uid in plain:
                plain[uid] = replace(plain[uid][0], ensemble=group), plain[uid][1]
    return plain


def _ensembles(leaves: Mapping[str, Any]) -> Iterator[Ensemble]:
    """Leaves that GTC holds to be dependent, with those they are correlated or declared to belong with.

    These may stand in another archive: they are members all the same.
    """
    links: dict[str, dict[str, float]] = {}
    for uid, leaf in leaves.items():
        if not expect(leaf.get("independent", True), bool, f"leaf_nodes.{uid}.independent", BadArchive):
            links.setdefault(uid, {}).update(dict.fromkeys(_together(leaf), 0.0))
            said = expect(leaf.get("correlation", {}), dict, f"leaf_nodes.{uid}.correlation", BadArchive)
            for other, r in said.items():
                links[uid][_leaf(other)] = _number(r, f"leaf_nodes.{uid}.correlation")
            for other in list(links[uid]):
                links.setdefault(other, {})
    near: dict[str, set[str]] = {uid: set() for uid in links}
    for uid, others in links.items():
        for other in others:
            near[uid].add(other)
            near[other].add(uid)
    done: set[str] = set()
    for uid in links:
        if uid not in done:
            group = _reached(uid, near)
            done.update(group)
            r = [[1.0 if a == b else links[a].get(b, links[b].get(a, 0.0)) for b in group] for a in group]
            declared = all(_together(leaves[each]) >= set(group) for each in group if each in leaves)
            yield Ensemble(
                tuple((GTC, each) for each in group),
                checked_correlation(group, r),
                declared and len(group) > 1,
            )


def _reached(uid: str, near: Mapping[str, set[str]]) -> list[str]:
    """Identifiers that hang together with one, in order."""
    found, waiting = {uid}, [uid]
    while waiting:
        new = near[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return sorted(found, key=_order)


def _together(leaf: Mapping[str, Any]) -> set[str]:
    """Identifiers that a leaf is declared to belong with, itself included."""
    listed = [
        expect(leaf.get(key, []), list, f"leaf_nodes.{leaf['uid']}.{key}", BadArchive) for key in TOGETHER
    ]
    return {_leaf(each) for each in (*listed[0], *listed[1], leaf["uid"])}


def _leaf(uid: Any) -> str:
    if not isinstance(uid, str) or not LEAF.fullmatch(uid):
        raise BadArchive(f"{str(uid)[:60]} 不是叶节点的标识 / is no identifier of a leaf")
    return uid


def _numbers(
    archive: Mapping[str, Mapping[str, Any]], sources: Mapping[str, tuple[Source, float]]
) -> dict[str, Uncertain]:
    found = {tag: _real(said, sources, tag) for tag, said in archive["tagged_real"].items()}
    for tag, said in archive["tagged_complex"].items():
        parts = _object(said, "Complex", {"CLASS", "n_re", "n_im", "label"}, tag)
        for part, key in (("re", "n_re"), ("im", "n_im")):
            name = expect(parts.get(key), str, f"{tag}.{key}", BadArchive)
            if name not in archive["untagged_real"] or f"{tag}.{part}" in found:
                raise BadArchive(f"{tag}.{key}：没有 {name} / {tag}.{key}: no such number, or twice")
            found[f"{tag}.{part}"] = _real(archive["untagged_real"][name], sources, name)
    return found


def _real(said: Any, sources: Mapping[str, tuple[Source, float]], tag: str) -> Uncertain:
    if expect(said, dict, tag, BadArchive).get("CLASS") == "ElementaryReal":
        leaf = _object(said, "ElementaryReal", {"CLASS", "x", "uid"}, tag)
        source, u = _source(leaf.get("uid"), sources, tag)
        return Uncertain(np.array([_number(leaf.get("x"), tag)]), {source: np.array([u])})
    number = _object(said, "IntermediateReal", OF_INTERMEDIATE, tag)
    components = {}
    for part in ("u_components", "d_components"):
        vector = _object(number.get(part), "Vector", {"CLASS", "index", "value"}, f"{tag}.{part}")
        index = expect(vector.get("index"), list, f"{tag}.{part}.index", BadArchive)
        values = expect(vector.get("value"), list, f"{tag}.{part}.value", BadArchive)
        if len(index) != len(values) or len(set(map(str, index))) < len(index):
            raise BadArchive(
                f"{tag}.{part}：index 与 value 不配 / {tag}.{part}: index and value do not match"
            )
        for uid, value in zip(index, values, strict=True):
            components[_source(uid, sources, tag)[0]] = np.array([_number(value, f"{tag}.{part}")])
    return Uncertain(np.array([_number(number.get("value"), tag)]), components)


def _source(uid: Any, sources: Mapping[str, tuple[Source, float]], tag: str) -> tuple[Source, float]:
    if not isinstance(uid, str) or uid not in sources:
        raise BadArchive(f"{tag}：没有叶节点 {uid} / {tag}: no leaf node {uid}")
    return sources[uid]


def _object(said: Any, kind: str, keys: set[str], where: str) -> dict[str, Any]:
    found = expect(said, dict, where, BadArchive)
    if found.get("CLASS") != kind or not set(found) <= keys:
        unknown = ", ".join(sorted(set(found) - keys)) or found.get("CLASS")
        raise BadArchive(
            f"{where}：应为 {kind}，或有未知的字段 / {where}: no {kind}, or unknown fields: {unknown}"
        )
    return found


def _number(said: Any, where: str) -> float:
    number = float(expect(said, float, where, BadArchive))
    if not math.isfinite(number):
        raise BadArchive(f"{where}：{number} 不是有限数 / {where}: is not finite")
    return number


# ---- writing ---------------------------------------------------------------------------------------------------


def write(numbers: Mapping[str, Uncertain], *, origins: Iterable[bytes] = ()) -> bytes:
    """An archive of results, each row a tagged number: "tag", or "tag_1", "tag_2" … of a column with several rows.

    "z.re" and "z.im" make a complex number z. What is private becomes a leaf for each row. A source that did not come
    from GTC takes an identifier from its identity, so that archives that are written at different times stay
    correlated. `origins`: archives that numbers came from, if GTC is to hold them beside this one; their leaves stay
    as they are. BadArchive if two numbers would take one tag.
    """
    record = write_record(numbers, units=dict.fromkeys(numbers, "1"))
    rows = dict(_rows(read_record(record).results))
    leaves: dict[str, Any] = {}
    for origin in origins:
        leaves.update(_archive(origin)["leaf_nodes"])
    context = _integer(record)
    pairs = sorted(tag[:-3] for tag in rows if tag.endswith(".re") and f"{tag[:-3]}.im" in rows)
    parts = {f"{tag}.{part}": f"{tag}_{part}" for tag in pairs for part in ("re", "im")}
    if not {*parts.values(), *pairs}.isdisjoint(rows):
        raise BadArchive(
            "标签重复：复数 z 之外还有 z / two numbers would take one tag: a complex one and another"
        )
    elementary = {tag for tag, row in rows.items() if _elementary(row, leaves)}
    for tag in pairs:
        if not {f"{tag}.re", f"{tag}.im"} <= elementary:
            elementary -= {f"{tag}.re", f"{tag}.im"}
    said = {
        tag: _said_elementary(row)
        if tag in elementary
        else _said_intermediate(tag, row, f"({context}, {k}, 0)")
        for k, (tag, row) in enumerate(rows.items(), 1)
    }
    for row in rows.values():
        for source in row.shared:
            leaves.setdefault(_uid(source.identity), _said_leaf(source))
    held = {_uid(source.identity) for row in rows.values() for source in row.shared}
    archive = {
        "CLASS": "Archive",
        "version": VERSION,
        "leaf_nodes": {uid: leaf for uid, leaf in leaves.items() if uid in held},
        "tagged_real": {tag: each for tag, each in said.items() if tag not in parts},
        "untagged_real": {parts[tag]: each for tag, each in said.items() if tag in parts},
        "tagged_complex": {
            tag: {"CLASS": "Complex", "n_re": f"{tag}_re", "n_im": f"{tag}_im", "label": tag} for tag in pairs
        },
        "intermediate_uids": {
            said[tag]["uid"]: [tag, float(row.u[0]), _said_dof(float(row.dof[0]))]
            for tag, row in rows.items()
            if tag not in elementary
        },
    }
    # NaN for undefined degrees of freedom is what GTC itself writes and reads
    return json.dumps(archive, sort_keys=True, ensure_ascii=False).encode()


def _rows(numbers: Mapping[str, Uncertain]) -> Iterator[tuple[str, Uncertain]]:
    taken: set[str] = set()
    for name, column in sorted(numbers.items()):
        stem, dot, part = name.rpartition(".") if name.endswith((".re", ".im")) else (name, "", "")
        for k in range(len(column)):
            tag = name if len(column) == 1 else f"{stem}_{k + 1}{dot}{part}"
            if tag in taken:
                raise BadArchive(f"标签 {tag} 重复 / two numbers would take the tag {tag}")
            taken.add(tag)
            yield tag, column.take([k])


def _elementary(row: Uncertain, leaves: Mapping[str, Any]) -> bool:
    """Whether a number is a leaf of its origin as it was."""
    if len(row.shared) != 1:
        return False
    ((source, c),) = row.shared.items()
    leaf = leaves.get(_uid(source.identity))
    return leaf is not None and bool(np.asarray(c)[0] == leaf.get("u"))


def _said_elementary(row: Uncertain) -> dict[str, Any]:
    (source,) = row.shared
    return {"CLASS": "ElementaryReal", "x": float(row.value[0]), "uid": _uid(source.identity)}


def _said_intermediate(tag: str, row: Uncertain, uid: str) -> dict[str, Any]:
    alone = {source: c for source, c in row.shared.items() if source.ensemble is None}
    dependent = {source: c for source, c in row.shared.items() if source.ensemble is not None}
    itself = {"CLASS": "Vector", "index": [uid], "value": [float(row.u[0])]}
    return {
        "CLASS": "IntermediateReal",
        "value": float(row.value[0]),
        "label": tag,
        "uid": uid,
        "u_components": _said_vector(alone),
        "d_components": _said_vector(dependent),
        "i_components": itself,
    }


def _said_vector(contributions: Mapping[Source, Any]) -> dict[str, Any]:
    by_uid = {_uid(source.identity): float(c[0]) for source, c in contributions.items()}
    index = sorted(by_uid, key=_order)
    return {"CLASS": "Vector", "index": index, "value": [by_uid[uid] for uid in index]}


def _said_leaf(source: Source) -> dict[str, Any]:
    """A leaf of u = 1, whatever contributes: so it is the same leaf in every archive."""
    uid = _uid(source.identity)
    said: dict[str, Any] = {
        "CLASS": "LeafNode",
        "uid": uid,
        "label": source.name,
        "u": 1.0,
        "df": _said_dof(float(np.ravel(source.dof)[0])),
        "independent": source.ensemble is None,
    }
    group = source.ensemble
    if group is not None:
        members = [_uid(each) for each in group.identities]
        r = group.matrix[group.place[source.identity]]
        said["correlation"] = {member: float(each) for member, each in zip(members, r, strict=True) if each}
        said["ensemble"] = members if group.declared else []
    return said


def _uid(identity: Hashable) -> str:
    """Identifier of a leaf: the one it came with, or one made of the identity."""
    match identity:
        case ("gtc", str(uid)) if LEAF.fullmatch(uid):
            return uid
    return f"({_integer(canonical_line(said_identity(identity)))}, 1)"


def _integer(data: bytes) -> int:
    return int.from_bytes(hashlib.sha256(data).digest()[:16])


def _order(uid: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", uid)]


def _said_dof(dof: float) -> float | None:
    return None if dof == math.inf else dof
