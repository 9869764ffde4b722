"""A second, slow machine: steps every cycle and every core, knows time but no values.

Written from the manual, without the engine's queues and run-ahead.
"""

from __future__ import annotations

from itertools import count

from cimc.backends.rram.check import CoreSetup, accesses
from cimc.backends.rram.dialect import CoreOp
from cimc.backends.rram.isa import (
    CallOp,
    LoopOp,
    MvmOp,
    StoreOp,
    TransferOp,
    WaitOp,
)
from cimc.backends.rram.machine import RramMachine
from cimc.isa.program import linearise
from cimc.isa.vector import VectorInstruction


class Core:
    def __init__(self, op: CoreOp) -> None:
        self.number = op.number
        self.setup = CoreSetup(op)
        self.lines = linearise(op.main)
        self.pc = 0
        self.loops: list[list[int]] = []
        self.next_issue = 0
        self.free: dict[str, int] = {}
        self.ready = [0] * 16
        self.read_until = [0] * 16
        self.writer = [""] * 16
        self.stored = 0
        self.done = 0
        self.halted = False


class Reference:
    def __init__(self, cores: list[CoreOp], machine: RramMachine) -> None:
        self.cores = sorted(map(Core, cores), key=lambda core: core.number)
        self.machine = machine
        self.bus_free = 0
        self.calls: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.expected: dict[tuple[int, int], int] = {}

    def run(self) -> int:
        """Cycles until everything is over."""
        for now in count():
            for core in self.cores:
                if not core.halted and core.next_issue <= now:
                    self.try_issue(core, now)
            if all(core.halted for core in self.cores):
                return max(core.done for core in self.cores)
            assert now < 100_000
        raise AssertionError

    def try_issue(self, core: Core, now: int) -> None:
        line = core.lines[core.pc]
        op, machine = line.op, self.machine
        used = accesses(op, core.setup) if op is not None else []
        unit = op.unit if op is not None else "issue"
        if isinstance(op, MvmOp):
            unit += str(op.xb)
        blocked = unit != "issue" and core.free.get(unit, 0) > now
        for access in used:
            r = access.register
            if access.write:
                blocked |= core.read_until[r] > now
                blocked |= core.writer[r] != unit and core.ready[r] > now
            else:
                blocked |= core.ready[r] > now
        if isinstance(op, WaitOp) and not blocked:
            edge = (core.number, op.s)
            need = self.expected.get(edge, 0) + op.by
            visible = sum(by for time, by in self.calls.get(edge, []) if time <= now)
            blocked = visible < need
            if not blocked:
                self.expected[edge] = need
        if blocked:
            return
        free = ready = now + machine.issue_cycles
        if isinstance(op, TransferOp):
            grant = max(now, self.bus_free)
            free = self.bus_free = grant + machine.bus_cycles(*op.transfer())
            ready = free + machine.memory_latency_cycles
            if isinstance(op, StoreOp):
                core.stored = ready
            elif isinstance(op, CallOp):
                calls = self.calls.setdefault((op.core, op.s), [])
                ready = max(free + machine.call_latency_cycles, core.stored)
                last = calls[-1][0] if calls else 0
                calls.append((max(ready, last), op.by))
        elif isinstance(op, VectorInstruction):
            free = ready = now + machine.vector_cycles(op.lane_operations())
        elif isinstance(op, MvmOp):
            free = ready = now + machine.mvm_cycles
        core.free[unit] = free
        for access in used:
            r = access.register
            if access.write:
                core.ready[r], core.writer[r] = max(core.ready[r], ready), unit
            else:
                core.read_until[r] = max(core.read_until[r], free)
        core.done = max(core.done, ready)
        core.next_issue = now + machine.issue_cycles
        self.step(core)

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
            core.halted = True
