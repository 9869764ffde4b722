"""What all ways through the frontend begin with."""

from __future__ import annotations

from onnx import ModelProto

from cimc.frontend.interface import widen_interface
from cimc.frontend.load import Source, load_model
from cimc.frontend.operands import check_operands
from cimc.frontend.pooled import pad_explicitly
from cimc.frontend.precision import compute_in_float32
from cimc.frontend.shapes import Shapes, fix_shapes

__all__ = ["load_static"]


def load_static(source: Source, shapes: Shapes | None = None) -> ModelProto:
    """A model whose floats are float32 and whose shapes are known, one image a time.

    Raises:
        InputError: the model or ``shapes`` is at fault (E101 to E118).
    """
    model = load_model(source)
    compute_in_float32(model)
    widen_interface(model)
    fix_shapes(model, shapes)
    while pad_explicitly(model):
        fix_shapes(model)
    check_operands(model)
    return model
