"""The pooling ops of ``cnn``."""

from __future__ import annotations

from xdsl.dialects.builtin import BoolAttr
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, prop_def
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Window
from cimc.dialects.cnn_base import (
    UnaryOp,
    check_same_encoding,
    check_window,
    names,
    shape_text,
)
from cimc.dialects.feature_map import FeatureMap

__all__ = ["AveragePoolOp", "GlobalAveragePoolOp", "MaxPoolOp", "covers_elements"]


@irdl_op_definition
class MaxPoolOp(UnaryOp):
    """Largest stored value of each window; padding does not take part.

    ``%y = cnn.max_pool %x window <kernel 2x2 …> as "y_q" layer "pool" : …``
    """

    name = "cnn.max_pool"
    window = prop_def(Window)

    assembly_format = (
        "$input `window` $window `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        ofm: FeatureMap,
        *,
        window: Window,
        layer: str,
        tensor: str,
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[ofm.type],
            properties={"window": window, **names(layer, tensor)},
        )

    def verify_(self) -> None:
        """CNN-1 to CNN-3, CNN-6 to CNN-8."""
        _check_pool(self.window, self.ifm, self.ofm)
        check_same_encoding("max_pool", [self.ifm], self.ofm)


@irdl_op_definition
class AveragePoolOp(UnaryOp):
    """Average of each window, divided by the elements or by the kernel's size.

    ``%y = cnn.average_pool %x window <kernel 2x2 …> count_include_pad false as …``
    """

    name = "cnn.average_pool"
    window = prop_def(Window)
    count_include_pad = prop_def(BoolAttr)

    assembly_format = (
        "$input `window` $window `count_include_pad` $count_include_pad "
        "`as` $tensor `layer` $layer attr-dict `:` type($input) `->` type($output)"
    )

    def __init__(
        self,
        input: SSAValue,
        ofm: FeatureMap,
        *,
        window: Window,
        count_include_pad: bool = False,
        layer: str,
        tensor: str,
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[ofm.type],
            properties={
                "window": window,
                "count_include_pad": BoolAttr.from_bool(count_include_pad),
                **names(layer, tensor),
            },
        )

    @property
    def includes_pad(self) -> bool:
        """Whether padding counts in the divisor."""
        return bool(self.count_include_pad.value.data)

    def verify_(self) -> None:
        """CNN-1 to CNN-3, CNN-6, CNN-7."""
        _check_pool(self.window, self.ifm, self.ofm)


@irdl_op_definition
class GlobalAveragePoolOp(UnaryOp):
    """Average of all positions of each channel.

    ``%y = cnn.global_average_pool %x as "y_q" layer "pool" : tensor<…> -> tensor<…>``
    """

    name = "cnn.global_average_pool"

    assembly_format = (
        "$input `as` $tensor `layer` $layer attr-dict "
        "`:` type($input) `->` type($output)"
    )

    def __init__(
        self, input: SSAValue, ofm: FeatureMap, *, layer: str, tensor: str
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[ofm.type],
            properties=names(layer, tensor),
        )

    def verify_(self) -> None:
        """CNN-1, CNN-2, CNN-9."""
        if self.ofm.shape != (1, 1, self.ifm.channels):
            raise VerifyException(
                f"[CNN-9] the result must be 1x1x{self.ifm.channels}, "
                f"not {shape_text(self.ofm)}"
            )


def _check_pool(window: Window, ifm: FeatureMap, ofm: FeatureMap) -> None:
    """CNN-3, CNN-6, CNN-7."""
    check_window(window, ifm, ofm)
    if ifm.channels != ofm.channels:
        raise VerifyException(
            f"[CNN-6] pooling keeps the channels: {ifm.channels} became {ofm.channels}"
        )
    if not covers_elements(window, ifm):
        raise VerifyException("[CNN-7] a window of the pool lies in padding alone")


def covers_elements(window: Window, ifm: FeatureMap) -> bool:
    """Whether every window position holds an element of the map."""
    positions = window.output_size(ifm.height, ifm.width)
    return all(
        any(
            before <= position * window.stride[axis] + tap < before + size
            for tap in range(0, extent, window.dilation[axis])
        )
        for axis, (size, before) in enumerate(
            zip((ifm.height, ifm.width), window.pad[:2], strict=True)
        )
        for extent in [window.kernel[axis] * window.dilation[axis]]
        for position in range(positions[axis])
    )
