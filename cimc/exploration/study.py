"""Studies: YAML files that say what is varied, what is measured, what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, StrictInt, StrictStr, model_validator

from cimc.descriptions import Description, Kind, parsed, read_text, validated
from cimc.exploration.measures import MEASURES, MeasureName
from cimc.objective import Objective

__all__ = ["CHIP", "Bounds", "Range", "SamplerName", "Study", "Value", "load_study"]

STUDY = Kind("study", "E151")

SamplerName = Literal["nsga2", "nsga3", "tpe", "random", "grid"]

#: Parameters that are not of the chip, and what they may be, the default first; names
#: of networks are the study's.
_MODEL: dict[str, Sequence[str]] = {
    "network": (),
    "weights": ("int8", "int4"),
    "activations": ("uint8", "int8"),
    "objective": get_args(Objective),
}

#: The largest number in a range.
_MOST = 1 << 31

#: How the parameters of the chip's structure begin.
CHIP = "chip."


class Range(Description):
    """Integers from ``first`` to ``last``, both included."""

    first: int = Field(ge=-_MOST, le=_MOST)
    last: int = Field(ge=-_MOST, le=_MOST)
    step: int = Field(default=1, ge=1)
    log: bool = False
    """Whether a doubling is as likely anywhere; steps are 1 then."""

    @model_validator(mode="after")
    def _not_empty(self) -> Range:
        if self.last < self.first:
            raise ValueError("last is below first")
        if self.log and (self.step != 1 or self.first < 1):
            raise ValueError("with log, first is at least 1 and there is no step")
        return self


Value = StrictInt | StrictStr
Choices = Annotated[list[Value], Field(min_length=1)]
Parameter = Range | Choices


class Bounds(Description):
    """What a measure may be for a point to be feasible."""

    least: float | None = Field(default=None, allow_inf_nan=False)
    most: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _some(self) -> Bounds:
        if self.least is None and self.most is None:
            raise ValueError("give least, most or both")
        return self


class Specimens(Description):
    """Chips that are not ideal, on which ``nonideal_accuracy`` is the mean accuracy."""

    nonidealities: str
    """Preset of the target, or a file, relative to the study's folder."""
    count: int = Field(default=3, ge=1)
    """Chips, with seeds from 0 on."""
    images: int = Field(default=100, ge=1)
    """How many of the study's images each runs, from the first on."""
    repair: str = "none"
    """What is done about faults, as for ``cimc robustness``."""


class Study(Description):
    """What is searched, for which networks and on which machine.

    ``space`` maps parameters to their choices or ranges: ``network`` (names in
    ``networks``), ``weights`` and ``activations`` (types of ``cimc quantize``),
    ``objective`` (of ``cimc compile``), and ``chip.X`` for a field X of the structure
    of the ``chip`` that is varied.
    """

    name: str = Field(pattern=r"^\w[\w.+-]*$")
    target: str
    chip: str
    """Preset or file that the parameters of the chip change; relative paths count from
    the study's folder, here and below."""
    networks: dict[str, Path] = Field(min_length=1)
    """ONNX models by name."""
    data: Path
    """An ``.npz`` file of labelled images, as for ``cimc run --input``."""
    calibration: Path | None = None
    """Images from which float networks are quantised."""
    images: int = Field(default=1000, ge=1)
    """How many of the images, from the first on, an accuracy is measured on."""
    specimens: Specimens | None = None
    space: dict[str, Parameter] = Field(min_length=1)
    objectives: list[MeasureName] = Field(min_length=1)
    constraints: dict[MeasureName, Bounds] = Field(
        default_factory=dict[MeasureName, Bounds]
    )
    sampler: SamplerName = "nsga2"
    trials: int = Field(default=200, ge=1)
    population: int = Field(default=20, ge=2)
    """Trials that are chosen together, from what all before them gave."""
    seed: int = Field(default=0, ge=0, lt=1 << 32)

    @model_validator(mode="after")
    def _is_consistent(self) -> Study:
        for name in self.space:
            if name not in _MODEL and not name.startswith(CHIP):
                known = ", ".join(_MODEL)
                raise ValueError(f"space.{name}: one of {known}, chip.…")
            if name in _MODEL:
                self._check_names(name, _MODEL[name] or list(self.networks))
        if len(set(self.objectives)) < len(self.objectives):
            raise ValueError("objectives: one is given twice")
        wanted = {*self.objectives, *self.constraints}
        if ("nonideal_accuracy" in wanted) != (self.specimens is not None):
            raise ValueError("nonideal_accuracy and specimens go together")
        if self.specimens is not None and self.specimens.images > self.images:
            raise ValueError("specimens.images: the study has fewer")
        return self

    def _check_names(self, name: str, known: Sequence[str]) -> None:
        """A parameter that is none of the chip's has some of the known values."""
        chosen = self.space[name]
        if isinstance(chosen, Range):
            raise ValueError(f"space.{name}: some of {', '.join(known)}")
        for value in chosen:
            if value not in known:
                names = ", ".join(known)
                raise ValueError(f"space.{name}: {value!r} is none of {names}")

    def values(self, name: str) -> Sequence[Value]:
        """All values of a parameter of the space."""
        found = self.space[name]
        if isinstance(found, Range):
            return range(found.first, found.last + 1, found.step)
        return found

    @property
    def measures(self) -> list[MeasureName]:
        """What a trial measures."""
        names: Sequence[MeasureName] = list(MEASURES)
        return [n for n in names if n != "nonideal_accuracy" or self.specimens]

    def default(self, name: str) -> Value:
        """The first value of a parameter, or what it is where it is not varied."""
        if name in self.space:
            return self.values(name)[0]
        return next(iter(_MODEL[name] or self.networks))

    def restricted(self, part: Literal["hardware", "model"]) -> Study:
        """The study in which only the chip, or only the rest, is varied.

        Everything else keeps the first of its values; the name says which part it is.
        """
        fixed: dict[str, Parameter] = {
            name: found
            if name.startswith(CHIP) == (part == "hardware")
            else [self.default(name)]
            for name, found in self.space.items()
        }
        return self.model_copy(update={"name": f"{self.name}-{part}", "space": fixed})

    def violations(self, measures: dict[str, float]) -> dict[str, float]:
        """By which part of it each bound is broken: 0 or less where it is kept."""
        found: dict[str, float] = {}
        for name, bounds in self.constraints.items():
            if name not in measures:
                continue
            for side, bound, sign in (
                ("least", bounds.least, -1),
                ("most", bounds.most, 1),
            ):
                if bound is not None:
                    excess = sign * (measures[name] - bound)
                    found[f"{name}.{side}"] = excess / (abs(bound) or 1)
        return found


def load_study(path: Path) -> Study:
    """The study in a YAML file; its paths are made those of the files.

    Raises:
        InputError: it cannot be read or is unfit (E151).
    """
    values = parsed(read_text(path, STUDY), STUDY, str(path))
    study = validated(Study, values, STUDY, str(path))
    folder = path.resolve().parent
    specimens = study.specimens
    if specimens is not None and Path(specimens.nonidealities).suffix:
        file = str(folder / specimens.nonidealities)
        specimens = specimens.model_copy(update={"nonidealities": file})
    return study.model_copy(
        update={
            "chip": str(folder / study.chip) if Path(study.chip).suffix else study.chip,
            "networks": {name: folder / file for name, file in study.networks.items()},
            "data": folder / study.data,
            "calibration": study.calibration and folder / study.calibration,
            "specimens": specimens,
        }
    )
