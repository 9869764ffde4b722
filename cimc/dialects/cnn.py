"""``cnn``: one quantised CNN operator per op, on images in NHWC without batch.

Values are ``tensor<HxWxCx{i8|ui8}, #cim.quantisation<scale : zero>>``. Every op with
a result names its ``layer`` (the ONNX node) and the integer ``tensor`` of the
quantised ONNX model that equals the result. README.md beside this file numbers the
constraints that the verifiers cite.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import replace

from xdsl.dialects.builtin import (
    I64,
    IntegerAttr,
    StringAttr,
    TensorType,
)
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    var_operand_def,
)
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Clamp, Quantisation, WeightsRef, Window
from cimc.dialects.cnn_base import (
    MapOp,
    UnaryOp,
    check_same_encoding,
    check_window,
    names,
    shape_text,
)
from cimc.dialects.cnn_moves import MOVES
from cimc.dialects.cnn_pools import AveragePoolOp, GlobalAveragePoolOp, MaxPoolOp
from cimc.dialects.feature_map import FeatureMap

__all__ = [
    "CNN",
    "AddOp",
    "AveragePoolOp",
    "ConcatOp",
    "ConvOp",
    "FeatureMap",
    "GlobalAveragePoolOp",
    "InputOp",
    "MapOp",
    "MaxPoolOp",
    "MultiplyOp",
    "OutputOp",
    "TableOp",
    "UnaryOp",
]


@irdl_op_definition
class InputOp(IRDLOperation):
    """A feature map that the host writes.

    ``%x = cnn.input "image_q" : tensor<…>``
    """

    name = "cnn.input"
    tensor = prop_def(StringAttr)
    output = result_def(TensorType)

    assembly_format = "$tensor attr-dict `:` type($output)"

    def __init__(self, tensor: str, ofm: FeatureMap) -> None:
        super().__init__(
            properties={"tensor": StringAttr(tensor)}, result_types=[ofm.type]
        )

    @property
    def ofm(self) -> FeatureMap:
        """Shape and quantisation of the result."""
        return FeatureMap.of(self.output)

    def verify_(self) -> None:
        """CNN-1 and CNN-2."""
        FeatureMap.of(self.output)


@irdl_op_definition
class OutputOp(IRDLOperation):
    """A feature map that the host reads.

    ``cnn.output %y "logits_q" : tensor<…>``
    """

    name = "cnn.output"
    input = operand_def(TensorType)
    tensor = prop_def(StringAttr)

    assembly_format = "$input $tensor attr-dict `:` type($input)"

    def __init__(self, input: SSAValue, tensor: str) -> None:
        super().__init__(operands=[input], properties={"tensor": StringAttr(tensor)})

    @property
    def ifm(self) -> FeatureMap:
        """Shape and quantisation of the operand."""
        return FeatureMap.of(self.input)

    def verify_(self) -> None:
        """CNN-1 and CNN-2."""
        FeatureMap.of(self.input)


@irdl_op_definition
class ConvOp(UnaryOp):
    """A convolution, requantised, clamped and optionally sent through a table.

    ``%y = cnn.conv %x weights <…> bias <…> weight_scale <…> window <kernel 3x3 …>
    groups 1 clamp <-128 : 127> as "y_q" layer "conv1" : tensor<…> -> tensor<…>``

    ``weights`` are int8 (kh, kw, cin / groups, cout) with their zero point already
    subtracted, ``bias`` int32 (cout), ``weight_scale`` float32 (cout), ``table`` the
    uint8 (256) image of every stored byte read as an unsigned number. A table is
    preceded by the quantisation of what it reads: ``table <…> of <0.1 : -3>``.
    """

    name = "cnn.conv"
    weights = prop_def(WeightsRef)
    bias = prop_def(WeightsRef)
    weight_scale = prop_def(WeightsRef)
    window = prop_def(Window)
    groups = prop_def(IntegerAttr[I64])
    clamp = prop_def(Clamp)
    table = opt_prop_def(WeightsRef)
    table_input = opt_prop_def(Quantisation)

    assembly_format = (
        "$input `weights` $weights `bias` $bias `weight_scale` $weight_scale "
        "`window` $window `groups` $groups `clamp` $clamp "
        "(`table` $table^ `of` $table_input)? "
        "`as` $tensor `layer` $layer attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        ofm: FeatureMap,
        *,
        weights: WeightsRef,
        bias: WeightsRef,
        weight_scale: WeightsRef,
        window: Window,
        groups: int = 1,
        clamp: Clamp | None = None,
        table: WeightsRef | None = None,
        table_input: Quantisation | None = None,
        layer: str,
        tensor: str,
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[ofm.type],
            properties={
                "weights": weights,
                "bias": bias,
                "weight_scale": weight_scale,
                "window": window,
                "groups": IntegerAttr(groups, 64),
                "clamp": clamp or Clamp.of(ofm.low, ofm.high),
                "table": table,
                "table_input": table_input,
                **names(layer, tensor),
            },
        )

    @property
    def requantised(self) -> FeatureMap:
        """What the sums are requantised to: the result, or what the table reads."""
        if self.table_input is None:
            return self.ofm
        scale, zero = self.table_input.scale.data, self.table_input.zero.data
        return replace(self.ofm, scale=scale, zero=zero)

    @property
    def group_count(self) -> int:
        """Number of groups; equal to cin for a depthwise convolution."""
        return self.groups.value.data

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        """(kh, kw, cin / groups, cout)."""
        per_group = self.ifm.channels // self.group_count
        return *self.window.kernel, per_group, self.ofm.channels

    @property
    def macs(self) -> int:
        """Multiply-accumulates per image, padding included."""
        height, width, per_group, cout = self.weight_shape
        return self.ofm.height * self.ofm.width * height * width * per_group * cout

    def verify_(self) -> None:
        """CNN-1 to CNN-5, CNN-13."""
        ifm, ofm, groups = self.ifm, self.ofm, self.group_count
        check_window(self.window, ifm, ofm)
        if groups < 1 or ifm.channels % groups or ofm.channels % groups:
            raise VerifyException(
                f"[CNN-4] {groups} groups do not divide {ifm.channels} input and "
                f"{ofm.channels} output channels"
            )
        if self.clamp.low < ofm.low or self.clamp.high > ofm.high:
            raise VerifyException(
                f"[CNN-5] the clamp [{self.clamp.low}, {self.clamp.high}] exceeds "
                f"the element type [{ofm.low}, {ofm.high}]"
            )
        if (self.table is None) != (self.table_input is None):
            raise VerifyException(
                "[CNN-13] a table and the quantisation of what it reads come together"
            )


@irdl_op_definition
class TableOp(UnaryOp):
    """Any function of one stored byte: ``table`` is uint8 (256), index and entry
    are bytes read as unsigned numbers.

    ``%y = cnn.table %x <"sigmoid.table", "…"> as "y_q" layer "act" : …``
    """

    name = "cnn.table"
    table = prop_def(WeightsRef)

    assembly_format = (
        "$input $table `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        ofm: FeatureMap,
        *,
        table: WeightsRef,
        layer: str,
        tensor: str,
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[ofm.type],
            properties={"table": table, **names(layer, tensor)},
        )

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-10."""
        if self.ifm.shape != self.ofm.shape:
            raise VerifyException(
                f"[CNN-10] a table keeps the shape: {shape_text(self.ifm)} "
                f"became {shape_text(self.ofm)}"
            )


