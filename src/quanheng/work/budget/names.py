"""Names of quantities, and the models that use them: what may be called what, and who uses whom."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping, Sequence

from quanheng.measure.errors import CircularModel, InvalidModel
from quanheng.measure.quantity.complex_term import ComplexTerm
from quanheng.measure.quantity.constants import CONSTANTS, PURE
from quanheng.measure.quantity.expression import FUNCTIONS, Value, in_order, names_in, read
from quanheng.measure.quantity.graph import Graph, gradient
from quanheng.measure.quantity.traced import parts
from quanheng.work.budget.statement import Notes, nearest


def identifier(name: str) -> str:
    """The name as a model reads it: one spelling for characters that look alike (µ is μ)."""
    return unicodedata.normalize("NFKC", name.strip())


def spelled(model: str) -> str:
    """A model with its names as `identifier` has them; all else stays as it is, V² too, which is no name."""
    return re.sub(
        r"[^\W\d]\w*", lambda name: identifier(name[0]) if name[0].isidentifier() else name[0], model
    )


def check_names(group: str, names: Sequence[str], notes: Notes, taken: Mapping[str, str]) -> dict[str, str]:
    """Note names that a model cannot use, or that are taken by another group. Returns group by name."""
    found: dict[str, str] = {}
    for raw in names:
        name, why = identifier(raw), ""
        if not name.isidentifier():
            why = "不能作名称：以字母开头，只含字母、数字和 _ / is no name: letters, digits and _, a letter first"
        elif keyword.iskeyword(name):
            why = f"是保留字；可用 {name}_ / is a reserved word; {name}_ would do"
        elif name in FUNCTIONS or name in PURE:
            why = f"是函数或 π 的名称；可用 {name}_ / names a function or π; {name}_ would do"
        elif name in taken or name in found:
            why = f"已是 {taken.get(name, group)} 中的名称 / is a name in {taken.get(name, group)} already"
        if why:
            notes.add((group, raw), f"“{raw}”{why}")
        found.setdefault(name, group)
    return found


def check_models(
    models: Mapping[str, str], real: Sequence[str], complex_: Sequence[str], notes: Notes
) -> None:
    """Note models that use unknown names, each other in a circle, or what is no expression."""
    uses: dict[str, list[str]] = {}
    known = {*real, *complex_, *models}
    sound = True
    for output, text in models.items():
        try:
            uses[output] = names_in(text)
        except InvalidModel as error:
            notes.add(("outputs", output, "model"), str(error))
            sound = False
            continue
        for name in uses[output]:
            if name not in known and name not in CONSTANTS and name not in PURE:
                zh, en = nearest(name, [*real, *complex_, *models])
                notes.add(
                    ("outputs", output, "model"),
                    f"没有输入量或输出量“{name}”{zh} / there is no input or output {name!r}{en}",
                )
                sound = False
    if sound:
        trace(models, uses, real, complex_, notes)


def trace(
    models: Mapping[str, str],
    uses: Mapping[str, Sequence[str]],
    real: Sequence[str],
    complex_: Sequence[str],
    notes: Notes,
) -> None:
    """Read the models as expressions, each after those that it uses, to know that they are some, with derivatives."""
    try:
        order = in_order(uses)
    except CircularModel as error:
        notes.add(("outputs", error.circle[0], "model"), str(error))
        return
    graph = Graph()
    terms: dict[str, Value] = {name: graph.input(name) for name in (*CONSTANTS, *real)}
    terms |= {name: ComplexTerm(graph.input(f"{name}.re"), graph.input(f"{name}.im")) for name in complex_}
    for output in order:
        try:
            terms[output] = read(models[output], graph, terms)
        except InvalidModel as error:
            notes.add(("outputs", output, "model"), str(error))
            return
    for output in order:
        try:
            for part in parts(output, terms[output]).values():
                gradient(part, [])  # of x/0 or 0**x there is none, wherever x is
        except InvalidModel as error:
            notes.add(("outputs", output, "model"), str(error))
            return
