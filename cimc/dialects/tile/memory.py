"""Operations outside sweeps: layers, memory objects, and the sweep."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from xdsl.dialects.builtin import I64, ArrayAttr, IntegerAttr, StringAttr, i64
from xdsl.ir import Block, Operation, Region
from xdsl.irdl import (
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
)
from xdsl.traits import NoTerminator
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Range, WeightsRef
from cimc.dialects.lean import LeanIRDLOperation, lean_op_definition, operations_of
from cimc.dialects.tile.types import (
    FeatureMapType,
    PartialSumsType,
    WeightBlockType,
)

Role = Literal["input", "output", "intermediate"]
ROLES: tuple[Role, ...] = ("input", "output", "intermediate")


@cache
def integer(value: int) -> IntegerAttr[I64]:
    """A 64-bit integer property."""
    return IntegerAttr(value, i64)


def name_hint(text: str) -> str:
    """A name for an SSA value that reminds of ``text``."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_0123456789") or "layer"


@lean_op_definition
class LayerOp(LeanIRDLOperation):
    """A layer of the network, for reports: its kind and multiply-accumulates.

    Its im2col matrix is cut into ``p_v`` × ``p_h`` blocks: row blocks, which add into
    the same sums, times column blocks, each for other channels of the OFM (P_V and P_H
    of Pelke et al.). Both are 1 before ``im2col-partition``, and without weights.
    ``copies`` says how often its weights are there, if more than once; ``fused`` which
    layers its sweeps compute as well: those behind the plus signs of its kind.

    ``tile.layer "conv1" kind "conv+add" macs 442368 p_v 2 p_h 1 fused ["add1"]``
    """

    name = "tile.layer"
    layer = prop_def(StringAttr)
    kind = prop_def(StringAttr)
    macs = prop_def(IntegerAttr[I64])
    p_v = prop_def(IntegerAttr[I64])
    p_h = prop_def(IntegerAttr[I64])
    copies = opt_prop_def(IntegerAttr[I64])
    fused = opt_prop_def(ArrayAttr[StringAttr])
    assembly_format = (
        "$layer `kind` $kind `macs` $macs `p_v` $p_v `p_h` $p_h "
        "(`copies` $copies^)? (`fused` $fused^)? attr-dict"
    )

    def __init__(
        self, layer: str, kind: str, macs: int = 0, p_v: int = 1, p_h: int = 1
    ) -> None:
        super().__init__(
            properties={
                "layer": StringAttr(layer),
                "kind": StringAttr(kind),
                "macs": integer(macs),
                "p_v": integer(p_v),
                "p_h": integer(p_h),
            }
        )


@lean_op_definition
class FeatureMapOp(LeanIRDLOperation):
    """A feature map, in shared memory or in that of a core.

    Where each core has a memory of its own, ``core`` is the one that holds the map;
    several maps of one tensor are copies of it.

    With ``ring`` its buffer holds so many rows at a time: row r, counted from the top
    of the halo, takes the place of row r - ring, and so must be written after all
    have read that.

    ``images`` of a batch follow each other in it: the rows of one are counted on from
    those of the one before. Without ``ring`` there is a place for all of them.

    ``%x = tile.feature_map "relu1_q" of "conv1" role "intermediate" ring 5 at 4096 :
    !…``
    """

    name = "tile.feature_map"
    tensor = prop_def(StringAttr)
    layer = prop_def(StringAttr)
    role = prop_def(StringAttr)
    core = opt_prop_def(IntegerAttr[I64])
    some_images = opt_prop_def(IntegerAttr[I64], prop_name="images")
    ring = opt_prop_def(IntegerAttr[I64])
    address = opt_prop_def(IntegerAttr[I64])
    result = result_def(FeatureMapType)
    assembly_format = (
        "$tensor `of` $layer `role` $role (`core` $core^)? (`images` $images^)? "
        "(`ring` $ring^)? (`at` $address^)? attr-dict `:` type($result)"
    )

    def __init__(
        self,
        tensor: str,
        layer: str,
        role: Role,
        type: FeatureMapType,
        core: int | None = None,
    ) -> None:
        super().__init__(
            properties={
                "tensor": StringAttr(tensor),
                "layer": StringAttr(layer),
                "role": StringAttr(role),
                "core": None if core is None else integer(core),
            },
            result_types=[type],
        )
        self.result.name_hint = name_hint(layer or tensor)

    @property
    def type(self) -> FeatureMapType:
        """Type of the map."""
        return self.result.type

    @property
    def images(self) -> int:
        """Images that follow each other in the buffer."""
        return 1 if self.some_images is None else self.some_images.value.data

    @property
    def rows_per_image(self) -> int:
        """Rows of one image."""
        return self.type.padded_rows

    @property
    def rows(self) -> int:
        """Rows that the buffer holds at a time."""
        if self.ring is not None:
            return self.ring.value.data
        return self.images * self.rows_per_image

    @property
    def size_bytes(self) -> int:
        """Bytes of the buffer."""
        return self.rows * self.type.row_stride

    def verify_(self) -> None:
        """TILE-1: the role is known. TILE-2: address, images, ring are in bounds."""
        if self.role.data not in ROLES:
            raise VerifyException(
                f"[TILE-1] the role must be one of {', '.join(ROLES)}"
            )
        _verify_address(self.address)
        _verify_images(self.images)
        if not 1 <= self.rows <= self.images * self.rows_per_image:
            raise VerifyException(
                f"[TILE-2] a ring of {self.rows} rows is not within the "
                f"{self.images * self.rows_per_image} of the map"
            )


