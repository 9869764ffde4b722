"""One node on stored integers on its way to QDQ form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import NodeProto, helper

from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, label

__all__ = ["Meaning", "QdqForm", "optional"]

#: Names of scale and zero point; an empty name stands for a zero point left out.
Meaning = tuple[str, str]


def optional(*names: str) -> list[str]:
    """Operands that may be left out: those that are there."""
    return [name for name in names if name]


@dataclass
class QdqForm:
    """``node``, and the ``nodes`` to which what replaces it is appended."""

    editor: Editor
    graph: Graph
    node: NodeProto
    nodes: list[NodeProto]

    def real(self, stored: str, scale: str, zero: str, axis: int | None = None) -> str:
        """Append a DequantizeLinear and return what it makes.

        ``axis`` is that of a scale per channel, None for a scalar.
        """
        result = self.editor.fresh(f"{stored}_DequantizeLinear_Output")
        inputs = [stored, scale, *optional(zero)]
        node = self.editor.node("DequantizeLinear", inputs, result)
        if axis is not None:
            node.attribute.append(helper.make_attribute("axis", axis))
        self.nodes.append(node)
        return result

    def step(
        self,
        op_type: str,
        inputs: Sequence[str],
        scale: str,
        zero: str,
        **attributes: Any,
    ) -> str:
        """Append an operator with QuantizeLinear and DequantizeLinear behind it."""
        result = self.editor.fresh(f"{self.node.output[0]}_{op_type}")
        self.nodes.append(self.editor.node(op_type, inputs, result, **attributes))
        pair, moved = self.editor.pair(result, scale, zero)
        self.nodes += pair
        return moved

    def finish(
        self,
        op_type: str,
        inputs: Sequence[str],
        scale: str,
        zero: str,
        **attributes: Any,
    ) -> None:
        """Append the float operator and the QuantizeLinear of each result."""
        outputs = self.node.output
        reals = [self.editor.fresh(f"{out}_QuantizeLinear_Input") for out in outputs]
        node = self.editor.node(
            op_type, inputs, reals[0], label(self.node), **attributes
        )
        node.output.extend(reals[1:])
        self.nodes.append(node)
        self.nodes += [
            self.editor.node("QuantizeLinear", [real, scale, *optional(zero)], out)
            for real, out in zip(reals, outputs, strict=True)
        ]

    def bias(self, stored: str, x_scale: str, w_scale: str) -> str:
        """The int32 bias, whose scale is that of input times weights."""
        product = self.graph.constant(x_scale) * self.graph.constant(w_scale)
        scale = self.editor.constant(f"{stored}_scale", product.astype(np.float32))
        zeros = np.zeros(product.shape, np.int32)
        zero = self.editor.constant(f"{stored}_zero_point", zeros)
        return self.real(stored, scale, zero, None if product.ndim == 0 else 0)

    def weights(self, stored: str, scale: str, zero: str, axis: int) -> str:
        """Append the DequantizeLinear of weights, per element of ``axis`` or not."""
        sizes = [self.graph.constant(name).shape for name in optional(scale, zero)]
        whole = np.broadcast_shapes(*sizes)
        if any(size != whole for size in sizes):  # one number beside a row of them
            scale, zero = (
                self.editor.constant(
                    name, np.broadcast_to(self.graph.constant(name), whole)
                )
                for name in (scale, zero)
            )
        return self.real(stored, scale, zero, axis if whole else None)
