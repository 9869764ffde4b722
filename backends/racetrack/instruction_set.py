"""The racetrack instruction set as a whole: dialect, encoding and rules."""

from __future__ import annotations

from cimc.backends.racetrack.check import check_program
from cimc.backends.racetrack.dialect import (
    ArraysOp,
    BankOp,
    FeatureMapOp,
    LayerOp,
    SectionOp,
)
from cimc.backends.racetrack.isa import INSTRUCTIONS, LoopOp
from cimc.backends.racetrack.machine import CHIP
from cimc.isa.instruction_set import InstructionSet

__all__ = ["ISA"]

ISA = InstructionSet(
    name="racetrack",
    unit=BankOp,
    section=SectionOp,
    layer=LayerOp,
    loop=LoopOp,
    declarations=(ArraysOp, FeatureMapOp),
    instructions=INSTRUCTIONS,
    machine=CHIP,
    check=check_program,
)
