"""``rram``: the program of every core, instruction by instruction.

A module holds declarations (memory, preset bytes, feature maps, layers) and one
``rram.core`` per core in use; the chip is the module attribute ``rram.chip``.
"""

from __future__ import annotations

from itertools import groupby

from xdsl.dialects.builtin import ModuleOp

from cimc.isa.declared import DeclaredOp
from cimc.isa.fields import Displacement, Integer
from cimc.isa.fields_text import Choice, Text
from cimc.isa.program import Layer, Section, Unit, named
from cimc.isa.rules import broken

__all__ = [
    "CoreOp",
    "FeatureMapOp",
    "FeatureMapsOp",
    "FillOp",
    "LayerOp",
    "MemoryOp",
    "SectionOp",
    "batch_of",
    "cores_of",
    "phases_of",
]


class MemoryOp(DeclaredOp):
    """Shared memory up to the last byte of the program: ``rram.memory 65536``.

    On a mesh buffers lie in banks far apart: ``rram.memory 65536 uses 8192``.
    """

    name = "rram.memory"
    syntax = "{size}{uses}"
    size = Integer(minimum=1)
    uses = Integer(default=0, keyword="uses")

    @property
    def used(self) -> int:
        """Bytes that buffers take, of all that there are."""
        return self.uses or self.size


class FillOp(DeclaredOp):
    """Bytes preset when the program is loaded.

    ``rram.fill 31 x 2 at 66 stride 34 with -3``: ``count`` runs of ``length`` bytes
    begin ``stride`` bytes apart. The value is a byte, signed or unsigned; halos get
    their zero point this way.
    """

    name = "rram.fill"
    syntax = "{count} x {length} at {address}{stride} with {value}"
    count = Integer(minimum=1)
    length = Integer(minimum=1)
    address = Integer()
    stride = Integer(default=0, keyword="stride")
    value = Integer(signed=True, minimum=-128)

    def verify_(self) -> None:
        """Rule 4: the value is a byte."""
        super().verify_()
        if self.value > 255:
            raise broken(self, 4, f"{self.value} is not a byte")

    @property
    def stop(self) -> int:
        """One past the address of the last byte."""
        return self.address + (self.count - 1) * self.stride + self.length


class FeatureMapOp(DeclaredOp):
    """Where a feature map lies in shared memory, and what it is for.

    ``rram.feature_map "tensor" layer "stem/conv" origin 64 shape 32 x 32 x 16
    strides 544, 16 i8 output``: where element (0, 0, 0) lies, behind a halo; height,
    width, channels; bytes from row to row and from column to column; channels are
    adjacent.

    Of a map ``… i8 intermediate ring 64 + 4096`` memory holds a part at a time: what
    would lie at address u lies at 64 + ((u - 64) mod 4096).
    """

    name = "rram.feature_map"
    syntax = (
        "{tensor} layer {layer} origin {address} shape {height} x {width} x {channels} "
        "strides {row_stride}, {column_stride} {element} {role}{ring_base}{ring_size}"
    )
    tensor = Text()
    layer = Text()
    address = Integer()
    height = Integer(minimum=1)
    width = Integer(minimum=1)
    channels = Integer(minimum=1)
    row_stride = Integer()
    column_stride = Integer()
    element = Choice("i8", "ui8")
    role = Choice("input", "output", "intermediate")
    ring_base = Integer(signed=True, minimum=-1, default=-1, keyword="ring")
    ring_size = Displacement(0)

    def verify_(self) -> None:
        """Rule 11: a ring has base and size, and holds no input or output."""
        super().verify_()
        if self.in_ring != (self.ring_size > 0):
            raise broken(self, 11, "a ring has a base and a size")
        if self.in_ring and self.role != "intermediate":
            raise broken(self, 11, f"an {self.role} must not lie in a ring")
        if self.in_ring and self.address < self.ring_base:
            raise broken(self, 11, "a map must not begin before its ring")

    @property
    def batch(self) -> int:
        """How many images it has a place for, in the ring or in memory."""
        return 1

    def shift(self, image: int) -> int:
        """Bytes from the map of the first image of a batch to that of another one."""
        return 0

    @property
    def in_ring(self) -> bool:
        """Whether memory holds only a part of it at a time."""
        return self.ring_base >= 0

    @property
    def memory(self) -> range:
        """The addresses in shared memory that the map or its ring takes."""
        if self.in_ring:
            return range(self.ring_base, self.ring_base + self.ring_size)
        return range(self.address, self.stop)

    @property
    def stop(self) -> int:
        """One past the last element of the last image, counted on beyond a ring."""
        return (
            self.address
            + self.shift(self.batch - 1)
            + (self.height - 1) * self.row_stride
            + (self.width - 1) * self.column_stride
            + self.channels
        )


class FeatureMapsOp(FeatureMapOp):
    """Where the feature maps of a tensor lie for the images of a batch.

    ``rram.feature_maps … i8 input images 4 pitch 4096``: like ``rram.feature_map`` for
    the first image; that of each further image lies 4096 bytes further on, or would if
    there were no ring.
    """

    name = "rram.feature_maps"
    syntax = f"{FeatureMapOp.syntax} images {{images}} pitch {{pitch}}"
    images = Integer(minimum=2)
    pitch = Integer(minimum=1)

    @property
    def batch(self) -> int:
        """See base class."""
        return self.images

    def shift(self, image: int) -> int:
        """See base class."""
        return image * self.pitch


LayerOp = named("rram", Layer, "layer")
SectionOp = named("rram", Section, "section")


class CoreOp(Unit):
    """The program of one core in one phase.

    ``setup`` runs once and ``main`` once per image, or both for every image where there
    are several phases: ``rram.core 7 phase 1 setup { … } main { … }``.
    """

    name = "rram.core"
    kind = "core"


def batch_of(module: ModuleOp) -> int:
    """Up to how many images a program works on at the same time."""
    return max(
        (op.batch for op in module.ops if isinstance(op, FeatureMapOp)), default=1
    )


def cores_of(module: ModuleOp) -> list[CoreOp]:
    """The cores of a module, in order of appearance."""
    return [op for op in module.ops if isinstance(op, CoreOp)]


def phases_of(module: ModuleOp) -> list[list[CoreOp]]:
    """The cores of each phase; rule 7: they are listed phase by phase."""
    by_phase = groupby(cores_of(module), lambda core: core.phase)
    return [list(cores) for _, cores in by_phase]
