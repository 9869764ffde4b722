"""RRAM programs: inputs and feature maps are strided views of shared memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.cost import static_metrics
from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.instruction_set import ISA
from cimc.backends.rram.simulator.metrics import energies, run_metrics
from cimc.backends.rram.simulator.rram_program import load_program
from cimc.backends.rram.simulator.rram_state import RramState
from cimc.backends.rram.simulator.traps import trap_error
from cimc.diagnostics import VerificationError
from cimc.simulation.layout import SHADOW_HOST
from cimc.simulation.simulator import ProgramSimulator, decode_for, put
from cimc.simulation.traps import writer_of_shadow
from cimc.weights import Array, WeightStore

__all__ = ["Simulator"]


class Simulator(ProgramSimulator[RramState]):
    """A program with its constants, ready to run image after image.

    Raises:
        InputError: the program or a constant is unfit, or the program was compiled
            for another chip (E012, E022, E023, E026).
    """

    def __init__(self, program: bytes, weights: WeightStore, chip: Chip) -> None:
        self._chip, self._machine = chip, chip.machine()
        module = decode_for(ISA, program, self._machine)
        self._program = load_program(module, weights)
        self._maps = self._program.feature_maps
        self._energies = energies(module, chip)
        self._static = static_metrics(module, chip)

    def new_state(self, trace_events: int) -> RramState:
        """See base class."""
        return RramState(self._machine, self._program, trace_events=trace_events)

    def input_names(self) -> set[str]:
        """See base class."""
        return {name for name, op in self._maps.items() if op.role == "input"}

    def write_input(self, state: RramState, tensor: str, values: Array) -> None:
        """Put an input into memory and mark its bytes as the host's."""
        op = self._maps[tensor]
        values_there, writers = state.whole(op)
        view = _view(values_there, op)
        put(view, values, tensor)
        shadow = np.lib.stride_tricks.as_strided(
            writers,
            view.shape,
            (8 * op.row_stride, 8 * op.column_stride, 8),
        )
        shadow[...] = SHADOW_HOST

    def trap(self, state: RramState, code: int) -> VerificationError:
        """See base class."""
        return trap_error(state, code)

    def feature_maps(self, state: RramState) -> Mapping[str, Array]:
        """See base class."""
        return {n: _view(state.whole(op)[0], op).copy() for n, op in self._maps.items()}

    def writer(self, state: RramState, tensor: str, index: tuple[int, int, int]) -> str:
        """See base class."""
        op, (row, column, channel) = self._maps[tensor], index
        offset = row * op.row_stride + column * op.column_stride + channel
        _, writers = state.whole(op)
        return writer_of_shadow(state, int(writers[offset]))

    def metrics(self, state: RramState) -> Mapping[str, Any]:
        """See base class."""
        run = run_metrics(state, self._chip, self._energies, self._static)
        return {**self._static, **run}


def _view(values: Array, op: FeatureMapOp) -> Array:
    """The feature map that begins with ``values``, with its element type."""
    kind = np.uint8 if op.element == "ui8" else np.int8
    return np.lib.stride_tricks.as_strided(
        values.view(kind),
        (op.height, op.width, op.channels),
        (op.row_stride, op.column_stride, 1),
    )