@lean_op_definition
class PartialSumsOp(LeanIRDLOperation):
    """Partial sums of a layer, shared by the cores of one chain.

    Where each core has a memory of its own, ``core`` is the one that holds them.
    With ``ring`` their buffer holds so many vectors at a time: the one of position p
    takes the place of that of position p - ring. ``images`` of a batch follow each
    other in it.

    ``%p = tile.partial_sums "conv2" ring 8 at 8192 : !tile.partial_sums<8x8x64xi32>``
    """

    name = "tile.partial_sums"
    layer = prop_def(StringAttr)
    core = opt_prop_def(IntegerAttr[I64])
    some_images = opt_prop_def(IntegerAttr[I64], prop_name="images")
    ring = opt_prop_def(IntegerAttr[I64])
    address = opt_prop_def(IntegerAttr[I64])
    result = result_def(PartialSumsType)
    assembly_format = (
        "$layer (`core` $core^)? (`images` $images^)? (`ring` $ring^)? "
        "(`at` $address^)? attr-dict `:` type($result)"
    )

    def __init__(
        self, layer: str, type: PartialSumsType, core: int | None = None
    ) -> None:
        super().__init__(
            properties={
                "layer": StringAttr(layer),
                "core": None if core is None else integer(core),
            },
            result_types=[type],
        )
        self.result.name_hint = f"{name_hint(layer)}_sums"

    @property
    def type(self) -> PartialSumsType:
        """Type of the sums."""
        return self.result.type

    @property
    def images(self) -> int:
        """Images that follow each other in the buffer."""
        return 1 if self.some_images is None else self.some_images.value.data

    @property
    def vectors_per_image(self) -> int:
        """Vectors of one image."""
        height, width, _ = self.type.shape
        return height * width

    @property
    def vectors(self) -> int:
        """Vectors that the buffer holds at a time."""
        if self.ring is not None:
            return self.ring.value.data
        return self.images * self.vectors_per_image

    @property
    def size_bytes(self) -> int:
        """Bytes of the buffer."""
        return self.vectors * self.type.column_stride

    def verify_(self) -> None:
        """TILE-2: address, images and ring are in bounds."""
        _verify_address(self.address)
        _verify_images(self.images)
        if not 1 <= self.vectors <= self.images * self.vectors_per_image:
            raise VerifyException(
                f"[TILE-2] a ring of {self.vectors} vectors is not within the "
                f"{self.images * self.vectors_per_image} of the sums"
            )


def _verify_address(address: IntegerAttr[I64] | None) -> None:
    if address is not None and address.value.data < 0:
        raise VerifyException("[TILE-2] an address must not be negative")


def _verify_images(images: int) -> None:
    if images < 1:
        raise VerifyException("[TILE-2] a buffer is for 1 or more images")


