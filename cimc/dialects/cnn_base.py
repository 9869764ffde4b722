"""What the ops of ``cnn`` have in common: results, names and constraints."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr, TensorType
from xdsl.ir import Attribute
from xdsl.irdl import IRDLOperation, operand_def, prop_def, result_def, traits_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from cimc.dialects.cim import Window
from cimc.dialects.feature_map import FeatureMap

__all__ = [
    "MapOp",
    "UnaryOp",
    "check_same_encoding",
    "check_window",
    "names",
    "shape_text",
]


class MapOp(IRDLOperation, ABC):
    """An op that computes one feature map."""

    output = result_def(TensorType)
    layer = prop_def(StringAttr)
    tensor = prop_def(StringAttr)

    traits = traits_def(Pure())

    @property
    def ofm(self) -> FeatureMap:
        """Shape and quantisation of the result."""
        return FeatureMap.of(self.output)


class UnaryOp(MapOp, ABC):
    """An op that computes one feature map from another."""

    input = operand_def(TensorType)

    @property
    def ifm(self) -> FeatureMap:
        """Shape and quantisation of the operand."""
        return FeatureMap.of(self.input)


def names(layer: str, tensor: str) -> dict[str, Attribute]:
    """The properties that every op with a result has."""
    return {"layer": StringAttr(layer), "tensor": StringAttr(tensor)}


def shape_text(found: FeatureMap) -> str:
    """HxWxC."""
    return "x".join(map(str, found.shape))


def check_window(window: Window, ifm: FeatureMap, ofm: FeatureMap) -> None:
    """CNN-3: the result has one row and column per window position."""
    if min(window.stride) < 1:
        raise VerifyException("[CNN-3] the stride of a window must be positive")
    expected = window.output_size(ifm.height, ifm.width)
    if expected != (ofm.height, ofm.width):
        raise VerifyException(
            f"[CNN-3] the window has {expected[0]}x{expected[1]} positions, "
            f"the result {ofm.height}x{ofm.width}"
        )


def check_same_encoding(
    what: str, inputs: Sequence[FeatureMap], ofm: FeatureMap
) -> None:
    """CNN-8: stored values pass unchanged, so they must mean the same."""
    if any(ifm.encoding != ofm.encoding for ifm in inputs):
        raise VerifyException(
            f"[CNN-8] {what} keeps element type, scale and zero point"
        )
