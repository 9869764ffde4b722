"""The type of ``cnn`` values, read into plain numbers and built from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from xdsl.dialects.builtin import IntegerType, Signedness, TensorType, i8
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Quantisation

__all__ = ["FeatureMap", "MapType"]

ui8 = IntegerType(8, Signedness.UNSIGNED)

MapType = TensorType[IntegerType]


@dataclass(frozen=True)
class FeatureMap:
    """What the type of a ``cnn`` value says: shape, element type, quantisation."""

    height: int
    width: int
    channels: int
    unsigned: bool
    scale: float
    zero: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, self.channels

    @property
    def low(self) -> int:
        """Smallest stored value of the element type."""
        return 0 if self.unsigned else -128

    @property
    def high(self) -> int:
        """Largest stored value of the element type."""
        return 255 if self.unsigned else 127

    @property
    def encoding(self) -> tuple[bool, float, int]:
        """Element type, scale and zero point: what gives a stored byte its meaning."""
        return self.unsigned, self.scale, self.zero

    @property
    def type(self) -> MapType:
        """The tensor type that carries this description."""
        element = ui8 if self.unsigned else i8
        return TensorType(element, self.shape, Quantisation.of(self.scale, self.zero))

    @classmethod
    def of(cls, value: SSAValue | Attribute) -> FeatureMap:
        """Read the type of a ``cnn`` value (or the type itself).

        Raises:
            VerifyException: it is not the type of a feature map (CNN-1).
        """
        type_ = value.type if isinstance(value, SSAValue) else value
        if not isinstance(type_, TensorType):
            raise _no_feature_map(type_)
        tensor = cast("TensorType[Attribute]", type_)
        element, shape = tensor.element_type, tensor.get_shape()
        quantisation = tensor.encoding
        if (
            element not in (i8, ui8)
            or len(shape) != 3
            or min(shape) < 1
            or not isinstance(quantisation, Quantisation)
        ):
            raise _no_feature_map(tensor)
        height, width, channels = shape
        zero = quantisation.zero.data
        scale = quantisation.scale.data
        found = cls(height, width, channels, element == ui8, scale, zero)
        if not found.low <= zero <= found.high:
            raise VerifyException(
                f"[CNN-2] the zero point {zero} is no value of the element type"
            )
        return found


def _no_feature_map(found: Attribute) -> VerifyException:
    return VerifyException(
        "[CNN-1] a feature map is tensor<HxWxCx{i8|ui8}, "
        f"#cim.quantisation<scale : zero>>, not {found}"
    )
