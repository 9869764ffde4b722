"""Racetrack programs: inputs and feature maps are words on tracks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cimc.backends.racetrack.chip import Chip
from cimc.backends.racetrack.cost import static_metrics
from cimc.backends.racetrack.dialect import FeatureMapOp
from cimc.backends.racetrack.instruction_set import ISA
from cimc.backends.racetrack.simulator.metrics import Costs, run_metrics
from cimc.backends.racetrack.simulator.racetrack_program import load_program
from cimc.backends.racetrack.simulator.racetrack_state import RacetrackState
from cimc.backends.racetrack.simulator.reliability import error_metrics
from cimc.backends.racetrack.simulator.specimen import nonidealities_of, seed_of
from cimc.backends.racetrack.simulator.traps import trap_error
from cimc.diagnostics import VerificationError
from cimc.simulation.simulator import ProgramSimulator, decode_for, put
from cimc.simulation.traps import writer_of_shadow
from cimc.target import Simulation, Specimen
from cimc.weights import Array, WeightStore

__all__ = ["Simulator"]


class Simulator(ProgramSimulator[RacetrackState]):
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
        self._specimen, self._runs = specimen, 0
        self._nonidealities = nonidealities_of(specimen)
        module = decode_for(ISA, program, self._machine)
        self._program = load_program(module, weights)
        self._maps = self._program.feature_maps
        self._costs = Costs(module, chip, weights)
        self._static = static_metrics(module, chip)

    def new_state(self, trace_events: int) -> RacetrackState:
        """See base class."""
        return RacetrackState(
            self._machine,
            self._program,
            trace_events=trace_events,
            nonidealities=self._nonidealities,
            seed=seed_of(self._specimen, self._runs) if self._specimen else 0,
        )

    def run(
        self, inputs: Mapping[str, Array], *, trace: Path | None = None
    ) -> Simulation:
        """See base class; the errors of a specimen differ from run to run."""
        self._runs += 1
        return super().run(inputs, trace=trace)

    def input_names(self) -> set[str]:
        """See base class."""
        return {op.tensor for op in self._maps if op.role == "input"}

    def write_input(self, state: RacetrackState, tensor: str, values: Array) -> None:
        """Put an input onto the tracks of all its copies."""
        for op in self._maps:
            if op.role == "input" and op.tensor == tensor:
                _write_input(state, op, values)

    def trap(self, state: RacetrackState, code: int) -> VerificationError:
        """See base class."""
        return trap_error(state, code)

    def feature_maps(self, state: RacetrackState) -> Mapping[str, Array]:
        """See base class; raises VerificationError where copies differ (E060)."""
        return _feature_maps(state, self._maps, ideal=self._specimen is None)

    def writer(
        self, state: RacetrackState, tensor: str, index: tuple[int, int, int]
    ) -> str:
        """See base class."""
        return _writer(state, self._maps, tensor, index)

    def metrics(self, state: RacetrackState) -> Mapping[str, Any]:
        """See base class."""
        metrics = {**self._static, **run_metrics(state, self._chip, self._costs)}
        if self._nonidealities is not None:
            metrics |= error_metrics(state, self._chip, self._nonidealities, metrics)
        return metrics


def _dtype(op: FeatureMapOp) -> type[np.int8] | type[np.uint8]:
    return np.uint8 if op.element == "ui8" else np.int8


def _places(state: RacetrackState, op: FeatureMapOp) -> Iterator[tuple[int, int, int]]:
    """(row, column, place of its word) for all words of a slice of a map."""
    domains = state.machine.domains
    segments = -(-op.width // domains)
    for row in range(op.height):
        for column in range(op.width):
            array = op.first + row * segments + column // domains
            yield row, column, state.place(array, column % domains)


def _write_input(state: RacetrackState, op: FeatureMapOp, values: Array) -> None:
    """Put a slice of an input onto its tracks."""
    whole = np.empty((op.height, op.width, op.total), _dtype(op))
    put(whole, values, op.tensor)
    part = whole[:, :, op.channel : op.channel + op.channels].view(np.uint8)
    for row, column, place in _places(state, op):
        state.host_write(place, part[row, column])


def _feature_maps(
    state: RacetrackState, maps: list[FeatureMapOp], *, ideal: bool
) -> dict[str, Array]:
    """Every tensor from its first copy; on an ideal chip the others must equal it."""
    copies: dict[tuple[str, int], Array] = {}
    for op in maps:
        shape = op.height, op.width, op.total
        whole = copies.setdefault((op.tensor, op.copy), np.zeros(shape, _dtype(op)))
        part = whole[:, :, op.channel : op.channel + op.channels].view(np.uint8)
        for row, column, place in _places(state, op):
            part[row, column] = state.word(place)
    for (tensor, copy), found in copies.items() if ideal else ():
        if not np.array_equal(found, copies[tensor, 0]):
            raise VerificationError(
                "E060",
                f"copy {copy} of feature map {tensor!r} differs from the first",
            )
    return {tensor: found for (tensor, copy), found in copies.items() if copy == 0}


def _writer(
    state: RacetrackState,
    maps: list[FeatureMapOp],
    tensor: str,
    index: tuple[int, int, int],
) -> str:
    """Layer, bank and instruction that wrote an element of a feature map."""
    row, column, channel = index
    for op in maps:
        inside = op.channel <= channel < op.channel + op.channels
        if op.tensor == tensor and op.copy == 0 and inside:
            domains = state.machine.domains
            segments = -(-op.width // domains)
            array = op.first + row * segments + column // domains
            place = state.place(array, column % domains)
            return writer_of_shadow(state, int(state.writers[place]))
    return "not written"