class _BinaryOp(MapOp, ABC):
    """An op of two feature maps, of which one may be a row of channels: 1x1xC."""

    lhs = operand_def(TensorType)
    rhs = operand_def(TensorType)

    def __init__(
        self,
        lhs: SSAValue,
        rhs: SSAValue,
        ofm: FeatureMap,
        *,
        layer: str,
        tensor: str,
    ) -> None:
        super().__init__(
            operands=[lhs, rhs],
            result_types=[ofm.type],
            properties=names(layer, tensor),
        )

    @property
    def operand_maps(self) -> tuple[FeatureMap, FeatureMap]:
        """Shape and quantisation of both operands."""
        return FeatureMap.of(self.lhs), FeatureMap.of(self.rhs)

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-11."""
        shapes = [ifm.shape for ifm in self.operand_maps]
        every_position = 1, 1, self.ofm.channels
        if self.ofm.shape not in shapes or any(
            shape not in (self.ofm.shape, every_position) for shape in shapes
        ):
            raise VerifyException(
                "[CNN-11] operands must have the shape of the result, "
                "or one of them its channels alone"
            )


@irdl_op_definition
class AddOp(_BinaryOp):
    """Sum of two feature maps in real numbers, requantised.

    ``%z = cnn.add %x, %y as "z_q" layer "add" : tensor<…>, tensor<…> -> tensor<…>``
    """

    name = "cnn.add"

    assembly_format = (
        "$lhs `,` $rhs `as` $tensor `layer` $layer attr-dict "
        "`:` type($lhs) `,` type($rhs) `->` type($output)"
    )


@irdl_op_definition
class MultiplyOp(_BinaryOp):
    """Product of two feature maps, element by element, requantised.

    ``%z = cnn.multiply %x, %y as "z_q" layer "se" : tensor<…>, tensor<…> ->
    tensor<…>``
    """

    name = "cnn.multiply"

    assembly_format = (
        "$lhs `,` $rhs `as` $tensor `layer` $layer attr-dict "
        "`:` type($lhs) `,` type($rhs) `->` type($output)"
    )


@irdl_op_definition
class ConcatOp(MapOp):
    """Feature maps side by side along the channels, values unchanged.

    ``%z = cnn.concat %x, %y as "z_q" layer "cat" : tensor<…>, tensor<…> -> tensor<…>``
    """

    name = "cnn.concat"
    inputs = var_operand_def(TensorType)

    assembly_format = (
        "$inputs `as` $tensor `layer` $layer attr-dict "
        "`:` type($inputs) `->` type($output)"
    )

    def __init__(
        self, inputs: Sequence[SSAValue], ofm: FeatureMap, *, layer: str, tensor: str
    ) -> None:
        super().__init__(
            operands=[inputs],
            result_types=[ofm.type],
            properties=names(layer, tensor),
        )

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-8, CNN-12."""
        maps, ofm = [FeatureMap.of(value) for value in self.inputs], self.ofm
        if (
            not maps
            or {m.shape[:2] for m in maps} != {ofm.shape[:2]}
            or sum(m.channels for m in maps) != ofm.channels
        ):
            raise VerifyException(
                "[CNN-12] operands must have the height and width of the result "
                "and its channels in sum"
            )
        check_same_encoding("concat", maps, ofm)


CNN = Dialect(
    "cnn",
    [
        InputOp,
        OutputOp,
        ConvOp,
        MaxPoolOp,
        AveragePoolOp,
        GlobalAveragePoolOp,
        AddOp,
        MultiplyOp,
        ConcatOp,
        TableOp,
        *MOVES,
    ],
    [],
)
