"""One point of a study: its network compiled, run, verified, and its accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from time import perf_counter
from typing import Any

from onnx import ModelProto

from cimc.diagnostics import CimcError, DoesNotFitError, InputError
from cimc.driver.artifact import Artifact
from cimc.driver.compilation import compile_imported
from cimc.driver.execution import execute_images
from cimc.driver.files import read_bytes
from cimc.driver.inputs import Images, load_images
from cimc.driver.machines import Machine, load_machine
from cimc.exploration.accuracy import classify
from cimc.exploration.measures import measured
from cimc.exploration.store import Store, digest
from cimc.exploration.study import CHIP, Study, Value
from cimc.frontend import import_model, quantise_model

__all__ = ["Evaluator", "Outcome", "Point"]

Point = Mapping[str, Value]
"""Values of the parameters that a study varies."""


@dataclass(frozen=True)
class Outcome:
    """What a point measures, or why it was rejected: then what is known of it."""

    measures: dict[str, float]
    rejected: str = ""


class Evaluator:
    """Evaluates points of a study; stages that they share are computed once."""

    def __init__(self, study: Study, store: Store) -> None:
        self.study = study
        self.store = store

    def evaluate(self, point: Point) -> Outcome:
        """All measures of a point, or the reason that it cannot be.

        A point that does not fit, or whose program breaks a bound, has no accuracy.

        Raises:
            InputError: the study's files are at fault, or a chip is unknown.
            VerificationError: a program differs from onnxruntime (E061).
        """
        try:
            machine = self.machine(point)
        except InputError as error:
            if not any(name.startswith(CHIP) for name in point):
                raise
            return Outcome({}, _reason(error))
        quantised = self.quantised(point)
        key = digest(quantised, machine.chip.to_yaml(), self._value(point, "objective"))
        found = self.store.value(
            "program", key, lambda: self._program(point, machine, quantised)
        )
        if "rejected" in found:
            return Outcome({}, found["rejected"])
        measures: dict[str, float] = found["measures"]
        broken = [k for k, v in self.study.violations(measures).items() if v > 0]
        if broken:
            return Outcome(measures, f"out of bounds: {', '.join(broken)}")
        key = digest(quantised, self._data, self.study.images)
        rate = self.store.value("accuracy", key, lambda: self._accuracy(quantised))
        return Outcome({"accuracy": rate, **measures})

    def artifact(self, point: Point) -> Artifact:
        """The program of a point, verified on one image.

        Raises:
            DoesNotFitError: the network does not fit the chip.
        """
        return self._verified(point, self.machine(point), self.quantised(point))

    def machine(self, point: Point) -> Machine:
        """The target with the chip of a point.

        Raises:
            InputError: a value is unknown or unfit (E021).
        """
        base = load_machine(self.study.target, self.study.chip)
        sizes: dict[str, Any] = {
            name.removeprefix(CHIP): value
            for name, value in point.items()
            if name.startswith(CHIP)
        }
        return replace(base, chip=base.chip.with_structure(**sizes))

    def quantised(self, point: Point) -> bytes:
        """The network of a point in quantised normal form."""
        name = str(self._value(point, "network"))
        source = read_bytes(self.study.networks[name])
        types = [self._value(point, key) for key in ("weights", "activations")]
        calibration = self.study.calibration
        data = read_bytes(calibration) if calibration else b""
        return self.store.data(
            "network",
            digest(source, data, types),
            lambda: self._quantise(source, types),
        )

    def _value(self, point: Point, name: str) -> Value:
        return point.get(name, self.study.default(name))

    def _quantise(self, source: bytes, types: list[Value]) -> bytes:
        weights, activations = types
        found = quantise_model(
            source,
            calibration=self.study.calibration,
            activations=activations,  # pyright: ignore[reportArgumentType]
            weights=weights,  # pyright: ignore[reportArgumentType]
        )
        return found.SerializeToString(deterministic=True)

    def _program(
        self, point: Point, machine: Machine, quantised: bytes
    ) -> dict[str, Any]:
        """What running the program of a point measures, or why there is none."""
        try:
            artifact = self._verified(point, machine, quantised)
        except (DoesNotFitError, InputError) as error:
            return {"rejected": _reason(error)}
        return {"measures": measured(artifact.metrics)}

    def _verified(self, point: Point, machine: Machine, quantised: bytes) -> Artifact:
        start = perf_counter()
        name = str(self._value(point, "network"))
        model = import_model(quantised, name=name)
        compilation = compile_imported(
            model,
            machine,
            import_seconds=perf_counter() - start,
            objective=self._value(point, "objective"),  # pyright: ignore[reportArgumentType]
        )
        artifact = compilation.artifact
        images = Images(self._images.feeds[:1], self._images.source)
        execution = execute_images(artifact, images, verify=True)
        assert execution.verified is not None
        execution.verified.require()
        return execution.measured(artifact)

    def _accuracy(self, quantised: bytes) -> float:
        model = import_model(quantised, name="accuracy")
        return classify(model, self._images).rate

    @cached_property
    def _data(self) -> bytes:
        return read_bytes(self.study.data)

    @cached_property
    def _images(self) -> Images:
        """The labelled images that an accuracy is measured on."""
        network = next(iter(self.study.networks.values()))
        model = ModelProto.FromString(read_bytes(network))
        images = load_images(model, self.study.data)
        if images.labels is None:
            raise InputError(
                "E152",
                "there is no array 'labels'",
                where=str(self.study.data),
                hints=("an accuracy needs labels: one class number per image",),
            )
        count = self.study.images
        if len(images.feeds) < count:
            raise InputError(
                "E152",
                f"the study wants {count} images, there are {len(images.feeds)}",
                where=str(self.study.data),
            )
        return Images(images.feeds[:count], images.source, images.labels[:count])


def _reason(error: CimcError) -> str:
    """What went wrong, in a line."""
    found = error.diagnostic
    notes = f": {found.notes[0]}" if found.notes else ""
    return f"{found.code}: {found.message}{notes}"
