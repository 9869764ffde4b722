"""Operators that describe, cut out or move elements equal onnxruntime's."""

from __future__ import annotations

import numpy as np
import pytest

from cimc.dialects import cnn, cnn_moves
from cimc.frontend import coverage
from tests.support.qdq import QdqBuilder, assert_exact

SHAPE = [1, 12, 6, 8]


def integers(builder, *values):
    return builder.constant("list", np.array(values, np.int64))


def moved(op, *operands, shape=SHAPE, between=(), **attributes):
    """A model of an operator; ``operands`` are lists of integers, arrays or ""."""
    builder = QdqBuilder()
    x = builder.input(shape, 0.1, 3)
    names = [
        builder.constant("c", np.asarray(v)) if not isinstance(v, str) else v
        for v in operands
    ]
    real = builder.node(op, [builder.real(x), *names], **attributes)
    return builder.model(builder.stored(real, 0.1, 3))


def kinds(imported):
    return [op.name for op in imported.module.body.block.ops][1:-1]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (moved("Slice", [2], [9], [1]), ["cnn.slice"]),
        (moved("Slice", [1, 0], [6, 9], [2, 3], [2, 3]), ["cnn.slice"]),
        (moved("Slice", [-3], [2**31], [3]), ["cnn.slice"]),
        (moved("Pad", [0, 0, 1, 2, 0, 0, 0, 3]), ["cnn.pad"]),
        (moved("Pad", [0, 0, 1, 2, 0, 0, 0, 3], np.float32(0)), ["cnn.pad"]),
        (moved("DepthToSpace", blocksize=2), ["cnn.depth_to_space"]),
        (
            moved("DepthToSpace", blocksize=2, mode="CRD"),
            ["cnn.shuffle", "cnn.depth_to_space"],
        ),
        (moved("SpaceToDepth", blocksize=2), ["cnn.space_to_depth"]),
        (
            moved("Resize", "", np.float32([1, 1, 2, 3]), mode="nearest"),
            ["cnn.upsample"],
        ),
        (
            moved("Resize", "", "", np.array([1, 12, 12, 16]), mode="nearest"),
            ["cnn.upsample"],
        ),
        (
            moved("Resize", "", np.float32([1, 1, 0.5, 0.5]), mode="nearest"),
            ["cnn.slice"],
        ),
    ],
)
def test_moves(model, expected):
    imported = assert_exact(model)

    assert kinds(imported) == expected


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (moved("Slice", [5], [0], [2], [-1]), "backwards"),
        (moved("Slice", [0], [9], [1], [2]), "leaves out channels"),
        (moved("Pad", [0, 1, 0, 0, 0, 0, 0, 0]), "pads channels"),
        (moved("Pad", [0, 0, 1, 0, 0, 0, 0, 0], np.float32(1)), "pad with zero"),
        (moved("Pad", [0, 0, 1, 0, 0, 0, 0, 0], mode="reflect"), "with a constant"),
        (
            moved("Resize", "", np.float32([1, 1, 2, 2]), mode="linear"),
            "values between",
        ),
        (moved("Resize", "", np.float32([1, 1, 1.5, 1]), mode="nearest"), "not whole"),
    ],
)
def test_refused(model, why):
    (row,) = [row for row in coverage(model) if row.why]

    assert why in row.why


def test_split():
    builder = QdqBuilder()
    x = builder.input(SHAPE, 0.1, 3)
    real = builder.node("Split", [builder.real(x), integers(builder, 5, 7)], axis=1)
    del builder.nodes[-1].output[:]
    builder.nodes[-1].output.extend([real, "rest"])
    parts = [builder.stored(name, 0.1, 3) for name in (real, "rest")]
    weights = np.random.default_rng(0).integers(-9, 9, (4, 7, 3, 3)).astype(np.int8)
    y = builder.dense("Conv", parts[1], weights, 0.01, None, 0.1, 3, pads=[1] * 4)

    imported = assert_exact(builder.model(parts[0], y))

    assert kinds(imported) == ["cnn.slice", "cnn.slice", "cnn.conv", "cnn.output"]


def chain(builder, x, *steps):
    """Quantised after every step with the same parameters."""
    for op, operands, attributes in steps:
        names = [integers(builder, *values) for values in operands]
        real = builder.node(op, [builder.real(x), *names], **attributes)
        x = builder.stored(real, 0.1, 3)
    return x


