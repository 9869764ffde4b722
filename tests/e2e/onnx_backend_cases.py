"""``python -m tests.e2e.onnx_backend_cases [NAME…]``: ONNX's node tests on cimc.

Runs the cases of ``onnx.backend.test`` whose one operator is one of CNNs, and writes
what became of each into ``onnx_backend.md``.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from cimc.diagnostics import CimcError
from cimc.golden import session
from tests.e2e.onnx_backend import CimcBackend, PreparedForHost, bind, surrounded
from tests.support.trial import summary

__all__ = ["LIST", "Outcome", "cases", "outcome_of", "written"]

LIST = Path(__file__).with_suffix("").with_name("onnx_backend.md")

#: Operators with one variable operand: the others are weights, shapes and the like.
_ONE = frozenset(
    {
        *("ArgMax", "AveragePool", "BatchNormalization", "Clip", "Conv", "ConvInteger"),
        *("ConvTranspose", "DepthToSpace", "DequantizeLinear", "Dropout", "Elu"),
        *("DynamicQuantizeLinear", "Flatten", "Gemm", "GlobalAveragePool"),
        *("GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity", "LRN", "LeakyRelu"),
        *("InstanceNormalization", "MatMul", "MatMulInteger", "MaxPool", "Mish", "Pad"),
        *("PRelu", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "ReduceMean"),
        *("Relu", "Reshape", "Resize", "Selu", "Sigmoid", "Slice", "Softmax"),
        *("Softplus", "Softsign", "SpaceToDepth", "Split", "Squeeze", "Swish", "Tanh"),
        *("ThresholdedRelu", "Transpose", "Unsqueeze", "Upsample", "Celu"),
    }
)

#: Operators whose constants onnxruntime.quantization quantises, too.
_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})

#: Operators of several feature maps.
_SEVERAL = frozenset({"Add", "Concat", "Mul", "Sub", "Sum"})

#: How far results of onnxruntime may be from those of a case.
_HOST_ERROR = 1e-3

Result = Literal[
    "device",
    "host too",
    "host",
    "onnxruntime differs",
    "refused",
    "does not fit",
    "wrong",
    "crash",
]


@dataclass(frozen=True)
class Outcome:
    """What became of a case; ``why`` where it has not run."""

    result: Result
    why: str = ""


@cache
def cases() -> Mapping[str, Any]:
    """The cases of CNN operators by name, whatever the version of ONNX has of them."""
    from onnx.backend.test.case.node import collect_testcases

    np.random.seed(0)  # the cases draw their data from numpy's global generator
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    return {
        case.name: case
        for case in sorted(found, key=lambda case: case.name)
        if len(case.model.graph.node) == 1
        and case.model.graph.node[0].domain == ""
        and case.model.graph.node[0].op_type in _ONE | _SEVERAL
        and all(i.type.HasField("tensor_type") for i in case.model.graph.input)
    }


def outcome_of(name: str, device: str = "RRAM") -> Outcome:
    """Compile a case, run it, and compare with what it expects."""
    case = cases()[name]
    operator = case.model.graph.node[0].op_type
    try:
        inputs, expected = (list(map(_array, side)) for side in case.data_sets[0])
        variable = 1 if operator in _ONE else len(inputs)
        model, inputs = bind(case.model, inputs, variable)
        model, images = _one_image(model, inputs, expected)
        prepared = CimcBackend.prepare(
            model if operator in _WEIGHTED else surrounded(model, inputs, expected),
            device,
            inputs=inputs,
            source=model,
        )
        found = _joined([prepared.run(image) for image in images])
        if isinstance(prepared, PreparedForHost):
            return _on_the_host(case, found, expected)
        near = _joined([prepared.rounded(image) for image in images])
    except CimcError as error:
        return Outcome(_REFUSALS.get(error.exit_code, "crash"), summary(error))
    except Exception as error:
        return Outcome("crash", f"{type(error).__name__}: {error}".split("\n")[0])
    if why := _difference(found, near, expected, prepared.allowance()):
        return Outcome("wrong", why)
    places = {
        row.placement
        for row in prepared.imported.coverage
        if row.op not in ("QuantizeLinear", "DequantizeLinear")
    }
    return Outcome("host too" if "host" in places else "device")


def _on_the_host(case, found, expected) -> Outcome:
    """What onnxruntime made of a case of which the device runs nothing.

    Where that is not what the case expects, it must be what onnxruntime makes of the
    case as it is: otherwise cimc has changed it.
    """
    off = _difference(found, expected, expected, _HOST_ERROR)
    if not off:
        return Outcome("host")
    inputs = [_array(value) for value in case.data_sets[0][0]]
    runner = session(case.model)
    names = [info.name for info in runner.get_inputs()]
    plain = runner.run(None, dict(zip(names, inputs, strict=True)))
    if why := _difference(found, plain, plain, _HOST_ERROR):
        return Outcome("wrong", why)
    return Outcome("onnxruntime differs", off)


def _array(value: Any) -> np.ndarray:
    """Values of types that numpy lacks come as they are stored in ONNX."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value)


