"""A second, slow machine: steps every cycle and every core.

Written from the manual, without the engine's queues and run-ahead. Of the instructions
that compute it knows MAX on int8, SPLAT, MOVE, and MVM with a matrix of ones.
"""

from __future__ import annotations

from itertools import count

from rram_reference_memory import Address, Made, Memory, Trap

from cimc.backends.rram.check import CoreSetup, accesses
from cimc.backends.rram.dialect import CoreOp
from cimc.backends.rram.isa import (
    VECTOR,
    CallOp,
    CreditOp,
    LoadOp,
    LoopOp,
    MoveOp,
    MvmOp,
    SplatOp,
    StoreOp,
    TransferOp,
    WaitOp,
)
from cimc.backends.rram.machine import RramMachine
from cimc.isa.declared import Access, Instruction
from cimc.isa.program import linearise
from cimc.isa.vector import VectorInstruction

REGISTER_BYTES = 256


class Core:
    def __init__(self, op: CoreOp) -> None:
        self.number = op.number
        self.setup = CoreSetup(op)
        self.lines = linearise(op.main)
        self.first = len(linearise(op.setup))
        self.pc = 0
        self.loops: list[list[int]] = []
        self.next_issue = 0
        self.free: dict[str, int] = {}
        self.ready = [0] * 16
        self.read_until = [0] * 16
        self.writer = [""] * 16
        self.vectors = [[0] * REGISTER_BYTES for _ in range(16)]
        self.addresses = [Address() for _ in range(16)]
        self.clock = {self.number: 1}
        self.stored = 0
        self.done = 0
        self.image = 0
        self.halted = False

    @property
    def me(self) -> Made:
        return Made(self.number, self.clock[self.number], self.first + self.pc)


class Call:
    """A rise of a register: when it becomes visible, by how much, and the caller's
    clock."""

    def __init__(self, time: int, by: int, clock: dict[int, int]) -> None:
        self.time, self.by, self.clock = time, by, clock


