"""Small programs for the tests of rram."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from cimc.backends.rram.chip import CHIPS, Chip
from cimc.backends.rram.dialect import (
    CoreOp,
    FeatureMapOp,
    LayerOp,
    MemoryOp,
    SectionOp,
)
from cimc.backends.rram.instruction_set import ISA
from cimc.backends.rram.isa import VECTOR
from cimc.backends.rram.machine import CHIP, RramMachine
from cimc.backends.rram.simulator.simulator import Simulator
from cimc.isa import codec
from cimc.weights import Array, WeightStore
from tests.support.programs import parse

AddOp = VECTOR.add
RequantOp = VECTOR.requant
TableOp = VECTOR.table
MaxOp = VECTOR.max
SumOp = VECTOR.sum
FloatSumOp = VECTOR.fsum
QuantiseOp = VECTOR.fquant
ScaleOp = VECTOR.scale
BlendOp = VECTOR.blend
MultiplyOp = VECTOR.mul
ShuffleOp = VECTOR.shuffle
SetParametersOp = VECTOR.setq
SetTableOp = VECTOR.sett


def encode(module: ModuleOp) -> bytes:
    return codec.encode(ISA, module)


def decode(data: bytes) -> ModuleOp:
    return codec.decode(ISA, data)


def attach_chip(module: ModuleOp, chip: Chip) -> None:
    CHIP.attach(module, chip.machine())


def machine_of(module: ModuleOp) -> RramMachine:
    return CHIP.get(module)


def from_text(text: str) -> ModuleOp:
    return parse(ISA, text)


def small_chip(**sizes: int) -> Chip:
    return CHIPS.load("rram-small").with_structure(**sizes)


def module_of(
    *cores: CoreOp,
    declarations: tuple[Operation, ...] = (),
    memory: int = 4096,
    chip: Chip | None = None,
) -> ModuleOp:
    """A module with one layer called ``layer`` and the given cores."""
    layer = LayerOp(layer="layer", kind="conv", macs=256)
    module = ModuleOp([MemoryOp(size=memory), *declarations, layer, *cores])
    attach_chip(module, chip or small_chip())
    return module


def core(
    number: int,
    main: list[Operation],
    setup: list[Operation] | None = None,
    phase: int = 0,
) -> CoreOp:
    """A core whose main section is one section of the layer ``layer``."""
    body = [SectionOp(main, layer="layer")] if main else []
    return CoreOp(setup or [], body, number=number, phase=phase)


def as_map(name: str, address: int, size: int, role: str) -> FeatureMapOp:
    """A feature map of one row, one column and ``size`` unsigned channels."""
    return FeatureMapOp(
        tensor=name,
        layer="layer",
        address=address,
        height=1,
        width=1,
        channels=size,
        row_stride=size,
        column_stride=size,
        element="ui8",
        role=role,
    )


def simulate(
    module: ModuleOp, memory: Array, store: WeightStore, chip: Chip | None = None
) -> Array:
    """Put bytes at address 0, run the module, and return all of shared memory."""
    (size,) = (op.size for op in module.ops if isinstance(op, MemoryOp))
    block = module.body.block
    block.add_op(as_map("in", 0, memory.size, "input"))
    block.add_op(as_map("all", 0, size, "intermediate"))
    simulator = Simulator(encode(module), store, chip or small_chip())
    image = memory.view(np.uint8).reshape(1, 1, -1)
    return simulator.run({"in": image}).feature_maps["all"].ravel()