def shuffle(groups, channels, height, width):
    return (
        ("Reshape", [(1, groups, channels // groups, height, width)], {}),
        ("Transpose", [], {"perm": [0, 2, 1, 3, 4]}),
        ("Reshape", [(1, channels, height, width)], {}),
    )


@pytest.mark.parametrize("groups", [2, 3, 4, 6])
def test_a_channel_shuffle_is_one_move(groups):
    builder = QdqBuilder()
    x = builder.input(SHAPE, 0.1, 3)
    model = builder.model(chain(builder, x, *shuffle(groups, *SHAPE[1:])))

    imported = assert_exact(model)

    (op,) = [op for op in imported.module.ops if isinstance(op, cnn_moves.ShuffleOp)]
    assert op.group_count == groups


def test_pixel_shuffle_of_reshapes():
    builder = QdqBuilder()
    x = builder.input(SHAPE, 0.1, 3)
    steps = (
        ("Reshape", [(1, 3, 2, 2, 6, 8)], {}),
        ("Transpose", [], {"perm": [0, 1, 4, 2, 5, 3]}),
        ("Reshape", [(1, 3, 12, 16)], {}),
    )

    imported = assert_exact(builder.model(chain(builder, x, *steps)))

    assert kinds(imported) == ["cnn.shuffle", "cnn.depth_to_space"]


def test_the_host_makes_an_image_of_a_vector():
    builder = QdqBuilder()
    x = builder.input([1, 1960], 0.1, 3)
    image = chain(builder, x, ("Reshape", [(1, 1, 49, 40)], {}))

    model = builder.model(builder.op("MaxPool", [image], 0.1, 3, kernel_shape=[2, 2]))

    assert kinds(assert_exact(model)) == ["cnn.max_pool"]
    (reshape,) = (row for row in coverage(model) if row.op == "Reshape")
    assert reshape.placement == "host"
    assert "at no cost" in reshape.why


@pytest.mark.parametrize("transposed", [False, True])
def test_flattened_by_rows_or_by_channels(transposed):
    builder = QdqBuilder()
    x = builder.input(SHAPE, 0.1, 3)
    steps = [("Reshape", [(1, -1)], {})]
    if transposed:
        steps.insert(0, ("Transpose", [], {"perm": [0, 2, 3, 1]}))
    x = chain(builder, x, *steps)
    weights = np.random.default_rng(0).integers(-9, 9, (12 * 48, 5)).astype(np.int8)
    y = builder.dense("MatMul", x, weights, 0.01, None, 0.1, 3)

    imported = assert_exact(builder.model(y))

    assert kinds(imported) == ["cnn.conv"]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("op", ["Mul", "Add"])
@pytest.mark.parametrize("other", [(5, 3, 4), (5, 1, 1), (1, 3, 4)])
@pytest.mark.parametrize("swapped", [False, True])
def test_two_maps(dtype, op, other, swapped):
    builder = QdqBuilder(dtype)
    a = builder.input([1, 5, 3, 4], 0.1, 3)
    b = builder.input([1, *other], 0.02, 77)
    operands = [b, a] if swapped else [a, b]

    imported = assert_exact(builder.model(builder.op(op, operands, 0.13, 12)))

    (found,) = [
        found
        for found in imported.module.ops
        if isinstance(found, cnn.AddOp | cnn.MultiplyOp)
    ]
    assert found.name == ("cnn.add" if op == "Add" else "cnn.multiply")


def test_a_factor_for_each_channel():
    builder = QdqBuilder()
    x = builder.input(SHAPE, 0.1, 3)
    factors = np.arange(-60, 60, 10, dtype=np.int8).reshape(1, 12, 1, 1)
    factor = builder.weights(factors, np.float32(0.02))
    real = builder.node("Mul", [builder.real(x), factor])

    imported = assert_exact(builder.model(builder.stored(real, 0.09, -7)))

    assert kinds(imported) == ["cnn.conv"]


@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_and_pools_in_one_dimension(groups):
    builder = QdqBuilder()
    x = builder.input([1, 4, 19], 0.1, 3)
    weights = np.random.default_rng(0).integers(-9, 9, (6, 4 // groups, 3))
    x = builder.dense(
        "Conv", x, weights.astype(np.int8), 0.01, None, 0.1, 3,
        pads=[2, 1], strides=[2], dilations=[2], group=groups,
    )  # fmt: skip
    x = builder.op("MaxPool", [x], 0.1, 3, kernel_shape=[3], pads=[1, 1])
    x = builder.op("AveragePool", [x], 0.1, 3, kernel_shape=[2], strides=[2])

    imported = assert_exact(builder.model(x))

    assert kinds(imported) == ["cnn.conv", "cnn.max_pool", "cnn.average_pool"]