@lean_op_definition
class WeightBlockOp(LeanIRDLOperation):
    """A block of an im2col kernel matrix; once placed, the contents of an array.

    An array is a crossbar, or tracks that shift together. ``order`` is an int32
    constant that says which row each of its places along the tracks holds.

    ``%w = tile.weight_block <"conv2.matrix", "…"> rows <0 : 128> columns <0 : 64>
    core 7 array 0 : !tile.weight_block<128x64xi8>``
    """

    name = "tile.weight_block"
    matrix = prop_def(WeightsRef)
    rows = prop_def(Range)
    columns = prop_def(Range)
    core = opt_prop_def(IntegerAttr[I64])
    array = opt_prop_def(IntegerAttr[I64])
    order = opt_prop_def(WeightsRef)
    result = result_def(WeightBlockType)
    assembly_format = (
        "$matrix `rows` $rows `columns` $columns "
        "(`core` $core^ `array` $array)? (`order` $order^)? attr-dict `:` type($result)"
    )

    def __init__(
        self, matrix: WeightsRef, rows: Range, columns: Range, groups: int = 1
    ) -> None:
        super().__init__(
            properties={"matrix": matrix, "rows": rows, "columns": columns},
            result_types=[WeightBlockType.of(rows.size, columns.size, groups)],
        )
        self.result.name_hint = (
            f"{name_hint(matrix.symbol.data.removesuffix('.matrix'))}_block"
        )

    @property
    def type(self) -> WeightBlockType:
        """Type of the block."""
        return self.result.type

    def verify_(self) -> None:
        """TILE-3: the ranges give the block's size. TILE-4: groups divide columns."""
        rows, columns = self.type.rows.data, self.type.columns.data
        if (self.rows.size, self.columns.size) != (rows, columns):
            raise VerifyException(
                f"[TILE-3] ranges of {self.rows.size}x{self.columns.size} do not give "
                f"a block of {rows}x{columns}"
            )
        if self.type.groups.data < 1 or columns % self.type.groups.data:
            raise VerifyException(
                f"[TILE-4] {self.type.groups.data} groups "
                f"do not divide {columns} columns"
            )


@lean_op_definition
class SweepOp(LeanIRDLOperation):
    """Run the body once per position of a rectangle of an OFM, rows first.

    With ``part`` only at some of these positions, counted in this order.

    ``tile.sweep "conv2" core 7 rows <0 : 32> columns <0 : 32> { … }``,
    ``tile.sweep "conv2" core 7 rows <0 : 32> columns <0 : 32> positions <40 : 72> { …
    }``
    """

    name = "tile.sweep"
    layer = prop_def(StringAttr)
    core = opt_prop_def(IntegerAttr[I64])
    rows = prop_def(Range)
    columns = prop_def(Range)
    some_part = opt_prop_def(Range, prop_name="part")
    body = region_def("single_block")
    traits = traits_def(NoTerminator())
    assembly_format = (
        "$layer (`core` $core^)? `rows` $rows `columns` $columns "
        "(`positions` $part^)? attr-dict-with-keyword $body"
    )

    def __init__(
        self,
        layer: str,
        rows: Range,
        columns: Range,
        operations: list[Operation],
        core: int | None = None,
        part: Range | None = None,
    ) -> None:
        super().__init__(
            properties={
                "layer": StringAttr(layer),
                "rows": rows,
                "columns": columns,
                "core": None if core is None else integer(core),
                "part": part,
            },
            regions=[Region(Block(operations))],
        )

    @property
    def operations(self) -> list[Operation]:
        """The operations of the body."""
        return operations_of(self.body)

    @property
    def part(self) -> Range:
        """The positions of the rectangle at which the body runs."""
        return self.some_part or Range.of(0, self.rows.size * self.columns.size)

    @property
    def positions(self) -> int:
        """How often the body runs."""
        return self.part.size

    def verify_(self) -> None:
        """TILE-17: the part lies within the rectangle."""
        positions = self.rows.size * self.columns.size
        if self.part.stop > positions:
            raise VerifyException(
                f"[TILE-17] positions {self.part.start} to {self.part.stop} are not "
                f"within the {positions} of the rectangle"
            )
