"""The vector unit: requantisation, pooling, sums and products, tables."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    I64,
    IntegerAttr,
    IntegerType,
    VectorType,
    i32,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import HasParent, Pure
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Clamp, Quantisation, Range, WeightsRef
from cimc.dialects.lean import lean_op_definition
from cimc.dialects.tile.body import BodyOp, element_of, length_of, vector
from cimc.dialects.tile.memory import SweepOp, integer
from cimc.dialects.tile.types import Real, ui8

_PURE = traits_def(HasParent(SweepOp), Pure())


@lean_op_definition
class RequantiseOp(BodyOp):
    """Add the bias, requantise per channel, and clamp.

    clamp(round(float32(sum + bias) · multiplier) + zero), rounding half to even;
    ``channels`` says which part of the bias and multiplier vectors applies.

    ``%y = tile.requantise %p bias <"conv2.bias", "…"> multiplier <"conv2.multiplier",
    "…"> channels <0 : 64> zero -5 clamp <-5 : 127> : vector<64xi32> -> vector<64xi8>``
    """

    name = "tile.requantise"
    sums = operand_def(VectorType)
    bias = prop_def(WeightsRef)
    multiplier = prop_def(WeightsRef)
    channels = prop_def(Range)
    zero = prop_def(IntegerAttr[I64])
    clamp = prop_def(Clamp)
    result = result_def(VectorType)
    traits = _PURE
    assembly_format = (
        "$sums `bias` $bias `multiplier` $multiplier `channels` $channels "
        "`zero` $zero `clamp` $clamp attr-dict `:` type($sums) `->` type($result)"
    )

    def __init__(
        self,
        sums: SSAValue,
        bias: WeightsRef,
        multiplier: WeightsRef,
        channels: Range,
        zero: int,
        clamp: Clamp,
        element: IntegerType,
    ) -> None:
        super().__init__(
            operands=[sums],
            properties={
                "bias": bias,
                "multiplier": multiplier,
                "channels": channels,
                "zero": integer(zero),
                "clamp": clamp,
            },
            result_types=[vector(length_of(sums), element)],
        )

    def verify_(self) -> None:
        """TILE-9: channels, sums and result have one length."""
        if not self.channels.size == length_of(self.sums) == length_of(self.result):
            raise VerifyException("[TILE-9] channels, sums and result differ in length")


class _ReduceOp(BodyOp):
    """Reduce ``segments`` equal parts of a vector to one."""

    operand = operand_def(VectorType)
    segments = prop_def(IntegerAttr[I64])
    result = result_def(VectorType)
    traits = _PURE

    def __init__(
        self,
        operand: SSAValue,
        segments: int,
        element: IntegerType,
        **properties: Attribute,
    ) -> None:
        super().__init__(
            operands=[operand],
            properties={"segments": integer(segments), **properties},
            result_types=[vector(length_of(operand) // segments, element)],
        )

    def verify_(self) -> None:
        """TILE-10: the vector has ``segments`` parts of the result's length."""
        parts = self.segments.value.data * length_of(self.result)
        if length_of(self.operand) != parts:
            raise VerifyException(
                f"[TILE-10] {self.segments.value.data} segments of "
                f"{length_of(self.result)} are not {length_of(self.operand)} elements"
            )


