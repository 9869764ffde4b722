"""Layers that a quantised model has left in float.

Without calibration data they run on the host. With it they are quantised as those of a
float model are: activations by their ranges, weights symmetrically and per output
channel. Everything that the model has in integers keeps its numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto

from cimc.frontend.calibration import Calibration, measurement, samples
from cimc.frontend.edit import Editor
from cimc.frontend.graph import Affine, Graph, attributes
from cimc.frontend.normalise.bias import round_biases
from cimc.frontend.ranges import Limits, ranges
from cimc.frontend.scratch import read_scratch, write_scratch
from cimc.weights import Array

__all__ = ["quantise_layers", "unquantised_layers"]

_LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")

#: A bias takes at most this many steps, so that products have room beside it in int32.
_BIAS_STEPS = 2**30


def unquantised_layers(model: ModelProto) -> list[str]:
    """Names of layers with constant weights, of which maps or weights are in float."""
    return [node.name for node in _layers(Graph(model))]


def quantise_layers(model: ModelProto, calibration: Calibration) -> ModelProto:
    """``model``, quantised and in normal form, with those layers quantised as well.

    It is used up.

    Raises:
        InputError: the data cannot be read (E011) or does not fit the inputs (E122).
    """
    given = measurement(calibration)
    found = samples(model, given.data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_scratch(model, path)
        limits = ranges(path, found, given.method)
        result = read_scratch(path)
    _quantise_maps(result, limits)
    _quantise_weights(result)
    round_biases(result)
    return result


def _layers(graph: Graph) -> Iterator[NodeProto]:
    for node in graph.nodes:
        if (
            node.op_type in _LAYERS
            and graph.element_type(node.output[0]) == TensorProto.FLOAT
            and _has_constant_weights(graph, node)
            and (graph.is_constant(node.input[1]) or any(_float_maps(graph, node)))
        ):
            yield node


def _has_constant_weights(graph: Graph, node: NodeProto) -> bool:
    source = graph.dequantised(node.input[1])
    return graph.is_constant(source.input[0] if source else node.input[1])


def _float_maps(graph: Graph, node: NodeProto) -> Iterator[str]:
    """What a layer reads and makes, as far as it is in float.

    Relu and Clip behind it are quantised together with it.
    """
    if graph.dequantised(node.input[0]) is None:
        yield node.input[0]
    name = node.output[0]
    while name not in graph.outputs and len(graph.consumers[name]) == 1:
        (reader,) = graph.consumers[name]
        if reader.op_type not in ("Relu", "Clip"):
            break
        name = reader.output[0]
    if graph.quantised_by(name) is None:
        yield name


def _quantise_maps(model: ModelProto, limits: Limits) -> None:
    """Put QuantizeLinear and DequantizeLinear behind all maps in float, in place.

    What reads a map by its name gets it from integers then.
    """
    graph, editor = Graph(model), Editor(model)
    dtype = _type_of_maps(graph)
    nodes: list[NodeProto] = []
    names = {name for node in _layers(graph) for name in _float_maps(graph, node)}
    for name in graph.inputs:
        if name in names:
            operands = _parameters(graph, editor, name, limits, dtype)
            pair, real = editor.pair(name, *operands)
            editor.rename_inputs(graph.nodes, {name: real})
            nodes.extend(pair)
    for node in graph.nodes:
        nodes.append(node)
        for index, name in enumerate(node.output):
            if name in names:
                operands = _parameters(graph, editor, name, limits, dtype)
                node.output[index] = editor.fresh(f"{name}_float")
                pair, _ = editor.pair(node.output[index], *operands)
                pair[-1].output[0] = name
                nodes.extend(pair)
    editor.replace_nodes(nodes)


def _type_of_maps(graph: Graph) -> np.dtype[np.generic]:
    """The integers of the first map that the model quantises."""
    for node in graph.nodes:
        found = (
            graph.quantisation_of_node(node)
            if node.op_type == "QuantizeLinear"
            else None
        )
        if found is not None and found.zero.dtype.kind in "iu":
            return found.zero.dtype
    return np.dtype(np.uint8)


def _parameters(
    graph: Graph,
    editor: Editor,
    name: str,
    limits: Limits,
    dtype: np.dtype[np.generic],
) -> list[str]:
    """Scale and zero point of a map: the model's own where a reader quantises it."""
    for reader in graph.consumers[name]:
        if (
            reader.op_type == "QuantizeLinear"
            and graph.quantisation_of_node(reader) is not None
        ):
            return list(reader.input[1:3])
    low, high = (float(limit) for limit in limits[name])
    affine = _spanning(min(low, 0.0), max(high, 0.0), dtype)
    return [
        editor.constant(f"{name}_scale", affine.scale),
        editor.constant(f"{name}_zero_point", affine.zero),
    ]


def _spanning(low: float, high: float, dtype: np.dtype[np.generic]) -> Affine:
    """The quantisation whose integers span from ``low`` to ``high``, 0 among them."""
    limits = np.iinfo(dtype.name)
    least, most = limits.min, limits.max
    scale = np.float32((high - low) / (most - least)) or np.float32(1)
    zero = np.clip(np.rint(least - low / scale), least, most)
    return Affine(np.array(scale, np.float32), np.array(zero, dtype), 1)


def _quantise_weights(model: ModelProto) -> None:
    """Make int8 of weights in float, in place."""
    graph, editor = Graph(model), Editor(model)
    names = {node.name for node in _layers(graph)}
    nodes: list[NodeProto] = []
    for node in graph.nodes:
        if node.name in names:
            stored, affine = _symmetric(graph, node)
            base = node.input[1]
            operands = [
                editor.constant(f"{base}_{part}", array)
                for part, array in (
                    ("quantized", stored),
                    ("scale", affine.scale),
                    ("zero_point", affine.zero),
                )
            ]
            node.input[1] = editor.fresh(f"{base}_DequantizeLinear_Output")
            nodes.append(
                editor.node(
                    "DequantizeLinear", operands, node.input[1], axis=affine.axis
                )
            )
        nodes.append(node)
    editor.replace_nodes(nodes)


def _symmetric(graph: Graph, node: NodeProto) -> tuple[Array, Affine]:
    """The weights of a layer as int8, and what they mean.

    A scale is as coarse as a bias needs that is large against its weights.
    """
    values = graph.constant(node.input[1]).astype(np.float64)
    axis = _output_axis(node, values.ndim)
    others = tuple({*range(values.ndim)} - {axis})
    scale = np.abs(values).max(others, keepdims=True) / 127
    source = graph.dequantised(node.input[0])
    maps = None if source is None else graph.quantisation_of_node(source)
    if maps is not None and len(node.input) > 2 and graph.is_constant(node.input[2]):
        bias = np.abs(graph.constant(node.input[2]).astype(np.float64))
        if bias.shape == (values.shape[axis],):
            steps = (bias / (maps.scale * _BIAS_STEPS)).reshape(scale.shape)
            scale = np.maximum(scale, steps)
    scale = np.where(scale < np.finfo(np.float32).tiny, 1, scale).astype(np.float32)
    stored = np.rint(values / scale).astype(np.int8)
    return stored, Affine(scale.ravel(), np.zeros(scale.size, np.int8), axis)


def _output_axis(node: NodeProto, rank: int) -> int:
    """The axis of the weights along which the output channels lie.

    A grouped ConvTranspose has those of one group there.
    """
    match node.op_type:
        case "Conv":
            return 0
        case "Gemm" if attributes(node).get("transB", 0):
            return 0
        case "ConvTranspose":
            return 1
        case _:
            return rank - 1
