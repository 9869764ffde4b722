"""RRAM programs: inputs and feature maps are strided views of shared memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cimc.backends.rram.chip import Chip
from cimc.backends.rram.cost import static_metrics
from cimc.backends.rram.dialect import FeatureMapOp
from cimc.backends.rram.instruction_set import ISA
from cimc.backends.rram.simulator.analogue import seed_noise
from cimc.backends.rram.simulator.layout import H_HOST
from cimc.backends.rram.simulator.metrics import energies, run_metrics
from cimc.backends.rram.simulator.rram_program import load_program
from cimc.backends.rram.simulator.rram_state import RramState
from cimc.backends.rram.simulator.traps import trap_error
from cimc.diagnostics import VerificationError
from cimc.simulation.simulator import (
    ProgramSimulator,
    check_batch,
    check_inputs,
    decode_for,
    put,
)
from cimc.simulation.traps import writer_of_shadow
from cimc.target import Simulation, Specimen
from cimc.weights import Array, WeightStore

if TYPE_CHECKING:
    from cimc.backends.rram.simulator.specimen import Crossbars

__all__ = ["Simulator"]


class Simulator(ProgramSimulator[RramState]):
    """A program with its constants, ready to run image after image.

    Raises:
        InputError: the program or a constant is unfit, or the program was compiled
            for another chip (E012, E022, E023, E026).
    """

    def __init__(
        self,
        program: bytes,
        weights: WeightStore,
        chip: Chip,
        specimen: Specimen | None = None,
    ) -> None:
        self._chip, self._machine = chip, chip.machine()
        module = decode_for(ISA, program, self._machine)
        self._crossbars = _crossbars(chip, specimen) if specimen else None
        self._runs = 0
        self._program = load_program(module, weights, self._crossbars)
        self._maps = self._program.feature_maps
        self._energies = energies(module, chip)
        self._static = static_metrics(module, chip)

    @property
    def batch(self) -> int:
        """See base class."""
        return self._program.batch

    def run(
        self, inputs: Mapping[str, Array], *, trace: Path | None = None
    ) -> Simulation:
        """See base class."""
        (found,) = self.run_batch([inputs], trace=trace)
        return found

    def run_batch(
        self, images: Sequence[Mapping[str, Array]], *, trace: Path | None = None
    ) -> list[Simulation]:
        """See base class."""
        check_batch(len(images), self.batch)
        for inputs in images:
            check_inputs(inputs, self.input_names())

        run = self._runs
        self._runs += 1

        def loaded(trace_events: int) -> RramState:
            if self._crossbars is not None:
                seed_noise(self._crossbars.noise_seed(run))
            state = self.new_state(trace_events, len(images))
            for image, inputs in enumerate(images):
                for tensor, values in inputs.items():
                    self.write_input(state, tensor, values, image)
            return state

        state = self.finished(loaded, trace)
        metrics = self.metrics(state)
        return [
            Simulation(
                self.feature_maps(state, image),
                metrics,
                partial(self.writer, state, image=image),
            )
            for image in range(len(images))
        ]

    def new_state(self, trace_events: int, images: int = 1) -> RramState:
        """See base class."""
        return RramState(
            self._machine, self._program, images=images, trace_events=trace_events
        )

    def input_names(self) -> set[str]:
        """See base class."""
        return {name for name, op in self._maps.items() if op.role == "input"}

    def write_input(
        self, state: RramState, tensor: str, values: Array, image: int = 0
    ) -> None:
        """Put an input into memory and mark its bytes as the host's."""
        op = self._maps[tensor]
        view = _view(state.whole(op, image), op)
        put(view, values, tensor)
        marks = np.lib.stride_tricks.as_strided(
            state.marks[op.address + op.shift(image) :],
            view.shape,
            (4 * op.row_stride, 4 * op.column_stride, 4),
        )
        marks[...] = H_HOST

    def trap(self, state: RramState, code: int) -> VerificationError:
        """See base class."""
        return trap_error(state, code)

    def feature_maps(self, state: RramState, image: int = 0) -> Mapping[str, Array]:
        """See base class; maps in rings are taken from where they lie unwrapped."""
        return {n: _view(state.whole(op, image), op) for n, op in self._maps.items()}

    def writer(
        self,
        state: RramState,
        tensor: str,
        index: tuple[int, int, int],
        image: int = 0,
    ) -> str:
        """See base class."""
        op, (row, column, channel) = self._maps[tensor], index
        offset = row * op.row_stride + column * op.column_stride + channel
        return writer_of_shadow(state, state.shadow(op, image, offset))

    def metrics(self, state: RramState) -> Mapping[str, Any]:
        """See base class."""
        run = run_metrics(state, self._chip, self._energies, self._static)
        return {**self._static, **run}


def _crossbars(chip: Chip, specimen: Specimen) -> Crossbars:
    """The crossbars of a specimen; ideal chips do without what they need."""
    from cimc.backends.rram.simulator.specimen import Crossbars

    return Crossbars(chip, specimen)


def _view(values: Array, op: FeatureMapOp) -> Array:
    """The feature map that begins with ``values``, with its element type."""
    kind = np.uint8 if op.element == "ui8" else np.int8
    return np.lib.stride_tricks.as_strided(
        values.view(kind),
        (op.height, op.width, op.channels),
        (op.row_stride, op.column_stride, 1),
    )
