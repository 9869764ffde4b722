"""A change of quantisation, where ONNX leaves it to the neighbouring operator."""

from __future__ import annotations

import numpy as np
from xdsl.ir import SSAValue

from cimc.dialects.cnn import TableOp
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.operators.base import Emitter
from cimc.frontend.tables import requantisation

__all__ = ["requantised"]


def requantised(
    emitter: Emitter, value: SSAValue, ofm: FeatureMap, *, layer: str, tensor: str
) -> SSAValue:
    """``value`` in the quantisation of ``ofm``; itself if it has that already."""
    ifm = FeatureMap.of(value)
    if ifm.encoding == ofm.encoding:
        return value
    result = FeatureMap(*ifm.shape, *ofm.encoding)
    table = requantisation(ifm, ofm).view(np.uint8)
    return emitter.insert(
        TableOp(
            value,
            result,
            table=emitter.constant(f"{tensor}.table", table),
            layer=layer,
            tensor=tensor,
        )
    )
