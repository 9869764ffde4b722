"""A loaded program: feed an image, run it, read every feature map and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.cost import static_metrics
from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.encode import decode
from cimc.backends.rram.machine import machine_of
from cimc.backends.rram.simulator import layout
from cimc.backends.rram.simulator.loaded_program import load_program
from cimc.backends.rram.simulator.metrics import energies, run_metrics
from cimc.backends.rram.simulator.state import State
from cimc.backends.rram.simulator.trace import TRACE_EVENTS, write_trace
from cimc.backends.rram.simulator.traps import trap_error, writer_text
from cimc.diagnostics import InputError
from cimc.target import Simulation
from cimc.weights import Array, WeightStore

__all__ = ["RramSimulator"]


class RramSimulator:
    """A program with its constants, ready to run image after image.

    Raises:
        InputError: the program or a constant is unfit, or the program was compiled
            for another chip (E012, E022, E023, E026).
    """

    def __init__(self, program: bytes, weights: WeightStore, chip: Chip) -> None:
        module = decode(program)
        compiled_for = machine_of(module)
        if compiled_for != chip.machine():
            raise InputError(
                "E022",
                f"the program was compiled for another chip ({compiled_for.name}) "
                f"than {chip.name} as described",
                hints=("use the chip.yaml that was written with the program",),
            )
        self._chip = chip
        self._program = load_program(module, weights)
        self._energies = energies(module, chip)
        self._static = static_metrics(module, chip)

    def run(
        self, inputs: Mapping[str, Array], *, trace: Path | None = None
    ) -> Simulation:
        """Run one image; ``inputs`` maps tensor names to (height, width, channels).

        Raises:
            VerificationError: the program trapped (E041 to E046).
            InputError: the inputs are not those of the program (E025).
        """
        state = State(self._program, trace_events=TRACE_EVENTS if trace else 0)
        maps = self._program.feature_maps
        _check_names(inputs, {n for n, op in maps.items() if op.role == "input"})
        for name, values in inputs.items():
            _write(state, maps[name], values)
        why = state.run()
        if trace is not None:
            write_trace(state, trace)
        if why != layout.FINISHED:
            raise trap_error(state, why)
        metrics = run_metrics(state, self._chip, self._energies)
        return Simulation(
            {name: _view(state.memory, op).copy() for name, op in maps.items()},
            {**self._static, **metrics},
            lambda tensor, index: _writer(state, maps[tensor], index),
        )


def _writer(state: State, op: FeatureMapOp, index: tuple[int, int, int]) -> str:
    """Layer, core and instruction that wrote an element of a feature map."""
    row, column, channel = index
    address = op.address + row * op.row_stride + column * op.column_stride + channel
    return writer_text(state, address)


def _view(memory: Array, op: FeatureMapOp) -> Array:
    """The feature map inside ``memory``, with its element type."""
    kind = np.uint8 if op.element == "ui8" else np.int8
    return np.lib.stride_tricks.as_strided(
        memory.view(kind)[op.address :],
        (op.height, op.width, op.channels),
        (op.row_stride, op.column_stride, 1),
    )


def _write(state: State, op: FeatureMapOp, values: Array) -> None:
    """Put an input into memory and mark its bytes as the host's."""
    view = _view(state.memory, op)
    info = np.iinfo(view.dtype)
    if values.shape != view.shape or values.dtype.kind not in "iu":
        raise InputError(
            "E025",
            f"input {op.tensor!r} is {values.dtype}{values.shape}, "
            f"the program takes {view.dtype}{view.shape}",
        )
    if values.min() < info.min or values.max() > info.max:
        raise InputError(
            "E025", f"input {op.tensor!r} leaves the range of {view.dtype}"
        )
    view[...] = values
    shadow = np.lib.stride_tricks.as_strided(
        state.writers[op.address :],
        view.shape,
        (8 * op.row_stride, 8 * op.column_stride, 8),
    )
    shadow[...] = layout.SHADOW_HOST


def _check_names(inputs: Mapping[str, Array], names: set[str]) -> None:
    if set(inputs) != names:
        raise InputError(
            "E025",
            f"the program takes inputs {sorted(names)}, not {sorted(inputs)}",
        )
