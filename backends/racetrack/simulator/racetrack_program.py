"""A racetrack program made ready for the engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.cost import cycles_of, highest_offset
from cimc.backends.racetrack.dialect import ArraysOp, FeatureMapOp
from cimc.backends.racetrack.instruction_set import ISA
from cimc.backends.racetrack.machine import CHIP, RacetrackMachine
from cimc.backends.racetrack.simulator import layout as own
from cimc.backends.racetrack.simulator.stored_rows import stored_rows
from cimc.isa.declared import Access, Instruction
from cimc.isa.program import Unit, linearise
from cimc.isa.setup import RegisterSetup
from cimc.isa.vector import Requant, SetParameters, SetTable, Table
from cimc.simulation import layout
from cimc.simulation.constants import Flat, Pool
from cimc.simulation.loaded_program import (
    COMMON,
    LoadedProgram,
    Operation,
    ProgramBuilder,
)
from cimc.weights import Array, WeightStore

__all__ = ["RacetrackProgram", "StoredBlock", "load_program"]

_UNITS = {
    "issue": layout.ISSUE,
    "vector": layout.VECTOR,
    "shift": own.SHIFTER,
    "port": own.PORT,
    "mac": own.CELLS,
    "link": own.LINK,
}


@dataclass(frozen=True)
class StoredBlock:
    """What PROGRAM stores: places in the flat arrays, columns, last offset."""

    block: int
    columns: int
    mask: int
    offset: int


@dataclass
class RacetrackProgram(LoadedProgram):
    """A program, its map arrays, and its constants.

    ``weights`` holds blocks domain by domain, ``masks`` says which domains hold a row;
    ``stored`` what the setup of each bank (dense) puts into its arrays.
    """

    kind: str = "bank"
    unit_names: tuple[str, ...] = ("wait", "vector", "shift", "port", "cells", "link")
    arrays: list[ArraysOp] = field(default_factory=list[ArraysOp])
    feature_maps: list[FeatureMapOp] = field(default_factory=list[FeatureMapOp])
    stored: list[dict[int, StoredBlock]] = field(
        default_factory=list[dict[int, StoredBlock]]
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        empty = np.empty(0, np.int8)
        self.weights, self.masks = empty, empty
        self.vector_constants: tuple[Array, Array, Array] = (empty, empty, empty)


def load_program(module: ModuleOp, weights: WeightStore) -> RacetrackProgram:
    """Make tables of a module that encode or decode has checked.

    Raises:
        InputError: a constant is missing, differs or is of the wrong kind (E012, E026).
    """
    program = RacetrackProgram(
        arrays=[op for op in module.ops if isinstance(op, ArraysOp)],
        feature_maps=[op for op in module.ops if isinstance(op, FeatureMapOp)],
    )
    builder = _Builder(CHIP.get(module), module, program, weights)
    program.weights, program.masks = builder.blocks.joined(), builder.masks.joined()
    program.vector_constants = builder.pool.joined()
    return program


class _Builder(ProgramBuilder):
    """Adds tracks, cells and the link to what all machines have."""

    operations: ClassVar = {
        **COMMON,
        "shift": Operation(own.SHIFT, ("w", "base", "by")),
        "shift_map": Operation(own.SHIFT_MAP, ("m", "base", "by")),
        "read": Operation(
            own.READ,
            ("to", "offset", "m", "base", "domain", "at", "first", "length"),
        ),
        "write": Operation(own.WRITE_WORD, ("m", "base", "domain", "at")),
        "transfer": Operation(own.TRANSFER, ("m", "base", "domain", "at")),
        "load": Operation(own.LOAD, ("base", "offset", "count", "length", "stride")),
        "fill": Operation(own.FILL, ("base", "offset", "length", "value")),
        "slide": Operation(own.SLIDE, ("offset", "length", "by")),
        "program": Operation(own.PROGRAM, ("w",)),
        "mac": Operation(
            own.MAC,
            ("w", "base", "domain", "at", "count", "vs", "index", "source", "n"),
        ),
        "setq": Operation(own.NOTHING),
        "sett": Operation(own.NOTHING),
        "clear": Operation(own.CLEAR, ("n",)),
        "load_sums": Operation(own.LOAD_SUMS, ("n",)),
        "add_sums": Operation(own.ADD_SUMS, ("n",)),
        "store_sums": Operation(own.STORE_SUMS, ("n",)),
    }

    def __init__(
        self,
        machine: RacetrackMachine,
        module: ModuleOp,
        program: RacetrackProgram,
        weights: WeightStore,
    ) -> None:
        self._machine = machine
        self._program = program
        self.pool = Pool(weights)
        self.blocks, self.masks = Flat(np.int8), Flat(np.uint8)
        super().__init__(ISA, module, program)

    def enter(self, unit: Unit) -> None:
        """Load the constants of a bank."""
        setup = RegisterSetup.of(linearise(unit.setup))
        self._parameters = {
            q: self.pool.parameters(op) for q, op in setup.parameters.items()
        }
        self._tables = {t: self.pool.table(op) for t, op in setup.tables.items()}
        self._program.stored.append(
            {
                line.op.w: self._stored(line.op)
                for line in linearise(unit.setup)
                if isinstance(line.op, isa.ProgramOp)
            }
        )

    def accesses(self, op: Instruction) -> Iterable[Access]:
        """See base class."""
        return op.accesses()

    def timing(self, op: Instruction | None) -> tuple[int, int]:
        """See base class."""
        cycles = cycles_of(op, self._machine, self.pool)
        return _UNITS["issue" if op is None else op.unit], cycles

    def complete(self, op: Instruction, row: list[int]) -> None:
        """See base class."""
        match op:
            case isa.MacOp():
                row[layout.A9] = op.unsigned | op.lanewise << 1
            case isa.ProgramOp():
                stored = self._stored(op)
                row[layout.A1 : layout.A5] = (
                    stored.block,
                    stored.columns,
                    stored.mask,
                    stored.offset,
                )
            case Requant():
                row[layout.A0] = self._parameters[op.q]
            case Table():
                row[layout.A0] = self._tables[op.t]
            # Set outside loops, so what a register holds follows from the order.
            case SetParameters():
                self._parameters[op.q] = self.pool.parameters(op)
            case SetTable():
                self._tables[op.t] = self.pool.table(op)
            case _:
                pass

    def _stored(self, op: isa.ProgramOp) -> StoredBlock:
        """Arrange the block of a matrix by domains."""
        block, order = stored_rows(op, self._machine, self.pool)
        arranged = np.where((order >= 0)[:, None], block[np.maximum(order, 0)], 0)
        key = (op.matrix, op.order, op.row, op.column, block.shape)
        return StoredBlock(
            self.blocks.place(key, arranged.astype(np.int8)),
            op.columns,
            self.masks.place((op.order,), (order >= 0).astype(np.uint8)),
            highest_offset(order, self._machine),
        )
