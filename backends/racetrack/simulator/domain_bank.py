"""A bank of the domain-level simulator: one instruction after the other, in order."""

from __future__ import annotations

from collections import Counter

import numpy as np

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.cells import Steps
from cimc.backends.racetrack.dialect import BankOp
from cimc.backends.racetrack.simulator.domain_chip import SharedParts
from cimc.backends.racetrack.simulator.domain_events import Events, cell_cycles
from cimc.backends.racetrack.simulator.domain_tracks import Tracks, Trap
from cimc.backends.racetrack.simulator.domain_vector import (
    Parameters,
    Registers,
    execute_vector,
    within,
)
from cimc.backends.racetrack.simulator.stored_rows import stored_rows
from cimc.diagnostics import VerificationError
from cimc.isa.declared import Instruction
from cimc.isa.program import END, HALT, linearise
from cimc.isa.vector import VectorInstruction
from cimc.simulation.constants import Pool
from cimc.weights import Array

__all__ = ["Bank"]

_ADDRESS_REGISTERS = 16


class Bank:
    """A bank, its program, and how far it is: ``time`` is when the next instruction
    is issued.

    Raises:
        InputError: a constant is missing, differs or is of the wrong kind (E012, E026).
    """

    def __init__(self, op: BankOp, shared: SharedParts, pool: Pool) -> None:
        machine = shared.machine
        self.number = op.number
        self.time = 0
        self.halted = False
        self.expected: Counter[int] = Counter()
        self.weights: dict[int, Tracks] = {}
        self._shared, self._machine, self._pool = shared, machine, pool
        self._lines = linearise(op.main)
        self._pc = 0
        self._loops: list[tuple[int, int]] = []
        self._addresses = [0] * _ADDRESS_REGISTERS
        self._registers = Registers(
            machine.vector_registers, machine.vector_register_bytes
        )
        self._line: Array = np.zeros(machine.line_buffer_bytes, np.uint8)
        self._line_written: Array = np.zeros(machine.line_buffer_bytes, np.bool_)
        self._sums: Array = np.zeros(machine.lanes, np.int64)
        self._parameters: dict[int, Parameters] = {}
        self._tables: dict[int, Array] = {}
        setup = linearise(op.setup)
        self._first = len(setup)
        for line in setup:
            self._set_up(line.op)

    def _set_up(self, op: Instruction | None) -> None:
        """Run an instruction of setup, which takes no part in the account."""
        match op:
            case isa.ProgramOp():
                self._program(op, Events())
                array = self._weight_array(op.w)
                while not array.at_home:
                    array.shift(-1)
            case isa.VECTOR.setq():
                self._pool.parameters(op)
                part = slice(op.column, op.column + op.n)
                self._parameters[op.q] = Parameters(
                    self._pool.constant(op.bias, np.int32, 1)[part],
                    self._pool.constant(op.multiplier, np.float32, 1)[part],
                )
            case isa.VECTOR.sett():
                self._pool.table(op)
                self._tables[op.t] = self._pool.constant(op.table, np.uint8, 1)
            case _:
                pass

    @property
    def where(self) -> str:
        """Bank, instruction and layer."""
        line = self._lines[self._pc]
        layer = f"layer {line.section.layer!r}, " if line.section is not None else ""
        at = f"bank {self.number}, instruction {self._first + self._pc}"
        return f"{layer}{at}: {line.text}"

    @property
    def ready(self) -> bool:
        """Whether it can go on as things are: not halted, and nothing to wait for."""
        return not self.halted and self._granted() is not None

    def _granted(self) -> int | None:
        """When the next instruction may begin, None if that is not known yet."""
        op = self._lines[self._pc].op
        if not isinstance(op, isa.WaitOp):
            return self.time
        value = self.expected[op.s] + op.by
        reached = self._shared.reached((self.number, op.s), value)
        return None if reached is None else max(self.time, reached)

    def step(self) -> None:
        """Run the next instruction of a bank that is ready.

        Raises:
            VerificationError: it trapped (E041, E042, E044, E047, E048).
        """
        line, granted = self._lines[self._pc], self._granted()
        assert granted is not None
        self._shared.events.instructions += 1
        following = self._pc + 1
        try:
            if line.op is not None:
                cycles = self._execute(line.op)
            else:
                cycles = self._machine.issue_cycles
        except Trap as trap:
            raise VerificationError(
                trap.number, trap.message, where=self.where
            ) from trap
        if line.op is None and line.opcode == END:
            first, left = self._loops.pop()
            if left > 1:
                self._loops.append((first, left - 1))
                following = first
        self.halted = line.op is None and line.opcode == HALT
        if not self.halted:
            self._pc = following
        self.time = granted + cycles

    def _execute(self, op: Instruction) -> int:
        """Do what an instruction says; the cycles that it takes from its grant on."""
        machine, events = self._machine, self._shared.events
        match op:
            case isa.LoopOp():
                self._loops.append((self._pc + 1, op.count))
                return machine.issue_cycles
            case isa.SetOp():
                self._addresses[op.a] = op.value
                return machine.issue_cycles
            case isa.StepOp():
                self._addresses[op.a] += op.by
                return machine.issue_cycles
            case isa.WaitOp():
                self.expected[op.s] += op.by
                return machine.issue_cycles
            case isa.CallOp():
                return self._call(op)
            case isa.ShiftOp():
                tracks = self._weight_array(self._address(op.w, op.base))
                return self._shift(tracks, op.by, events)
            case isa.MapShiftOp():
                array = self._shared.map_array(self._address(op.m, op.base))
                return self._shift(array.tracks, op.by, events)
            case isa.ReadOp():
                return self._read(op)
            case isa.WriteOp() | isa.TransferOp():
                return self._write(op)
            case isa.ProgramOp():
                return self._program(op, events)
            case isa.MacOp():
                return self._multiply_accumulate(op)
            case isa.LoadOp():
                self._load(op)
                operations = op.count * op.length
            case isa.FillOp():
                part = self._line_part(self._address(op.offset, op.base), op.length)
                self._line[part] = op.value & 0xFF
                self._line_written[part] = True
                operations = op.length
            case isa.SlideOp():
                source = self._line_part(op.offset + op.by, op.length)
                target = self._line_part(op.offset, op.length)
                self._line[target] = self._line[source].copy()
                self._line_written[target] = self._line_written[source].copy()
                operations = op.length
            case isa.AccumulatorOp():
                self._accumulator(op)
                operations = op.n
            case VectorInstruction():
                execute_vector(op, self._registers, self._parameters, self._tables)
                operations = op.lane_operations()
            case _:
                raise AssertionError(op.name)
        events.lane_operations += operations
        return machine.vector_startup_cycles + -(-operations // machine.vector_lanes)

    def _address(self, offset: int, base: int) -> int:
        return offset + self._addresses[base]

    def _weight_array(self, number: int) -> Tracks:
        """A weight array, whose tracks come into being when they are first used."""
        machine = self._machine
        if not 0 <= number < machine.arrays_per_bank:
            raise Trap("E041", f"there is no array w{number}")
        if number not in self.weights:
            self.weights[number] = self._shared.tracks(
                f"w{number}", machine.weight_macro_units
            )
        return self.weights[number]

    def _line_part(self, start: int, length: int) -> slice:
        """Bytes of the line buffer, none outside of it (E041)."""
        if start < 0 or start + length > self._line.size:
            raise Trap(
                "E041",
                f"bytes {start} to {start + length} leave the line buffer of "
                f"{self._line.size}",
            )
        return slice(start, start + length)

    def _call(self, op: isa.CallOp) -> int:
        shared, machine = self._shared, self._machine
        shared.events.calls += 1
        through = shared.take_link(self.time, op.transfer())
        visible = through + machine.call_latency_cycles
        shared.call((op.core, op.s), op.by, visible)
        return through - self.time

    def _shift(self, tracks: Tracks, by: int, events: Events) -> int:
        tracks.shift(by)
        events.array_steps += abs(by)
        events.track_steps += abs(by) * tracks.count
        return abs(by) * self._machine.shift_cycles

    def _read(self, op: isa.ReadOp) -> int:
        part = self._line_part(self._address(op.offset, op.to), op.length)
        array = self._shared.map_array(self._address(op.m, op.base))
        domain = self._address(op.domain, op.at)
        port = array.tracks.under_port(domain)
        if op.first + op.length > array.width:
            raise Trap("E041", f"words of {array.tracks.name} have {array.width} bytes")
        if not array.tracks.stored[port]:
            raise Trap(
                "E042",
                f"reads domain {domain} of {array.tracks.name}, which nothing has "
                "written",
            )
        self._line[part] = array.read(port, op.first, op.length)
        self._line_written[part] = True
        self._shared.events.bits_read += 8 * op.length
        return self._machine.read_cycles

    def _write(self, op: isa.WriteOp | isa.TransferOp) -> int:
        machine, events = self._machine, self._shared.events
        array = self._shared.map_array(self._address(op.m, op.base))
        if isinstance(op, isa.WriteOp) and array.bank != self.number:
            raise Trap(
                "E041", f"writes {array.tracks.name}, which lies in bank {array.bank}"
            )
        data = self._registers.read(op.vs, op.source, op.length)
        port = array.tracks.under_port(self._address(op.domain, op.at))
        array.write(port, data, self.where)
        events.bits_written += 8 * op.length
        if isinstance(op, isa.WriteOp):
            return machine.write_cycles
        through = self._shared.take_link(self.time, op.length)
        arrived = through + machine.transfer_latency_cycles
        return arrived + machine.write_cycles - self.time

    def _program(self, op: isa.ProgramOp, events: Events) -> int:
        """Store the rows under all ports, take a step, and so on to the last row."""
        machine = self._machine
        array = self._weight_array(op.w)
        block, order = stored_rows(op, machine, self._pool)
        if not array.at_home:
            raise Trap("E048", f"{array.name} does not stand at offset 0")
        array.stored[:] = 0
        writer = f"bank {self.number}: {op.name} {op.text()}"
        left = int(np.count_nonzero(order >= 0))
        cycles = 0
        while True:
            for port in array.ports:
                row = order[array.domains[port]]
                if row >= 0:
                    word = _bits_of(block[row], machine.weight_bits)
                    array.write(port, word, writer)
                    events.bits_written += word.size
                    events.link_bits += word.size
                    cycles += -(-word.size // (8 * machine.link_bytes))
                    cycles += machine.write_cycles
                    left -= 1
            if left == 0:
                return cycles
            cycles += self._shift(array, 1, events)

    def _multiply_accumulate(self, op: isa.MacOp) -> int:
        """Ports in turn, all lanes at once, on the gates of the chip's cell."""
        shared, machine = self._shared, self._machine
        array = self._weight_array(self._address(op.w, op.base))
        first = self._address(op.source, op.index)
        used = op.count * op.n if op.lanewise else op.count
        data = self._registers.read(op.vs, first, used)
        values = data.view(np.uint8 if op.unsigned else np.int8).astype(np.int64)
        activations = values.reshape(op.count, -1)
        steps = Steps()
        for index, activation in enumerate(activations):
            domain = self._address(op.domain, op.at) + index * machine.segment
            port = array.under_port(domain)
            size = op.n * machine.weight_bits
            if size > array.stored[port]:
                raise Trap(
                    "E042",
                    f"domain {domain} of {array.name} holds no weights for "
                    f"{op.n} lanes",
                )
            weights = _numbers_of(array.sense(port, 0, size), machine.weight_bits)
            total, overflowed, taken = shared.cell.multiply_accumulate(
                self._sums[: op.n],
                np.broadcast_to(activation, (op.n,)),
                weights,
                weight_bits=machine.weight_bits,
                accumulator_bits=machine.accumulator_bits,
            )
            if overflowed.any():
                raise Trap(
                    "E044",
                    f"lane {overflowed.argmax()} leaves the range of "
                    f"int{machine.accumulator_bits}",
                )
            self._sums[: op.n] = total
            steps += taken
        shared.events.cells += steps * op.n
        return cell_cycles(steps, shared.chip)

    def _accumulator(self, op: isa.AccumulatorOp) -> None:
        """Between the accumulators and vector registers."""
        bits = self._machine.accumulator_bits
        match op:
            case isa.ClearOp():
                self._sums[: op.n] = 0
            case isa.AddSumsOp():
                sums = self._sums[: op.n] + self._registers.words(op.vs, op.n)
                self._sums[: op.n] = within(sums, bits)
            case isa.LoadSumsOp():
                self._sums[: op.n] = within(self._registers.words(op.vs, op.n), bits)
            case isa.StoreSumsOp():
                self._registers.write(op.vd, self._sums[: op.n].astype(np.int32))
            case _:
                raise AssertionError(op.name)

    def _load(self, op: isa.LoadOp) -> None:
        """Gather segments of the line buffer."""
        start = self._address(op.offset, op.base)
        for segment in range(op.count):
            part = self._line_part(start + segment * op.stride, op.length)
            missing = np.flatnonzero(~self._line_written[part])
            if missing.size:
                raise Trap(
                    "E042",
                    f"reads byte {part.start + missing[0]} of the line buffer, not "
                    "written",
                )
            place = op.dest + segment * op.length
            self._registers.write(op.vd, self._line[part], place)


def _bits_of(numbers: Array, bits: int) -> Array:
    """Two's complement, the bits of each number from the lowest on."""
    places = numbers.astype(np.int64)[:, None] >> np.arange(bits)
    return (places & 1).astype(np.uint8).ravel()


def _numbers_of(word: Array, bits: int) -> Array:
    """The inverse of :func:`_bits_of`."""
    worth = 1 << np.arange(bits, dtype=np.int64)
    worth[-1] *= -1
    return word.reshape(-1, bits).astype(np.int64) @ worth
