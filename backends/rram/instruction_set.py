"""The RRAM instruction set as a whole: dialect, encoding and rules."""

from __future__ import annotations

from cimc.backends.rram.check import check_program
from cimc.backends.rram.dialect import (
    CoreOp,
    FeatureMapOp,
    FeatureMapsOp,
    FillOp,
    LayerOp,
    MemoryOp,
    SectionOp,
)
from cimc.backends.rram.isa import INSTRUCTIONS, LoopOp
from cimc.backends.rram.machine import CHIP
from cimc.isa.instruction_set import InstructionSet

__all__ = ["ISA"]

ISA = InstructionSet(
    name="rram",
    unit=CoreOp,
    section=SectionOp,
    layer=LayerOp,
    loop=LoopOp,
    declarations=(MemoryOp, FillOp, FeatureMapOp, FeatureMapsOp),
    instructions=INSTRUCTIONS,
    machine=CHIP,
    check=check_program,
)
