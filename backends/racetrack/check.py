"""Static rules of a whole program: everything that holds on every run or on none.

What depends on addresses and order (races, deadlock, misaligned ports) is for the
simulator to trap.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from cimc.backends.racetrack import isa
from cimc.backends.racetrack.dialect import (
    ArraysOp,
    BankOp,
    FeatureMapOp,
    LayerOp,
    banks_of,
)
from cimc.backends.racetrack.machine import CHIP, RacetrackMachine
from cimc.isa.declared import Access, Instruction
from cimc.isa.program import linearise
from cimc.isa.rules import limit, unique
from cimc.isa.setup import RegisterSetup
from cimc.isa.sync import Call, Wait
from cimc.isa.vector import SetParameters, SetTable

__all__ = ["check_program"]

_TOP_LEVEL = (ArraysOp, FeatureMapOp, LayerOp, BankOp)


def check_program(module: ModuleOp) -> None:
    """Check what no single operation can see.

    Raises:
        VerifyException: a rule is broken; the message starts with its number.
    """
    for op in module.ops:
        if not isinstance(op, _TOP_LEVEL):
            raise VerifyException(
                f"[RACETRACK-7] {op.name} must not stand in the module"
            )
    banks = banks_of(module)
    arrays = [op for op in module.ops if isinstance(op, ArraysOp)]
    layers = [op.layer for op in module.ops if isinstance(op, LayerOp)]
    unique("racetrack", "bank", (bank.number for bank in banks))
    unique("racetrack", "layer", layers)
    _check_arrays(arrays)
    machine = CHIP.find(module)
    for op in module.ops:
        if isinstance(op, FeatureMapOp):
            _check_map(op, arrays, machine)
    for bank in banks:
        _check_bank(bank, machine, set(layers))
    if machine is not None:
        _check_capacity(arrays, banks, machine)


def _check_arrays(arrays: list[ArraysOp]) -> None:
    """RACETRACK-4: declarations number the arrays of the program from 0 on."""
    following = 0
    for op in arrays:
        if op.first != following:
            raise VerifyException(
                f"[RACETRACK-4] racetrack.arrays {op.text()} must begin at m{following}"
            )
        following = op.stop


def _check_map(
    op: FeatureMapOp, arrays: list[ArraysOp], machine: RacetrackMachine | None
) -> None:
    """RACETRACK-4: a feature map lies in arrays of the width of its channels."""
    owner = next((a for a in arrays if a.first <= op.first < a.stop), None)
    domains = machine.domains if machine is not None else op.width
    need = op.height * -(-op.width // domains)
    if owner is None or op.first + need > owner.stop or owner.width != op.channels:
        raise VerifyException(
            f"[RACETRACK-4] feature map {op.tensor!r} needs {need} arrays of width "
            f"{op.channels} from m{op.first} on"
        )
    if op.channel + op.channels > op.total:
        raise VerifyException(
            f"[RACETRACK-4] feature map {op.tensor!r} has {op.total} channels"
        )


def _check_capacity(
    arrays: list[ArraysOp], banks: list[BankOp], machine: RacetrackMachine
) -> None:
    units = sum(op.count * machine.map_macro_units(op.width) for op in arrays)
    limit("racetrack", "macro units of buffers", units, machine.buffer_macro_units)
    for number in (*(op.bank for op in arrays), *(bank.number for bank in banks)):
        limit("racetrack", "bank", number, machine.banks - 1)


def _check_bank(
    bank: BankOp, machine: RacetrackMachine | None, layers: set[str]
) -> None:
    if bank.phase:
        raise VerifyException(f"[RACETRACK-7] bank {bank.text()}: banks have no phases")
    lines = linearise(bank.setup)
    setup = RegisterSetup.of(lines)
    lines += linearise(bank.main)
    if machine is not None:
        what = f"instructions of bank {bank.number}"
        limit("racetrack", what, len(lines), machine.instruction_memory)
    for line in lines:
        if line.section is not None and line.section.layer not in layers:
            raise VerifyException(
                f"[RACETRACK-7] bank {bank.number}: no racetrack.layer "
                f"{line.section.layer!r}"
            )
        if line.op is not None:
            try:
                setup.check(line.op)
                if machine is not None:
                    _check_limits(line.op, line.op.accesses(), machine)
            except VerifyException as error:
                raise VerifyException(
                    f"{error} (bank {bank.number}: {line.text})"
                ) from error


def _check_limits(
    op: Instruction, used: Iterable[Access], machine: RacetrackMachine
) -> None:
    """RACETRACK-8: registers, arrays and bytes exist on the chip."""

    def at_most(what: str, value: int, maximum: int) -> None:
        limit("racetrack", what, value, maximum)

    for access in used:
        at_most("vector register", access.register, machine.vector_registers - 1)
        size = machine.vector_register_bytes
        at_most("byte of a vector register", access.stop, size)
    match op:
        case isa.ProgramOp():
            at_most("weight array", op.w, machine.arrays_per_bank - 1)
            at_most("rows of a block", op.rows, machine.domains)
            at_most("columns of a block", op.columns, machine.lanes)
        case isa.MacOp():
            at_most("vector register", op.vs, machine.vector_registers - 1)
            at_most("ports", op.count, machine.ports)
            at_most("lanes", op.n, machine.lanes)
        case isa.ShiftOp() | isa.MapShiftOp():
            at_most("steps of a shift", abs(op.by), machine.longest_shift)
        case isa.AccumulatorOp():
            at_most("lanes", op.n, machine.lanes)
        case SetParameters():
            at_most("parameter register", op.q, machine.parameter_registers - 1)
            at_most("parameters", op.n, machine.lanes)
        case SetTable():
            at_most("table register", op.t, machine.table_registers - 1)
        case Call():
            at_most("bank", op.core, machine.banks - 1)
            at_most("sequence register", op.s, machine.sequence_registers - 1)
        case Wait():
            at_most("sequence register", op.s, machine.sequence_registers - 1)
        case _:
            pass
