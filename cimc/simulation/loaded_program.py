"""A program made ready for an engine: dense tables from an ISA module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.isa.declared import Access, Instruction
from cimc.isa.instruction_set import InstructionSet
from cimc.isa.program import Layer, Line, Loop, Unit, linearise
from cimc.isa.sync import Call, Credit, Wait
from cimc.simulation import layout
from cimc.simulation.knowledge import FEW, groups_of, knowledge_of
from cimc.weights import Array

__all__ = ["COMMON", "LoadedProgram", "Operation", "ProgramBuilder"]


class Operation(NamedTuple):
    """How an instruction stands in a row of code.

    ``operands`` names the fields in columns A0, A1, … (empty: filled otherwise),
    ``reals`` those in the two columns of floats.
    """

    number: int
    operands: tuple[str, ...] = ()
    reals: tuple[str, ...] = ()


#: Instructions that every machine has, by the part of their name behind the dialect.
COMMON: Mapping[str, Operation] = {
    "loop": Operation(layout.LOOP, ("count",)),
    "set": Operation(layout.SET, ("a", "value")),
    "step": Operation(layout.STEP, ("a", "by")),
    "call": Operation(layout.CALL, ("", "by")),
    "wait": Operation(layout.WAIT, ("", "by")),
    "add": Operation(layout.ADD, ("n",)),
    "requant": Operation(layout.REQUANT, ("", "n", "zero", "low", "high")),
    "table": Operation(layout.TABLE, ("", "n")),
    "max": Operation(layout.MAX, ("segments", "n", "unsigned", "accumulate")),
    "sum": Operation(layout.SUM, ("segments", "n", "unsigned", "accumulate")),
    "fsum": Operation(
        layout.FSUM, ("segments", "n", "unsigned", "accumulate", "zero"), ("scale",)
    ),
    "fquant": Operation(layout.FQUANT, ("n", "count", "zero", "unsigned"), ("scale",)),
    "scale": Operation(layout.SCALE, ("n", "unsigned"), ("ratio", "offset")),
    "splat": Operation(layout.SPLAT, ("n", "value")),
    "move": Operation(layout.MOVE, ("n", "start")),
    "mul": Operation(
        layout.MULTIPLY,
        (
            *("n", "zero_a", "zero_b", "zero"),
            *("unsigned_a", "unsigned_b", "unsigned_out"),
        ),
        ("ratio",),
    ),
    "shuffle": Operation(layout.SHUFFLE, ("segments", "n")),
    "blend": Operation(layout.BLEND, ("n", "unsigned_in", "unsigned_out"), ("ratio",)),
}


@dataclass
class LoadedProgram:
    """What of a program does not change while it runs.

    Cores (or banks: ``kind`` says which) are numbered densely, each anew in every
    phase; ``core_numbers`` has the chip's numbers, and ``core_phases`` the phases in
    order. ``lines`` runs parallel to ``code``. ``edges`` numbers the (phase, core,
    sequence register) triples in use, and ``credits`` are those of some of them.
    """

    kind: str
    unit_names: tuple[str, ...]
    core_numbers: list[int] = field(default_factory=list[int])
    core_phases: list[int] = field(default_factory=list[int])
    starts: list[int] = field(default_factory=list[int])
    lines: list[Line] = field(default_factory=list[Line])
    setup: list[list[Instruction]] = field(default_factory=list[list[Instruction]])
    core_of_line: list[int] = field(default_factory=list[int])
    pc_in_core: list[int] = field(default_factory=list[int])
    edges: dict[tuple[int, int, int], int] = field(
        default_factory=dict[tuple[int, int, int], int]
    )
    credits: dict[int, int] = field(default_factory=dict[int, int])
    layers: list[Layer] = field(default_factory=list[Layer])
    rows: list[list[int]] = field(default_factory=list[list[int]])
    real_rows: list[list[float]] = field(default_factory=list[list[float]])

    def __post_init__(self) -> None:
        self.code = np.empty((0, layout.CODE_COLUMNS), np.int64)
        self.reals = np.empty((0, 2), np.float32)
        self.core_of = np.empty(0, np.int32)
        self.owners = np.empty(0, np.int64)
        self._links: list[tuple[int, int]] = []
        self._link(np.empty(0, np.int64))

    def freeze(self) -> None:
        """Turn the rows collected so far into arrays, and link callers and called."""
        self.code = np.array(self.rows, np.int64).reshape(-1, layout.CODE_COLUMNS)
        self.reals = np.array(self.real_rows, np.float32).reshape(-1, 2)
        self.core_of = np.array(self.core_of_line, np.int32)
        cores = len(self.core_numbers)
        keys = zip(self.core_phases, self.core_numbers, strict=True)
        dense = {key: index for index, key in enumerate(keys)}
        owners = [dense.get((phase, core), -1) for phase, core, _ in self.edges]
        self.owners = np.array(owners, np.int64)
        calls = np.flatnonzero(self.code[:, layout.OP] == layout.CALL)
        called = self.owners[self.code[calls, layout.A0]]
        self.code[calls, layout.A2] = -1
        calls, called = calls[called >= 0], called[called >= 0]
        pairs, which = np.unique(
            self.core_of[calls] * np.int64(cores) + called, return_inverse=True
        )
        self.code[calls, layout.A2] = which
        self._links = [divmod(pair, cores) for pair in pairs.tolist()]
        self._link(groups_of(self._layers_of_cores(), self._links))

    def widen(self) -> bool:
        """From the next run on let all cores know all others; whether that is new."""
        narrow = bool(self._groups.any())
        if narrow:
            self._link(np.zeros_like(self._groups))
        return narrow

    def _link(self, groups: Array) -> None:
        """Let cores know those that their group has to do with; few know all."""
        self._groups = groups if len(groups) > FEW else np.zeros_like(groups)
        self.knowledge = knowledge_of(self._groups, self._links)

    def _layers_of_cores(self) -> list[set[int]]:
        """The layers that each core works on."""
        layers = [set[int]() for _ in self.core_numbers]
        some = self.code[:, layout.LAYER] >= 0
        pairs = np.stack([self.core_of[some], self.code[some, layout.LAYER]], axis=1)
        for core, layer in np.unique(pairs, axis=0).tolist():
            layers[int(core)].add(int(layer))
        return layers

    def unit_name(self, unit: int) -> str:
        """What the unit of that number is called; the last may stand for several."""
        last = len(self.unit_names) - 1
        return self.unit_names[min(unit, last)].format(unit - last)

    @property
    def setup_instructions(self) -> int:
        """Encoded instructions of all setup sections, each with a HALT at its end."""
        return sum(len(ops) + 1 for ops in self.setup)

    @property
    def phases(self) -> list[range]:
        """The dense cores of each phase; one phase if there are no cores."""
        count = 1 + max(self.core_phases, default=0)
        ends = [bisect_right(self.core_phases, phase) for phase in range(-1, count)]
        return [range(*part) for part in pairwise(ends)]

    def core_name(self, core: int) -> str:
        """A dense core as the chip numbers it, and its phase if there are several."""
        name = f"{self.kind} {self.core_numbers[core]}"
        return self.in_phase(name, self.core_phases[core])

    def in_phase(self, name: str, phase: int) -> str:
        """``name``, and the phase if there are several."""
        return f"{name} in phase {phase}" if self.core_phases[-1] else name

    def where(self, pc: int) -> str:
        """Core, instruction and layer at a global program counter."""
        line = self.lines[pc]
        core = self.core_name(int(self.core_of[pc]))
        layer = f"layer {line.section.layer!r}, " if line.section is not None else ""
        return f"{layer}{core}, instruction {self.pc_in_core[pc]}: {line.text}"


class ProgramBuilder(ABC):
    """Fills the tables of a program, unit after unit; a machine says the rest."""

    operations: ClassVar[Mapping[str, Operation]]
    """Instructions by the part of their name behind the dialect."""

    def __init__(
        self, isa: InstructionSet, module: ModuleOp, program: LoadedProgram
    ) -> None:
        self.program = program
        units = isa.units_of(module)
        program.layers = [op for op in module.ops if isinstance(op, Layer)]
        program.core_numbers = [unit.number for unit in units]
        program.core_phases = [unit.phase for unit in units]
        self._layers = {op.layer: index for index, op in enumerate(program.layers)}
        for index, unit in enumerate(units):
            self.enter(unit)
            self._add(index, unit)
        program.freeze()

    @abstractmethod
    def enter(self, unit: Unit) -> None:
        """Prepare for the instructions of ``unit``: load what it sets up."""

    @abstractmethod
    def accesses(self, op: Instruction) -> Iterable[Access]:
        """Vector register bytes that ``op`` reads and writes, reads first."""

    @abstractmethod
    def timing(self, op: Instruction | None) -> tuple[int, int]:
        """Unit of an instruction (None: HALT or END) and the cycles that it takes."""

    @abstractmethod
    def complete(self, op: Instruction, row: list[int]) -> None:
        """Fill the operands of ``row`` that no field of ``op`` gives."""

    def _add(self, index: int, unit: Unit) -> None:
        program = self.program
        setup, lines = linearise(unit.setup), linearise(unit.main)
        start = len(program.lines)
        program.starts.append(start)
        program.setup.append([line.op for line in setup if line.op is not None])
        for op in program.setup[-1]:
            if isinstance(op, Credit):
                program.credits[self._edge(unit.phase, unit.number, op.s)] = op.count
        program.lines += lines
        program.core_of_line += [index] * len(lines)
        program.pc_in_core += range(len(setup), len(setup) + len(lines))
        open_loops: list[int] = []
        for pc, line in enumerate(lines, start):
            row = [-1] * layout.A0 + [0] * (layout.CODE_COLUMNS - layout.A0)
            real = [0.0, 0.0]
            if line.section is not None:
                row[layout.LAYER] = self._layers[line.section.layer]
            row[layout.UNIT], row[layout.CYCLES] = self.timing(line.op)
            if line.op is None:
                row[layout.OP] = layout.END if line.opcode else layout.HALT
                if line.opcode:
                    row[layout.A0] = open_loops.pop() + 1
            else:
                self._instruction(unit, line.op, row, real)
                if isinstance(line.op, Loop):
                    open_loops.append(pc)
            program.rows.append(row)
            program.real_rows.append(real)

    def _instruction(
        self, unit: Unit, op: Instruction, row: list[int], real: list[float]
    ) -> None:
        kind = self.operations[op.name.partition(".")[2]]
        values = op.values
        row[layout.OP] = kind.number
        reads = iter((layout.READ0, layout.READ1))
        for access in self.accesses(op):
            column = layout.WRITE if access.write else next(reads)
            row[column : column + 3] = access[:3]
        for column, name in enumerate(kind.operands, layout.A0):
            row[column] = int(values[name]) if name else 0
        for index, name in enumerate(kind.reals):
            real[index] = values[name]
        match op:
            case Call():
                row[layout.A0] = self._edge(unit.phase, op.core, op.s)
            case Wait():
                row[layout.A0] = self._edge(unit.phase, unit.number, op.s)
            case _:
                self.complete(op, row)

    def _edge(self, phase: int, core: int, register: int) -> int:
        edges = self.program.edges
        return edges.setdefault((phase, core, register), len(edges))
