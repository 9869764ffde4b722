"""``racetrack``: the program of every bank, instruction by instruction.

A module holds declarations (map arrays, feature maps, layers) and one
``racetrack.bank`` per bank in use; the chip is the module attribute ``racetrack.chip``.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from cimc.backends.racetrack.fields import map_array
from cimc.isa.declared import DeclaredOp
from cimc.isa.fields import Integer
from cimc.isa.fields_text import Choice, Text
from cimc.isa.program import Layer, Section, Unit, named

__all__ = [
    "ArraysOp",
    "BankOp",
    "FeatureMapOp",
    "LayerOp",
    "SectionOp",
    "banks_of",
]

LayerOp = named("racetrack", Layer, "layer")
SectionOp = named("racetrack", Section, "section")


class ArraysOp(DeclaredOp):
    """Map arrays of one bank, each a set of tracks that shift together.

    ``racetrack.arrays m12 x 32 width 16 bank 3``: arrays m12 to m43 hold words of 16
    bytes, one per domain.
    """

    name = "racetrack.arrays"
    syntax = "{first} x {count} width {width} bank {bank}"
    first = map_array()
    count = Integer(24, minimum=1)
    width = Integer(12, minimum=1)
    bank = Integer(16)

    @property
    def stop(self) -> int:
        """One past the last array."""
        return self.first + self.count


class FeatureMapOp(DeclaredOp):
    """Where channels of a feature map lie, and what it is for.

    ``racetrack.feature_map "tensor" layer "stem/conv" copy 0 at m12 shape 32 x 32
    channels 0 + 16 of 16 ui8 output``: row r lies in the arrays from m12 + r·⌈width /
    N_dom⌉ on, column x of it in domain (x mod P)·L + ⌊x / P⌋ for P ports L apart, after
    as many whole arrays as there are before it. Every reader has a copy of its own.
    """

    name = "racetrack.feature_map"
    syntax = (
        "{tensor} layer {layer} copy {copy} at {first} shape {height} x {width} "
        "channels {channel} + {channels} of {total} {element} {role}"
    )
    tensor = Text()
    layer = Text()
    copy = Integer()
    first = map_array()
    height = Integer(minimum=1)
    width = Integer(minimum=1)
    channel = Integer()
    channels = Integer(minimum=1)
    total = Integer(minimum=1)
    element = Choice("i8", "ui8")
    role = Choice("input", "output", "intermediate")


class BankOp(Unit):
    """The program of one bank: ``setup`` runs once, ``main`` once per image."""

    name = "racetrack.bank"
    kind = "bank"


def banks_of(module: ModuleOp) -> list[BankOp]:
    """The banks of a module, in order of appearance."""
    return [op for op in module.ops if isinstance(op, BankOp)]
