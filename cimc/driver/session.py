"""Running an artifact: the host and the simulated device, in turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from onnx.helper import tensor_dtype_to_np_dtype

from cimc.diagnostics import InputError
from cimc.driver.artifact import Artifact
from cimc.driver.collector import collector_paused
from cimc.driver.runs import in_a_row
from cimc.driver.totals import Metrics, total
from cimc.driver.traces import SegmentTraces
from cimc.frontend import HostSegments
from cimc.frontend.shapes import model_inputs
from cimc.target import Simulation, Specimen
from cimc.weights import Array

__all__ = ["Session"]


class Session:
    """Runs a compiled network like an ``onnxruntime.InferenceSession``.

    What the device cannot do runs on the host in onnxruntime, the rest in the
    simulator, from the encoded program. ``fidelity`` chooses between simulators where
    the target has several. The chip is ideal, or a ``specimen``.

    Raises:
        InputError: the target has no such simulator (E006), or that one has only ideal
            chips, or the target does not know the repair (E027).
    """

    @collector_paused()
    def __init__(
        self,
        artifact: Artifact,
        fidelity: str | None = None,
        specimen: Specimen | None = None,
    ) -> None:
        self.artifact = artifact
        borders = tuple(segment.border for segment in artifact.segments)
        self._host = HostSegments(artifact.model, borders)
        load = artifact.target.simulator_at(fidelity)
        if specimen is not None:
            artifact.target.check_repair(specimen.repair)
        self._simulators = [
            load(
                segment.program,
                artifact.weights,
                segment.chip(artifact.chip),
                specimen and replace(specimen, first=segment.first),
            )
            for segment in artifact.segments
        ]

    def run(
        self, output_names: Sequence[str] | None, feeds: Mapping[str, Array]
    ) -> list[Array]:
        """Outputs of the network for one image, in onnxruntime's interface.

        ``feeds`` maps the model's inputs to arrays in their ONNX shape. ``None``
        asks for all outputs.

        Raises:
            InputError: an output is unknown (E063), or a feed does not fit (E062).
            VerificationError: the program trapped.
        """
        known = [info.name for info in self.artifact.model.graph.output]
        wanted = known if output_names is None else list(output_names)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise InputError(
                "E063",
                f"the model has no output {unknown[0]!r}",
                hints=(f"one of: {', '.join(known)}",),
            )
        simulation = self.simulate(feeds)
        outputs = self.outputs(simulation, feeds)
        return [outputs[name] for name in wanted]

    def simulate(
        self, feeds: Mapping[str, Array], *, trace: Path | None = None
    ) -> Simulation:
        """Run the device on one image and return all that is known of the run.

        Raises:
            InputError: a feed does not fit the model (E062).
            VerificationError: the program trapped.
        """
        (found,) = self.simulate_batch([feeds], trace=trace)
        return found

    @property
    def batch(self) -> int:
        """Up to how many images are under way at the same time."""
        return min(simulator.batch for simulator in self._simulators)

    def simulate_batch(
        self, batch: Sequence[Mapping[str, Array]], *, trace: Path | None = None
    ) -> Sequence[Simulation]:
        """Run the device on up to ``batch`` images at the same time.

        Raises:
            InputError: a feed does not fit the model (E062).
            VerificationError: the program trapped.
        """
        for feeds in batch:
            self._check(feeds)
        known = [dict(feeds) for feeds in batch]
        runs: list[Sequence[Simulation]] = []
        with SegmentTraces(trace, len(self._simulators)) as traces:
            for number, simulator in enumerate(self._simulators):
                inputs = [self._host.inputs(number, tensors) for tensors in known]
                found = simulator.run_batch(inputs, trace=traces.path(number))
                for tensors, run in zip(known, found, strict=True):
                    tensors |= self._host.known(number, run.feature_maps)
                runs.append(found)
        metrics = self._metrics([found[0].metrics for found in runs], len(batch))
        return [in_a_row(found, metrics) for found in zip(*runs, strict=True)]

    def _metrics(self, parts: Sequence[Metrics], images: int) -> Metrics:
        """Metrics of all segments."""
        segments, chip = self.artifact.segments, self.artifact.chip
        crossing = self.artifact.target.crossing
        crossings = [
            crossing(chip, *self._host.bytes_across(number))
            for number in range(len(segments))
        ]
        together = len(segments) == 1 or all(segment.part for segment in segments)
        return total(parts, crossings, together=together, images=images)

    def _check(self, feeds: Mapping[str, Array]) -> None:
        wanted = {
            info.name: (
                np.dtype(tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)),
                tuple(dim.dim_value for dim in info.type.tensor_type.shape.dim),
            )
            for info in model_inputs(self.artifact.model)
        }
        for name in sorted(wanted.keys() ^ feeds.keys()):
            problem = "is missing" if name in wanted else "is no input of the model"
            raise InputError(
                "E062",
                f"input {name!r} {problem}",
                hints=(f"the inputs: {', '.join(wanted)}",),
            )
        for name, (dtype, shape) in wanted.items():
            if feeds[name].dtype != dtype or feeds[name].shape != shape:
                raise InputError(
                    "E062",
                    f"input {name!r} is {feeds[name].dtype} {feeds[name].shape}, "
                    f"the model takes {dtype} {shape}",
                )

    def outputs(
        self, simulation: Simulation, feeds: Mapping[str, Array]
    ) -> Mapping[str, Array]:
        """The network's outputs from the feature maps of a simulation."""
        known = dict(feeds)
        for number in range(len(self._simulators)):
            known |= self._host.known(number, simulation.feature_maps)
        return self._host.outputs(known)
