"""Domain-level simulation: every magnetic domain of every track is state.

The second fidelity, for small programs, written apart from the compiled engine. Arrays
are bits that move past ports (domain_tracks.py), a MAC runs the gates of its cell, and
time and energy come from what happens one event at a time (domain_events.py). The bank
with the least time goes first, so that the link is granted in order of requests.
Unlike the lane level it does not look for races: it shows the one outcome that the
timing gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cimc.backends.racetrack.chip import Chip
from cimc.backends.racetrack.cost import leakage, macro_units_of, static_metrics
from cimc.backends.racetrack.dialect import ArraysOp, FeatureMapOp, banks_of
from cimc.backends.racetrack.instruction_set import ISA
from cimc.backends.racetrack.simulator.domain_bank import Bank
from cimc.backends.racetrack.simulator.domain_chip import MapArray, SharedParts
from cimc.diagnostics import InputError, VerificationError
from cimc.simulation.constants import Pool
from cimc.simulation.simulator import ImageByImage, check_inputs, decode_for, put
from cimc.target import Simulation, Specimen
from cimc.weights import Array, WeightStore

__all__ = ["DomainSimulator"]


class DomainSimulator(ImageByImage):
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
        if specimen is not None:
            raise InputError(
                "E027", "the domain level has ideal devices only", where="--fidelity"
            )
        self._module = decode_for(ISA, program, chip.machine())
        self._chip, self._pool = chip, Pool(weights)
        self._maps = [op for op in self._module.ops if isinstance(op, FeatureMapOp)]
        self._static = static_metrics(self._module, chip)
        self._loaded()

    def run(
        self, inputs: Mapping[str, Array], *, trace: Path | None = None
    ) -> Simulation:
        """Run one image; ``inputs`` maps tensor names to (height, width, channels).

        Raises:
            VerificationError: the program trapped (E041, E042, E044 to E049), or
                copies of a feature map differ (E060).
            InputError: the inputs are not those of the program (E025), or a trace is
                wanted (E006).
        """
        if trace is not None:
            raise InputError(
                "E006", "the domain level writes no trace", where="--trace"
            )
        ports = [op for op in self._maps if op.role == "input"]
        check_inputs(inputs, {op.tensor for op in ports})
        shared, banks = self._loaded()
        for op in ports:
            self._write_input(shared, op, inputs[op.tensor])
        while ready := [bank for bank in banks if bank.ready]:
            min(ready, key=lambda bank: (bank.time, bank.number)).step()
        _check_end(shared, banks)
        return Simulation(
            self._feature_maps(shared),
            {**self._static, **self._metrics(shared, banks)},
            lambda tensor, index: self._writer(shared, tensor, index),
        )

    def _loaded(self) -> tuple[SharedParts, list[Bank]]:
        """The machine with the program in it."""
        arrays = [op for op in self._module.ops if isinstance(op, ArraysOp)]
        shared = SharedParts(self._chip, arrays)
        return shared, [Bank(op, shared, self._pool) for op in banks_of(self._module)]

    def _metrics(self, shared: SharedParts, banks: list[Bank]) -> dict[str, Any]:
        """Keys of metrics.json that one run determines."""
        cycles = max((bank.time for bank in banks), default=0)
        time = cycles * 1e3 / self._chip.clock.value
        units = sum(macro_units_of(self._module, shared.machine))
        energy = shared.events.energy(self._chip)
        energy["leakage"] = leakage(self._chip, units, len(banks)) * time
        return {
            "cycles": cycles,
            "time_ns": time,
            "energy_pj": {"total": sum(energy.values()), **energy},
            "instructions": {
                **self._static["instructions"],
                "dynamic": shared.events.instructions,
            },
            "shifts": {**self._static["shifts"], "total": shared.events.array_steps},
        }

    def _words(
        self, shared: SharedParts, op: FeatureMapOp
    ) -> Iterator[tuple[int, int, MapArray, int]]:
        """(row, column, array, position) for all words of a slice of a map."""
        machine = shared.machine
        for row in range(op.height):
            for column in range(op.width):
                segment, place = divmod(column, machine.domains)
                number = op.first + row * -(-op.width // machine.domains) + segment
                at, port = divmod(place, machine.ports)
                array = shared.maps[number]
                position = array.tracks.position(port * machine.segment + at)
                yield row, column, array, position

    def _write_input(
        self, shared: SharedParts, op: FeatureMapOp, values: Array
    ) -> None:
        """Put a slice of an input onto its tracks."""
        whole = np.empty((op.height, op.width, op.total), _dtype(op))
        put(whole, values, op.tensor)
        part = whole[:, :, op.channel : op.channel + op.channels].view(np.uint8)
        for row, column, array, position in self._words(shared, op):
            array.write(position, part[row, column], "the host")

    def _feature_maps(self, shared: SharedParts) -> dict[str, Array]:
        """Every tensor from its first copy; the others must equal it."""
        copies: dict[str, dict[int, Array]] = {}
        for op in self._maps:
            shape = op.height, op.width, op.total
            empty = np.zeros(shape, _dtype(op))
            whole = copies.setdefault(op.tensor, {}).setdefault(op.copy, empty)
            part = whole[:, :, op.channel : op.channel + op.channels].view(np.uint8)
            for row, column, array, position in self._words(shared, op):
                part[row, column] = array.read(position, 0, op.channels)
        for tensor, found in copies.items():
            for copy, whole in found.items():
                if not np.array_equal(whole, found[0]):
                    raise VerificationError(
                        "E060",
                        f"copy {copy} of feature map {tensor!r} differs from the first",
                    )
        return {tensor: found[0] for tensor, found in copies.items()}

    def _writer(
        self, shared: SharedParts, tensor: str, index: tuple[int, int, int]
    ) -> str:
        """Layer, bank and instruction that wrote an element of a feature map."""
        for op in self._maps:
            inside = op.channel <= index[2] < op.channel + op.channels
            if op.tensor == tensor and op.copy == 0 and inside:
                for row, column, array, position in self._words(shared, op):
                    if (row, column) == index[:2]:
                        return str(array.tracks.writers[position]) or "not written"
        return "not written"


def _dtype(op: FeatureMapOp) -> type[np.int8] | type[np.uint8]:
    return np.uint8 if op.element == "ui8" else np.int8


def _check_end(shared: SharedParts, banks: list[Bank]) -> None:
    """When no bank can go on: all must be through, all calls waited for, all home."""
    stuck = [bank for bank in banks if not bank.halted]
    if stuck:
        raise VerificationError(
            "E045",
            "deadlock: banks wait for calls that never come",
            notes=tuple(bank.where for bank in stuck),
        )
    expected = {
        (bank.number, register): value
        for bank in banks
        for register, value in bank.expected.items()
    }
    for (bank, register), calls in shared.calls.items():
        total, waited = calls[-1][1], expected.get((bank, register), 0)
        if total != waited:
            raise VerificationError(
                "E046",
                f"s{register} of bank {bank} ends at {total}, its waits expected "
                f"{waited}",
            )
    arrays = [(array.tracks, "") for array in shared.maps]
    for bank in banks:
        arrays += [(w, f" of bank {bank.number}") for w in bank.weights.values()]
    for tracks, place in arrays:
        if not tracks.at_home:
            raise VerificationError(
                "E049",
                f"{tracks.name}{place} does not stand at offset 0 when the image is "
                "done, so that the program cannot run again",
            )
