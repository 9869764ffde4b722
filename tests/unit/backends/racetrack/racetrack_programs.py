"""Small programs for the tests of racetrack."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from cimc.backends.racetrack.chip import CHIPS, Chip
from cimc.backends.racetrack.dialect import (
    ArraysOp,
    BankOp,
    FeatureMapOp,
    LayerOp,
    SectionOp,
)
from cimc.backends.racetrack.instruction_set import ISA
from cimc.backends.racetrack.isa import (
    LoadOp,
    MapShiftOp,
    ProgramOp,
    ReadOp,
    TransferOp,
    WriteOp,
)
from cimc.backends.racetrack.machine import CHIP
from cimc.backends.racetrack.simulator.simulator import Simulator
from cimc.dialects.cim import WeightsRef
from cimc.isa import codec
from cimc.target import Specimen
from cimc.weights import Array, WeightStore
from tests.support.programs import constant, parse

#: Domains and ports of the small chip: port p stands over domain 4·p + offset.
DOMAINS, PORTS = 8, 2

_MU_64 = CHIPS.load("mu-64")


def encode(module: ModuleOp) -> bytes:
    return codec.encode(ISA, module)


def decode(data: bytes) -> ModuleOp:
    return codec.decode(ISA, data)


def from_text(text: str) -> ModuleOp:
    return parse(ISA, text)


def small_chip(**sizes: int | str) -> Chip:
    small: dict[str, int | str] = {
        "banks": 4, "arrays_per_bank": 2, "lanes": 4, "domains": DOMAINS,
        "ports": PORTS, "vector_registers": 4, "vector_register_bytes": 64,
        "vector_lanes": 4, "parameter_registers": 2, "table_registers": 2,
        "sequence_registers": 4, "instruction_memory": 64, "line_buffer_bytes": 64,
        "link_bytes": 4, "buffer_macro_units": 64,
    }  # fmt: skip
    return _MU_64.with_structure(**{**small, **sizes})


def module_of(
    *banks: BankOp, declarations: tuple[Operation, ...] = (), chip: Chip | None = None
) -> ModuleOp:
    """A module with one layer called ``layer`` and the given banks."""
    layer = LayerOp(layer="layer", kind="conv", macs=256)
    module = ModuleOp([*declarations, layer, *banks])
    CHIP.attach(module, (chip or small_chip()).machine())
    return module


def bank(
    number: int, main: list[Operation], setup: list[Operation] | None = None
) -> BankOp:
    """A bank whose main section is one section of the layer ``layer``."""
    body = [SectionOp(main, layer="layer")] if main else []
    return BankOp(setup or [], body, number=number)


def row(
    name: str, array: int, channels: int, role: str, *, home: int = 0
) -> tuple[Operation, Operation]:
    """A feature map of one row and 8 columns in one array of the bank ``home``."""
    return (
        ArraysOp(first=array, count=1, width=channels, bank=home),
        FeatureMapOp(
            tensor=name, layer="layer", copy=0, first=array, height=1, width=DOMAINS,
            channel=0, channels=channels, total=channels, element="ui8", role=role,
        ),
    )  # fmt: skip


#: x and y lie in bank 0, z in bank 1; their words have 4, 4 and 8 bytes.
ROWS = (
    row("x", 0, 4, "input"),
    row("y", 1, 4, "output"),
    row("z", 2, 8, "output", home=1),
)
MAPS = tuple(op for pair in zip(*ROWS, strict=True) for op in pair)

#: What x holds: column c has the bytes 4·c to 4·c + 3.
IMAGE = np.arange(4 * DOMAINS, dtype=np.uint8).reshape(1, DOMAINS, 4)


def simulator(
    *banks: BankOp,
    store: WeightStore | None = None,
    chip: Chip | None = None,
    maps: tuple[Operation, ...] = MAPS,
    specimen: Specimen | None = None,
) -> Simulator:
    chip = chip or small_chip()
    declarations = tuple(op.clone() for op in maps)
    module = module_of(*banks, declarations=declarations, chip=chip)
    return Simulator(encode(module), store or WeightStore(), chip, specimen)


def run(*banks: BankOp, store: WeightStore | None = None, chip: Chip | None = None):
    return simulator(*banks, store=store, chip=chip).run({"x": IMAGE})


def stored(
    store: WeightStore, matrix: Array, order: list[int], w: int = 0
) -> ProgramOp:
    """PROGRAM of a whole matrix, whose row order[d] goes to domain d."""
    rows, columns = matrix.shape
    return ProgramOp(
        w=w,
        matrix=constant(store, "matrix", matrix.astype(np.int8)),
        row=0,
        rows=rows,
        column=0,
        columns=columns,
        order=constant(store, "order", np.array(order, np.int32)),
    )


def read(domain: int, *, m: int = 0, **fields: int) -> ReadOp:
    values = {"to": 0, "base": 0, "at": 0, "length": 4, **fields}
    return ReadOp(m=m, domain=domain, **values)


def write(domain: int, *, m: int = 1, length: int = 4, **fields: int) -> WriteOp:
    values = {"base": 0, "at": 0, "vs": 0, **fields}
    return WriteOp(m=m, domain=domain, length=length, **values)


def transfer(domain: int, *, m: int = 2, length: int = 8, **fields: int) -> TransferOp:
    values = {"base": 0, "at": 0, "vs": 0, **fields}
    return TransferOp(m=m, domain=domain, length=length, **values)


def load(length: int, *, vd: int = 0, **fields: int) -> LoadOp:
    return LoadOp(vd=vd, base=0, count=1, length=length, **fields)


def shift(by: int, *, m: int = 0) -> MapShiftOp:
    return MapShiftOp(m=m, base=0, by=by)


MISSING = WeightsRef.of("missing", "00")
