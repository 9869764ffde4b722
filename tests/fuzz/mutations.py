"""Changes of ONNX models that keep them readable, so that what is behind is reached."""

from __future__ import annotations

import random

from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto

#: Numbers at which arithmetic goes wrong.
NUMBERS = (-1, 0, 1, 2, 3, 7, 127, 255, 1 << 16, 1 << 31, 1 << 40, (1 << 63) - 1)

OPERATORS = (
    *("Conv", "ConvTranspose", "Gemm", "MatMul", "MaxPool", "AveragePool", "Resize"),
    *("Relu", "Clip", "Add", "Mul", "Concat", "Reshape", "Transpose", "Pad", "Slice"),
    *("Split", "QuantizeLinear", "DequantizeLinear", "Flatten", "QLinearConv", "Cast"),
    *("GlobalAveragePool", "ReduceMean", "DepthToSpace", "Identity", "LeakyRelu"),
)


def mutate_model(data: bytes, seed: int) -> bytes:
    """``data`` with a few changes; as it is if it is no model with nodes."""
    choose = random.Random(seed)
    try:
        model = ModelProto.FromString(data)
    except DecodeError:
        return data
    if not model.graph.node:
        return data
    for _ in range(choose.randint(1, 3)):
        try:
            choose.choice(_CHANGES)(model, choose)
        except (IndexError, ValueError):
            continue  # there was nothing of that kind to change
    return model.SerializeToString()


def _dimension(model: ModelProto, choose: random.Random) -> None:
    infos = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    dims = choose.choice(infos).type.tensor_type.shape.dim
    if choose.random() < 0.2:
        dims.add().dim_value = choose.choice(NUMBERS)
    elif choose.random() < 0.2:
        choose.choice(dims).dim_param = "n"
    else:
        choose.choice(dims).dim_value = choose.choice(NUMBERS)


def _element_type(model: ModelProto, choose: random.Random) -> None:
    info = choose.choice([*model.graph.input, *model.graph.output])
    info.type.tensor_type.elem_type = choose.randint(0, 25)


def _attribute(model: ModelProto, choose: random.Random) -> None:
    attribute = choose.choice(choose.choice(model.graph.node).attribute)
    number = choose.choice(NUMBERS)
    if attribute.ints:
        attribute.ints[choose.randrange(len(attribute.ints))] = number
        if choose.random() < 0.3:
            attribute.ints.append(number)
    else:
        attribute.i, attribute.f = number, float(number)


def _operator(model: ModelProto, choose: random.Random) -> None:
    choose.choice(model.graph.node).op_type = choose.choice(OPERATORS)


def _edge(model: ModelProto, choose: random.Random) -> None:
    inputs = choose.choice(model.graph.node).input
    names = [name for node in model.graph.node for name in (*node.input, *node.output)]
    inputs[choose.randrange(len(inputs))] = choose.choice([*names, ""])


def _drop(model: ModelProto, choose: random.Random) -> None:
    part = choose.choice((model.graph.node, model.graph.initializer))
    del part[choose.randrange(len(part))]


def _operands(model: ModelProto, choose: random.Random) -> None:
    inputs = choose.choice(model.graph.node).input
    if choose.random() < 0.5:
        del inputs[-1:]
    else:
        inputs.append(choose.choice(inputs))


def _constant(model: ModelProto, choose: random.Random) -> None:
    tensor = choose.choice(model.graph.initializer)
    content = bytearray(tensor.raw_data)
    content[choose.randrange(len(content))] = choose.choice((0, 1, 0x7F, 0x80, 0xFF))
    tensor.raw_data = bytes(content)


def _shape(model: ModelProto, choose: random.Random) -> None:
    tensor = choose.choice(model.graph.initializer)
    if choose.random() < 0.5 and tensor.dims:
        tensor.dims[choose.randrange(len(tensor.dims))] = choose.choice(NUMBERS)
    else:
        tensor.data_type = choose.choice(TensorProto.DataType.values())


def _external(model: ModelProto, choose: random.Random) -> None:
    tensor = choose.choice(model.graph.initializer)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(
        key="location", value=choose.choice(("w", "../w", "/", ""))
    )
    tensor.external_data.add(key="length", value=choose.choice(("1", "-1", "x")))


def _opset(model: ModelProto, choose: random.Random) -> None:
    choose.choice(model.opset_import).version = choose.choice((*range(7, 28), *NUMBERS))


_CHANGES = (
    *(_dimension, _element_type, _attribute, _attribute, _operator, _edge, _drop),
    *(_operands, _constant, _shape, _external, _opset),
)


def flip(data: bytes, seed: int) -> bytes:
    """``data`` with some bytes changed, left out or doubled."""
    choose = random.Random(seed)
    result = bytearray(data)
    for _ in range(choose.randint(1, 8)):
        at = choose.randrange(len(result) + 1)
        match choose.randrange(3):
            case 0:
                result[at : at + 1] = bytes([choose.randrange(256)])
            case 1:
                del result[at : at + choose.randrange(1, 16)]
            case _:
                result[at:at] = result[at : at + choose.randrange(1, 16)]
    return bytes(result)
