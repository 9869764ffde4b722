"""The ops of ``cnn`` that move stored values and leave them as they are."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import I64, IntegerAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, prop_def
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Pair, Range, Window
from cimc.dialects.cnn_base import (
    UnaryOp,
    check_same_encoding,
    check_window,
    names,
    shape_text,
)
from cimc.dialects.feature_map import FeatureMap

__all__ = [
    "DepthToSpaceOp",
    "PadOp",
    "ShuffleOp",
    "SliceOp",
    "SpaceToDepthOp",
    "UpsampleOp",
]


class _MoveOp(UnaryOp, ABC):
    """An op whose result holds values of its operand elsewhere."""

    def __init__(
        self,
        input: SSAValue,
        ofm: FeatureMap,
        *,
        layer: str,
        tensor: str,
        **properties: Attribute,
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[ofm.type],
            properties={**properties, **names(layer, tensor)},
        )

    def check_moved(self, *shape: int) -> None:
        """CNN-8, and CNN-14: the result has ``shape``."""
        check_same_encoding(self.name.removeprefix("cnn."), [self.ifm], self.ofm)
        if self.ofm.shape != shape:
            raise VerifyException(
                f"[CNN-14] the result must be {'x'.join(map(str, shape))}, "
                f"not {shape_text(self.ofm)}"
            )


@irdl_op_definition
class SliceOp(_MoveOp):
    """Some channels of every ``step``-th row and column, from ``start`` on.

    ``%y = cnn.slice %x from <1x0> step <2x2> channels <0 : 8> as "y_q" layer "cut" :
    tensor<…> -> tensor<…>``
    """

    name = "cnn.slice"
    start = prop_def(Pair)
    step = prop_def(Pair)
    channels = prop_def(Range)

    assembly_format = (
        "$input `from` $start `step` $step `channels` $channels "
        "`as` $tensor `layer` $layer attr-dict `:` type($input) `->` type($output)"
    )

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-8, CNN-14, CNN-15."""
        height, width, _ = self.ofm.shape
        self.check_moved(height, width, self.channels.size)
        sizes = (height, width), (self.ifm.height, self.ifm.width)
        pairs = zip(self.start.values, self.step.values, *sizes, strict=True)
        if self.channels.stop > self.ifm.channels or any(
            step < 1 or start + (count - 1) * step >= size
            for start, step, count, size in pairs
        ):
            raise VerifyException("[CNN-15] the slice leaves its operand")


@irdl_op_definition
class PadOp(_MoveOp):
    """The operand with rows and columns of its zero point around it.

    ``%y = cnn.pad %x window <kernel 1x1 pad 0x1x0x1> as "y_q" layer "pad" :
    tensor<…> -> tensor<…>``
    """

    name = "cnn.pad"
    window = prop_def(Window)

    assembly_format = (
        "$input `window` $window `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def verify_(self) -> None:
        """CNN-1 to CNN-3, CNN-8, CNN-14."""
        check_window(self.window, self.ifm, self.ofm)
        self.check_moved(self.ofm.height, self.ofm.width, self.ifm.channels)


class _BlockOp(_MoveOp, ABC):
    """An op with a ``block`` of rows and columns."""

    block = prop_def(Pair)

    @property
    def sizes(self) -> tuple[int, int]:
        """Rows and columns of a block.

        Raises:
            VerifyException: there are none (CNN-16).
        """
        if min(self.block.values) < 1:
            raise VerifyException("[CNN-16] a block has at least one row and column")
        return self.block.values


@irdl_op_definition
class DepthToSpaceOp(_BlockOp):
    """Channels become a block of positions: channel (p · columns + q) · C + c of
    position (i, j) is channel c of (i · rows + p, j · columns + q).

    ``%y = cnn.depth_to_space %x block <2x2> as "y_q" layer "shuffle" :
    tensor<…> -> tensor<…>``
    """

    name = "cnn.depth_to_space"

    assembly_format = (
        "$input `block` $block `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-8, CNN-14, CNN-16."""
        (rows, columns), ifm = self.sizes, self.ifm
        channels, rest = divmod(ifm.channels, rows * columns)
        if rest:
            raise VerifyException(
                f"[CNN-16] blocks of {rows}x{columns} do not divide "
                f"{ifm.channels} channels"
            )
        self.check_moved(ifm.height * rows, ifm.width * columns, channels)


@irdl_op_definition
class SpaceToDepthOp(_BlockOp):
    """The inverse of ``depth_to_space``.

    ``%y = cnn.space_to_depth %x block <2x2> as "y_q" layer "focus" :
    tensor<…> -> tensor<…>``
    """

    name = "cnn.space_to_depth"

    assembly_format = (
        "$input `block` $block `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-8, CNN-14, CNN-16."""
        (rows, columns), ifm = self.sizes, self.ifm
        if ifm.height % rows or ifm.width % columns:
            raise VerifyException(
                f"[CNN-16] blocks of {rows}x{columns} do not divide {shape_text(ifm)}"
            )
        height, width = ifm.height // rows, ifm.width // columns
        self.check_moved(height, width, ifm.channels * rows * columns)


@irdl_op_definition
class UpsampleOp(_BlockOp):
    """Every position becomes a block of equal ones: resizing to the nearest.

    ``%y = cnn.upsample %x block <2x2> as "y_q" layer "up" : tensor<…> -> tensor<…>``
    """

    name = "cnn.upsample"

    assembly_format = (
        "$input `block` $block `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-8, CNN-14, CNN-16."""
        (rows, columns), ifm = self.sizes, self.ifm
        self.check_moved(ifm.height * rows, ifm.width * columns, ifm.channels)


@irdl_op_definition
class ShuffleOp(_MoveOp):
    """Channels of ``groups`` in turn: channel k · (C / groups) + i becomes channel
    i · groups + k.

    ``%y = cnn.shuffle %x groups 4 as "y_q" layer "shuffle" : tensor<…> -> tensor<…>``
    """

    name = "cnn.shuffle"
    groups = prop_def(IntegerAttr[I64])

    assembly_format = (
        "$input `groups` $groups `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    @property
    def group_count(self) -> int:
        """Number of groups."""
        return self.groups.value.data

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-4, CNN-8, CNN-14."""
        if self.group_count < 1 or self.ifm.channels % self.group_count:
            raise VerifyException(
                f"[CNN-4] {self.group_count} groups do not divide "
                f"{self.ifm.channels} channels"
            )
        self.check_moved(*self.ifm.shape)


MOVES: Sequence[type[_MoveOp]] = (
    SliceOp,
    PadOp,
    DepthToSpaceOp,
    SpaceToDepthOp,
    UpsampleOp,
    ShuffleOp,
)
"""All of them."""
