"""A loaded program: feed an image, run it, read every feature map and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.cost import static_metrics
from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.instruction_set import RRAM
from cimc.backends.rram.simulator.metrics import energies, run_metrics
from cimc.backends.rram.simulator.rram_program import load_program
from cimc.backends.rram.simulator.rram_state import RramState
from cimc.backends.rram.simulator.traps import trap_error, writer_text
from cimc.simulation.host import check_inputs, decode_for, put
from cimc.simulation.layout import FINISHED, SHADOW_HOST
from cimc.simulation.trace import TRACE_EVENTS, write_trace
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
        machine = chip.machine()
        module = decode_for(RRAM, program, machine)
        self._chip, self._machine = chip, machine
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
        state = RramState(
            self._machine, self._program, trace_events=TRACE_EVENTS if trace else 0
        )
        maps = self._program.feature_maps
        check_inputs(inputs, {n for n, op in maps.items() if op.role == "input"})
        for name, values in inputs.items():
            _write(state, maps[name], values)
        why = state.run()
        if trace is not None:
            write_trace(state, trace)
        if why != FINISHED:
            raise trap_error(state, why)
        metrics = run_metrics(state, self._chip, self._energies)
        return Simulation(
            {name: _view(state.memory, op).copy() for name, op in maps.items()},
            {**self._static, **metrics},
            lambda tensor, index: _writer(state, maps[tensor], index),
        )


def _writer(state: RramState, op: FeatureMapOp, index: tuple[int, int, int]) -> str:
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


def _write(state: RramState, op: FeatureMapOp, values: Array) -> None:
    """Put an input into memory and mark its bytes as the host's."""
    view = _view(state.memory, op)
    put(view, values, op.tensor)
    shadow = np.lib.stride_tricks.as_strided(
        state.writers[op.address :],
        view.shape,
        (8 * op.row_stride, 8 * op.column_stride, 8),
    )
    shadow[...] = SHADOW_HOST
