"""A program made ready for the engine: dense tables from an ISA module."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from cimc.backends.rram.check import CoreSetup, accesses
from cimc.backends.rram.declared import Instruction
from cimc.backends.rram.dialect import (
    CoreOp,
    FeatureMapOp,
    FillOp,
    LayerOp,
    Line,
    MemoryOp,
    cores_of,
    linearise,
)
from cimc.backends.rram.isa import (
    CallOp,
    LoopOp,
    MvmOp,
    RequantOp,
    TableOp,
    TransferOp,
    VectorOp,
    WaitOp,
)
from cimc.backends.rram.machine import Machine, machine_of
from cimc.backends.rram.simulator import layout
from cimc.backends.rram.simulator.constants import Constants, Places, Pool
from cimc.weights import Array, WeightStore

__all__ = ["LoadedProgram", "load_program"]

_OPS = {
    "rram.loop": layout.LOOP,
    "rram.set": layout.SET,
    "rram.step": layout.STEP,
    "rram.load": layout.LOAD,
    "rram.store": layout.STORE,
    "rram.call": layout.CALL,
    "rram.wait": layout.WAIT,
    "rram.mvm": layout.MVM,
    "rram.add": layout.ADD,
    "rram.requant": layout.REQUANT,
    "rram.table": layout.TABLE,
    "rram.max": layout.MAX,
    "rram.sum": layout.SUM,
    "rram.fsum": layout.FSUM,
    "rram.fquant": layout.FQUANT,
    "rram.scale": layout.SCALE,
    "rram.blend": layout.BLEND,
}
_UNITS = {
    "issue": layout.ISSUE,
    "lsu": layout.LSU,
    "vector": layout.VECTOR,
    "crossbar": layout.CROSSBAR,
}
#: Which fields stand in the operand columns A0…, and which in the two real columns.
_OPERANDS = {
    layout.LOOP: ("count",),
    layout.SET: ("a", "value"),
    layout.STEP: ("a", "by"),
    layout.LOAD: ("base", "offset", "count", "length", "stride"),
    layout.STORE: ("base", "offset", "length"),
    layout.CALL: ("", "by"),
    layout.WAIT: ("", "by"),
    layout.MVM: ("", "", "", "unsigned"),
    layout.ADD: ("n",),
    layout.REQUANT: ("", "n", "zero", "low", "high"),
    layout.TABLE: ("", "n"),
    layout.MAX: ("segments", "n", "unsigned", "accumulate"),
    layout.SUM: ("segments", "n", "unsigned", "accumulate"),
    layout.FSUM: ("segments", "n", "unsigned", "accumulate", "zero"),
    layout.FQUANT: ("n", "count", "zero", "unsigned"),
    layout.SCALE: ("n", "unsigned"),
    layout.BLEND: ("n", "unsigned_in", "unsigned_out"),
}
_REALS = {
    layout.FSUM: ("scale",),
    layout.FQUANT: ("scale",),
    layout.SCALE: ("ratio", "offset"),
    layout.BLEND: ("ratio",),
}


@dataclass
class LoadedProgram:
    """Everything about a program that does not change while it runs.

    Cores are numbered densely; ``core_numbers`` has the chip's numbers. ``lines``
    runs parallel to ``code``. ``edges`` numbers the (core, register) pairs in use.
    """

    machine: Machine
    memory_bytes: int
    core_numbers: list[int]
    starts: list[int]
    lines: list[Line]
    code: Array
    reals: Array
    core_of: Array
    edges: dict[tuple[int, int], int]
    crossbars: int
    constants: Constants
    setup: list[list[Instruction]]
    fills: list[FillOp]
    feature_maps: dict[str, FeatureMapOp]
    layers: list[LayerOp]
    pc_in_core: list[int]

    def where(self, pc: int) -> str:
        """Core, instruction and layer at a global program counter."""
        line = self.lines[pc]
        core = self.core_numbers[int(self.core_of[pc])]
        layer = f"layer {line.section.layer!r}, " if line.section is not None else ""
        return f"{layer}core {core}, instruction {self.pc_in_core[pc]}: {text(line)}"


def text(line: Line) -> str:
    """An encoded instruction as the dialect writes it."""
    if line.op is None:
        return "end" if line.opcode else "halt"
    return f"{line.op.name} {line.op.text()}"


def load_program(module: ModuleOp, weights: WeightStore) -> LoadedProgram:
    """Make tables of a module that encode or decode has checked.

    Raises:
        InputError: a constant is missing, differs or is of the wrong kind (E012, E026).
    """
    machine = machine_of(module)
    cores = cores_of(module)
    layers = [op for op in module.ops if isinstance(op, LayerOp)]
    builder = _Builder(machine, cores, weights, layers)
    for core in cores:
        builder.add(core)
    return LoadedProgram(
        machine=machine,
        memory_bytes=next(op.size for op in module.ops if isinstance(op, MemoryOp)),
        core_numbers=[core.core for core in cores],
        starts=builder.starts,
        lines=builder.lines,
        code=np.array(builder.code, np.int64).reshape(-1, layout.CODE_COLUMNS),
        reals=np.array(builder.reals, np.float32).reshape(-1, 2),
        core_of=np.array(builder.core_of, np.int32),
        edges=builder.edges,
        crossbars=builder.crossbars,
        constants=builder.pool.constants(),
        setup=builder.setup,
        fills=[op for op in module.ops if isinstance(op, FillOp)],
        feature_maps={
            op.tensor: op for op in module.ops if isinstance(op, FeatureMapOp)
        },
        layers=layers,
        pc_in_core=builder.pc_in_core,
    )


class _Builder:
    """Appends one core after another to the tables."""

    def __init__(
        self,
        machine: Machine,
        cores: list[CoreOp],
        weights: WeightStore,
        layers: list[LayerOp],
    ) -> None:
        self.machine = machine
        self.pool = Pool(weights)
        self.layers = {op.layer: index for index, op in enumerate(layers)}
        self.dense = {core.core: index for index, core in enumerate(cores)}
        self.edges: dict[tuple[int, int], int] = {}
        self.starts: list[int] = []
        self.lines: list[Line] = []
        self.code: list[list[int]] = []
        self.reals: list[list[float]] = []
        self.core_of: list[int] = []
        self.pc_in_core: list[int] = []
        self.setup: list[list[Instruction]] = []
        self.crossbars = 1

    def add(self, core: CoreOp) -> None:
        """Append the main section of a core and load its constants."""
        setup = CoreSetup(core)
        setup_lines = linearise(core.setup)
        lines = linearise(core.main)
        start = len(self.lines)
        dense = {xb: index for index, xb in enumerate(setup.crossbars)}
        places = self.pool.places(setup)
        self.crossbars = max(self.crossbars, len(dense))
        self.starts.append(start)
        self.setup.append([line.op for line in setup_lines if line.op is not None])
        self.lines += lines
        self.core_of += [self.dense[core.core]] * len(lines)
        self.pc_in_core += range(len(setup_lines), len(setup_lines) + len(lines))
        open_loops: list[int] = []
        for pc, line in enumerate(lines, start):
            row = [-1] * layout.A0 + [0] * (layout.CODE_COLUMNS - layout.A0)
            if line.section is not None:
                row[layout.LAYER] = self.layers[line.section.layer]
            real = [0.0, 0.0]
            if line.op is None:
                row[layout.OP] = layout.END if line.opcode else layout.HALT
                row[layout.UNIT] = layout.ISSUE
                row[layout.CYCLES] = self.machine.issue_cycles
                if line.opcode:
                    row[layout.A0] = open_loops.pop() + 1
            else:
                self._instruction(line.op, setup, places, core.core, row, real)
                if isinstance(line.op, MvmOp):
                    row[layout.UNIT] += dense[line.op.xb]
                elif isinstance(line.op, LoopOp):
                    open_loops.append(pc)
            self.code.append(row)
            self.reals.append(real)

    def _instruction(
        self,
        op: Instruction,
        setup: CoreSetup,
        places: Places,
        core: int,
        row: list[int],
        real: list[float],
    ) -> None:
        kind = _OPS[op.name]
        values = op.values
        row[layout.OP] = kind
        row[layout.UNIT] = _UNITS[op.unit]
        row[layout.CYCLES] = self._cycles(op)
        reads = iter((layout.READ0, layout.READ1))
        for access in accesses(op, setup):
            column = layout.WRITE if access.write else next(reads)
            row[column : column + 3] = access[:3]
        for column, name in enumerate(_OPERANDS[kind], layout.A0):
            row[column] = int(values[name]) if name else 0
        for index, name in enumerate(_REALS.get(kind, ())):
            real[index] = values[name]
        match op:
            case MvmOp():
                block = setup.crossbars[op.xb]
                row[layout.A0] = places.crossbars[op.xb]
                row[layout.A1 : layout.A3] = (block.rows, block.columns)
            case RequantOp():
                row[layout.A0] = places.parameters[op.q]
            case TableOp():
                row[layout.A0] = places.tables[op.t]
            case CallOp():
                row[layout.A0] = self._edge(op.core, op.s)
            case WaitOp():
                row[layout.A0] = self._edge(core, op.s)
            case _:
                pass

    def _cycles(self, op: Instruction) -> int:
        machine = self.machine
        match op:
            case VectorOp():
                return machine.vector_cycles(op.lane_operations())
            case TransferOp():
                return machine.bus_cycles(*op.transfer())
            case MvmOp():
                return machine.mvm_cycles
            case _:
                return machine.issue_cycles

    def _edge(self, core: int, register: int) -> int:
        return self.edges.setdefault((core, register), len(self.edges))
