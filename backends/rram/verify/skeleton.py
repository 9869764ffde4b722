"""The skeleton of a program: what decides addresses and order, as one table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from xdsl.ir import Operation

from cimc.backends.rram import isa
from cimc.backends.rram.dialect import CoreOp, SectionOp
from cimc.backends.rram.verify import layout
from cimc.isa.program import linearise
from cimc.weights import Array

__all__ = ["Register", "Skeleton"]


class Register(NamedTuple):
    """A sequence register: the chip's number of its core, and its own."""

    core: int
    number: int


@dataclass
class Skeleton:
    """Rows of code of all cores, one core after another, without computation.

    Cores are dense, in order of appearance; ``starts`` has the first row of each and
    the end. ``places`` runs parallel to the rows: the instruction, and its number in
    the core. A batch has up to ``images``. ``registers`` numbers the sequence
    registers; ``credits`` are theirs.
    """

    cores: list[CoreOp]
    rows: list[list[int]] = field(default_factory=list[list[int]])
    places: list[tuple[Operation, int]] = field(
        default_factory=list[tuple[Operation, int]]
    )
    starts: list[int] = field(default_factory=lambda: [0])
    images: int = 1
    registers: dict[Register, int] = field(default_factory=dict[Register, int])
    credits: dict[int, int] = field(default_factory=dict[int, int])

    @classmethod
    def of(cls, cores: Iterable[CoreOp], images: int = 1) -> Skeleton:
        """The skeleton of the cores of a phase."""
        skeleton = cls([*cores], images=images)
        for core in skeleton.cores:
            lines = linearise(core.setup)
            for line in lines:
                if isinstance(line.op, isa.CreditOp):
                    register = skeleton._register(core.number, line.op.s)
                    skeleton.credits[register] = line.op.count
            skeleton._add(core.main, core.number, len(lines))
            skeleton.starts.append(len(skeleton.rows))
        return skeleton

    @property
    def code(self) -> Array:
        """The rows as a table (see layout.py)."""
        rows = np.array(self.rows, np.int64)
        return rows.reshape(-1, layout.CODE_COLUMNS)

    @property
    def reach(self) -> int:
        """How many images apart values of a ring may be of which one replaces another.

        Or a little more; 1 at least.
        """
        reach, sizes = 1, dict[int, int]()
        for op, a, *fields in self.rows:
            if op == layout.RING:
                sizes[a] = fields[1]
            elif op == layout.SLOT and fields[0] and a in sizes:
                reach = max(reach, -(-sizes[a] // fields[0]))
            elif op == layout.SET:
                sizes.pop(a, None)
        return reach

    def core_of(self, row: int) -> int:
        """The dense number of the core that a row belongs to."""
        return bisect_right(self.starts, row) - 1

    def where(self, row: int) -> str:
        """Layer, core and instruction of a row, as the dialect writes it."""
        op, number = self.places[row]
        parent, layer = op.parent_op(), ""
        while parent is not None:
            if isinstance(parent, SectionOp):
                layer = f"layer {parent.layer!r}, "
            parent = parent.parent_op()
        core = self.cores[self.core_of(row)].text()
        assert isinstance(op, isa.Instruction)
        return f"{layer}core {core}, instruction {number}: {op.name} {op.text()}"

    def _register(self, core: int, number: int) -> int:
        key = Register(core, number)
        return self.registers.setdefault(key, len(self.registers))

    def _add(self, body: Iterable[Operation], core: int, number: int) -> int:
        """Append rows for a body that starts at instruction ``number``; its end."""
        for op in body:
            if isinstance(op, SectionOp):
                number = self._add(op.body(), core, number)
                continue
            if isinstance(op, isa.LoopOp):
                start = len(self.rows)
                self._append(op, number, [layout.LOOP, op.count])
                number = self._add(op.body(), core, number + 1)
                if len(self.rows) == start + 1:
                    self.rows.pop()
                    self.places.pop()
                else:
                    self._append(op, number, [layout.END, start + 1])
            elif row := self._row(op, core):
                self._append(op, number, row)
            number += 1
        return number

    def _append(self, op: Operation, number: int, row: list[int]) -> None:
        self.rows.append(row + [0] * (layout.CODE_COLUMNS - len(row)))
        self.places.append((op, number))

    def _row(self, op: Operation, core: int) -> list[int]:
        """The row of an instruction; empty if it only computes."""
        match op:
            case isa.LoadOp():
                base = [op.base, op.offset]
                return [layout.LOAD, *base, op.count, op.length, op.stride]
            case isa.StoreOp():
                return [layout.STORE, op.base, op.offset, 1, op.length]
            case isa.SetOp():
                return [layout.SET, op.a, op.value]
            case isa.StepOp():
                return [layout.STEP, op.a, op.by]
            case isa.NextOp():
                return [layout.NEXT, op.a]
            case isa.SlotOp():
                return [layout.SLOT, op.a, op.pitch]
            case isa.RingOp():
                return [layout.RING, op.a, op.base, op.size, op.value]
            case isa.WalkOp():
                return [layout.WALK, op.a, op.columns, op.column, op.step, op.jump]
            case isa.CallOp():
                return [layout.CALL, self._register(op.core, op.s), op.by]
            case isa.WaitOp():
                return [layout.WAIT, self._register(core, op.s), op.by]
            case _:
                return []
