"""An RRAM program made ready for the engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.check import CoreSetup, accesses
from cimc.backends.rram.dialect import (
    CoreOp,
    FeatureMapOp,
    FillOp,
    MemoryOp,
    batch_of,
    phases_of,
)
from cimc.backends.rram.instruction_set import ISA
from cimc.backends.rram.isa import MvmOp, ProgramOp, RingOp, TransferOp
from cimc.backends.rram.machine import CHIP, RramMachine
from cimc.backends.rram.programming import Programming
from cimc.backends.rram.simulator.layout import (
    ANALOGUE_COLUMNS,
    CROSSBAR,
    LOAD,
    LSU,
    MVM,
    NEXT,
    RING,
    SLOT,
    STORE,
    WALK,
)
from cimc.isa.declared import Access, Instruction
from cimc.isa.program import Unit
from cimc.isa.sync import Call
from cimc.isa.vector import Requant, Table, VectorInstruction
from cimc.simulation import layout
from cimc.simulation.constants import Flat, Pool, unfit
from cimc.simulation.loaded_program import (
    COMMON,
    LoadedProgram,
    Operation,
    ProgramBuilder,
)
from cimc.weights import Array, WeightStore

if TYPE_CHECKING:
    from cimc.backends.rram.simulator.specimen import Crossbars

__all__ = ["Constants", "RramProgram", "load_program"]


class Constants(NamedTuple):
    """The flat arrays: crossbar blocks row by row, parameters, tables of 256."""

    weights: Array
    biases: Array
    multipliers: Array
    tables: Array


@dataclass
class RramProgram(LoadedProgram):
    """A program, what it finds in memory, and its constants."""

    kind: str = "core"
    unit_names: tuple[str, ...] = ("wait", "vector", "load/store", "crossbar {}")
    memory_bytes: int = 0
    fills: list[FillOp] = field(default_factory=list[FillOp])
    feature_maps: dict[str, FeatureMapOp] = field(
        default_factory=dict[str, FeatureMapOp]
    )
    crossbars: int = 1
    """Most crossbars that one core uses."""
    programming: list[Programming] = field(default_factory=list[Programming])
    """That of each phase."""
    copies: dict[int, range] = field(default_factory=dict[int, range])
    """By base of a ring, where whole copies of the maps in it lie beside memory."""
    copy_bytes: int = 0
    batch: int = 1
    """Up to how many images it works on at the same time."""
    cells: Array = field(default_factory=lambda: np.empty(0, np.float32))
    """What the cells of all crossbars give, one crossbar after another, if they are not
    ideal; see :mod:`~cimc.backends.rram.simulator.analogue`."""
    analogue: Array = field(default_factory=lambda: np.zeros(ANALOGUE_COLUMNS))

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes: dict[int, int] = {}
        for op in self.feature_maps.values():
            if op.in_ring:
                size = op.stop - op.ring_base
                sizes[op.ring_base] = max(sizes.get(op.ring_base, 0), size)
        for base, size in sizes.items():
            self.copies[base] = range(self.copy_bytes, self.copy_bytes + size)
            self.copy_bytes += size
        empty = np.empty(0, np.int8)
        self.constants = Constants(empty, empty, empty, empty)


def load_program(
    module: ModuleOp, weights: WeightStore, crossbars: Crossbars | None = None
) -> RramProgram:
    """Make tables of a module that encode or decode has checked.

    ``crossbars`` are those of a chip whose cells are not ideal.

    Raises:
        InputError: a constant is missing, differs or is of the wrong kind (E012, E026).
    """
    program = RramProgram(
        memory_bytes=next(op.size for op in module.ops if isinstance(op, MemoryOp)),
        fills=[op for op in module.ops if isinstance(op, FillOp)],
        feature_maps={
            op.tensor: op for op in module.ops if isinstance(op, FeatureMapOp)
        },
        programming=[Programming.of(cores) for cores in phases_of(module)],
        batch=batch_of(module),
    )
    builder = _Builder(CHIP.get(module), module, program, weights, crossbars)
    program.constants = Constants(builder.blocks.joined(), *builder.pool.joined())
    if crossbars is not None:
        program.cells = builder.cells.joined()
        program.analogue = crossbars.analogue()
    return program


class _Builder(ProgramBuilder):
    """Adds crossbars and the bus to what all machines have."""

    operations: ClassVar = {
        **COMMON,
        "load": Operation(LOAD, ("base", "offset", "count", "length", "stride")),
        "store": Operation(STORE, ("base", "offset", "length")),
        "mvm": Operation(MVM, ("", "", "", "unsigned")),
        "ring": Operation(RING, ("a", "value", "base", "size")),
        "walk": Operation(WALK, ("a", "columns", "column", "step", "jump")),
        "next": Operation(NEXT, ("a",)),
        "slot": Operation(SLOT, ("a", "pitch")),
    }

    def __init__(
        self,
        machine: RramMachine,
        module: ModuleOp,
        program: RramProgram,
        weights: WeightStore,
        crossbars: Crossbars | None,
    ) -> None:
        self._crossbars = crossbars
        self.cells = Flat(np.float32)
        self._machine = machine
        self._program = program
        self.pool = Pool(weights)
        self.blocks = Flat(np.int8)
        super().__init__(ISA, module, program)

    def enter(self, unit: Unit) -> None:
        """Load the constants of a core; crossbars are numbered by their set-up."""
        assert isinstance(unit, CoreOp)
        self._setup = CoreSetup(unit)
        crossbars, registers = self._setup.crossbars, self._setup.registers
        self._dense = {xb: index for index, xb in enumerate(crossbars)}
        self._places = {xb: self._block(op) for xb, op in crossbars.items()}
        self._cells = {xb: self._written(unit, op) for xb, op in crossbars.items()}
        self._parameters = {
            q: self.pool.parameters(op) for q, op in registers.parameters.items()
        }
        self._tables = {t: self.pool.table(op) for t, op in registers.tables.items()}
        self._program.crossbars = max(self._program.crossbars, len(crossbars))

    def accesses(self, op: Instruction) -> Iterable[Access]:
        """See base class."""
        return accesses(op, self._setup)

    def timing(self, op: Instruction | None) -> tuple[int, int]:
        """See base class."""
        machine = self._machine
        match op:
            case VectorInstruction():
                cycles = machine.vector_cycles(op.lane_operations())
                return layout.VECTOR, cycles
            case TransferOp():
                return LSU, machine.bus_cycles(*op.transfer())
            case MvmOp():
                return CROSSBAR + self._dense[op.xb], machine.mvm_cycles
            case _:
                return layout.ISSUE, machine.issue_cycles

    def complete(self, op: Instruction, row: list[int]) -> None:
        """See base class."""
        match op:
            case MvmOp():
                block = self._setup.crossbars[op.xb]
                row[layout.A0] = self._places[op.xb]
                row[layout.A1 : layout.A3] = (block.rows, block.columns)
                row[layout.A4] = self._cells[op.xb]
            case RingOp():
                copy = self._program.copies.get(op.base, range(0))
                row[layout.A4 : layout.A6] = (copy.start, len(copy))
            case Requant():
                row[layout.A0] = self._parameters[op.q]
            case Table():
                row[layout.A0] = self._tables[op.t]
            case Call():
                row[layout.A3] = op.core
            case _:
                pass

    def _block(self, op: ProgramOp) -> int:
        """Place of the crossbar's weights in ``weights``, row by row."""
        block = self._weights(op)
        return self.blocks.place((op.matrix, op.row, op.column, block.shape), block)

    def _written(self, core: CoreOp, op: ProgramOp) -> int:
        """Place in ``cells`` of what this crossbar gives, if it is not ideal."""
        if self._crossbars is None:
            return 0
        phase = core.phase or 0
        place = (phase, core.number, op.xb)
        return self.cells.place(
            place, self._crossbars.program(self._weights(op), *place)
        )

    def _weights(self, op: ProgramOp) -> Array:
        """The block of a matrix that a crossbar is to hold."""
        matrix = self.pool.constant(op.matrix, np.int8, 2)
        rows, columns = op.row + op.rows, op.column + op.columns
        if rows > matrix.shape[0] or columns > matrix.shape[1]:
            raise unfit(op.matrix, f"has shape {matrix.shape}, {op.text()}")
        return matrix[op.row : rows, op.column : columns]
