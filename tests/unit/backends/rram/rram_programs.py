"""Small programs, text helpers and random instructions for the tests of rram."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.printer import Printer

from cimc.backends.rram.chip import CHIPS, Chip
from cimc.backends.rram.dialect import (
    CoreOp,
    FeatureMapOp,
    LayerOp,
    MemoryOp,
    SectionOp,
)
from cimc.backends.rram.instruction_set import RRAM
from cimc.backends.rram.isa import VECTOR
from cimc.backends.rram.machine import CHIP, RramMachine
from cimc.backends.rram.simulator.simulator import RramSimulator
from cimc.dialects.cim import CIM, WeightsRef
from cimc.isa import codec
from cimc.isa.declared import Instruction
from cimc.isa.fields import Field, Flag, Integer, Real
from cimc.isa.fields_text import Constant
from cimc.weights import Array, WeightStore

AddOp = VECTOR.add
RequantOp = VECTOR.requant
TableOp = VECTOR.table
MaxOp = VECTOR.max
SumOp = VECTOR.sum
FloatSumOp = VECTOR.fsum
QuantiseOp = VECTOR.fquant
ScaleOp = VECTOR.scale
BlendOp = VECTOR.blend
SetParametersOp = VECTOR.setq
SetTableOp = VECTOR.sett


def encode(module: ModuleOp) -> bytes:
    return codec.encode(RRAM, module)


def decode(data: bytes) -> ModuleOp:
    return codec.decode(RRAM, data)


def attach_chip(module: ModuleOp, chip: Chip) -> None:
    CHIP.attach(module, chip.machine())


def machine_of(module: ModuleOp) -> RramMachine:
    return CHIP.get(module)


def to_text(module: ModuleOp, *, generic: bool = False) -> str:
    stream = StringIO()
    Printer(stream, print_generic_format=generic).print_op(module)
    return stream.getvalue()


def from_text(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, CIM, RRAM.dialect):
        context.load_dialect(dialect)
    return Parser(context, text).parse_module()


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
    number: int, main: list[Operation], setup: list[Operation] | None = None
) -> CoreOp:
    """A core whose main section is one section of the layer ``layer``."""
    body = [SectionOp(main, layer="layer")] if main else []
    return CoreOp(setup or [], body, number=number)


def values_for(field: Field[Any]) -> st.SearchStrategy[Any]:
    match field:
        case Integer():
            return st.integers(field.minimum, field.maximum)
        case Flag():
            return st.booleans()
        case Real():
            return st.floats(width=32, allow_nan=False, allow_infinity=False)
        case Constant():
            return st.sampled_from([WeightsRef.of(n, "00") for n in ("a", "b/c", '"')])
        case _:
            raise NotImplementedError(field)


def instructions(op: type[Instruction]) -> st.SearchStrategy[Instruction]:
    """Random instances of an instruction without a body."""
    fields = {name: values_for(field) for name, field in op.fields().items()}
    return st.fixed_dictionaries(fields).map(lambda values: op(**values))


def float32(value: float) -> float:
    return float(np.float32(value))


def constant(store: WeightStore, name: str, array: Array) -> WeightsRef:
    return WeightsRef.of(name, store.add(name, array))


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
    simulator = RramSimulator(encode(module), store, chip or small_chip())
    image = memory.view(np.uint8).reshape(1, 1, -1)
    return simulator.run({"in": image}).feature_maps["all"].ravel()
