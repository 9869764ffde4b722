"""The programs of all cores or banks in a phase, while sweeps are lowered in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.ir import Operation

from cimc.diagnostics import DoesNotFitError
from cimc.dialects import tile
from cimc.isa.machine import SequencedMachine
from cimc.isa.program import Section, Unit, linearise
from cimc.lowering.registers import CoreRegisters

__all__ = ["Programs"]


@dataclass
class Programs:
    """Setup and main of every unit that has work, and its registers, by number."""

    machine: SequencedMachine
    unit: type[Unit]
    section: type[Section]
    phase: int = 0
    _registers: dict[int, CoreRegisters] = field(
        default_factory=dict[int, CoreRegisters]
    )
    _setups: dict[int, list[Operation]] = field(
        default_factory=dict[int, list[Operation]]
    )
    _mains: dict[int, list[Operation]] = field(
        default_factory=dict[int, list[Operation]]
    )

    def registers_of(self, number: int) -> CoreRegisters:
        """The registers of a unit, which keep what sweeps before have set up."""
        if number not in self._registers:
            self._registers[number] = self.new_registers(number)
        return self._registers[number]

    def new_registers(self, number: int) -> CoreRegisters:
        """Registers of a unit that hold nothing yet."""
        return CoreRegisters.of(
            f"{self.unit.kind} {number}",
            self.machine.parameter_registers,
            self.machine.table_registers,
            self.machine.sequence_registers,
        )

    def sequence_register(self, sequence: tile.SequenceOp) -> int:
        """The register of a sequence in the unit that waits for it."""
        sink = self.registers_of(sequence.sink.value.data)
        return sink.sequences.number(sequence.result)

    def append(
        self, number: int, layer: str, setup: list[Operation], main: list[Operation]
    ) -> None:
        """Append the code of a sweep to the program of its unit."""
        section = self.section(main, layer=layer)
        self._mains.setdefault(number, []).append(section)
        if setup:
            section = self.section(setup, layer=layer)
            self._setups.setdefault(number, []).append(section)

    def units(self) -> Iterator[Unit]:
        """The programs, by number of their unit.

        Raises:
            DoesNotFitError: one exceeds the instruction memory (E033).
        """
        for number in sorted(self._mains):
            setup = self._setups.get(number, [])
            main = self._mains[number]
            program = self.unit(setup, main, number=number, phase=self.phase)
            self._check_size(program)
            yield program

    def _check_size(self, program: Unit) -> None:
        size = len(linearise(program.setup)) + len(linearise(program.main))
        if size > self.machine.instruction_memory:
            raise DoesNotFitError(
                "E033",
                f"the program has {size} instructions, a {self.unit.kind} holds "
                f"{self.machine.instruction_memory}",
                where=f"{self.unit.kind} {program.number}",
                hints=(
                    "a chip with more instruction_memory",
                    "--objective area, for one copy of all weights",
                ),
            )
