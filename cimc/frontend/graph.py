"""An ONNX graph with an index of its tensors, and their shapes and constants.

The nodes are those of the model. The index shows what was there when it was made: who
changes or adds nodes makes a new one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, numpy_helper
from onnx.helper import tensor_dtype_to_np_dtype

from cimc.frontend.inference import infer
from cimc.weights import Array

__all__ = ["Affine", "Graph", "attributes", "label"]


def attributes(node: NodeProto) -> dict[str, Any]:
    """The attributes of a node as Python values (strings decoded)."""

    def value(attribute: AttributeProto) -> Any:
        found = onnx.helper.get_attribute_value(attribute)
        return found.decode() if isinstance(found, bytes) else found

    return {attribute.name: value(attribute) for attribute in node.attribute}


def label(node: NodeProto) -> str:
    """How the user knows a node: its name, or its first output."""
    return node.name or node.output[0]


@dataclass(frozen=True)
class Affine:
    """Scale (float32) and zero point of a QuantizeLinear or DequantizeLinear.

    Both are 0-d per tensor or 1-d per element of ``axis``.
    """

    scale: Array
    zero: Array
    axis: int

    @property
    def per_tensor(self) -> bool:
        """Whether one pair holds for the whole tensor."""
        return self.scale.size == 1

    def equals(self, other: Affine) -> bool:
        """Whether both give every stored value the same meaning."""
        return (
            (self.per_tensor or self.axis == other.axis)
            and self.zero.dtype == other.zero.dtype
            and np.array_equal(self.scale.ravel(), other.scale.ravel())
            and np.array_equal(self.zero.ravel(), other.zero.ravel())
        )


class Graph:
    """Who makes and who reads each tensor, with constants, shapes and types."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.nodes: Sequence[NodeProto] = model.graph.node
        self.producer: dict[str, NodeProto] = {}
        self.consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            self.producer |= {name: node for name in node.output if name}
            for name in dict.fromkeys(node.input):
                self.consumers[name].append(node)
        self._initialisers = {init.name: init for init in model.graph.initializer}
        self.inputs = [
            info.name
            for info in model.graph.input
            if info.name not in self._initialisers
        ]
        self.outputs = [info.name for info in model.graph.output]
        self._constants: dict[str, Array] = {}

    def is_constant(self, name: str) -> bool:
        """Whether ``name`` is an initialiser."""
        return name in self._initialisers

    def constant(self, name: str) -> Array:
        """The value of the initialiser ``name``."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.to_array(self._initialisers[name])
        return self._constants[name]

    @cached_property
    def _infos(self) -> dict[str, onnx.ValueInfoProto]:
        inferred = infer(self.model)
        infos = (*inferred.input, *inferred.value_info, *inferred.output)
        return {info.name: info for info in infos}

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The static shape of a tensor, or None where it is unknown."""
        if self.is_constant(name):
            return tuple(self._initialisers[name].dims)
        info = self._infos.get(name)
        if info is None or not info.type.tensor_type.HasField("shape"):
            return None
        dims = info.type.tensor_type.shape.dim
        if not all(dim.HasField("dim_value") for dim in dims):
            return None
        return tuple(dim.dim_value for dim in dims)

    def element_type(self, name: str) -> int:
        """The ``TensorProto.DataType`` of a tensor (0 where it is unknown)."""
        if self.is_constant(name):
            return self._initialisers[name].data_type
        info = self._infos.get(name)
        return 0 if info is None else info.type.tensor_type.elem_type

    def quantisation_of_node(self, node: NodeProto) -> Affine | None:
        """The constant parameters of a Quantize- or DequantizeLinear."""
        if not all(self.is_constant(name) for name in node.input[1:] if name):
            return None
        scale = self.constant(node.input[1])
        if len(node.input) > 2 and node.input[2]:
            zero = self.constant(node.input[2])
        else:
            stored = attributes(node).get("output_dtype", 0) or TensorProto.UINT8
            if node.op_type == "DequantizeLinear":
                stored = self.element_type(node.input[0]) or TensorProto.UINT8
            zero = np.zeros(scale.shape, tensor_dtype_to_np_dtype(stored))
        return Affine(scale, zero, attributes(node).get("axis", 1))

    def dequantised(self, name: str) -> NodeProto | None:
        """The DequantizeLinear that makes ``name``, if one does."""
        node = self.producer.get(name)
        return node if node and node.op_type == "DequantizeLinear" else None

    def quantised_by(self, name: str) -> NodeProto | None:
        """The QuantizeLinear that is the only reader of ``name``, if there is one."""
        readers = self.consumers[name]
        if (
            len(readers) == 1
            and readers[0].op_type == "QuantizeLinear"
            and name not in self.outputs
        ):
            return readers[0]
        return None

    def quantisation_of_tensor(self, name: str) -> Affine | None:
        """Quantisation of an 8-bit tensor, from its maker or else its first reader."""
        maker = self.producer.get(name)
        if maker is not None and maker.op_type == "QuantizeLinear":
            return self.quantisation_of_node(maker)
        for reader in self.consumers[name]:
            if reader.op_type == "DequantizeLinear" and reader.input[0] == name:
                return self.quantisation_of_node(reader)
        return None