class Reference:
    def __init__(
        self,
        cores: list[CoreOp],
        machine: RramMachine,
        memory: Memory,
        images: int = 1,
    ) -> None:
        self.ends = [0] * images
        self.cores = sorted(map(Core, cores), key=lambda core: core.number)
        self.machine = machine
        self.memory = memory
        self.bus_free = 0
        self.calls: dict[tuple[int, int], list[Call]] = {}
        self.expected: dict[tuple[int, int], int] = {}
        self.credits = {
            (op.number, line.op.s): line.op.count
            for op in cores
            for line in linearise(op.setup)
            if isinstance(line.op, CreditOp)
        }

    def run(self) -> list[int]:
        """When each image is over."""
        for now in count():
            for core in self.cores:
                if not core.halted and core.next_issue <= now:
                    self.try_issue(core, now)
            if all(core.halted for core in self.cores):
                self.check_calls()
                return self.ends
            if all(core.halted or self.is_stuck(core) for core in self.cores):
                raise Trap("E045", "deadlock")
            assert now < 100_000
        raise AssertionError

    def is_stuck(self, core: Core) -> bool:
        """Whether a core waits for more than all calls so far."""
        op = core.lines[core.pc].op
        if not isinstance(op, WaitOp):
            return False
        edge = (core.number, op.s)
        risen = sum(call.by for call in self.calls.get(edge, []))
        return risen + self.credits.get(edge, 0) < self.expected.get(edge, 0) + op.by

    def check_calls(self) -> None:
        """Every register has risen by as much as its waits took."""
        for edge in self.calls.keys() | self.expected.keys():
            risen = sum(call.by for call in self.calls.get(edge, []))
            if risen != self.expected.get(edge, 0):
                raise Trap("E046", f"s{edge[1]} of core {edge[0]}")

    def try_issue(self, core: Core, now: int) -> None:
        op = core.lines[core.pc].op
        used = accesses(op, core.setup) if op is not None else []
        unit = op.unit if op is not None else "issue"
        if isinstance(op, MvmOp):
            unit += str(op.xb)
        if self.is_blocked(core, op, unit, used, now):
            return
        free, ready, read = self.times(core, op, now)
        self.execute(core, op, ready)
        core.free[unit] = free
        for access in used:
            r = access.register
            if access.write:
                core.ready[r], core.writer[r] = max(core.ready[r], ready), unit
            else:
                core.read_until[r] = max(core.read_until[r], read)
        core.done = max(core.done, ready)
        core.next_issue = now + self.machine.issue_cycles
        self.step(core)

    def is_blocked(
        self,
        core: Core,
        op: Instruction | None,
        unit: str,
        used: list[Access],
        now: int,
    ) -> bool:
        """Whether ``op`` cannot issue now; a WAIT that can takes its calls."""
        blocked = unit != "issue" and core.free.get(unit, 0) > now
        writes_at = now
        if isinstance(op, MvmOp | VectorInstruction):
            writes_at += self.cycles(op)
        for access in used:
            r = access.register
            if access.write:
                blocked |= core.read_until[r] > writes_at
                blocked |= core.writer[r] != unit and core.ready[r] > writes_at
            else:
                blocked |= core.ready[r] > now
        if isinstance(op, WaitOp) and not blocked:
            edge = (core.number, op.s)
            need = self.expected.get(edge, 0) + op.by
            risen = self.credits.get(edge, 0)
            needed: list[Call] = []
            for call in self.calls.get(edge, []):
                if risen < need and call.time <= now:
                    risen += call.by
                    needed.append(call)
            if risen < need:
                return True
            self.expected[edge] = need
            for call in needed:
                for other, epoch in call.clock.items():
                    core.clock[other] = max(core.clock.get(other, -1), epoch)
        return blocked

    def cycles(self, op: MvmOp | VectorInstruction) -> int:
        if isinstance(op, MvmOp):
            return self.machine.mvm_cycles
        return self.machine.vector_cycles(op.lane_operations())

    def times(
        self, core: Core, op: Instruction | None, now: int
    ) -> tuple[int, int, int]:
        """When its unit is free, its result is ready, and its reads are over."""
        machine = self.machine
        match op:
            case TransferOp():
                grant = max(now, self.bus_free)
                free = self.bus_free = grant + machine.bus_cycles(*op.transfer())
                if isinstance(op, CallOp):
                    ready = max(free + machine.call_latency_cycles, core.stored)
                    return free, ready, free
                return free, free + machine.memory_latency_cycles, free
            case MvmOp():
                done = now + self.cycles(op)
                return done, done, now
            case VectorInstruction():
                done = now + self.cycles(op)
                return done, done, done
            case _:
                done = now + machine.issue_cycles
                return done, done, done

    def execute(self, core: Core, op: Instruction | None, ready: int) -> None:
        """What ``op`` does, complete at ``ready``."""
        match op:
            case LoadOp():
                values = self.memory.load(
                    core.addresses[op.base],
                    op.offset,
                    (op.count, op.length, op.stride),
                    core.me,
                    core.clock,
                )
                core.vectors[op.vd][op.dest : op.dest + len(values)] = values
            case StoreOp():
                values = core.vectors[op.vs][op.source : op.source + op.length]
                self.memory.store(
                    core.addresses[op.base], op.offset, values, core.me, core.clock
                )
                core.stored = ready
            case CallOp():
                calls = self.calls.setdefault((op.core, op.s), [])
                last = calls[-1].time if calls else 0
                calls.append(Call(max(ready, last), op.by, dict(core.clock)))
                core.clock[core.number] += 1
            case MvmOp():
                total = sum(map(_signed, core.vectors[op.vs][:16]))
                lane = list(total.to_bytes(4, "little", signed=True))
                core.vectors[op.vd][:64] = lane * 16
            case SplatOp():
                core.vectors[op.vd][: op.n] = [op.value % 256] * op.n
            case MoveOp():
                values = core.vectors[op.vs][op.start : op.start + op.n]
                core.vectors[op.vd][: op.n] = values
            case VECTOR.max():
                source = core.vectors[op.vs]
                parts = [source[i * op.n : (i + 1) * op.n] for i in range(op.segments)]
                largest = [max(lane, key=_signed) for lane in zip(*parts, strict=True)]
                core.vectors[op.vd][: op.n] = largest
            case Instruction() if "a" in op.fields():
                core.addresses[op.values["a"]].execute(op, core.image)
            case _:
                pass

    def step(self, core: Core) -> None:
        """Advance the program counter."""
        line = core.lines[core.pc]
        if isinstance(line.op, LoopOp):
            core.loops.append([core.pc + 1, line.op.count])
        if line.op is not None:
            core.pc += 1
        elif line.opcode:
            core.loops[-1][1] -= 1
            if core.loops[-1][1]:
                core.pc = core.loops[-1][0]
            else:
                core.loops.pop()
                core.pc += 1
        else:
            self.ends[core.image] = max(self.ends[core.image], core.done)
            core.image += 1
            core.pc = 0
            core.addresses = [Address() for _ in range(16)]
            core.halted = core.image == len(self.ends)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
