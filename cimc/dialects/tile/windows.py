"""Windows, matrix-vector products and partial sums."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from xdsl.dialects.builtin import UnitAttr, VectorType, i32
from xdsl.ir import SSAValue
from xdsl.irdl import (
    VarConstraint,
    base,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import HasParent, Pure
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Range, Window
from cimc.dialects.lean import lean_op_definition
from cimc.dialects.tile.body import BodyOp, element_of, length_of, vector
from cimc.dialects.tile.memory import SweepOp, WeightBlockOp
from cimc.dialects.tile.types import FeatureMapType, PartialSumsType, WeightBlockType


@lean_op_definition
class WindowOp(BodyOp):
    """Elements of an IFM under the window at the current position, as one vector.

    The vector runs over kernel rows, kernel columns, then ``channels``; ``taps``
    keeps part of the kernel (where a pooling window is cut at a border) and
    ``elements`` a part of the vector (one row block of an im2col matrix).

    All three are printed only where they are less than the whole. A window that
    ``slides`` may be kept from a position to the next in the row, which then loads no
    more than what the two do not share.

    ``%a = tile.window %x <kernel 3x3> elements <0 : 288> :
    !tile.feature_map<…> -> vector<288xi8>``
    """

    name = "tile.window"
    source = operand_def(FeatureMapType)
    window = prop_def(Window)
    some_tap_rows = opt_prop_def(Range, prop_name="tap_rows")
    some_tap_columns = opt_prop_def(Range, prop_name="tap_columns")
    some_channels = opt_prop_def(Range, prop_name="channels")
    some_elements = opt_prop_def(Range, prop_name="elements")
    slides = opt_prop_def(UnitAttr)
    result = result_def(VectorType)
    traits = traits_def(HasParent(SweepOp), Pure())
    assembly_format = (
        "$source $window (`taps` $tap_rows^ $tap_columns)? "
        "(`channels` $channels^)? (`elements` $elements^)? "
        "(`slides` $slides^)? attr-dict "
        "`:` type($source) `->` type($result)"
    )

    def __init__(
        self,
        source: SSAValue,
        window: Window,
        *,
        tap_rows: Range | None = None,
        tap_columns: Range | None = None,
        channels: Range | None = None,
        elements: Range | None = None,
    ) -> None:
        assert isinstance(source.type, FeatureMapType)
        kernel = Range.of(0, window.kernel[0]), Range.of(0, window.kernel[1])
        taps = tap_rows or kernel[0], tap_columns or kernel[1]
        all_channels = Range.of(0, source.type.channels.data)
        some_channels = channels or all_channels
        size = taps[0].size * taps[1].size * some_channels.size
        all_elements = Range.of(0, size)
        some_elements = elements or all_elements
        super().__init__(
            operands=[source],
            properties={
                "window": window,
                "tap_rows": taps[0] if taps != kernel else None,
                "tap_columns": taps[1] if taps != kernel else None,
                "channels": some_channels if some_channels != all_channels else None,
                "elements": some_elements if some_elements != all_elements else None,
            },
            result_types=[vector(some_elements.size, source.type.element)],
        )

    @property
    def tap_rows(self) -> Range:
        """Kernel rows that the vector runs over."""
        return self.some_tap_rows or Range.of(0, self.window.kernel[0])

    @property
    def tap_columns(self) -> Range:
        """Kernel columns that the vector runs over."""
        return self.some_tap_columns or Range.of(0, self.window.kernel[1])

    @property
    def channels(self) -> Range:
        """Channels of the map that the vector runs over."""
        return self.some_channels or Range.of(0, self.source_type.channels.data)

    @property
    def elements(self) -> Range:
        """The part of the vector that is kept."""
        if self.some_elements is not None:
            return self.some_elements
        size = self.tap_rows.size * self.tap_columns.size * self.channels.size
        return Range.of(0, size)

    @property
    def source_type(self) -> FeatureMapType:
        """Type of the IFM."""
        assert isinstance(self.source.type, FeatureMapType)
        return self.source.type

    def input_row(self, row: int, tap: int) -> int:
        """IFM row, perhaps in the halo, under kernel row ``tap`` at output ``row``."""
        return (
            row * self.window.stride[0]
            + tap * self.window.dilation[0]
            - self.window.pad[0]
        )

    def input_column(self, column: int, tap: int) -> int:
        """IFM column under kernel column ``tap`` at output column ``column``."""
        return (
            column * self.window.stride[1]
            + tap * self.window.dilation[1]
            - self.window.pad[1]
        )

    @property
    def reach(self) -> tuple[int, int, int, int]:
        """How far (top, left, bottom, right) the window leaves the map in its sweep.

        Negative where it stays inside.
        """
        height, width, _ = self.source_type.shape
        rows, columns = self.sweep.rows, self.sweep.columns
        return (
            -self.input_row(rows.start, self.tap_rows.start),
            -self.input_column(columns.start, self.tap_columns.start),
            self.input_row(rows.stop - 1, self.tap_rows.stop - 1) - height + 1,
            self.input_column(columns.stop - 1, self.tap_columns.stop - 1) - width + 1,
        )

    def verify_(self) -> None:
        """TILE-6: ranges are within bounds. TILE-7: the window stays in the map."""
        taps = (self.tap_rows.size, self.tap_columns.size)
        size = prod(taps) * self.channels.size
        if (
            self.tap_rows.stop > self.window.kernel[0]
            or self.tap_columns.stop > self.window.kernel[1]
            or self.channels.stop > self.source_type.channels.data
            or self.elements.stop > size
            or length_of(self.result) != self.elements.size
            or element_of(self.result) != self.source_type.element
        ):
            raise VerifyException(
                "[TILE-6] taps, channels, elements and the vector's type must agree "
                "with the kernel and the map"
            )
        halo = self.source_type.halo
        if any(reach > size for reach, size in zip(self.reach, halo, strict=True)):
            raise VerifyException(
                "[TILE-7] the window leaves the feature map and its halo"
            )


@lean_op_definition
class MvmOp(BodyOp):
    """Multiply a window with a weight block, exactly: block^T · vector.

    ``%p = tile.mvm %w, %a : !tile.weight_block<288x64xi8>, vector<288xi8> ->
    vector<64xi32>``
    """

    name = "tile.mvm"
    block = operand_def(WeightBlockType)
    operand = operand_def(VectorType)
    result = result_def(VectorType)
    traits = traits_def(HasParent(SweepOp), Pure())
    assembly_format = (
        "$block `,` $operand attr-dict `:` type($block) `,` type($operand) "
        "`->` type($result)"
    )

    def __init__(self, block: SSAValue, operand: SSAValue) -> None:
        assert isinstance(block.type, WeightBlockType)
        super().__init__(
            operands=[block, operand],
            result_types=[vector(block.type.columns.data, i32)],
        )

    @property
    def block_type(self) -> WeightBlockType:
        """Type of the weight block."""
        assert isinstance(self.block.type, WeightBlockType)
        return self.block.type

    def verify_(self) -> None:
        """TILE-8: lengths agree. TILE-16: the sweep runs where the block lies."""
        owner, core = self.block.owner, self.sweep.core
        if core is not None and isinstance(owner, WeightBlockOp) and owner.core != core:
            raise VerifyException(
                f"[TILE-16] the sweep of core {core.value.data} multiplies with a "
                "block that lies elsewhere"
            )
        block = self.block_type
        if (
            length_of(self.operand) != block.rows.data * block.groups.data
            or length_of(self.result) != block.columns.data
        ):
            raise VerifyException(
                f"[TILE-8] a block of {block.rows.data}x{block.columns.data} in "
                f"{block.groups.data} groups cannot take {length_of(self.operand)} "
                f"elements to {length_of(self.result)}"
            )


@lean_op_definition
class AccumulateOp(BodyOp):
    """Add two vectors of partial sums.

    ``%r = tile.accumulate %p, %q : vector<64xi32>``
    """

    name = "tile.accumulate"
    T: ClassVar = VarConstraint("T", base(VectorType))
    lhs = operand_def(T)
    rhs = operand_def(T)
    result = result_def(T)
    traits = traits_def(HasParent(SweepOp), Pure())
    assembly_format = "$lhs `,` $rhs attr-dict `:` type($result)"

    def __init__(self, lhs: SSAValue, rhs: SSAValue) -> None:
        super().__init__(operands=[lhs, rhs], result_types=[lhs.type])


@lean_op_definition
class LoadPartialOp(BodyOp):
    """Read the partial sums of the current position.

    ``%p = tile.load_partial %sums : !tile.partial_sums<8x8x64xi32> -> vector<64xi32>``
    """

    name = "tile.load_partial"
    source = operand_def(PartialSumsType)
    result = result_def(VectorType)
    assembly_format = "$source attr-dict `:` type($source) `->` type($result)"

    def __init__(self, source: SSAValue) -> None:
        assert isinstance(source.type, PartialSumsType)
        super().__init__(
            operands=[source],
            result_types=[vector(source.type.channels.data, i32)],
        )

    def verify_(self) -> None:
        """Verify TILE-15."""
        _verify_partial(self.result, self.source, self.sweep)


@lean_op_definition
class StorePartialOp(BodyOp):
    """Write the partial sums of the current position.

    ``tile.store_partial %p, %sums : vector<64xi32>, !tile.partial_sums<8x8x64xi32>``
    """

    name = "tile.store_partial"
    value = operand_def(VectorType)
    target = operand_def(PartialSumsType)
    assembly_format = "$value `,` $target attr-dict `:` type($value) `,` type($target)"

    def __init__(self, value: SSAValue, target: SSAValue) -> None:
        super().__init__(operands=[value, target])

    def verify_(self) -> None:
        """Verify TILE-15."""
        _verify_partial(self.value, self.target, self.sweep)


def _verify_partial(vector: SSAValue, sums: SSAValue, sweep: SweepOp) -> None:
    """TILE-15: the vector is one position of the sums, the sweep stays inside."""
    assert isinstance(sums.type, PartialSumsType)
    height, width, channels = sums.type.shape
    if length_of(vector) != channels or element_of(vector) != sums.type.element:
        raise VerifyException(
            f"[TILE-15] partial sums hold {channels} x {sums.type.element} a position"
        )
    if sweep.rows.stop > height or sweep.columns.stop > width:
        raise VerifyException("[TILE-15] the sweep leaves the partial sums")
