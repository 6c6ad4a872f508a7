"""A model as a record says it: its expressions as they were written, or the tape that was traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from quanheng.evidence.errors import BadRecord, expect
from quanheng.measure.quantity.model import Model
from quanheng.measure.quantity.operations import BY_CODE
from quanheng.measure.quantity.tape import Tape


@dataclass(frozen=True, eq=False)
class RecordedModel:
    """A model that was traced: the names of its outputs in the order of the tape's."""

    outputs: tuple[str, ...]
    tape: Tape


Said: TypeAlias = "Model | RecordedModel | str | Mapping[str, str] | None"


def model_said(model: Said) -> Any:
    """What JSON says of a model: null, a text, texts by output, or the tape under "tape"."""
    if model is None or isinstance(model, str):
        return model
    if isinstance(model, Mapping):
        return {"texts": dict(model)}
    tape = model.tape
    return {
        "tape": {
            "inputs": list(tape.inputs),
            "outputs": list(model.outputs),
            "constants": [float(each) for each in tape.constants],
            "code": [[int(each) for each in row] for row in tape.code],
            "registers": [int(each) for each in tape.outputs],
        }
    }


def model_of(said: Any) -> RecordedModel | str | dict[str, str] | None:
    """The model that a record says. BadRecord for a tape that could not be run."""
    if said is None or isinstance(said, str):
        return said
    match said:
        case {"texts": dict(texts), **rest} if not rest and all(isinstance(t, str) for t in texts.values()):
            return dict(texts)
        case {
            "tape": {
                "inputs": list(inputs), "outputs": list(outputs), "constants": list(constants),
                "code": list(code), "registers": list(registers), **more,
            },
            **rest,
        } if not rest and not more:  # fmt: skip
            names = tuple(expect(each, str, "model.inputs") for each in inputs)
            numbers = [expect(each, float, "model.constants") for each in constants]
            _check_code(len(names) + len(numbers), code, registers, len(outputs))
            tape = Tape(
                names,
                np.array(numbers, dtype=float),
                np.array(code, dtype=np.int32).reshape(-1, 3),
                np.array(registers, dtype=np.int32),
            )
            return RecordedModel(tuple(expect(each, str, "model.outputs") for each in outputs), tape)
    raise BadRecord("model：不是文字，也不是运算带 / model: neither texts nor a tape")


def _check_code(known: int, code: list[Any], registers: list[Any], outputs: int) -> None:
    """Each row of code takes registers that are filled by then."""
    for filled, row in enumerate(code, known):
        good = isinstance(row, list) and len(row) == 3 and all(type(each) is int for each in row)
        if not good or row[0] not in BY_CODE or not all(0 <= each < filled for each in row[1:]):
            raise BadRecord(
                f"model.code：第 {filled - known + 1} 条不可执行 / model.code: row {row} cannot be run"
            )
    end = known + len(code)
    if len(registers) != outputs or not all(type(each) is int and 0 <= each < end for each in registers):
        raise BadRecord("model.registers：与输出不符 / model.registers: do not fit the outputs")
