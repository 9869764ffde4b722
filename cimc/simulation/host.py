"""Between host and device: the right program, the right inputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.diagnostics import InputError
from cimc.isa.codec import decode
from cimc.isa.instruction_set import InstructionSet
from cimc.isa.machine import Machine
from cimc.weights import Array

__all__ = ["check_inputs", "decode_for", "put"]


def decode_for(isa: InstructionSet, program: bytes, machine: Machine) -> ModuleOp:
    """The module of a program that was compiled for ``machine``.

    Raises:
        InputError: the program is malformed, or for another chip (E022, E023).
    """
    module = decode(isa, program)
    compiled_for: Machine = isa.machine.get(module)
    if compiled_for != machine:
        raise InputError(
            "E022",
            f"the program was compiled for another chip ({compiled_for.name}) "
            f"than {machine.name} as described",
            hints=("use the chip.yaml that was written with the program",),
        )
    return module


def check_inputs(inputs: Mapping[str, Array], names: set[str]) -> None:
    """Refuse inputs that are not those of the program (E025)."""
    if set(inputs) != names:
        raise InputError(
            "E025",
            f"the program takes inputs {sorted(names)}, not {sorted(inputs)}",
        )


def put(view: Array, values: Array, tensor: str) -> None:
    """Copy an input into ``view``, if shape and values fit (E025)."""
    info = np.iinfo(view.dtype)
    if values.shape != view.shape or values.dtype.kind not in "iu":
        raise InputError(
            "E025",
            f"input {tensor!r} is {values.dtype}{values.shape}, "
            f"the program takes {view.dtype}{view.shape}",
        )
    if values.min() < info.min or values.max() > info.max:
        raise InputError("E025", f"input {tensor!r} leaves the range of {view.dtype}")
    view[...] = values
