"""cimc as a backend of ONNX: the interface that ``onnx.backend.test`` runs models with.

A model is quantised where it is in float, compiled, and simulated image by image. What
this does to a float model is bounded: see :class:`Prepared`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, ValueInfoProto, helper, numpy_helper
from onnx.backend.base import Backend, BackendRep
from onnx.reference import ReferenceEvaluator
from onnxruntime import InferenceSession

from cimc.diagnostics import CimcError
from cimc.driver import Artifact
from cimc.driver.compilation import compile_imported
from cimc.driver.machines import load_machine
from cimc.frontend import ImportedModel, import_model
from cimc.frontend.interface import widen_interface
from cimc.frontend.load import load_model
from cimc.frontend.opset import convert_opset
from cimc.frontend.precision import compute_in_float32
from cimc.frontend.quantise import is_quantised
from cimc.frontend.shapes import model_inputs
from cimc.golden import ORT_ERRORS, session

__all__ = ["CimcBackend", "Prepared", "PreparedForHost", "bind", "fed", "surrounded"]

#: Devices of the interface, and the targets that they are.
DEVICES = {"CPU": "rram", "RRAM": "rram", "RACETRACK": "racetrack"}

#: How much larger than what is seen a range is.
_SPREAD = np.float32(1.02)

#: Part of a step that float32 may add to half a step of rounding.
_SLACK = 1e-3


#: Diagnostics of models without a part for the device: their axes are dynamic, they mix
#: images, or there is no operator for it.
_NOT_FOR_THE_DEVICE = frozenset({"E111", "E113", "E132"})


@dataclass(frozen=True)
class Prepared(BackendRep):
    """A compiled model."""

    source: ModelProto
    imported: ImportedModel
    artifact: Artifact

    def run(self, inputs: Sequence[np.ndarray], **options: Any) -> tuple[Any, ...]:
        """The outputs for one image; inputs in the model's order."""
        return tuple(self.artifact.session().run(None, self._feeds(inputs)))

    def _feeds(self, inputs: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        names = [info.name for info in model_inputs(self.source)]
        return dict(zip(names, map(fed, inputs), strict=True))

    def rounded(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What the float model gives for operands rounded as the hardware has them.

        Inputs and constants take the values that their 8 bits mean; the operators
        compute in float.
        """
        model, affine = ModelProto(), _Quantisations(self.imported.quantised)
        model.CopyFrom(self.source)
        for tensor in model.graph.initializer:
            if (array := affine.constant(tensor.name)) is not None:
                shape = tuple(tensor.dims)
                if array.size == np.prod(shape):
                    new = array.reshape(shape).astype(np.float32)
                    tensor.CopyFrom(numpy_helper.from_array(new, tensor.name))
        feeds = {n: affine.round(n, x) for n, x in self._feeds(inputs).items()}
        return list(ReferenceEvaluator(model).run(None, feeds))  # type: ignore[arg-type]

    def allowance(self) -> float:
        """How far an output may be from :meth:`rounded`: half a step for each rounding.

        That of an input is in it already. Rounding between operators counts once, as
        in a function that does not stretch differences.
        """
        affine = _Quantisations(self.imported.quantised)
        inputs = {info.name for info in model_inputs(self.source)}
        steps = [step for name, step in affine.steps.items() if name not in inputs]
        return (0.5 + _SLACK) * sum(steps)


@dataclass(frozen=True)
class PreparedForHost(BackendRep):
    """A model of which the device runs nothing: onnxruntime runs it.

    It does so in types that it has, as it runs what cimc leaves to the host.
    """

    session: InferenceSession

    @classmethod
    def of(cls, source: ModelProto) -> PreparedForHost:
        """``source``, in an operator set that onnxruntime knows.

        Raises what onnxruntime raises if it lacks an operator.
        """
        model = load_model(source)
        compute_in_float32(model)
        widen_interface(model)
        return cls(session(convert_opset(model)))

    def run(self, inputs: Sequence[np.ndarray], **options: Any) -> tuple[Any, ...]:
        """The outputs for one image; inputs in the model's order."""
        names = [info.name for info in self.session.get_inputs()]
        feeds = dict(zip(names, map(fed, inputs), strict=True))
        return tuple(self.session.run(None, feeds))


class _Quantisations:
    """What the integers of a model in normal form mean."""

    def __init__(self, model: ModelProto) -> None:
        self._constants = {
            t.name: numpy_helper.to_array(t) for t in model.graph.initializer
        }
        self._inputs = {info.name for info in model.graph.input}
        self._nodes = list(model.graph.node)
        self.steps = {
            node.input[0]: float(np.max(self._constants[node.input[1]]))
            for node in self._nodes
            if node.op_type == "QuantizeLinear" and node.input[1] in self._constants
        }

    def constant(self, name: str) -> np.ndarray | None:
        """The values that a constant of the float model has become."""
        for node in self._nodes:
            stored = node.input[0]
            known = stored in self._constants
            if known and stored.removesuffix("_quantized") == name:
                return self._run(node, self._constants[stored])
        return None

    def round(self, name: str, values: np.ndarray) -> np.ndarray:
        """Values of an input, quantised and dequantised."""
        for node in self._nodes:
            if node.op_type == "QuantizeLinear" and node.input[0] == name:
                stored = self._run(node, values)
                back = helper.make_node("DequantizeLinear", node.input, node.output)
                return self._run(back, stored)
        return values

    def _run(self, node: NodeProto, values: np.ndarray) -> np.ndarray:
        operands = [self._constants[name] for name in node.input[1:]]
        feeds = dict(zip(node.input, [values, *operands], strict=True))
        (found,) = ReferenceEvaluator(node).run(None, feeds)  # type: ignore[misc]
        return np.asarray(found)


class CimcBackend(Backend):
    """Compiles models for the simulated hardware."""

    @classmethod
    def prepare(
        cls, model: ModelProto, device: str = "CPU", **options: Any
    ) -> Prepared | PreparedForHost:
        """Compile; float models need ``inputs``, by which they are calibrated.

        A model without any part for the device is the host's, with a warning.

        Raises:
            CimcError: the model is refused or does not fit.
        """
        source = options.get("source", model)
        calibration = None
        if not is_quantised(model) and options.get("inputs") is not None:
            calibration = {
                info.name: _two_samples(info, fed(values))
                for info, values in zip(
                    model_inputs(model), options["inputs"], strict=True
                )
            }
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                imported = import_model(model, calibration=calibration)
                compilation = compile_imported(
                    imported, load_machine(DEVICES[device], None), import_seconds=0.0
                )
        except CimcError as error:
            if error.diagnostic.code not in _NOT_FOR_THE_DEVICE:
                raise
            try:
                runner = PreparedForHost.of(source)
            except ORT_ERRORS:
                raise error from None
            warnings.warn(f"onnxruntime runs the model: {error}", stacklevel=2)
            return runner
        return Prepared(source, imported, compilation.artifact)

    @classmethod
    def run_model(
        cls, model: ModelProto, inputs: Any, device: str = "CPU", **options: Any
    ) -> tuple[Any, ...]:
        """Compile, calibrated on the inputs themselves, and run."""
        prepared = cls.prepare(model, device, inputs=inputs, **options)
        return tuple(prepared.run(inputs))

    @classmethod
    def run_node(
        cls,
        node: NodeProto,
        inputs: Any,
        device: str = "CPU",
        outputs_info: Any = None,
        **options: Any,
    ) -> tuple[Any, ...]:
        """Run one operator; all operands but the first are constants."""
        infos = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in zip(node.input, inputs, strict=True)
        ]
        results = [helper.make_empty_tensor_value_info(n) for n in node.output]
        graph = helper.make_graph([node], "node", infos, results)
        opset = options.pop("opset_version", onnx.defs.onnx_opset_version())
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        model = onnx.shape_inference.infer_shapes(model)
        model, rest = bind(model, list(inputs), 1)
        return cls.run_model(model, rest, device, **options)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether the device is one of our targets; CPU is what ONNX asks for."""
        return device in DEVICES


def fed(values: np.ndarray) -> np.ndarray:
    """Values as cimc takes them: float32 stands for types that numpy lacks."""
    return values if values.dtype.isbuiltin == 1 else values.astype(np.float32)


def _two_samples(info: ValueInfoProto, values: np.ndarray) -> np.ndarray:
    """Values of an input and slightly larger ones, as calibration takes them.

    Samples lie along the first axis where that is a batch of one image or a dynamic
    one, and along an axis before it where not.
    """
    both = [values, (values * _SPREAD).astype(values.dtype)]
    dims = info.type.tensor_type.shape.dim
    batch = len(dims) > 0 and dims[0].dim_value < 2
    return np.concatenate(both) if batch else np.stack(both)


def bind(
    model: ModelProto, inputs: Sequence[np.ndarray], variable: int
) -> tuple[ModelProto, list[np.ndarray]]:
    """A copy in which all inputs but the first ``variable`` ones are constants."""
    copy = ModelProto()
    copy.CopyFrom(model)
    infos = list(copy.graph.input)
    del copy.graph.input[:]
    copy.graph.input.extend(infos[:variable])
    copy.graph.initializer.extend(
        numpy_helper.from_array(array, info.name)
        for info, array in zip(infos[variable:], inputs[variable:], strict=True)
    )
    return copy, list(inputs[:variable])


def surrounded(
    model: ModelProto, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]
) -> ModelProto:
    """A copy with a change to 8 bits and back at every float input and output.

    onnxruntime.quantization itself leaves an operator without weights in float if its
    neighbours are. Operator sets without that change are converted.
    """
    copy, before, after = ModelProto(), list[NodeProto](), list[NodeProto]()
    copy.CopyFrom(model)
    copy = convert_opset(copy)
    graph = copy.graph

    def pair(source: str, result: str, values: np.ndarray) -> list[NodeProto]:
        low, high = min(0.0, values.min()) * _SPREAD, max(0.0, values.max()) * _SPREAD
        scale = np.float32((high - low) / 255 or 1.0)
        zero = np.uint8(np.clip(np.rint(-low / scale), 0, 255))
        names = [f"{source}/scale", f"{source}/zero"]
        for name, value in zip(names, (scale, zero), strict=True):
            graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        stored = f"{source}/stored"
        return [
            helper.make_node("QuantizeLinear", [source, *names], [stored]),
            helper.make_node("DequantizeLinear", [stored, *names], [result]),
        ]

    for info, values in zip(graph.input, inputs, strict=True):
        if values.dtype == np.float32 and values.size:
            for node in graph.node:
                real = [f"{n}/real" if n == info.name else n for n in node.input]
                node.input[:] = real
            before += pair(info.name, f"{info.name}/real", values)
    for info, values in zip(graph.output, outputs, strict=True):
        if values.dtype == np.float32 and values.size:
            for node in graph.node:
                real = [f"{n}/exact" if n == info.name else n for n in node.output]
                node.output[:] = real
            after += pair(f"{info.name}/exact", info.name, values)
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    return copy
