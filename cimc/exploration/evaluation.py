"""One point of a study: its network compiled, run, verified, and its accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import yaml

from cimc.diagnostics import CimcError, DoesNotFitError, InputError
from cimc.driver.artifact import Artifact
from cimc.driver.compilation import compile_imported
from cimc.driver.execution import execute_images
from cimc.driver.files import read_bytes
from cimc.driver.inputs import Images, load_images
from cimc.driver.machines import Machine, load_machine
from cimc.exploration.accuracy import classify
from cimc.exploration.measures import measured
from cimc.exploration.specimens import run_specimens
from cimc.exploration.store import Store, digest
from cimc.exploration.study import CHIP, Study, Value
from cimc.frontend import import_model, quantise_model
from cimc.frontend.load import load_model
from cimc.target import Nonidealities, Specimen

__all__ = ["Evaluator", "Outcome", "Point"]

Point = Mapping[str, Value]
"""Values of the parameters that a study varies."""


@dataclass(frozen=True)
class Outcome:
    """What a point measures, or why it was rejected: then what is known of it."""

    measures: dict[str, float]
    rejected: str = ""


@dataclass(frozen=True)
class Evaluator:
    """Evaluates points of a study; stages that they share are computed once."""

    study: Study
    store: Store

    def check(self) -> None:
        """Look whether everything that the study names is there.

        Raises:
            InputError: the target, the chip or a file is at fault, or the chip has no
                such field (E151).
        """
        structure = yaml.safe_load(self._base.chip.to_yaml())["structure"]
        fields: list[str] = list(structure)
        for name in self.study.space:
            field = name.removeprefix(CHIP)
            if name.startswith(CHIP) and field not in fields:
                close = get_close_matches(field, fields, 1)
                raise InputError(
                    "E151",
                    f"the structure of chip {self.study.chip!r} has no {field!r}",
                    where=f"space.{name}",
                    hints=(f"one of: {', '.join(close or fields)}",),
                )
        for file in self.study.networks.values():
            _labelled(file, self.study.data, self.study.images)
        if self.study.calibration is not None:
            read_bytes(self.study.calibration)
        if (chosen := self.study.specimens) is not None:
            self._base.target.check_repair(chosen.repair)
            _ = self._nonidealities

    def identity(self) -> str:
        """What the study asks, wherever its files are; not how many trials it has."""
        study, described = self.study, self._nonidealities
        paths = {"networks", "data", "calibration"}
        asked = study.model_dump(mode="json", exclude={"trials", *paths})
        if described is not None:
            asked["specimens"]["nonidealities"] = described.to_yaml()
        asked["chip"] = self._base.chip.to_yaml()
        files = [*study.networks.values(), study.data, study.calibration]
        contents = [read_bytes(file) if file else b"" for file in files]
        return digest(asked, list(study.networks), *contents)

    def evaluate(self, point: Point) -> Outcome:
        """All measures of a point, or the reason that it cannot be.

        A point that does not fit has no accuracy, and one that breaks a bound is not
        run on specimens, which takes long.

        Raises:
            InputError: the study's files are at fault.
            VerificationError: a program differs from onnxruntime (E061).
        """
        try:
            machine = self.machine(point)
        except InputError as error:
            return Outcome({}, _reason(error))
        quantised = self.quantised(point)
        key = digest(quantised, machine.chip.to_yaml(), self._value(point, "objective"))
        program = self.store.value(
            "program", key, lambda: self._program(point, machine, quantised)
        )
        if "rejected" in program:
            return Outcome({}, program["rejected"])
        measures: dict[str, float] = program["measures"]
        key = digest(quantised, read_bytes(self.study.data), self.study.images)
        rate = self.store.value(
            "accuracy", key, lambda: self._accuracy(point, quantised)
        )
        found = {"accuracy": rate, **measures}
        if self.study.specimens is None:
            return Outcome(found)
        broken = [k for k, v in self.study.violations(found).items() if v > 0]
        if broken:
            return Outcome(found, f"out of bounds: {', '.join(broken)}")
        found["nonideal_accuracy"] = self._nonideal(point, machine, quantised)
        return Outcome(found)

    def artifact(self, point: Point) -> Artifact:
        """The program of a point, verified on one image.

        Raises:
            DoesNotFitError: the network does not fit the chip.
        """
        machine, quantised = self.machine(point), self.quantised(point)
        return self._verified(point, self._compiled(point, machine, quantised))

    def machine(self, point: Point) -> Machine:
        """The target with the chip of a point.

        Raises:
            InputError: a value is unknown or unfit (E021).
        """
        sizes: dict[str, Any] = {
            name.removeprefix(CHIP): value
            for name, value in point.items()
            if name.startswith(CHIP)
        }
        return replace(self._base, chip=self._base.chip.with_structure(**sizes))

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
            artifact = self._compiled(point, machine, quantised)
        except (DoesNotFitError, InputError) as error:
            return {"rejected": _reason(error)}
        return {"measures": measured(self._verified(point, artifact).metrics)}

    def _compiled(self, point: Point, machine: Machine, quantised: bytes) -> Artifact:
        start = perf_counter()
        name = str(self._value(point, "network"))
        model = import_model(quantised, name=name)
        compilation = compile_imported(
            model,
            machine,
            import_seconds=perf_counter() - start,
            objective=self._value(point, "objective"),  # pyright: ignore[reportArgumentType]
        )
        return compilation.artifact

    def _verified(self, point: Point, artifact: Artifact) -> Artifact:
        """The artifact with what a run of one image measures, which must be exact."""
        execution = execute_images(artifact, self._images(point).first(1), verify=True)
        assert execution.verified is not None
        execution.verified.require()
        return execution.measured(artifact)

    def _nonideal(self, point: Point, machine: Machine, quantised: bytes) -> float:
        """Mean accuracy on the study's specimens."""
        chosen, described = self.study.specimens, self._nonidealities
        assert chosen is not None
        assert described is not None

        def compute() -> float:
            some = self._images(point).first(chosen.images)
            chips = [
                Specimen(described, seed, chosen.repair) for seed in range(chosen.count)
            ]
            artifact = self._compiled(point, machine, quantised)
            return run_specimens(artifact, some, chips).mean

        key = digest(
            quantised,
            machine.chip.to_yaml(),
            self._value(point, "objective"),
            described.to_yaml(),
            chosen.model_dump(),
            read_bytes(self.study.data),
        )
        return self.store.value("nonideal", key, compute)

    @property
    def _nonidealities(self) -> Nonidealities | None:
        """Those of the study's specimens, if it has some."""
        chosen = self.study.specimens
        if chosen is None:
            return None
        return self._base.target.nonidealities(chosen.nonidealities)

    def _accuracy(self, point: Point, quantised: bytes) -> float:
        model = import_model(quantised, name="accuracy")
        return classify(model, self._images(point)).rate

    @property
    def _base(self) -> Machine:
        return load_machine(self.study.target, self.study.chip)

    def _images(self, point: Point) -> Images:
        """The labelled images that an accuracy is measured on."""
        network = self.study.networks[str(self._value(point, "network"))]
        return _labelled(network, self.study.data, self.study.images)


@lru_cache(maxsize=16)
def _labelled(network: Path, data: Path, count: int) -> Images:
    """So many labelled images for a network, from the first on."""
    images = load_images(load_model(network), data)
    if images.labels is None:
        raise InputError(
            "E152",
            "there is no array 'labels'",
            where=str(data),
            hints=("an accuracy needs labels: one class number per image",),
        )
    if len(images.feeds) < count:
        raise InputError(
            "E152",
            f"the study wants {count} images, there are {len(images.feeds)}",
            where=str(data),
        )
    return images.first(count)


def _reason(error: CimcError) -> str:
    """What went wrong, in a line."""
    found = error.diagnostic
    notes = f": {found.notes[0]}" if found.notes else ""
    return f"{found.code}: {found.message}{notes}"