@lean_op_definition
class MaxOp(_ReduceOp):
    """Largest element per channel.

    ``%y = tile.max %a segments 9 : vector<576xi8> -> vector<64xi8>``
    """

    name = "tile.max"
    assembly_format = (
        "$operand `segments` $segments attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(self, operand: SSAValue, segments: int) -> None:
        super().__init__(operand, segments, element_of(operand))


@lean_op_definition
class SumOp(_ReduceOp):
    """Integer sum per channel.

    ``%p = tile.sum %a segments 64 : vector<4096xi8> -> vector<64xi32>``
    """

    name = "tile.sum"
    assembly_format = (
        "$operand `segments` $segments attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(self, operand: SSAValue, segments: int) -> None:
        super().__init__(operand, segments, i32)


@lean_op_definition
class AverageOp(_ReduceOp):
    """Mean per channel as onnxruntime's QLinearAveragePool computes it, in float32.

    d = scale_in · (x − zero_in), summed in order; the result is
    saturate(round(sum / count / scale_out + zero_out)).

    ``%y = tile.average %a segments 4 count 4 from <0.1 : -3> to <0.1 : -3> :
    vector<256xi8> -> vector<64xi8>``
    """

    name = "tile.average"
    count = prop_def(IntegerAttr[I64])
    source = prop_def(Quantisation)
    target = prop_def(Quantisation)
    assembly_format = (
        "$operand `segments` $segments `count` $count `from` $source `to` $target "
        "attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(
        self,
        operand: SSAValue,
        segments: int,
        count: int,
        source: Quantisation,
        target: Quantisation,
        element: IntegerType,
    ) -> None:
        super().__init__(
            operand,
            segments,
            element,
            count=integer(count),
            source=source,
            target=target,
        )


@lean_op_definition
class AddOp(BodyOp):
    """Add two quantised vectors as onnxruntime's QLinearAdd does.

    saturate(round(fma(a, ratio_a, fma(b, ratio_b, offset)))), all in float32.

    ``%y = tile.add %a times <0.5>, %b times <0.7> offset <-3.1> : vector<64xi8>,
    vector<64xi8> -> vector<64xi8>``
    """

    name = "tile.add"
    lhs = operand_def(VectorType)
    rhs = operand_def(VectorType)
    lhs_ratio = prop_def(Real)
    rhs_ratio = prop_def(Real)
    offset = prop_def(Real)
    result = result_def(VectorType)
    traits = _PURE
    assembly_format = (
        "$lhs `times` $lhs_ratio `,` $rhs `times` $rhs_ratio `offset` $offset "
        "attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
    )

    def __init__(
        self,
        lhs: SSAValue,
        rhs: SSAValue,
        lhs_ratio: float,
        rhs_ratio: float,
        offset: float,
        element: IntegerType,
    ) -> None:
        super().__init__(
            operands=[lhs, rhs],
            properties={
                "lhs_ratio": Real.of(lhs_ratio),
                "rhs_ratio": Real.of(rhs_ratio),
                "offset": Real.of(offset),
            },
            result_types=[vector(length_of(lhs), element)],
        )

    def verify_(self) -> None:
        """TILE-11: both operands and the result have one length."""
        if not length_of(self.lhs) == length_of(self.rhs) == length_of(self.result):
            raise VerifyException("[TILE-11] operands and result differ in length")


@lean_op_definition
class MultiplyOp(BodyOp):
    """Multiply two quantised vectors as onnxruntime's QLinearMul does.

    saturate(round(f32(f32((a − zero_a) · (b − zero_b)) · ratio) + zero)).

    ``%y = tile.multiply %a minus 3, %b minus 0 times <0.5> plus 7 : vector<64xi8>,
    vector<64xi8> -> vector<64xi8>``
    """

    name = "tile.multiply"
    lhs = operand_def(VectorType)
    rhs = operand_def(VectorType)
    lhs_zero = prop_def(IntegerAttr[I64])
    rhs_zero = prop_def(IntegerAttr[I64])
    ratio = prop_def(Real)
    zero = prop_def(IntegerAttr[I64])
    result = result_def(VectorType)
    traits = _PURE
    assembly_format = (
        "$lhs `minus` $lhs_zero `,` $rhs `minus` $rhs_zero `times` $ratio "
        "`plus` $zero attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
    )

    def __init__(
        self,
        lhs: SSAValue,
        lhs_zero: int,
        rhs: SSAValue,
        rhs_zero: int,
        ratio: float,
        zero: int,
        element: IntegerType,
    ) -> None:
        super().__init__(
            operands=[lhs, rhs],
            properties={
                "lhs_zero": integer(lhs_zero),
                "rhs_zero": integer(rhs_zero),
                "ratio": Real.of(ratio),
                "zero": integer(zero),
            },
            result_types=[vector(length_of(lhs), element)],
        )

    def verify_(self) -> None:
        """TILE-11: both operands and the result have one length."""
        if not length_of(self.lhs) == length_of(self.rhs) == length_of(self.result):
            raise VerifyException("[TILE-11] operands and result differ in length")


@lean_op_definition
class ShuffleOp(BodyOp):
    """Elements of equal ``segments`` in turn: element i of segment k becomes element
    i · segments + k.

    ``%y = tile.shuffle %x segments 4 : vector<64xi8> -> vector<64xi8>``
    """

    name = "tile.shuffle"
    operand = operand_def(VectorType)
    segments = prop_def(IntegerAttr[I64])
    result = result_def(VectorType)
    traits = _PURE
    assembly_format = (
        "$operand `segments` $segments attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(self, operand: SSAValue, segments: int) -> None:
        super().__init__(
            operands=[operand],
            properties={"segments": integer(segments)},
            result_types=[operand.type],
        )

    def verify_(self) -> None:
        """TILE-10: the vector has that many equal segments."""
        segments = self.segments.value.data
        if segments < 1 or length_of(self.operand) % segments:
            raise VerifyException(
                f"[TILE-10] {segments} segments do not divide "
                f"{length_of(self.operand)} elements"
            )


@lean_op_definition
class TableOp(BodyOp):
    """Replace each element by its entry of a 256-entry table.

    The index is the stored byte, read as unsigned.

    ``%y = tile.table %x <"relu.table", "…"> : vector<64xi8> -> vector<64xi8>``
    """

    name = "tile.table"
    operand = operand_def(VectorType)
    table = prop_def(WeightsRef)
    result = result_def(VectorType)
    traits = _PURE
    assembly_format = "$operand $table attr-dict `:` type($operand) `->` type($result)"

    def __init__(
        self, operand: SSAValue, table: WeightsRef, element: IntegerType
    ) -> None:
        super().__init__(
            operands=[operand],
            properties={"table": table},
            result_types=[vector(length_of(operand), element)],
        )


@lean_op_definition
class SplatOp(BodyOp):
    """A vector of equal elements.

    ``%y = tile.splat -3 : vector<64xi8>``
    """

    name = "tile.splat"
    value = prop_def(IntegerAttr[I64])
    result = result_def(VectorType)
    traits = _PURE
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: int, length: int, element: IntegerType) -> None:
        super().__init__(
            properties={"value": integer(value)},
            result_types=[vector(length, element)],
        )

    def verify_(self) -> None:
        """TILE-18: the value is one of the element type."""
        unsigned = element_of(self.result) == ui8
        low, high = (0, 255) if unsigned else (-128, 127)
        if not low <= self.value.value.data <= high:
            raise VerifyException(
                f"[TILE-18] {self.value.value.data} is no value of the element type"
            )
