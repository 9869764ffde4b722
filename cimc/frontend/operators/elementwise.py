"""Functions of one stored byte: a clamp of the producing convolution, or a table."""

from __future__ import annotations

from functools import partial

import numpy as np
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import SSAValue

from cimc.dialects.cim import Clamp
from cimc.dialects.cnn import ConvOp, TableOp
from cimc.dialects.feature_map import FeatureMap
from cimc.frontend.operators.base import Context, Emitter, Step
from cimc.frontend.quantised_ops import QuantisedOp
from cimc.frontend.tables import stored_values, tabulate
from cimc.weights import Array

__all__ = ["read_elementwise"]


def read_elementwise(quantised: QuantisedOp, context: Context) -> Step:
    """An elementwise function, or a mere change of quantisation (no operator)."""
    ifm = context.ifm(quantised)
    ofm = context.ofm(quantised, ifm.shape)
    tables, name = context.tables, quantised.output
    if name not in tables:
        tables[name] = tabulate(quantised, context.graph)
    layout = context.layout(quantised)
    emit = partial(_emit, quantised, ofm, tables[name], layout.map_name(name))
    return Step(ofm, emit, layout=layout)


def _emit(
    quantised: QuantisedOp,
    ofm: FeatureMap,
    table: Array,
    name: str,
    emitter: Emitter,
) -> SSAValue:
    value = emitter.value(quantised.inputs[0])
    if FeatureMap.of(value).encoding == ofm.encoding and (
        bounds := _bounds(table, ofm)
    ):
        if bounds == (ofm.low, ofm.high):
            return value
        producer = value.owner
        if isinstance(producer, ConvOp) and emitter.is_last_use(quantised.inputs[0]):
            old = producer.clamp
            low, high = np.clip(bounds, old.low, old.high)
            producer.clamp = Clamp.of(int(low), int(high))
            producer.tensor = StringAttr(name)
            return value
    return emitter.insert(
        TableOp(
            value,
            ofm,
            table=emitter.constant(f"{quantised.layer}.table", table.view(np.uint8)),
            layer=quantised.layer,
            tensor=name,
        )
    )


def _bounds(table: Array, ofm: FeatureMap) -> tuple[int, int] | None:
    """(low, high) if the table is a clamp of stored values, else None."""
    values = stored_values(ofm.unsigned)
    low, high = int(table.min()), int(table.max())
    return (low, high) if np.array_equal(table, values.clip(low, high)) else None
