"""Static rules of a whole program: everything that holds on every run or on none.

What depends on addresses and order (races, deadlock) is for ``verify-sync`` to prove,
and for the simulator to trap; so are uninitialised bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from cimc.backends.rram.address_rules import check_addresses, ring_sizes
from cimc.backends.rram.dialect import (
    CoreOp,
    FeatureMapOp,
    FillOp,
    LayerOp,
    MemoryOp,
    cores_of,
    phases_of,
)
from cimc.backends.rram.isa import CallOp, MvmOp, ProgramOp, WaitOp
from cimc.backends.rram.machine import CHIP, RramMachine
from cimc.isa.declared import Access, Instruction
from cimc.isa.program import Line, linearise
from cimc.isa.rules import broken, limit, unique
from cimc.isa.setup import RegisterSetup, set_once
from cimc.isa.sync import Credit
from cimc.isa.vector import SetParameters, SetTable
from cimc.simulation.layout import UNITS

__all__ = ["CoreSetup", "accesses", "check_program"]

_TOP_LEVEL = (MemoryOp, FillOp, FeatureMapOp, LayerOp, CoreOp)


class CoreSetup:
    """What a core's setup section sets, by register number; ``lines`` are all of it."""

    def __init__(self, core: CoreOp) -> None:
        self.lines = linearise(core.setup)
        self.registers = RegisterSetup.of(self.lines)
        self.crossbars: dict[int, ProgramOp] = {}
        credits: dict[int, Credit] = {}
        for line in self.lines:
            if isinstance(line.op, ProgramOp):
                set_once(self.crossbars, line.op.xb, line.op)
            elif isinstance(line.op, Credit):
                set_once(credits, line.op.s, line.op)


def accesses(op: Instruction, setup: CoreSetup) -> list[Access]:
    """Vector register bytes that ``op`` reads and writes, reads first.

    RRAM-9: the crossbar, parameters or table that it uses are set.
    """
    setup.registers.check(op)
    if not isinstance(op, MvmOp):
        return list(op.accesses())
    block = setup.crossbars.get(op.xb)
    if block is None:
        raise broken(op, 9, f"crossbar xb{op.xb} is not programmed")
    return [
        Access(op.vs, 0, block.rows, False),
        Access(op.vd, 0, 4 * block.columns, True),
    ]


def check_program(module: ModuleOp) -> None:
    """Check what no single operation can see.

    Raises:
        VerifyException: a rule is broken; the message starts with its number.
    """
    for op in module.ops:
        if not isinstance(op, _TOP_LEVEL):
            raise VerifyException(f"[RRAM-7] {op.name} must not stand in the module")
    memory = [op for op in module.ops if isinstance(op, MemoryOp)]
    if len(memory) != 1:
        raise VerifyException(f"[RRAM-7] {len(memory)} rram.memory, one is needed")
    cores = cores_of(module)
    layers = [op.layer for op in module.ops if isinstance(op, LayerOp)]
    maps = [op for op in module.ops if isinstance(op, FeatureMapOp)]
    _check_phases(module)
    unique("rram", "layer", layers)
    unique("rram", "feature map", (op.tensor for op in maps))
    if len({op.batch for op in maps}) > 1:
        raise VerifyException(
            "[RRAM-12] feature maps have places for different numbers of images"
        )
    for op in module.ops:
        stop = 0
        if isinstance(op, FillOp):
            stop = op.stop
        elif isinstance(op, FeatureMapOp):
            stop = op.memory.stop
        if stop > memory[0].size:
            raise VerifyException(
                f"[RRAM-8] {op.name} {op} ends at {stop}, "
                f"memory has {memory[0].size} bytes"
            )
    machine, rings = CHIP.find(module), ring_sizes(maps)
    for core in cores:
        main = linearise(core.main)
        _check_core(core, main, machine, set(layers))
        check_addresses(core, main, rings, memory[0].size)
    if machine is not None:
        limit("rram", "shared memory", memory[0].size, machine.shared_memory_bytes)
        for core in cores:
            limit("rram", "core number", core.number, machine.cores - 1)
    limit("rram", "programs of cores", len(cores), UNITS)


def _check_phases(module: ModuleOp) -> None:
    """RRAM-7: cores are listed phase by phase, from 0 on; each once in a phase."""
    for phase, cores in enumerate(phases_of(module)):
        if cores[0].phase != phase:
            raise VerifyException(
                f"[RRAM-7] core {cores[0].text()} stands where phase {phase} begins"
            )
        unique("rram", "core", (core.number for core in cores))


def _check_core(
    core: CoreOp, main: list[Line], machine: RramMachine | None, layers: set[str]
) -> None:
    setup = CoreSetup(core)
    lines = [*setup.lines, *main]
    if machine is not None:
        limit(
            "rram",
            f"instructions of core {core.text()}",
            len(lines),
            machine.instruction_memory,
        )
    for line in lines:
        if line.section is not None and line.section.layer not in layers:
            raise VerifyException(
                f"[RRAM-7] core {core.text()}: no rram.layer {line.section.layer!r}"
            )
        if line.op is not None:
            try:
                used = accesses(line.op, setup)
                if machine is not None:
                    _check_limits(line.op, used, machine)
            except VerifyException as error:
                raise VerifyException(
                    f"{error} (core {core.text()}: {line.text})"
                ) from error


def _check_limits(
    op: Instruction, used: Iterable[Access], machine: RramMachine
) -> None:
    """RRAM-8: registers, crossbars and bytes exist on the chip."""
    for access in used:
        limit("rram", "vector register", access.register, machine.vector_registers - 1)
        limit(
            "rram",
            "byte of a vector register",
            access.stop,
            machine.vector_register_bytes,
        )
    match op:
        case CallOp():
            limit("rram", "core number", op.core, machine.cores - 1)
            limit("rram", "sequence register", op.s, machine.sequence_registers - 1)
        case WaitOp() | Credit():
            limit("rram", "sequence register", op.s, machine.sequence_registers - 1)
        case ProgramOp():
            limit("rram", "crossbar", op.xb, machine.crossbars_per_core - 1)
            limit("rram", "rows of a crossbar", op.rows, machine.rows)
            limit("rram", "columns of a crossbar", op.columns, machine.columns)
        case SetParameters():
            limit("rram", "parameter register", op.q, machine.parameter_registers - 1)
            limit("rram", "parameters", op.n, machine.columns)
        case SetTable():
            limit("rram", "table register", op.t, machine.table_registers - 1)
        case _:
            pass
