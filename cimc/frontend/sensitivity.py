"""How much quantisation costs, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime as ort
from onnx import ModelProto, NodeProto, ValueInfoProto, numpy_helper

from cimc.diagnostics import InputError
from cimc.frontend.calibration import Calibration, measurement, samples
from cimc.frontend.edit import Editor
from cimc.frontend.graph import Graph, label
from cimc.frontend.load import Source
from cimc.frontend.quantise import is_quantised, prepare
from cimc.frontend.shapes import Shapes
from cimc.frontend.static import load_static
from cimc.golden import Golden
from cimc.weights import Array

__all__ = ["LayerNoise", "NoiseReport", "noise_report"]

#: As many samples are compared; each layer takes a run of the model on all of them.
_SAMPLES = 8

_ACTIVATIONS = ("Relu", "Clip")


@dataclass(frozen=True)
class LayerNoise:
    """One layer: signal to quantisation noise ratios in dB.

    ``sqnr`` is that of its result, where all layers are quantised; ``gain`` what the
    outputs of the model would gain if this layer alone stayed in float.
    """

    node: str
    op: str
    sqnr: float
    gain: float


@dataclass(frozen=True)
class NoiseReport:
    """All layers in topological order, and the ratio of the model's outputs in dB."""

    layers: tuple[LayerNoise, ...]
    sqnr: float
    samples: int

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object; a ratio without noise is null."""
        return {
            "sqnr_db": _finite(self.sqnr),
            "samples": self.samples,
            "layers": [
                {
                    "node": layer.node,
                    "op": layer.op,
                    "sqnr_db": _finite(layer.sqnr),
                    "gain_db": _finite(layer.gain),
                }
                for layer in self.layers
            ],
        }


def _finite(ratio: float) -> float | None:
    return ratio if np.isfinite(ratio) else None


@dataclass
class _Power:
    """Sums of squares of a signal and of what quantisation adds to it."""

    signal: float = 0.0
    noise: float = 0.0

    def add(self, real: Array, found: Array) -> None:
        """Take one more tensor into account."""
        exact = real.astype(np.float64)
        self.signal += float((exact**2).sum())
        self.noise += float(((found - exact) ** 2).sum())

    @property
    def decibels(self) -> float:
        """The ratio; infinite without noise."""
        if self.noise == 0:
            return float("inf")
        return float(10 * np.log10(max(self.signal, 1e-300) / self.noise))


def noise_report(
    source: Source,
    quantised: ModelProto,
    calibration: Calibration,
    shapes: Shapes | None = None,
) -> NoiseReport:
    """Compare ``quantised`` with the float model that it was made of.

    Raises:
        InputError: that is no float model (E124), or the data does not fit (E122).
    """
    model = load_static(source, shapes)
    if is_quantised(model):
        raise InputError(
            "E124",
            "the model is quantised: there is no float model to compare with",
            where="--report",
            hints=("give the float model",),
        )
    found = samples(model, measurement(calibration).data)[:_SAMPLES]
    return _Comparison(prepare(model), quantised, found).report()


@dataclass
class _Layer:
    """A QuantizeLinear, the operator before it, and what it is in the float model.

    ``real`` is the tensor of the float model that it quantises.
    """

    quantise: NodeProto
    node: NodeProto
    real: str
    chain: list[NodeProto]
    power: _Power = field(default_factory=_Power)


class _Comparison:
    """A float model and its quantised form, run on the same samples."""

    def __init__(
        self,
        real: ModelProto,
        quantised: ModelProto,
        found: Sequence[dict[str, Array]],
    ) -> None:
        self._real, self._quantised = Graph(real), Graph(quantised)
        self._samples = found
        self._layers = list(self._find_layers())

    def report(self) -> NoiseReport:
        """Measure everything."""
        outputs = self._quantised.outputs
        reals = [layer.real for layer in self._layers]
        stored = [layer.quantise.output[0] for layer in self._layers]
        exact = _session(self._real.model, reals)
        golden = Golden(self._quantised.model)
        expected: list[dict[str, Array]] = []
        total = {name: _Power() for name in outputs}
        for sample in self._samples:
            names = list(dict.fromkeys([*reals, *outputs]))
            floats = dict(zip(names, exact.run(names, sample), strict=True))
            found = golden.run(sample, [*stored, *outputs])
            for layer in self._layers:
                affine = self._quantised.quantisation_of_node(layer.quantise)
                assert affine is not None, "_find_layers checks it"
                scale, zero = float(affine.scale.item()), float(affine.zero.item())
                steps = found[layer.quantise.output[0]].astype(np.float64)
                layer.power.add(floats[layer.real], (steps - zero) * scale)
            for name in outputs:
                total[name].add(floats[name], found[name].astype(np.float64))
            expected.append({name: floats[name] for name in outputs})
        before = _mean(total.values())
        rows = tuple(
            LayerNoise(
                label(layer.node),
                layer.node.op_type,
                layer.power.decibels,
                self._without(layer, expected) - before,
            )
            for layer in self._layers
        )
        return NoiseReport(rows, before, len(self._samples))

    def _find_layers(self) -> Iterator[_Layer]:
        """Layers whose result is a tensor of the float model."""
        for quantise in self._quantised.nodes:
            affine = (
                self._quantised.quantisation_of_node(quantise)
                if _quantises(quantise)
                else None
            )
            node = self._quantised.producer.get(quantise.input[0])
            if affine is None or not affine.per_tensor or node is None:
                continue
            if self._saturates_later(quantise):
                continue
            # An output of the model keeps its name behind the DequantizeLinear.
            readers = self._quantised.consumers[quantise.output[0]]
            names = [quantise.input[0], *(n for r in readers for n in r.output)]
            real = next((n for n in names if n in self._real.producer), "")
            if chain := self._float_chain(real, node.op_type):
                yield _Layer(quantise, node, real, chain)

    def _float_chain(self, name: str, op_type: str) -> list[NodeProto]:
        """The float operator, with activations that saturation stands for."""
        chain: list[NodeProto] = []
        while (node := self._real.producer.get(name)) is not None:
            chain.insert(0, node)
            if node.op_type == op_type:
                return chain
            if node.op_type not in _ACTIVATIONS:
                return []
            name = node.input[0]
        return []

    def _saturates_later(self, quantise: NodeProto) -> bool:
        """Whether the range is already that of an activation that follows."""
        return any(
            reader.op_type in _ACTIVATIONS
            for pair in self._quantised.consumers[quantise.output[0]]
            for reader in self._quantised.consumers[pair.output[0]]
        )

    def _without(self, layer: _Layer, expected: Sequence[dict[str, Array]]) -> float:
        """The ratio of the outputs where ``layer`` computes in float."""
        golden = Golden(self._left_in_float(layer))
        total = {name: _Power() for name in self._quantised.outputs}
        for sample, exact in zip(self._samples, expected, strict=True):
            for name, found in golden.run(sample).items():
                total[name].add(exact[name], found.astype(np.float64))
        return _mean(total.values())

    def _left_in_float(self, layer: _Layer) -> ModelProto:
        """A copy of the quantised model with the float operators of one layer."""
        model = ModelProto()
        model.CopyFrom(self._quantised.model)
        own = Graph(model)
        real, stored = layer.quantise.input[0], layer.quantise.output[0]
        editor, nodes = Editor(model), list[NodeProto]()
        for node in own.nodes:
            made = self._copies(layer, node, model) if real in node.output else [node]
            nodes += made
        # Readers take the float; a reader that is an output itself becomes a copy.
        for reader in own.consumers[stored]:
            if reader.op_type == "DequantizeLinear":
                index = nodes.index(reader)
                nodes[index] = editor.node("Identity", [real], reader.output[0])
        editor.replace_nodes(nodes)
        return model

    def _copies(
        self, layer: _Layer, node: NodeProto, model: ModelProto
    ) -> list[NodeProto]:
        """The float operators, with operands of the quantised model."""
        copies: list[NodeProto] = []
        constants: dict[str, Array] = {}
        for position, original in enumerate(layer.chain):
            copy = NodeProto()
            copy.CopyFrom(original)
            for index, name in enumerate(original.input):
                if self._real.is_constant(name):
                    copy.input[index] = f"{name}/float"
                    constants[copy.input[index]] = self._real.constant(name)
                elif position == 0 and name:
                    copy.input[index] = node.input[index]
            copies.append(copy)
        copies[-1].output[0] = layer.quantise.input[0]
        model.graph.initializer.extend(
            numpy_helper.from_array(array, name) for name, array in constants.items()
        )
        return copies


def _quantises(node: NodeProto) -> bool:
    return node.op_type == "QuantizeLinear"


def _session(model: ModelProto, extra: Sequence[str]) -> ort.InferenceSession:
    """A session that can give the tensors of these names, too."""
    exposed = ModelProto()
    exposed.CopyFrom(model)
    known = {info.name for info in model.graph.output}
    new = [name for name in dict.fromkeys(extra) if name not in known]
    exposed.graph.output.extend(ValueInfoProto(name=name) for name in new)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(
        exposed.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _mean(powers: Iterable[_Power]) -> float:
    """The ratio in dB where each output counts as much as any other."""
    ratios = [p.noise / max(p.signal, 1e-300) for p in powers]
    mean = float(np.mean(ratios))
    return float("inf") if mean == 0 else float(-10 * np.log10(mean))