def _one_image(model, inputs, expected):
    """The model for one image, and the inputs image by image.

    A first axis that is no batch stays.
    """
    batch = {len(array) for array in inputs if array.ndim > 1}
    if len(batch) != 1 or min(batch) < 2:
        return model, [inputs]
    copy, count = onnx.ModelProto(), batch.pop()
    copy.CopyFrom(model)
    for info, array in zip(copy.graph.input, inputs, strict=True):
        if array.ndim > 1:
            info.type.tensor_type.shape.dim[0].dim_value = 1
    for info, array in zip(copy.graph.output, expected, strict=True):
        shape = info.type.tensor_type.shape
        if shape.dim and len(array) % count == 0:
            shape.dim[0].dim_value = len(array) // count
    images = [
        [array[i : i + 1] if array.ndim > 1 else array for array in inputs]
        for i in range(count)
    ]
    names = [info.name for info in copy.graph.input]
    try:
        reference = ReferenceEvaluator(copy)
        found = _joined(
            [reference.run(None, dict(zip(names, x, strict=True))) for x in images]
        )
    except Exception:
        return model, [inputs]
    same = all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-5)
        for a, b in zip(found, expected, strict=True)
    )
    return (copy, images) if same else (model, [inputs])


def _joined(results) -> list[np.ndarray]:
    """Outputs of several images, each with all images along its first axis."""
    columns = zip(*results, strict=True)
    return [np.concatenate(c) if len(c) > 1 else np.asarray(c[0]) for c in columns]


_REFUSALS: Mapping[int, Result] = {1: "wrong", 2: "refused", 3: "does not fit"}


def _difference(found, near, expected, allowance: float) -> str:
    """Why results are not what a case expects; empty if they are.

    Integers must be equal. A float must be within ``allowance`` of ``near``, what the
    float model gives for operands that are rounded as the hardware has them.
    """
    for index, (result, real, wanted) in enumerate(
        zip(found, near, expected, strict=True)
    ):
        exact = wanted.dtype.kind != "f"
        target = wanted if exact else np.asarray(real)
        if result.shape != wanted.shape:
            return f"output {index} has shape {result.shape}, not {wanted.shape}"
        off = np.abs(result.astype(np.float64) - target).max(initial=0)
        bound = 0.0 if exact else allowance
        if not off <= bound:
            return f"output {index} is off by {off:.3g}, the bound is {bound:.3g}"
    return ""


def written(outcomes: Mapping[str, Outcome]) -> str:
    """The text of ``onnx_backend.md``."""
    counts = Counter(outcome.result for outcome in outcomes.values())
    lines = [
        "# ONNX's node tests on cimc",
        "",
        "Written by `python -m tests.e2e.onnx_backend_cases`. One operator per case,",
        "compiled for rram; the others of its operands are constants, and a batch runs",
        "image by image. Integers are equal. Floats lie within half a step of 8 bits,",
        "for each rounding behind the operands, of the result for rounded operands.",
        "Where the device has no part, onnxruntime runs the case: host. 16-bit floats",
        "are computed in float32, which also stands for operands of types that numpy",
        "lacks. What onnxruntime gives may differ from what ONNX expects, and is",
        "listed so.",
        "",
        *(f"- {result}: {count}" for result, count in sorted(counts.items())),
        "",
        "| case | result | why |",
        "|---|---|---|",
    ]
    for name, outcome in outcomes.items():
        why = outcome.why.replace("|", "\\|")
        lines.append(f"| {name} | {outcome.result} | {why} |")
    return "\n".join(lines) + "\n"


def run(names: Iterable[str]) -> dict[str, Outcome]:
    """The outcomes of cases, in parallel."""
    chosen = list(names)
    with ProcessPoolExecutor() as pool:
        return dict(zip(chosen, pool.map(outcome_of, chosen, chunksize=4), strict=True))


if __name__ == "__main__":
    asked = sys.argv[1:]
    outcomes = run(asked or cases())
    if asked:
        print(written(outcomes))
    else:
        LIST.write_text(written(outcomes))
        print(Counter(outcome.result for outcome in outcomes.values()))
